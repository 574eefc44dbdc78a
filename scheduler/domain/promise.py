"""What a driver was promised, and on which facts: the stored record of one plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.interval import merged, without
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId
from scheduler.domain.wear import Ageing


@dataclass(frozen=True, slots=True)
class Promise:
    """
    One plan with the facts it was made from. Kept only when it differs from the one before.

    `goal=None`: the driver names no departure ahead, only the reserve counts. `at_once_cost` is what charging the same
    energy from `made_at` (or plug-in) at full power would cost; None where a price on that way is unknown.
    `notes` are sentences for people: what was assumed, what was dropped, what is missing. `need`, `rules` and `charging` are
    what the planner was asked with, so that the plan can be made again and explained; None in records of earlier versions.
    `later_goals` want more soon after `goal`, and are planned with it. `forecast` is what prices were expected to be where
    none was known: the plan was made on it. `ageing` is how it weighs what the battery loses by standing above the daily
    limit; None where nothing is above it.
    """

    vehicle_id: VehicleId
    made_at: datetime
    soc_pct: float | None
    goal: ChargeGoal | None
    plan: ChargePlan
    tariff_id: TariffId
    currency: str
    at_once_cost: float | None = None
    prices_known_until: datetime | None = None
    simulated: bool = False
    notes: tuple[str, ...] = ()
    need: ChargeNeed | None = None
    rules: ChargeRules | None = None
    charging: bool = False
    later_goals: tuple[ChargeGoal, ...] = ()
    forecast: tuple[PriceSlot, ...] = ()
    ageing: Ageing | None = None

    @property
    def target_pct(self) -> float | None:
        """The most that any goal of the plan wants; None without a goal."""
        return max((goal.target_pct for goal in (self.goal, *self.later_goals) if goal is not None), default=None)

    @property
    def departure(self) -> datetime | None:
        """When the last of its goals is to be reached; None without a goal."""
        return max((goal.ready_by for goal in (self.goal, *self.later_goals) if goal is not None), default=None)

    def outlook(self, curve: TariffCurve) -> TariffCurve:
        """Return *curve* with this promise's forecast where no price is firm, in place of another forecast there."""
        if not self.forecast:
            return curve
        firm = tuple(slot for slot in curve.slots if slot.firm)
        covered = merged(slot.interval for slot in firm)
        expected = [
            PriceSlot(part.start, part.end, slot.price_per_kwh, firm=False)
            for slot in self.forecast
            for part in without(slot.interval, covered)
        ]
        beyond = (slot for slot in curve.slots if not slot.firm and slot.start >= self.forecast[-1].end)
        return replace(curve, slots=tuple(sorted((*firm, *expected, *beyond), key=lambda slot: slot.start)))
