"""
What a prepaid driver has bought and used, as entries that are only ever added. Exact: `Decimal` kWh, to the watt-hour.

    balance = everything added - everything used

Energy is at the plug, as everywhere in the house.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from scheduler.domain.driver import DriverId
from scheduler.domain.errors import InvalidValue
from scheduler.domain.vehicle import VehicleId

WATT_HOUR = Decimal("0.001")
MOST_KWH = Decimal(100_000)
"""More than any driver buys at once: a number above it is a slip."""


class Meter(StrEnum):
    """What told how much was used: the car's own counter, its battery's rise, its power, or the most it draws, over time."""

    COUNTER = "counter"
    BATTERY = "battery"
    POWER = "power"
    TIME = "time"

    @property
    def reads(self) -> bool:
        """Whether it is read off the car: then a stay is off by as much as two readings, however many lie between."""
        return self in (Meter.COUNTER, Meter.BATTERY)


@dataclass(frozen=True, slots=True)
class Booking:
    """
    One entry: `kwh` above 0 was added, below 0 used by *vehicle_id* in the stay that began at *plugged_in_at*.

    `uncertainty_kwh` is how far it may be off by its meter; `uncertain_kwh` says how far a whole stay's use is.
    """

    driver_id: DriverId
    at: datetime
    kwh: Decimal
    vehicle_id: VehicleId | None = None
    plugged_in_at: datetime | None = None
    meter: Meter | None = None
    uncertainty_kwh: Decimal = Decimal(0)


def uncertain_kwh(entries: Iterable[tuple[Meter, Decimal]]) -> Decimal:
    """
    Return how far the *entries* of one stay may be off together, each a meter with its uncertainty.

    A reading's counts once, since one entry begins where the other ends; what is reckoned from power adds up.
    """
    parts = list(entries)
    read = {meter: max(uncertain for each, uncertain in parts if each is meter) for meter, _ in parts if meter.reads}
    return sum(read.values(), Decimal(0)) + sum((each for meter, each in parts if not meter.reads), Decimal(0))


def kwh_of(value: float) -> Decimal:
    """Return a measured amount of energy to the watt-hour."""
    return Decimal(value).quantize(WATT_HOUR)


def kwh_written(written: str) -> Decimal:
    """Return the amount a person wrote: `20kWh`, `20 kWh` or `7.5`. InvalidValue for nothing, less, or far too much."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]{1,3})?)\s*(?:kwh)?\s*", written, re.IGNORECASE)
    kwh = Decimal(match.group(1)) if match else Decimal(0)
    if not 0 < kwh <= MOST_KWH:
        raise InvalidValue(f'got "{written}", expected an amount such as 20kWh or 7.5kWh, at most {MOST_KWH} kWh')
    return kwh.quantize(WATT_HOUR)
