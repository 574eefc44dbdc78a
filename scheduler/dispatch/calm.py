"""
When a fresh plan takes the place of the one in force. Pure.

A car that stops and starts for a hundredth of a cent annoys its driver and spends scarce commands. The plan in force stays
unless a fact changed, the promise is at risk, or the gain exceeds a stated amount of money.

    energy the plan in force still holds, against what is needed now

        much less                 less                enough               too much
      ------------|----------------|---------------------|--------------------|------
         replan       keep, while it can still be         keep                   replan
                      mended at the end of the last
                      window without a new start
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeWindow, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.tariff import TariffCurve

EXACT_KWH = 0.05
"""Less than this (half a minute at 7 kW) is not worth a look, let alone a switch."""

MENDING = timedelta(minutes=10)
"""This close to the end of the last window, what is lacking is mended: the running window is made longer."""


@dataclass(frozen=True, slots=True)
class Calm:
    """What it takes to move a plan: `gain` in the tariff's money, or a need that is off by more than `drift_kwh`."""

    gain: float = 0.05
    drift_kwh: float = 1.0


def keeps(promise: Promise | None, fresh: Promise, curve: TariffCurve, now: datetime, calm: Calm) -> bool:
    """Whether *promise*, the one in force, stays in force although *fresh* was planned just now."""
    if promise is None or _facts(promise) != _facts(fresh) or fresh.plan.outcome is PlanOutcome.NOTHING_NEEDED:
        return False
    ahead = [Interval(max(window.start, now), window.end) for window in promise.plan.windows if window.end > now]
    if not ahead:
        return False
    power_kw = promise.plan.windows[0].power_kw
    remaining_kwh = sum(interval.duration.total_seconds() for interval in ahead) * power_kw / 3600
    lacking_kwh = fresh.plan.energy_kwh - remaining_kwh
    if abs(lacking_kwh) > calm.drift_kwh:
        return False
    if lacking_kwh > EXACT_KWH and not _mendable(promise, ahead[-1], lacking_kwh / power_kw, now):
        return False
    return curve.cost(ahead, power_kw) - fresh.plan.cost + _spared(ahead, power_kw, fresh) <= calm.gain


def _spared(ahead: list[Interval], power_kw: float, fresh: Promise) -> float:
    """Return how much less the battery ages by *fresh* than if it were charged *ahead*, what is not planned now."""
    if fresh.ageing is None or fresh.departure is None:
        return 0.0
    wear, until = fresh.ageing.wear, fresh.departure
    held = replace(fresh.plan, windows=tuple(ChargeWindow(part.start, part.end, power_kw) for part in ahead))
    return wear.cost(held, until) - wear.cost(fresh.plan, until)


def _mendable(promise: Promise, last: Interval, lacking_h: float, now: datetime) -> bool:
    """Whether what is lacking can wait for the end of the last window: it is not near, and there is room behind it."""
    if promise.goal is None or last.end - now <= MENDING:
        return False
    return promise.goal.ready_by - last.end >= timedelta(hours=2 * lacking_h)


def _facts(promise: Promise) -> tuple[object, ...]:
    return (
        promise.goal,
        promise.later_goals,
        promise.plan.outcome,
        promise.tariff_id,
        promise.prices_known_until,
        promise.notes,
    )
