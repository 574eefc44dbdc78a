"""Why a car charges when it does, and how long a charge takes: over the API and on the page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal
from scheduler.domain.promise import Promise
from scheduler.domain.session import ChargeSession
from scheduler.domain.wear import Ageing, Wear
from scheduler.planning.considerate import considerate_plan
from tests.web.fleet import ADA, HOME, HOUR, NOW, Fleet, a_curve, a_driver, a_full_fleet, a_window, local


@pytest.fixture
def fleet() -> Fleet:
    """Return Ada's car, which was promised what the planner makes of a night that grows cheaper and cheaper."""
    fleet = Fleet(a_driver("Ada", "ID.3", ADA))
    curve = a_curve(local("2026-02-06 00:00"), local("2026-02-08 00:00"), lambda at: 0.5 - at.hour / 100)
    fleet.store.save_curve(HOME, curve, NOW - HOUR)
    need = ChargeNeed((EnergyGoal(local("2026-02-07 07:00"), 22.0),))
    rules = ChargeRules(11.0)
    plan = considerate_plan(NOW, curve, need, rules).plan
    fleet.plug(ADA)
    fleet.store.keep_promise(
        Promise(ADA, NOW, 46.0, ChargeGoal(local("2026-02-07 07:00"), 80.0), plan, HOME, "EUR", need=need, rules=rules)
    )
    return fleet


def test_a_car_says_why_in_sentences_and_in_pieces(fleet: Fleet) -> None:
    (ada,) = fleet.get("/api/v1/cars/ada/why").json()["cars"]

    assert "Promised 17:32, at 46 %: 80 % by Sat 07:00 for EUR" in ada["sentences"][0]
    assert sum(window["energy_kwh"] for window in ada["windows"]) == pytest.approx(22.0)
    assert {"ready_by", "target_pct"} >= {found["wish"] for found in ada["relaxations"]}
    assert ada["promise"]["outcome"] == "met"


@pytest.mark.parametrize(("per_kwh_h", "cost"), [(0.001, pytest.approx(0.0043, abs=1e-4)), (0.0, None)])
def test_what_standing_full_costs_is_told_in_pieces(fleet: Fleet, per_kwh_h: float, cost: float | None) -> None:
    fleet.clock.step(60)
    window = a_window("2026-02-07 03:00", "2026-02-07 04:00")
    fleet.promise(
        ADA,
        window,
        goal=ChargeGoal(local("2026-02-07 07:00"), 100.0),
        ageing=Ageing(Wear(6.0, per_kwh_h), 0.01, 0.2),
    )

    (ada,) = fleet.get("/api/v1/cars/ada/why").json()["cars"]

    ageing = ada["promise"]["ageing"]
    assert (80.0, cost, 0.01, 0.2) == tuple(ageing[key] for key in ("limit_pct", "cost", "dearer", "spared"))
    assert "2026-02-07T02:48:38.918919Z" == ageing["since"]


def test_a_battery_that_does_not_stand_full_has_no_ageing(fleet: Fleet) -> None:
    (ada,) = fleet.get("/api/v1/cars/ada/why").json()["cars"]

    assert None is ada["promise"]["ageing"]


def test_the_commands_of_the_plug_in_are_told_and_no_others(fleet: Fleet) -> None:
    fleet.clock.step(3600)
    fleet.command(ADA, "c1")
    gone = ChargeSession(ADA, NOW - HOUR, 46.0, unplugged_at=fleet.clock.now() + timedelta(minutes=30))
    fleet.store.save_session(gone)
    fleet.clock.step(3600)

    (ada,) = fleet.get("/api/v1/cars/ada/why").json()["cars"]

    assert ["c1"] == [command["id"] for command in ada["commands"]]
    assert "Unplugged 19:02." == ada["sentences"][-1]


def test_a_past_time_is_asked_about_by_the_drivers_clock(fleet: Fleet) -> None:
    fleet.clock.step(7200)
    fleet.promise(ADA, a_window("2026-02-07 01:15", "2026-02-07 03:30"))

    (then,) = fleet.get("/api/v1/cars/ada/why?at=18:00").json()["cars"]
    (later,) = fleet.get("/api/v1/cars/ada/why").json()["cars"]

    assert "Promised 17:32" in then["sentences"][0]
    assert "Promised 19:32" in later["sentences"][0]
    assert None is later["relaxations"]


def test_before_the_first_plan_there_is_nothing_to_explain(fleet: Fleet) -> None:
    (ada,) = fleet.get("/api/v1/cars/ada/why?at=2026-02-01 12:00").json()["cars"]

    assert (["No plan was made by Sun 12:00."], None, []) == (ada["sentences"], ada["promise"], ada["windows"])


def test_a_car_that_was_never_planned_for_says_so() -> None:
    (ben,) = a_full_fleet().get("/api/v1/cars/ben/why").json()["cars"]

    assert ["No plan was made yet."] == ben["sentences"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/v1/cars/adda/why", 404, 'did you mean "ada"?'),
        ("/cars/adda/why", 404, 'did you mean "ada"?'),
        ("/api/v1/cars/ada/why?at=soon", 422, 'got "soon", expected a time such as "18:30"'),
        ("/cars/ada/why?at=soon", 422, 'got "soon"'),
        ("/api/v1/cars/ada/estimate", 422, "to_pct"),
        ("/api/v1/cars/ada/estimate?to_pct=101", 422, "to_pct"),
        ("/api/v1/cars/ada/estimate?to_pct=80&power_kw=0", 422, "power_kw"),
        ("/api/v1/cars/ada/estimate?to_pct=nan", 422, "to_pct"),
        ("/api/v1/cars/adda/estimate?to_pct=80", 404, 'did you mean "ada"?'),
    ],
)
def test_a_senseless_question_is_answered_with_what_is_wrong(fleet: Fleet, path: str, status: int, words: str) -> None:
    answer = fleet.get(path)

    assert status == answer.status_code
    assert words in answer.json()["error"]["message"]


def test_an_estimate_begins_at_what_was_seen_last(fleet: Fleet) -> None:
    (ada,) = fleet.get("/api/v1/cars/ada/estimate?to_pct=80").json()["cars"]

    assert (46.0, 80.0, 11.0) == (ada["from_pct"], ada["to_pct"], ada["power_kw"])
    assert 58 * 0.34 / 0.9 == pytest.approx(ada["energy_kwh"])
    assert ada["sentence"].startswith("Ada's ID.3 from 46 % to 80 %: 1 h 59 min at 11 kW")


def test_an_estimate_takes_what_it_is_given(fleet: Fleet) -> None:
    (ada,) = fleet.get("/api/v1/cars/ada/estimate?to_pct=50&from_pct=30&power_kw=2.3").json()["cars"]

    assert (30.0, 2.3) == (ada["from_pct"], ada["power_kw"])
    assert 58 * 0.2 / 0.9 / 2.3 * 3600 == pytest.approx(ada["duration_s"])


def test_an_estimate_of_a_car_never_seen_asks_where_to_begin() -> None:
    answer = a_full_fleet().get("/api/v1/cars/ben/estimate?to_pct=80")

    assert 422 == answer.status_code
    assert "the state of charge of Ben's Zoe is not known; say where to begin, with --from" in answer.text


def test_the_page_leads_to_the_reasons_and_the_reasons_lead_back(fleet: Fleet) -> None:
    page, why = fleet.get("/").text, fleet.get("/cars/ada-id3/why")

    assert '<a href="/cars/ada-id3/why">' in page
    assert "<li>Promised 17:32, at 46 %: 80 % by Sat 07:00" in why.text
    assert '<a href="/">' in why.text
    assert "SIMULATED" not in why.text


def test_a_car_without_a_plan_has_no_reasons_to_read() -> None:
    assert "/cars/ben-zoe/why" not in a_full_fleet().get("/").text


def test_reasons_that_are_simulated_say_so_first() -> None:
    fleet = Fleet(a_driver("Ada", "ID.3", ADA), simulated=True)

    assert "<strong>SIMULATED</strong> No real car" in fleet.get("/cars/ada/why").text


def test_reasons_from_simulated_prices_say_so_first(fleet: Fleet) -> None:
    fleet.promise(ADA, simulated=True)

    assert (
        "<strong>SIMULATED</strong> These plans are made on prices that are not today"
        in fleet.get("/cars/ada/why").text
    )
