"""What a need above the daily limit costs the battery that stands full until the departure, for the planner to weigh."""

from __future__ import annotations

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargeNeed
from scheduler.domain.roster import Seat
from scheduler.planning.need import plug_energy_kwh
from scheduler.planning.wear import Wear, wear_above

TEMPERATURE_C = 20.0
"""No source says how warm a battery is; this is a temperate garage. At 30 °C standing full costs about the same, near 40 °C
twice as much (data/battery_ageing)."""


def wear_of(seat: Seat, soc_pct: float | None, goals: tuple[ChargeGoal, ...], need: ChargeNeed) -> Wear | None:
    """
    Return what standing above the daily limit costs by the last of *goals*; None where the last goal does not exceed it.

    None too where the driver has not said what his battery is worth.
    """
    wishes, vehicle = seat.car.preferences, seat.car.vehicle
    if not goals or wishes.battery_cost is None:
        return None
    limit_pct, target_pct = wishes.daily_limit_pct, goals[-1].target_pct
    from_pct = max(limit_pct, soc_pct or 0.0)
    above_kwh = plug_energy_kwh(vehicle, from_pct, target_pct)
    return wear_above(from_pct, target_pct, need.energy_kwh, above_kwh, TEMPERATURE_C, wishes.battery_cost)
