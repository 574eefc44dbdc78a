"""One vehicle's need and rules in the planner's own units: microseconds of charging at full power, since a start."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import NamedTuple

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import as_utc
from scheduler.domain.plan import ChargeNeed, ChargeRules, Prefer
from scheduler.planning.task import UNLIMITED
from scheduler.planning.timeline import HOUR_US, Stretch, Timeline, microseconds


class Terms(NamedTuple):
    """
    What is to be charged from 0 to `end_us`, by which rules.

    `goals` are (moment, energy), ascending, those ahead only, one per moment; `total_us` is the last one's energy.
    `starts` may be `UNLIMITED`; one costs as much as an hour at `start_price`. `running`: charging from 0 on is no start.
    """

    end_us: int
    power_kw: float
    goals: tuple[tuple[int, int], ...]
    total_us: int
    reserve_us: int
    starts: int
    running: bool
    continuous: bool
    late: bool
    least_run_us: int
    least_pause_us: int
    start_price: float
    warm_from: int

    def warm(self, line: Timeline) -> list[Stretch]:
        """Return when the precondition wants charging: blocked times and the cap win over it."""
        if self.warm_from >= self.end_us:
            return []
        return [(max(begin, self.warm_from), until) for begin, until in line.stretches() if until > self.warm_from]

    def starts_of(self, runs: list[Stretch]) -> int:
        """Return how many of *runs* take a start."""
        return len(runs) - (self.running and bool(runs) and runs[0][0] == 0)

    def short_us(self, runs: list[Stretch]) -> int:
        """Return how much *runs* leave missing over all the goals ahead."""
        return sum(
            max(energy_us - sum(min(until, mark) - begin for begin, until in runs if begin < mark), 0)
            for mark, energy_us in self.goals
        )


def terms_of(need: ChargeNeed, rules: ChargeRules, start: datetime, *, running: bool) -> Terms:
    """Return *need* and *rules* as terms from *start* on; the last goal lies after it, and power is above 0."""
    ahead: dict[int, int] = {}
    for goal in need.goals:
        mark = microseconds(as_utc(goal.ready_by) - start)
        if mark > 0:
            ahead[mark] = charging_us(goal.energy_kwh, rules.max_power_kw)
    goals = tuple(sorted(ahead.items()))
    end_us, total_us = goals[-1]
    return Terms(
        end_us,
        rules.max_power_kw,
        goals,
        total_us,
        min(charging_us(need.reserve_kwh, rules.max_power_kw), total_us),
        UNLIMITED if rules.max_starts is None else rules.max_starts,
        running,
        rules.continuous,
        rules.prefer is Prefer.LATE,
        min(microseconds(rules.min_run), total_us),
        microseconds(rules.min_pause),
        min(rules.start_cost / rules.max_power_kw, MOST_PRICE),
        end_us - min(microseconds(rules.precondition), total_us),
    )


LONGEST_US = 1 << 60
"""A charge of 36 000 years: what takes longer is out of reach anyhow, and a float may have no whole number for it."""


MOST_PRICE = 1e60
"""A start that costs more costs no more than this: a float may have no whole number for it."""


def charging_us(energy_kwh: float, power_kw: float) -> int:
    """Return the time in which *power_kw* delivers *energy_kwh*, to the microsecond."""
    return max(round(min(energy_kwh / power_kw * HOUR_US, LONGEST_US)), 0)


NAMES = ("max_power_kw", "start_cost", "reserve_kwh", "max_price")


def check_numbers(need: ChargeNeed, rules: ChargeRules) -> None:
    """Refuse numbers that are not finite and goals out of order: they have no plan, not even a short one."""
    numbers = [rules.max_power_kw, rules.start_cost, need.reserve_kwh, rules.max_price or 0.0]
    numbers += [goal.energy_kwh for goal in need.goals]
    for place, number in enumerate(numbers):
        if not isfinite(number):
            name = NAMES[place] if place < len(NAMES) else f"goals[{place - len(NAMES)}].energy_kwh"
            raise InvalidValue(f"{name} must be a finite number, got {number}")
    if rules.start_cost < 0:
        raise InvalidValue(f"start_cost must not be negative, or every start would pay, got {rules.start_cost}")
    for earlier, later in zip(need.goals, need.goals[1:], strict=False):
        if later.ready_by < earlier.ready_by or later.energy_kwh < earlier.energy_kwh:
            raise InvalidValue(
                f"goals must be in time order and cumulative, but {later.energy_kwh} kWh by {later.ready_by.isoformat()} "
                f"follows {earlier.energy_kwh} kWh by {earlier.ready_by.isoformat()}"
            )
