"""
What should be charged, under which rules, and the plan that came of it. The public form is design/problem.md.

Energy is at the plug. Power is constant within a plan; taper is inside the need (`planning/need.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.domain.interval import Interval


class Prefer(StrEnum):
    """Between plans that are equal in everything else: charge late or early."""

    LATE = "late"
    EARLY = "early"


class PlanOutcome(StrEnum):
    """What a plan achieves. An infeasible wish is a plan with a shortfall, never an exception."""

    MET = "met"
    SHORT_OF_TIME = "short_of_time"
    SHORT_OF_PRICES = "short_of_prices"
    NOTHING_NEEDED = "nothing_needed"


@dataclass(frozen=True, slots=True)
class EnergyGoal:
    """By `ready_by`, `energy_kwh` in all have flowed since now. Cumulative: a later goal includes the earlier ones."""

    ready_by: datetime
    energy_kwh: float


@dataclass(frozen=True, slots=True)
class ChargeNeed:
    """
    The energy still to flow: goals in time order, and the part of the last one that must never wait (`reserve_kwh`).

    No goals, or a last goal of 0 kWh: nothing is needed.
    """

    goals: tuple[EnergyGoal, ...] = ()
    reserve_kwh: float = 0.0

    @property
    def energy_kwh(self) -> float:
        return self.goals[-1].energy_kwh if self.goals else 0.0


@dataclass(frozen=True, slots=True)
class ChargeRules:
    """
    The limits a plan keeps.

    `max_starts=None`: any number. `max_price` is a hard cap on known prices, in currency per kWh. `blocked` binds
    everything, the reserve too. `min_run` and `min_pause` are whole minutes.
    """

    max_power_kw: float
    max_starts: int | None = 2
    min_run: timedelta = timedelta(0)
    min_pause: timedelta = timedelta(0)
    start_cost: float = 0.0
    continuous: bool = False
    max_price: float | None = None
    blocked: tuple[Interval, ...] = ()
    precondition: timedelta = timedelta(0)
    prefer: Prefer = Prefer.LATE


@dataclass(frozen=True, slots=True, order=True)
class ChargeWindow:
    """Planned charging at `power_kw` during `[start, end)`."""

    start: datetime
    end: datetime
    power_kw: float

    @property
    def interval(self) -> Interval:
        return Interval(self.start, self.end)

    @property
    def energy_kwh(self) -> float:
        return self.power_kw * (self.end - self.start).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class GoalShortfall:
    """How much of one goal will be missing at its time; 0 where it is met."""

    ready_by: datetime
    shortfall_kwh: float


@dataclass(frozen=True, slots=True)
class ChargePlan:
    """
    Windows, ascending and disjoint, and what they achieve. No windows = rest, so that somebody still says *stop*.

    `cost` is the energy's money at the tariff, or at the forecast where the tariff is silent; energy at an unknown price
    (`unknown_kwh`) adds nothing. `start_costs` comes on top. `shortfall_kwh` is the largest over the goals. The proof:
    no plan of the same merit costs less (energy and starts) than `lower_bound`; `optimal` says the two are equal.
    """

    outcome: PlanOutcome
    windows: tuple[ChargeWindow, ...] = ()
    energy_kwh: float = 0.0
    shortfall_kwh: float = 0.0
    goals: tuple[GoalShortfall, ...] = field(default=())
    cost: float = 0.0
    start_costs: float = 0.0
    unknown_kwh: float = 0.0
    cost_known: bool = True
    starts: int = 0
    lower_bound: float = 0.0
    optimal: bool = True

    @classmethod
    def rest(cls) -> ChargePlan:
        """Return the plan that charges nothing because nothing is needed."""
        return cls(PlanOutcome.NOTHING_NEEDED)

    def window_at(self, moment: datetime) -> ChargeWindow | None:
        """Return the window that covers *moment*, if any."""
        return next((window for window in self.windows if window.start <= moment < window.end), None)

    def wants_charging_at(self, moment: datetime) -> bool:
        """Whether the car should be charging at *moment*."""
        return self.window_at(moment) is not None

    def next_change(self, after: datetime) -> datetime | None:
        """Return the next moment later than *after* at which charging should begin or end; None when it never will."""
        edges = (edge for window in self.windows for edge in (window.start, window.end))
        return next((edge for edge in edges if edge > after), None)

    def next_start(self, after: datetime) -> datetime | None:
        """Return the next moment later than *after* at which charging should begin."""
        return next((window.start for window in self.windows if window.start > after), None)
