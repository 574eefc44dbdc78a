"""What standing full costs, as people read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import VehicleId
from scheduler.domain.wear import Ageing, Wear
from scheduler.planning.ageing_words import proof_words, told_notes

NOW = datetime(2026, 2, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
WEAR = Wear(10.0, 0.001)
PLAN = ChargePlan(PlanOutcome.MET, (ChargeWindow(NOW, NOW + 2 * HOUR, 10.0),), 20.0)
PROMISE = Promise(
    VehicleId("ada"),
    NOW,
    60.0,
    ChargeGoal(NOW + 4 * HOUR, 100.0),
    PLAN,
    TariffId("home"),
    "EUR",
    notes=("a note",),
    ageing=Ageing(WEAR),
)


def told(promise: Promise) -> list[str]:
    return list(told_notes(promise, NOW, BERLIN))[1:]


def test_notes_come_first_and_a_plan_that_ages_nothing_has_no_others() -> None:
    assert ("a note",) == told_notes(replace(PROMISE, ageing=None), NOW, BERLIN)


def test_standing_full_is_told_with_its_time_and_its_money_also_where_it_moved_nothing() -> None:
    assert ["from 03:00 to 06:00 the battery stands above 80 %; that ages it by about EUR 0.03"] == told(PROMISE)


def test_standing_until_a_later_goal_is_told_until_then_with_its_day() -> None:
    words = told(replace(PROMISE, later_goals=(ChargeGoal(NOW + 28 * HOUR, 100.0),)))

    assert ["from 03:00 to Tue 06:00 the battery stands above 80 %; that ages it by about EUR 0.27"] == words


def test_less_than_a_cent_is_told_as_that() -> None:
    words = told(replace(PROMISE, ageing=Ageing(Wear(10.0, 0.0001))))

    assert ["from 03:00 to 06:00 the battery stands above 80 %; that ages it by less than EUR 0.01"] == words


@pytest.mark.parametrize(("currency", "where"), [("XTS", " in XTS"), ("", "")])
def test_where_no_money_is_known_none_is_told(currency: str, where: str) -> None:
    words = told(replace(PROMISE, currency=currency, ageing=Ageing(Wear(10.0, 0.0))))

    expected = (
        f"from 03:00 to 06:00 the battery stands above 80 %; what that ages it by is not known{where}, "
        "so it only decides between plans of equal cost"
    )
    assert [expected] == words


def test_a_plan_that_never_comes_above_the_limit_has_nothing_to_tell() -> None:
    assert [] == told(replace(PROMISE, ageing=Ageing(Wear(20.0, 0.001))))


def test_what_was_paid_to_spare_the_battery_is_told_with_what_it_spares() -> None:
    moved = replace(PROMISE, ageing=Ageing(WEAR, 0.014, 0.301, 0.001))

    expected = "that costs about EUR 0.01 more, and spares the battery about EUR 0.30 of ageing"
    assert f"what lies above 80 % is charged late: {expected}" == told(moved)[-1]
    assert ["ageing counted, no other plan costs less"] == list(proof_words(moved))


def test_what_cost_next_to_nothing_is_not_told_as_a_sum_of_nothing() -> None:
    words = told(replace(PROMISE, ageing=Ageing(WEAR, 0.001, 0.006, 0.001)))[-1]

    assert "that costs less than EUR 0.01 more, and spares the battery about EUR 0.01 of ageing" in words


def test_what_is_not_proven_is_not_told_as_proven() -> None:
    moved = replace(PROMISE, ageing=Ageing(WEAR, 0.014, 0.301, 0.02))

    assert ["ageing counted, no other plan costs less by more than EUR 0.02"] == list(proof_words(moved))


def test_of_a_plan_that_is_the_cheapest_anyhow_nothing_more_is_proven() -> None:
    assert [] == list(proof_words(PROMISE)) + list(proof_words(replace(PROMISE, ageing=None)))
