"""Which goals one plan is made for, and when a car is taken to be away between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.dispatch.goals import away, planned_goals
from scheduler.domain.driver import ChargeGoal

MORNING = datetime(2026, 2, 3, 6, tzinfo=UTC)
"""07:00 in Berlin, a Tuesday."""
BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def goal(days: float, target_pct: float = 80.0, floor_pct: float | None = None) -> ChargeGoal:
    return ChargeGoal(MORNING + days * DAY, target_pct, floor_pct=floor_pct)


def told(*goals: ChargeGoal, limit_pct: float | None = None) -> list[tuple[float, float]]:
    """Days after the first morning, and the target."""
    return [((one.ready_by - MORNING) / DAY, one.target_pct) for one in planned_goals(goals, limit_pct)]


def test_where_nothing_is_wanted_there_is_no_goal() -> None:
    assert () == planned_goals((), None)


def test_the_next_goal_and_those_within_a_day_that_want_more() -> None:
    assert [(0, 80), (0.5, 100)] == told(goal(0), goal(0.2), goal(0.5, 100), goal(0.6, 90), goal(1.5, 100))


def test_a_floor_holds_in_the_morning_and_the_target_by_the_next_day_without_one() -> None:
    assert [(0, 40), (2, 90)] == told(goal(0, 80, 40), goal(1, 80, 40), goal(2, 90), goal(3, 100))


def test_where_every_day_has_a_floor_the_target_is_for_the_last_within_three() -> None:
    assert [(0, 40), (3, 80)] == told(*(goal(day, 80, 40) for day in range(6)))


@pytest.mark.parametrize(
    "goals",
    [(goal(0, 80, 40),), (goal(0, 80, 40), goal(4)), (goal(0, 80, 40), goal(1, 40))],
    ids=["no later day", "too far", "wants no more"],
)
def test_a_floor_that_no_later_day_can_mend_is_none(goals: tuple[ChargeGoal, ...]) -> None:
    assert [(0, 80)] == told(*goals)


def test_the_cars_own_limit_cuts_each_goal_and_is_said() -> None:
    planned = planned_goals((goal(0, 80, 40), goal(1, 80)), 60.0)

    assert [(40.0, None), (60.0, 80.0)] == [(one.target_pct, one.wanted_pct) for one in planned]


def gone(plugged_in_at: datetime, *goals: ChargeGoal) -> list[tuple[float, float]]:
    """Hours after the first morning."""
    stretches = away(goals, planned_goals(goals, None), plugged_in_at, BERLIN)
    return [((one.start - MORNING) / HOUR, (one.end - MORNING) / HOUR) for one in stretches]


def test_between_a_floor_and_its_target_the_car_is_away_until_the_hour_of_its_plug_in() -> None:
    floors = (goal(0, 80, 40), goal(1, 80, 40), goal(2))

    assert [(0, 11), (24, 35)] == gone(MORNING - 13 * HOUR, *floors)


@pytest.mark.parametrize("hours", [24, 9, 0.5], ids=["at the same hour", "late at night", "in the early morning"])
def test_nobody_is_away_for_more_than_half_a_day(hours: float) -> None:
    assert [(0, 12)] == gone(MORNING - hours * HOUR, goal(0, 80, 40), goal(1))


def test_other_plans_know_no_absence() -> None:
    assert [] == gone(MORNING - 13 * HOUR, goal(0), goal(0.5, 100))
    assert [] == gone(MORNING - 13 * HOUR, goal(0, 80, 40))
    assert [] == gone(MORNING - 13 * HOUR)
