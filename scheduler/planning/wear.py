"""
What standing full costs: a battery ages while it stands, and faster the fuller and the warmer it is.

    below the limit: as cheap as can be          above it: dearer by a price per kWh for each hour until the departure
      |####|.....|##|...........................|####|------> departure

What is charged last is what stands above the limit. With one price per kWh and hour, the best split plan is the cheapest
one under prices that count the hours to the departure, but from some moment backwards all alike (what fills the battery up
to the limit need not wait). Only that moment has to be tried out; with few starts the best of those tried is kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import as_utc
from scheduler.domain.plan import ChargePlan
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

STEP = timedelta(minutes=30)
MOST_STEPS = 96
"""The moments tried, backwards from the departure. On random hours, with a price of standing far above any real one, half
hours miss the best split plan by 0.003 % on average, whole hours by 0.2 %."""


@dataclass(frozen=True, slots=True)
class Wear:
    """The first `free_kwh` that flow stand at no price; each kWh above them costs `per_kwh_h` an hour until the departure."""

    free_kwh: float
    per_kwh_h: float

    def cost(self, plan: ChargePlan, departure: datetime) -> float:
        """Return what the energy above the limit costs by standing from when *plan* charges it until *departure*."""
        total, had_kwh = 0.0, 0.0
        for window in plan.windows:
            begin_h = (as_utc(departure) - window.start) / timedelta(hours=1)
            end_h = (as_utc(departure) - window.end) / timedelta(hours=1)
            free_h = max(self.free_kwh - had_kwh, 0.0) / window.power_kw
            begin_h = max(begin_h - free_h, end_h)
            total += window.power_kw * (begin_h**2 - end_h**2) / 2
            had_kwh += window.energy_kwh
        return total * self.per_kwh_h


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


def wear_above(
    limit_pct: float,
    target_pct: float,
    need_kwh: float,
    above_kwh: float,
    temperature_c: float,
    replacement_cost: float,
) -> Wear | None:
    """
    Return the wear of a need of *need_kwh*, of which the last *above_kwh* lift the battery from the limit to the target.

    None where nothing is above the limit, or where it costs nothing to stand there.
    """
    if above_kwh <= 0 or target_pct <= limit_pct:
        return None
    full = standing_cost_per_h(target_pct, temperature_c, replacement_cost)
    more = full - standing_cost_per_h(limit_pct, temperature_c, replacement_cost)
    return Wear(max(need_kwh - above_kwh, 0.0), more / above_kwh) if more > 0 else None


def sparing_plan(
    plan_of: Callable[[Standing | None], ChargePlan], wear: Wear, now: datetime, departure: datetime
) -> ChargePlan:
    """
    Return the plan that is cheapest with its wear, of those that promise no less than the cheapest one without it.

    Its `lower_bound` is that of money alone, so it is `optimal` only where it is the cheapest one in money too.

    *plan_of* is `cheapest_plan` with all but its `standing`. A plan that is later for the battery's sake is never shorter,
    and never takes more at an unknown price.
    """
    cheapest = best = plan_of(None)
    promised = (best.shortfall_kwh, best.unknown_kwh)
    least = best.cost + best.start_costs + wear.cost(best, departure)
    steps = min(-((now - departure) // STEP), MOST_STEPS)
    for step in range(1, steps + 1):
        plan = plan_of(Standing(wear.per_kwh_h, departure - step * STEP))
        total = plan.cost + plan.start_costs + wear.cost(plan, departure)
        if (plan.shortfall_kwh, plan.unknown_kwh) <= promised and total < least:
            best, least = plan, total
    return best if best is cheapest else replace(best, lower_bound=cheapest.lower_bound, optimal=False)


def _place(steps: tuple[float, ...], value: float) -> tuple[int, float]:
    """Return between which two *steps* a value lies (the first one's index), and how far along."""
    index = min(max(bisect_right(steps, value) - 1, 0), len(steps) - 2)
    share = (value - steps[index]) / (steps[index + 1] - steps[index])
    return index, min(max(share, 0.0), 1.0)
