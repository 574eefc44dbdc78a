"""What a need above the daily limit costs the battery that stands full until the departure, for the planner to weigh."""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargeNeed
from scheduler.domain.roster import Seat
from scheduler.domain.wear import Wear
from scheduler.planning.battery_price import FAINT_PER_KWH, replacement_cost
from scheduler.planning.need import plug_energy_kwh
from scheduler.planning.wear import wear_above


def wear_of(
    seat: Seat, soc_pct: float | None, goals: tuple[ChargeGoal, ...], need: ChargeNeed, currency: str
) -> Wear | None:
    """
    Return what standing above the daily limit costs by the last of *goals*; None where the last goal does not exceed it.

    The driver's word on what his battery is worth counts, and 0 is a word: then standing has no price. Without one it is
    what such a battery costs in *currency*; where that is not known, standing decides between plans of equal cost alone.
    """
    wishes, vehicle = seat.car.preferences, seat.car.vehicle
    if not goals:
        return None
    worth = wishes.battery_cost
    if worth is None:
        worth = replacement_cost(vehicle.usable_kwh, currency)
    limit_pct, target_pct = wishes.daily_limit_pct, goals[-1].target_pct
    from_pct = max(limit_pct, soc_pct or 0.0)
    above_kwh = plug_energy_kwh(vehicle, from_pct, target_pct)
    counted = FAINT_PER_KWH * vehicle.usable_kwh if worth is None else worth
    wear = wear_above(from_pct, target_pct, need.energy_kwh, above_kwh, wishes.parked_at_c, counted)
    return wear if wear is None or worth is not None else replace(wear, priced=False)
