"""
What flowed into a car between two reports, and when what it may still take is used up. Pure.

The car's own counter says it best (`energyadded`), else the rise of its battery, else its power over time. Each has its
uncertainty; a stop is timed by the predicted crossing, as far ahead of it as the uncertainty asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.credit import Meter
from scheduler.domain.vehicle import Vehicle, VehicleState

COUNTER_STEP_KWH = 0.005
"""A counter that falls by less has not begun anew; it was rounded."""

COUNTER_UNCERTAIN_KWH = 0.05
SOC_STEP_PCT = 1.0
"""Most cars report whole percents, and nobody says whether they round or cut."""

POWER_UNCERTAIN = 0.1

LEAD = timedelta(seconds=60)
"""How long before the crossing the stop is sent: a turn may come half a minute late, and a car takes its time to obey."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Energy at the plug between two reports. `uncertainty_kwh` is that of the whole stay, as far as *meter* goes."""

    kwh: float
    uncertainty_kwh: float
    meter: Meter


def delivered(before: VehicleState, state: VehicleState, vehicle: Vehicle) -> Delivered | None:
    """
    Return what flowed between two reports of one stay; None where neither meter says so.

    A counter that has fallen began anew: it counts the current or the last session (facts/smartcar.md section 3.4), and
    counts what reached the battery. Whatever a fast charger gave is not ours.
    """
    if before.fast_charger or state.fast_charger:
        return None
    if before.energy_added_kwh is not None and state.energy_added_kwh is not None:
        began_anew = state.energy_added_kwh < before.energy_added_kwh - COUNTER_STEP_KWH
        rise_kwh = state.energy_added_kwh - (0.0 if began_anew else before.energy_added_kwh)
        return Delivered(max(rise_kwh, 0.0) / vehicle.efficiency, COUNTER_UNCERTAIN_KWH, Meter.COUNTER)
    if before.soc_pct is not None and state.soc_pct is not None:
        rise_pct = max(state.soc_pct - before.soc_pct, 0.0)
        return Delivered(_at_plug(rise_pct, vehicle), _at_plug(SOC_STEP_PCT, vehicle), Meter.BATTERY)
    if before.charging and before.power_kw is not None:
        hours = max((state.charging_at - before.charging_at).total_seconds(), 0.0) / 3600
        kwh = min(before.power_kw, vehicle.max_power_kw) * hours
        return Delivered(kwh, POWER_UNCERTAIN * kwh, Meter.POWER)
    return None


def uncertainty_kwh(state: VehicleState, vehicle: Vehicle) -> float:
    """Return how far what was booked of this stay may be off, by the meter that *state* is read with."""
    if state.energy_added_kwh is not None:
        return COUNTER_UNCERTAIN_KWH
    return _at_plug(SOC_STEP_PCT, vehicle)


def power_kw(state: VehicleState, vehicle: Vehicle) -> float:
    """
    Return the power at the plug to reckon with: what the car reports, at most what it can draw.

    Without a report it is that most: a stop comes rather too early, and the car is looked at again, than too late.
    """
    return min(state.power_kw, vehicle.max_power_kw) if state.power_kw else vehicle.max_power_kw


def flowed_since_report(state: VehicleState, vehicle: Vehicle, now: datetime) -> float:
    """Return how many kWh a car has taken since what it was metered by was true; 0 for one that does not charge."""
    reported_at = state.energy_seen_at if state.energy_added_kwh is not None else state.soc_seen_at
    hours = max((now - (reported_at or state.last_word_at)).total_seconds(), 0.0) / 3600
    return power_kw(state, vehicle) * hours if state.charging else 0.0


def _at_plug(pct: float, vehicle: Vehicle) -> float:
    return pct / 100 * vehicle.usable_kwh / vehicle.efficiency
