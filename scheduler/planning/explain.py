"""
A plan in words: one sentence per car, the same in the terminal, on the page and in a notification.

    Ada's ID.3: 46 %, ready 07:00 at 80 % for EUR 2.31, next start 01:15; charging at once would cost EUR 4.36
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import PlanOutcome
from scheduler.domain.promise import Promise

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY = timedelta(hours=24)
CENT = 0.005


def promise_sentence(
    car_name: str,
    promise: Promise,
    soc_pct: float | None,
    now: datetime,
    timezone: ZoneInfo,
    *,
    charging: bool | None = None,
) -> str:
    """
    Return what *promise* says at *now*, in local time of *timezone*.

    *soc_pct* is the state of charge now and *charging* what the car does, None where it is not known; the promise may be
    older. A weekday is named where
    a moment is not within the coming 24 hours.
    """
    clock = _Clock(now, timezone)
    level = "state of charge unknown" if soc_pct is None else f"{soc_pct:.0f} %"
    parts = [level, _achievement(promise, clock)]
    if promise.plan.outcome is not PlanOutcome.NOTHING_NEEDED:
        parts.append(_next_step(promise, now, clock, charging=charging))
    return f"{car_name}: {', '.join(parts)}{_comparison(promise)}"


class _Clock:
    """Moments as a person at home reads them."""

    def __init__(self, now: datetime, timezone: ZoneInfo) -> None:
        self._now, self._timezone = now, timezone

    def __call__(self, moment: datetime) -> str:
        local = moment.astimezone(self._timezone)
        time_of_day = f"{local:%H:%M}"
        near = timedelta(0) <= moment - self._now < DAY
        return time_of_day if near else f"{WEEKDAYS[local.weekday()]} {time_of_day}"


def _achievement(promise: Promise, clock: _Clock) -> str:
    """Say what will be reached, by when, for how much."""
    goal, plan = promise.goal, promise.plan
    if plan.outcome is PlanOutcome.NOTHING_NEEDED:
        if goal is None:
            return "no departure ahead, nothing to do"
        if goal.wanted_pct is not None:
            return f"at {goal.target_pct:.0f} %{_limited(goal)} for {clock(goal.ready_by)}, nothing to do"
        return f"at its target of {promise.target_pct:.0f} % for {clock(goal.ready_by)}, nothing to do"
    money = _money_words(promise)
    if goal is None:
        if plan.outcome is PlanOutcome.MET:
            return f"no departure ahead, charging to its reserve{money}"
        return f"no departure ahead, its reserve cannot be had in full{money}"
    if plan.outcome is PlanOutcome.MET:
        later = "".join(f" and {clock(after.ready_by)} at {after.target_pct:.0f} %" for after in promise.later_goals)
        return f"ready {clock(goal.ready_by)} at {goal.target_pct:.0f} %{_limited(goal)}{later}{money}"
    reached = f"{_reached_pct(promise):.0f} % of {goal.target_pct:.0f} % by {clock(goal.ready_by)}{money}"
    if plan.outcome is PlanOutcome.SHORT_OF_PRICES:
        return f"{reached}, the rest is above the price cap"
    return f"{reached}, short of time, charging all it can"


def _limited(goal: ChargeGoal) -> str:
    """Say what ends below what was asked for: the car's own limit, or a prepaid credit."""
    why = "the prepaid credit buys no more" if goal.by_credit else "the car stops there by itself"
    return "" if goal.wanted_pct is None else f" (of {goal.wanted_pct:.0f} %: {why})"


def _reached_pct(promise: Promise) -> float:
    """Return the state of charge at the goal: the way there in proportion to the energy that can be had."""
    plan, begin = promise.plan, promise.soc_pct or 0.0
    wanted_kwh = plan.energy_kwh + plan.shortfall_kwh
    share = plan.energy_kwh / wanted_kwh if wanted_kwh > 0 else 0.0
    target = promise.goal.target_pct if promise.goal is not None else begin
    return begin + (target - begin) * share


def _money_words(promise: Promise) -> str:
    """Say what it costs, and how sure that is."""
    plan = promise.plan
    if not promise.currency or not plan.windows:
        return ""
    if plan.unknown_kwh >= plan.energy_kwh:
        return " at prices not known yet"
    money = _money(promise.currency, plan.cost)
    if plan.unknown_kwh > 0:
        return f" for {money} and {plan.unknown_kwh:.1f} kWh at prices not known yet"
    return f" for {money}" if plan.cost_known else f" for about {money}, prices partly a forecast"


def _next_step(promise: Promise, now: datetime, clock: _Clock, *, charging: bool | None) -> str:
    """Say what comes next, and where the car does not do yet what the plan says."""
    plan = promise.plan
    window = plan.window_at(now)
    if window is not None:
        until = clock(window.end)
        return f"due to charge until {until}, not charging yet" if charging is False else f"charging now until {until}"
    begin = plan.next_start(now)
    ahead = "no charging ahead" if begin is None else f"next start {clock(begin)}"
    return f"still charging, {ahead}" if charging else ahead


def _comparison(promise: Promise) -> str:
    """Say what charging at once would cost, where it is known and not the same."""
    at_once, plan = promise.at_once_cost, promise.plan
    comparable = bool(plan.windows) and plan.unknown_kwh <= 0 and bool(promise.currency)
    if at_once is None or not comparable or abs(at_once - plan.cost) < CENT:
        return ""
    return f"; charging at once would cost {_money(promise.currency, at_once)}"


def _money(currency: str, amount: float) -> str:
    return f"{currency} {round(amount, 2) + 0.0:.2f}"
