"""Until when a car may wait and still be ready, whatever prices become. No forecast moves it."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.domain.interval import Interval, as_utc, without
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal


def latest_safe_start(now: datetime, need: ChargeNeed, rules: ChargeRules) -> datetime | None:
    """
    Return the last moment from which charging without a break, blocked hours aside, still meets every goal in full.

    Not before *now*: a goal that is out of reach makes it *now*. None where nothing is needed. No price has a say.
    """
    now = as_utc(now)
    if need.energy_kwh <= 0:
        return None
    if rules.max_power_kw <= 0:
        return now
    return max(now, min(_start_for(now, goal, rules) for goal in need.goals if goal.energy_kwh > 0))


def _start_for(now: datetime, goal: EnergyGoal, rules: ChargeRules) -> datetime:
    ready_by = as_utc(goal.ready_by)
    left = timedelta(hours=goal.energy_kwh / rules.max_power_kw)
    free = tuple(without(Interval(now, ready_by), rules.blocked)) if now < ready_by else ()
    for stretch in reversed(free):
        if left <= stretch.duration:
            return stretch.end - left
        left -= stretch.duration
    return now
