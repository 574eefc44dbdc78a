"""
What an hour of standing full costs, and the plan that is cheapest with it: what lies above the daily limit waits.

    below the limit: as cheap as can be          above it: dearer by a price per kWh for each hour until the departure
      |####|.....|##|...........................|####|------> departure

What is charged last is what stands above the limit. Prices that count the hours to the departure, but from some moment
backwards all alike (what fills the battery up to the limit need not wait), count no more than it really stands, less what
the free energy would stand from that moment: so the best plan under them says what no plan is below. That bound is concave
in the moment. Where its plan has charged less than the free energy by then, the moment is too early, else too late. The
first one tried is when the cheapest plan comes above the limit: mostly that proves it the best already. Else a few halvings
find the best bound, and the plans met on the way are the ones to choose from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from math import isfinite
from typing import NamedTuple

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import as_utc
from scheduler.domain.plan import ChargePlan
from scheduler.domain.wear import Ageing, Wear
from scheduler.planning.timeline import Standing

SOCS_PCT = (20.0, 50.0, 70.0, 80.0, 90.0, 100.0)
TEMPERATURES_C = (10.0, 20.0, 30.0, 40.0)
LOST_IN_TEN_YEARS = (
    (0.0289, 0.0443, 0.0548, 0.0682, 0.0755, 0.0779),
    (0.0495, 0.0730, 0.0883, 0.1077, 0.1180, 0.1213),
    (0.0810, 0.1127, 0.1340, 0.1603, 0.1713, 0.1732),
    (0.1285, 0.1704, 0.1931, 0.2271, 0.2448, 0.2548),
)
"""Share of the capacity that is lost by ten years of standing, per temperature and SoC: the median of nine cells in NREL's
BLAST-Lite 1.1.1 (data/battery_ageing). Cells differ by a factor of three and more, so the money is an order, not a bill."""

TEN_YEARS_H = 87_660.0
WORN_OUT = 0.3
"""Share of the capacity that is gone when a battery counts as worn out: makers' warranties promise 70 %."""

FINEST = timedelta(minutes=15)
"""The moment is sought no finer than this: prices, too, are for a quarter of an hour or so."""

PARTLY_H = 1 / 4
"""Prices are even within a quarter of an hour (`Timeline.standing`): a kWh may stand by half of that longer than weighed in
one plan, and shorter in another."""

ROUNDING = 1e-9
"""What two sums of the same money may differ by."""

CLOSE_H = 1 / 10
"""Near enough is what the energy above the limit costs in this time: some hundredths of a cent for a car at home."""


def standing_cost_per_h(soc_pct: float, temperature_c: float, replacement_cost: float) -> float:
    """
    Return what an hour at *soc_pct* and *temperature_c* takes from a battery that costs *replacement_cost* to replace.

    Linear between the figures of the table; beyond its edges the figure of the edge. What is not finite is an `InvalidValue`.
    """
    for name, value in (("soc_pct", soc_pct), ("temperature_c", temperature_c), ("replacement_cost", replacement_cost)):
        if not isfinite(value):
            raise InvalidValue(f"{name} must be a finite number, got {value}")
    colder, share = _place(TEMPERATURES_C, temperature_c)
    emptier, part = _place(SOCS_PCT, soc_pct)
    cold, warm = (row[emptier] * (1 - part) + row[emptier + 1] * part for row in LOST_IN_TEN_YEARS[colder : colder + 2])
    return replacement_cost * (cold * (1 - share) + warm * share) / WORN_OUT / TEN_YEARS_H


def more_per_h(limit_pct: float, target_pct: float, temperature_c: float, replacement_cost: float) -> float:
    """Return what an hour at *target_pct* costs more than one at *limit_pct*."""
    full = standing_cost_per_h(target_pct, temperature_c, replacement_cost)
    return full - standing_cost_per_h(limit_pct, temperature_c, replacement_cost)


class SparingPlan(NamedTuple):
    """A plan, and how it weighs what its battery loses."""

    plan: ChargePlan
    ageing: Ageing


def sparing_plan(
    cheapest: ChargePlan,
    plan_of: Callable[[Standing], ChargePlan],
    wear: Wear,
    now: datetime,
    departure: datetime,
) -> SparingPlan:
    """
    Return the plan that is cheapest with its wear, of those that promise no less than *cheapest*, the one without it.

    *plan_of* is `cheapest_plan` with all but its `standing`. A plan that is later for the battery's sake is never shorter
    at any goal, and never takes more at an unknown price. Its `lower_bound` is that of money alone, so it is `optimal` only
    where it is the cheapest one in money too; how far off it may be with its wear, its `Ageing` says.
    """
    moment = wear.begins(cheapest)
    if moment is None:
        return SparingPlan(cheapest, Ageing(wear))
    best = cheapest
    aged = wear.cost(cheapest, departure)
    least = _money(cheapest) + aged
    bound = cheapest.lower_bound
    close = CLOSE_H * wear.per_kwh_h * (cheapest.energy_kwh - wear.free_kwh)
    early, late = as_utc(now), as_utc(departure)
    while late - early > FINEST and least - bound > close:
        plan = plan_of(Standing(wear.per_kwh_h, moment))
        stood, before_kwh = _stood_since(plan, wear, moment, departure)
        early, late = (moment, late) if before_kwh < wear.free_kwh else (early, moment)
        moment = early + (late - early) / 2
        if not _promises_as_much(plan, cheapest):
            continue
        bound = max(bound, plan.lower_bound + stood)
        total = _money(plan) + wear.cost(plan, departure)
        if total < least:
            best, least = plan, total
    off = max(least - bound, 0.0) + PARTLY_H * wear.per_kwh_h * best.energy_kwh
    if best is cheapest:
        return SparingPlan(best, Ageing(wear, off=off))
    money = _money(best)
    ageing = Ageing(wear, money - _money(cheapest), aged - wear.cost(best, departure), off)
    proven = money <= cheapest.lower_bound + ROUNDING
    return SparingPlan(replace(best, lower_bound=min(cheapest.lower_bound, money), optimal=proven), ageing)


def _money(plan: ChargePlan) -> float:
    return plan.cost + plan.start_costs


def _promises_as_much(plan: ChargePlan, cheapest: ChargePlan) -> bool:
    """Whether *plan* leaves no more missing at any goal, and takes no more at an unknown price."""
    missing = zip(plan.goals, cheapest.goals, strict=True)
    return plan.unknown_kwh <= cheapest.unknown_kwh and all(a.shortfall_kwh <= b.shortfall_kwh for a, b in missing)


def _stood_since(plan: ChargePlan, wear: Wear, moment: datetime, departure: datetime) -> tuple[float, float]:
    """
    Return what *plan* costs by standing where all that is charged before *moment* counts as charged then, less what the
    free energy would cost so; and how much it has charged by then. No plan's wear is below the first.
    """
    stood_kwh_h, before_kwh = 0.0, 0.0
    for window in plan.windows:
        cut = min(max(window.start, moment), window.end)
        begin_h, end_h = ((as_utc(departure) - edge) / timedelta(hours=1) for edge in (cut, window.end))
        stood_kwh_h += window.power_kw * (begin_h**2 - end_h**2) / 2
        before_kwh += window.power_kw * ((cut - window.start) / timedelta(hours=1))
    stood_kwh_h += (before_kwh - wear.free_kwh) * ((as_utc(departure) - moment) / timedelta(hours=1))
    return stood_kwh_h * wear.per_kwh_h, before_kwh


def _place(steps: tuple[float, ...], value: float) -> tuple[int, float]:
    """Return between which two *steps* a value lies (the first one's index), and how far along."""
    index = min(max(bisect_right(steps, value) - 1, 0), len(steps) - 2)
    share = (value - steps[index]) / (steps[index + 1] - steps[index])
    return index, min(max(share, 0.0), 1.0)
