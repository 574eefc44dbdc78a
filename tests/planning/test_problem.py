from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from math import inf, nan
from typing import Any

import pytest

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal, Prefer
from scheduler.planning.fields import ProblemError
from scheduler.planning.problem import parse_problem, solve

Document = dict[str, Any]

NOW = datetime(2026, 2, 1, 17, tzinfo=UTC)


def a_document(**vehicle: object) -> Document:
    """An hour at 0.30, one at 0.10, one at 0.20; 2 kWh at 2 kW by 20:00."""
    return {
        "now": "2026-02-01T17:00:00Z",
        "tariff": [
            ["2026-02-01T17:00:00Z", "2026-02-01T18:00:00Z", 0.3],
            ["2026-02-01T18:00:00Z", "2026-02-01T19:00:00Z", 0.1],
            ["2026-02-01T19:00:00Z", "2026-02-01T20:00:00Z", 0.2],
        ],
        "vehicles": [
            {
                "id": "ada",
                "max_power_kw": 2.0,
                "goals": [{"ready_by": "2026-02-01T20:00:00Z", "energy_kwh": 2.0}],
                **vehicle,
            }
        ],
    }


def changed(path: tuple[str | int, ...], value: object) -> Document:
    """Return the document with one value in another's place."""
    document = deepcopy(a_document())
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return document


def test_what_a_document_leaves_out_has_its_default() -> None:
    problem = parse_problem(a_document())

    assert NOW == problem.now
    assert "" == problem.curve.currency
    assert all(slot.firm for slot in problem.curve.slots)
    assert () == problem.power_limits
    assert "ada" == problem.vehicle.id
    assert ChargeNeed((EnergyGoal(NOW + timedelta(hours=3), 2.0),), 0.0) == problem.vehicle.need
    assert ChargeRules(2.0) == problem.vehicle.rules
    assert 2 == problem.vehicle.rules.max_starts
    assert Prefer.LATE is problem.vehicle.rules.prefer
    assert not problem.vehicle.charging
    assert problem.vehicle.plugged_in_from is None


def test_every_key_of_the_document_is_read() -> None:
    document = a_document(
        charging=True,
        plugged_in_from="2026-02-01T18:30:00+01:00",
        reserve_kwh=1,
        max_starts=3,
        min_run_s=600,
        min_pause_s=300,
        start_cost=0.25,
        continuous=True,
        max_price=0.2,
        blocked=[["2026-02-01T18:00:00Z", "2026-02-01T18:10:00Z"]],
        precondition_s=90.5,
        prefer="early",
    )
    document["currency"] = "EUR"
    document["power_limits"] = [["2026-02-01T19:00:00Z", "2026-02-01T19:10:00Z", 1.5]]

    problem = parse_problem(document)

    blocked = Interval(NOW + timedelta(hours=1), NOW + timedelta(minutes=70))
    expected = ChargeRules(
        2.0, 3, timedelta(minutes=10), timedelta(minutes=5), 0.25, True, 0.2, (blocked,), timedelta(seconds=90.5),
        Prefer.EARLY,
    )  # fmt: skip
    assert expected == problem.vehicle.rules
    assert 1.0 == problem.vehicle.need.reserve_kwh
    assert problem.vehicle.charging
    assert NOW + timedelta(minutes=30) == problem.vehicle.plugged_in_from
    assert "EUR" == problem.curve.currency
    (limit,) = problem.power_limits
    assert (Interval(NOW + timedelta(hours=2), NOW + timedelta(minutes=130)), 1.5) == (limit.interval, limit.power_kw)


def test_null_stands_for_no_limit() -> None:
    problem = parse_problem(a_document(max_starts=None, max_price=None, plugged_in_from=None))

    assert problem.vehicle.rules.max_starts is None
    assert problem.vehicle.rules.max_price is None
    assert problem.vehicle.plugged_in_from is None


def test_a_forecast_speaks_only_where_the_tariff_is_silent() -> None:
    document = a_document()
    document["forecast"] = [
        ["2026-02-01T16:00:00Z", "2026-02-01T17:30:00Z", 9.0],
        ["2026-02-01T19:30:00Z", "2026-02-01T21:00:00Z", 0.5],
    ]

    slots = parse_problem(document).curve.slots

    expected = [(16, 9.0, False), (17, 0.3, True), (18, 0.1, True), (19, 0.2, True), (20, 0.5, False)]
    assert expected == [(slot.start.hour, slot.price_per_kwh, slot.firm) for slot in slots]


WRONG: list[tuple[tuple[str | int, ...], object, str]] = [
    (("now",), "2026-02-01T17:00:00", "now: expected a time in ISO 8601 with an offset or 'Z'"),
    (("now",), "yesterday", "now: expected a time"),
    (("now",), "0001-01-01T00:00:00+23:00", "now: expected a time"),
    (("now",), 1_700_000_000, "now: expected a time"),
    (("currency",), 7, "currency: expected a text, got 7"),
    (("colour",), "red", "colour: unknown key; known are currency, forecast, now"),
    (("tariff",), {}, "tariff: expected a list, got {}"),
    (("tariff", 1), ["2026-02-01T18:00:00Z", 0.1], "tariff[1]: expected [start, end, number], got"),
    (("tariff", 1), "dear", "tariff[1]: expected [start, end, number], got 'dear'"),
    (("tariff", 1, 0), "2026-02-01T18:00:00", "tariff[1][0]: expected a time"),
    (("tariff", 1, 1), "2026-02-01T18:00:00Z", "tariff[1]: expected an end after the start"),
    (("tariff", 1, 0), "2026-02-01T17:59:00Z", "tariff[1]: slots must ascend without overlap"),
    (("tariff", 0, 2), nan, "tariff[0][2]: expected a finite number, got nan"),
    (("tariff", 0, 2), -inf, "tariff[0][2]: expected a finite number, got -inf"),
    (("tariff", 0, 2), "0.3", "tariff[0][2]: expected a finite number, got '0.3'"),
    (("tariff", 0, 2), True, "tariff[0][2]: expected a finite number, got True"),
    (("tariff", 0, 2), None, "tariff[0][2]: expected a finite number, got None"),
    (("tariff", 0, 2), 10**400, "tariff[0][2]: expected a finite number, got 1000"),
    (("forecast",), [["2026-02-01T17:00:00Z"]], "forecast[0]: expected [start, end, number]"),
    (
        ("forecast",),
        [["2026-02-01T17:00:00Z", "2026-02-01T18:00:00Z", 1], ["2026-02-01T17:00:00Z", "2026-02-01T18:00:00Z", 1]],
        "forecast[1]: slots must ascend without overlap",
    ),
    (("power_limits",), [[]], "power_limits[0]: expected [start, end, number]"),
    (
        ("power_limits",),
        [["2026-02-01T17:00:00Z", "2026-02-01T18:00:00Z", -1]],
        "power_limits[0][2]: expected 0 or more, got -1",
    ),
    (("vehicles",), [], "vehicles: expected one vehicle, got none"),
    (("vehicles",), [{}, {}], "vehicles: several vehicles are not supported yet; expected one, got 2"),
    (("vehicles", 0), "ada", "vehicles[0]: expected an object, got 'ada'"),
    (("vehicles", 0, "maxpower"), 3, "vehicles[0].maxpower: unknown key; known are blocked, charging"),
    (("vehicles", 0, "id"), 3, "vehicles[0].id: expected a text, got 3"),
    (("vehicles", 0, "max_power_kw"), -11.0, "vehicles[0].max_power_kw: expected more than 0, got -11.0"),
    (("vehicles", 0, "max_power_kw"), 0, "vehicles[0].max_power_kw: expected more than 0, got 0"),
    (("vehicles", 0, "max_power_kw"), nan, "vehicles[0].max_power_kw: expected a finite number, got nan"),
    (("vehicles", 0, "charging"), 1, "vehicles[0].charging: expected true or false, got 1"),
    (("vehicles", 0, "plugged_in_from"), "2026-02-01", "vehicles[0].plugged_in_from: expected a time"),
    (("vehicles", 0, "goals"), {}, "vehicles[0].goals: expected a list, got {}"),
    (("vehicles", 0, "goals", 0), 3, "vehicles[0].goals[0]: expected an object, got 3"),
    (("vehicles", 0, "goals", 0, "soc"), 3, "vehicles[0].goals[0].soc: unknown key; known are energy_kwh, ready_by"),
    (("vehicles", 0, "goals", 0, "ready_by"), "07:00", "vehicles[0].goals[0].ready_by: expected a time"),
    (("vehicles", 0, "goals", 0, "energy_kwh"), -1, "vehicles[0].goals[0].energy_kwh: expected 0 or more, got -1"),
    (("vehicles", 0, "goals", 0, "energy_kwh"), inf, "vehicles[0].goals[0].energy_kwh: expected a finite number"),
    (("vehicles", 0, "reserve_kwh"), -0.1, "vehicles[0].reserve_kwh: expected 0 or more, got -0.1"),
    (("vehicles", 0, "max_starts"), 1.5, "vehicles[0].max_starts: expected a whole number, got 1.5"),
    (("vehicles", 0, "max_starts"), -1, "vehicles[0].max_starts: expected 0 or more, got -1"),
    (("vehicles", 0, "min_run_s"), 90, "vehicles[0].min_run_s: expected whole minutes in seconds, got 90"),
    (("vehicles", 0, "min_pause_s"), 0.5, "vehicles[0].min_pause_s: expected whole minutes in seconds, got 0.5"),
    (("vehicles", 0, "start_cost"), -0.1, "vehicles[0].start_cost: expected 0 or more, got -0.1"),
    (("vehicles", 0, "continuous"), "yes", "vehicles[0].continuous: expected true or false, got 'yes'"),
    (("vehicles", 0, "max_price"), "low", "vehicles[0].max_price: expected a finite number, got 'low'"),
    (("vehicles", 0, "blocked"), [["2026-02-01T17:00:00Z"]], "vehicles[0].blocked[0]: expected [start, end], got"),
    (
        ("vehicles", 0, "blocked"),
        [["2026-02-01T17:00:00Z", "2026-02-01T16:00:00Z"]],
        "vehicles[0].blocked[0]: expected an end after the start, got 2026-02-01T17:00:00Z to 2026-02-01T16:00:00Z",
    ),
    (("vehicles", 0, "precondition_s"), 1e300, "vehicles[0].precondition_s: expected a number between -1e+12 and"),
    (("tariff", 0, 2), 1e308, "tariff[0][2]: expected a number between -1e+12 and 1e+12, got 1e+308"),
    (("tariff", 0, 2), -1e308, "tariff[0][2]: expected a number between -1e+12 and 1e+12, got -1e+308"),
    (("vehicles", 0, "prefer"), "never", "vehicles[0].prefer: expected 'late' or 'early', got 'never'"),
    (("vehicles", 0, "prefer"), [], "vehicles[0].prefer: expected 'late' or 'early', got []"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=[message.split(":")[0] for _, _, message in WRONG])
def test_what_is_wrong_is_named_by_its_path(path: tuple[str | int, ...], value: object, message: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_problem(changed(path, value))

    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("key", ["now", "tariff", "vehicles"])
def test_a_key_that_must_be_there_is_named(key: str) -> None:
    document = a_document()
    del document[key]

    with pytest.raises(ProblemError, match=f"^{key}: missing$"):
        parse_problem(document)


@pytest.mark.parametrize("key", ["id", "max_power_kw", "goals"])
def test_a_key_that_a_vehicle_must_have_is_named(key: str) -> None:
    document = a_document()
    del document["vehicles"][0][key]

    with pytest.raises(ProblemError, match=rf"^vehicles\[0\]\.{key}: missing$"):
        parse_problem(document)


@pytest.mark.parametrize("key", ["ready_by", "energy_kwh"])
def test_a_key_that_a_goal_must_have_is_named(key: str) -> None:
    document = a_document()
    del document["vehicles"][0]["goals"][0][key]

    with pytest.raises(ProblemError, match=rf"^vehicles\[0\]\.goals\[0\]\.{key}: missing$"):
        parse_problem(document)


def test_goals_out_of_time_order_are_refused() -> None:
    goals = [
        {"ready_by": "2026-02-01T20:00:00Z", "energy_kwh": 1},
        {"ready_by": "2026-02-01T19:00:00.5Z", "energy_kwh": 2},
    ]

    with pytest.raises(ProblemError) as refused:
        parse_problem(a_document(goals=goals))

    expected = (
        "vehicles[0].goals[1].ready_by: goals must be in time order, got 2026-02-01T19:00:00.500000Z "
        "after 2026-02-01T20:00:00Z"
    )
    assert expected == str(refused.value)


def test_goals_that_decrease_are_refused() -> None:
    goals = [
        {"ready_by": "2026-02-01T19:00:00Z", "energy_kwh": 2},
        {"ready_by": "2026-02-01T20:00:00Z", "energy_kwh": 1},
    ]

    with pytest.raises(ProblemError) as refused:
        parse_problem(a_document(goals=goals))

    expected = "vehicles[0].goals[1].energy_kwh: goals are cumulative, so expected at least 2.0, got 1.0"
    assert expected == str(refused.value)


def test_a_document_that_is_no_object_is_no_problem() -> None:
    with pytest.raises(ProblemError, match=r"^problem: expected an object, got \[\]$"):
        parse_problem([])


def test_a_long_wrong_value_is_cut_short_in_the_message() -> None:
    with pytest.raises(ProblemError) as refused:
        parse_problem(changed(("now",), "x" * 1000))

    assert len(str(refused.value)) < 150
    assert str(refused.value).endswith("...")


def test_a_problem_error_is_an_invalid_value() -> None:
    assert issubclass(ProblemError, InvalidValue)


def test_the_answer_has_the_shape_of_the_public_form() -> None:
    answer = solve(parse_problem(a_document(start_cost=0.05)))

    expected = {
        "plans": [
            {
                "vehicle": "ada",
                "outcome": "met",
                "windows": [["2026-02-01T18:00:00Z", "2026-02-01T19:00:00Z", 2.0]],
                "energy_kwh": 2.0,
                "shortfall_kwh": 0.0,
                "goals": [{"ready_by": "2026-02-01T20:00:00Z", "shortfall_kwh": 0.0}],
                "cost": pytest.approx(0.2),
                "start_costs": 0.05,
                "unknown_kwh": 0.0,
                "cost_known": True,
                "starts": 1,
            }
        ],
        "cost": pytest.approx(0.25),
        "lower_bound": pytest.approx(0.25),
        "optimal": True,
    }
    assert expected == answer
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_times_are_answered_in_utc_to_the_microsecond_where_needed() -> None:
    zone = timezone(timedelta(hours=2))
    ready_by = datetime(2026, 2, 1, 22, tzinfo=zone).isoformat()

    answer: Any = solve(parse_problem(a_document(goals=[{"ready_by": ready_by, "energy_kwh": 1 / 3}], prefer="early")))

    assert [["2026-02-01T18:00:00Z", "2026-02-01T18:10:00Z", 2.0]] == answer["plans"][0]["windows"]
    third: Any = solve(parse_problem(a_document(goals=[{"ready_by": ready_by, "energy_kwh": 1e-3}], prefer="early")))
    assert [["2026-02-01T18:00:00Z", "2026-02-01T18:00:01.800000Z", 2.0]] == third["plans"][0]["windows"]


def test_nothing_needed_is_an_answer_too() -> None:
    answer: Any = solve(parse_problem(a_document(goals=[])))

    assert ("nothing_needed", [], 0.0) == tuple(answer["plans"][0][key] for key in ("outcome", "windows", "cost"))
    assert answer["optimal"]


def test_a_limit_below_the_cars_power_is_a_block_and_any_other_is_none() -> None:
    document = a_document()
    document["power_limits"] = [
        ["2026-02-01T18:00:00Z", "2026-02-01T18:30:00Z", 1.99],
        ["2026-02-01T18:30:00Z", "2026-02-01T20:00:00Z", 2.0],
    ]

    answer: Any = solve(parse_problem(document))

    assert [["2026-02-01T18:30:00Z", "2026-02-01T19:30:00Z", 2.0]] == answer["plans"][0]["windows"]


def test_what_a_goal_lacks_is_told_goal_by_goal() -> None:
    goals = [
        {"ready_by": "2026-02-01T17:30:00Z", "energy_kwh": 2.0},
        {"ready_by": "2026-02-01T20:00:00Z", "energy_kwh": 7.0},
    ]

    answer: Any = solve(parse_problem(a_document(goals=goals)))

    (plan,) = answer["plans"]
    assert ("short_of_time", 6.0, 1.0) == (plan["outcome"], plan["energy_kwh"], plan["shortfall_kwh"])
    assert [1.0, 1.0] == [goal["shortfall_kwh"] for goal in plan["goals"]]


def test_energy_at_forecast_and_unknown_prices_is_said() -> None:
    document = a_document(goals=[{"ready_by": "2026-02-01T22:00:00Z", "energy_kwh": 10.0}])
    document["forecast"] = [["2026-02-01T20:00:00Z", "2026-02-01T21:00:00Z", 0.5]]

    answer: Any = solve(parse_problem(document))

    (plan,) = answer["plans"]
    assert (2.0, False) == (plan["unknown_kwh"], plan["cost_known"])
    assert pytest.approx(2.2) == plan["cost"]


def test_a_goal_whose_time_has_passed_is_short_and_the_rest_is_charged_all_the_same() -> None:
    goals = [
        {"ready_by": "2026-02-01T17:00:00Z", "energy_kwh": 1.0},
        {"ready_by": "2026-02-01T20:00:00Z", "energy_kwh": 2.0},
    ]

    answer: Any = solve(parse_problem(a_document(goals=goals, max_price=0.2)))

    (plan,) = answer["plans"]
    assert ("short_of_time", 2.0, 1.0) == (plan["outcome"], plan["energy_kwh"], plan["shortfall_kwh"])
    assert [1.0, 0.0] == [goal["shortfall_kwh"] for goal in plan["goals"]]


def test_a_goal_of_nothing_whose_time_has_passed_is_met() -> None:
    goals = [
        {"ready_by": "2026-02-01T16:00:00Z", "energy_kwh": 0},
        {"ready_by": "2026-02-01T20:00:00Z", "energy_kwh": 2.0},
    ]

    answer: Any = solve(parse_problem(a_document(goals=goals)))

    assert "met" == answer["plans"][0]["outcome"]
