"""How long a charge takes, the slow end near full included, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from zoneinfo import ZoneInfo

from scheduler.domain.errors import InvalidValue
from scheduler.domain.vehicle import Vehicle
from scheduler.planning.need import charge_time
from scheduler.planning.words import duration_words, moment_words

TOLD = timedelta(minutes=1)
"""A slow end that takes less than this is not worth a word."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    A charge without pauses. `energy_kwh` is what really flows at the plug; `slow_end` is how much longer it takes than the
    same energy at full power would.
    """

    from_pct: float
    to_pct: float
    power_kw: float
    duration: timedelta
    energy_kwh: float
    slow_end: timedelta


def estimate(vehicle: Vehicle, from_pct: float, to_pct: float, power_kw: float | None = None) -> Estimate:
    """
    Return how long *vehicle* takes, at its own power unless *power_kw* at the plug is given.

    Nothing at all where *to_pct* is not above *from_pct*. A share outside 0-100 or no power is an InvalidValue.
    """
    for name, share in (("from", from_pct), ("to", to_pct)):
        if not (isfinite(share) and 0 <= share <= 100):
            raise InvalidValue(f"{name}: expected a state of charge from 0 to 100, got {share:g}")
    power_kw = vehicle.max_power_kw if power_kw is None else power_kw
    duration = charge_time(vehicle, from_pct, to_pct, power_kw)
    energy_kwh = max(to_pct - from_pct, 0.0) / 100 * vehicle.usable_kwh / vehicle.efficiency
    slow_end = duration - timedelta(hours=energy_kwh / power_kw)
    return Estimate(from_pct, to_pct, power_kw, duration, energy_kwh, max(slow_end, timedelta(0)))


def estimate_words(told: Estimate, now: datetime, timezone: ZoneInfo) -> str:
    """Return `from 46 % to 80 %: 1 h 59 min at 11 kW, 21.9 kWh at the plug; begun now, it is done at 19:31`, with a full stop."""
    what = f"from {told.from_pct:g} % to {told.to_pct:g} %"
    if not told.duration:
        return f"{what}: nothing to charge."
    words = f"{what}: {duration_words(told.duration)} at {told.power_kw:g} kW, {told.energy_kwh:.1f} kWh at the plug"
    if told.slow_end >= TOLD:
        words += f", {duration_words(told.slow_end)} of it because the car takes less near full"
    return f"{words}; begun now, it is done at {moment_words(now + told.duration, now, timezone)}."
