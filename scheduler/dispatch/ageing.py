"""What a need above the daily limit costs the battery that stands full until the departure, for the planner to weigh."""

from __future__ import annotations

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargeNeed
from scheduler.domain.roster import Seat
from scheduler.domain.wear import Wear
from scheduler.planning.battery_price import replacement_cost
from scheduler.planning.need import plug_energy_kwh
from scheduler.planning.wear import more_per_h


def wear_of(
    seat: Seat, soc_pct: float | None, goals: tuple[ChargeGoal, ...], need: ChargeNeed, currency: str
) -> Wear | None:
    """
    Return what standing above the daily limit costs by the last of *goals*; None where neither that nor *need*, which may be
    for less, exceeds it.

    The driver's word on what his battery is worth counts, and 0 is a word: then standing has no price. Without one it is
    what such a battery costs in *currency*; where that is not known, the wear is not `priced`.
    """
    wishes, vehicle = seat.car.preferences, seat.car.vehicle
    if not goals:
        return None
    limit_pct, target_pct = max(wishes.daily_limit_pct, soc_pct or 0.0), goals[-1].target_pct
    free_kwh = plug_energy_kwh(vehicle, soc_pct or 0.0, limit_pct)
    above_kwh = plug_energy_kwh(vehicle, limit_pct, target_pct)
    if above_kwh <= 0 or need.energy_kwh <= free_kwh:
        return None
    said = wishes.battery_cost
    worth = replacement_cost(vehicle.usable_kwh, currency) if said is None else said
    if worth is None:
        return Wear(free_kwh, 0.0, limit_pct)
    per_h = more_per_h(limit_pct, target_pct, wishes.parked_at_c, worth)
    return Wear(free_kwh, per_h / above_kwh, limit_pct) if per_h > 0 else None
