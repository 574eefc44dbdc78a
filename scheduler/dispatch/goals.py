"""
Which of a driver's goals one plan is made for: the next one, and those after it that it should know of.

    a trip soon after      07:00 at 80 %, 12:00 at 100 %        one stay may serve both
    a floor                Tue 07:00 at 40 %, Thu 07:00 at 80 %  a dear night may be skipped: the target by a later day
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.interval import Interval
from scheduler.drivers import local

TOGETHER = timedelta(hours=24)
"""A later goal that wants more is planned together with the first where it is so near: one stay may serve both."""

LATER = timedelta(hours=75)
"""A target may wait for three nights, with an hour for a clock that changes and two for a later departure: nights beyond
are as good as any other, and a forecast says little of them."""

LONGEST_AWAY = timedelta(hours=12)
"""A car that has left is taken to be back at the hour at which it was plugged in today, but no later than this."""


def planned_goals(goals: Sequence[ChargeGoal], limit_pct: float | None) -> tuple[ChargeGoal, ...]:
    """
    Return of *goals*, in time order, those that one plan is made for, each of which wants more than the one before.

    *limit_pct* is where the car stops by itself. A floor takes the place of the next target where a later day can have
    that: the next one without a floor, or else the last one that is near enough.
    """
    if not goals:
        return ()
    first, later = goals[0], _later(goals)
    chosen = [first] if later is None else [replace(first, target_pct=first.least_pct), later]
    for goal in goals[1:] if later is None else ():
        if goal.ready_by - first.ready_by <= TOGETHER and goal.target_pct > chosen[-1].target_pct:
            chosen.append(goal)
    return tuple(_within_reach(goal, limit_pct) for goal in chosen)


def away(
    goals: Sequence[ChargeGoal], planned: Sequence[ChargeGoal], plugged_in_at: datetime, timezone: ZoneInfo
) -> Iterator[Interval]:
    """
    Yield when the car is taken to be gone between the goals of a plan with a floor: from each departure to the hour at
    which it was plugged in today. Nothing for other plans: a car that has not left can go on charging.
    """
    if len(planned) < 2 or planned[0].floor_pct is None:
        return
    back_at = local(plugged_in_at, timezone).time()
    for goal in goals:
        if goal.ready_by >= planned[-1].ready_by:
            break
        day = local(goal.ready_by, timezone)
        back = day.replace(hour=back_at.hour, minute=back_at.minute, second=0, microsecond=0)
        gone = (back - day) % timedelta(days=1)
        yield Interval(goal.ready_by, goal.ready_by + min(gone or LONGEST_AWAY, LONGEST_AWAY))


def _later(goals: Sequence[ChargeGoal]) -> ChargeGoal | None:
    """Return the goal by which a first one with a floor is to have its target; None where it has none, or none is near."""
    first = goals[0]
    near = [goal for goal in goals[1:] if goal.ready_by - first.ready_by <= LATER]
    if first.floor_pct is None or not near:
        return None
    later = next((goal for goal in near if goal.floor_pct is None), near[-1])
    return later if later.target_pct > first.floor_pct else None


def _within_reach(goal: ChargeGoal, limit_pct: float | None) -> ChargeGoal:
    """Return *goal*, or as much of it as the car's own limit allows."""
    if limit_pct is None or goal.target_pct <= limit_pct:
        return goal
    return replace(goal, target_pct=limit_pct, wanted_pct=goal.target_pct)
