"""
What a prepaid driver has bought and used, as entries that are only ever added. Exact: `Decimal`, energy to the watt-hour and
money to the ten-thousandth of its unit, rounded half to even.

    balance = everything added - everything used, in the one unit that the driver buys in: kWh, or the tariff's currency

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
from scheduler.domain.interval import Interval, without
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.domain.vehicle import VehicleId

KWH = "kWh"
WATT_HOUR = Decimal("0.001")
MONEY_STEP = Decimal("0.0001")
"""An entry is often less than a cent; a receipt rounds the sum of a stay to cents, and never the entries."""

CENT = Decimal("0.01")
MOST = Decimal(100_000)
"""More than any driver buys at once, of kWh or of money: a number above it is a slip."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of one unit: `kWh`, or the code of a currency. Different units are never summed."""

    value: Decimal
    unit: str = KWH

    @property
    def energy(self) -> bool:
        return self.unit == KWH

    def __str__(self) -> str:
        return f"{self.value} kWh" if self.energy else f"{self.unit} {self.value.quantize(CENT)}"


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
    One entry: added, or used by *vehicle_id* in the stay that began at *plugged_in_at*.

    In energy (`currency` empty) `kwh` above 0 was added, below 0 used. In money `money` is what the credit gained or lost (a
    use at negative prices adds), and `kwh` what flowed for it, 0 or below. `uncertainty_kwh` is how far it may be off by its
    meter; `uncertain_kwh` says how far a whole stay's use is. `reference` is the buyer's own name for a purchase.
    """

    driver_id: DriverId
    at: datetime
    kwh: Decimal = Decimal(0)
    vehicle_id: VehicleId | None = None
    plugged_in_at: datetime | None = None
    meter: Meter | None = None
    uncertainty_kwh: Decimal = Decimal(0)
    money: Decimal = Decimal(0)
    currency: str = ""
    reference: str = ""

    def __post_init__(self) -> None:
        if self.currency and self.money != self.money.quantize(MONEY_STEP):
            raise InvalidValue(f"money of an entry of credit is to {MONEY_STEP}, got {self.money} {self.currency}")
        if self.kwh != self.kwh.quantize(WATT_HOUR) or not (self.kwh or (self.currency and self.money)):
            raise InvalidValue(f"an entry of credit is in whole watt-hours and not 0, got {self.kwh} kWh")

    @property
    def amount(self) -> Amount:
        """What the credit gained, above 0, or lost."""
        return Amount(self.money, self.currency) if self.currency else Amount(self.kwh)


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


def money_of(value: float) -> Decimal:
    """Return money that was reckoned to the ten-thousandth, half to even."""
    return Decimal(value).quantize(MONEY_STEP)


def amount_written(written: str) -> Amount:
    """
    Return the amount a person wrote: `20kWh`, `7.5` (kWh), `10 EUR` or `eur 10.50`.

    InvalidValue for nothing, less, or far too much; money has at most two decimals.
    """
    match = re.fullmatch(r"\s*([A-Za-z]{3})?\s*([0-9]+(?:\.[0-9]{1,3})?)\s*([A-Za-z]{3})?\s*", written)
    before, number, after = match.groups() if match else (None, "0", None)
    unit, value = before or after or KWH, Decimal(number)
    amount = Amount(value.quantize(WATT_HOUR)) if unit.upper() == KWH.upper() else Amount(value, unit.upper())
    twice = before is not None and (after is not None or amount.energy)
    if twice or not 0 < value <= MOST or (not amount.energy and value != value.quantize(CENT)):
        raise InvalidValue(f'got "{written}", expected an amount such as 20kWh, 7.5kWh or 10EUR, at most {MOST}')
    return amount if amount.energy else Amount(value.quantize(MONEY_STEP), amount.unit)


def price_of(kwh: float, during: Interval, curve: TariffCurve) -> float:
    """
    Return what *kwh* cost that flowed evenly over *during*, slot by slot.

    What flowed at a price that is not known, or is only a forecast, costs what the nearest known one says; without any known
    price it costs nothing.
    """
    firm = [slot for slot in curve.slots if slot.firm]
    hours = during.duration.total_seconds() / 3600
    known = [(part, slot) for slot in firm if (part := slot.interval.clipped(during)) is not None]
    parts = known + [
        (gap, slot) for gap in without(during, (each for each, _ in known)) for slot in _nearest(gap, firm)
    ]
    return sum(slot.price_per_kwh * kwh * part.duration.total_seconds() / 3600 / hours for part, slot in parts)


def _nearest(gap: Interval, slots: Iterable[PriceSlot]) -> list[PriceSlot]:
    """Return the slot that is nearest to *gap*, the earlier of two; none where there is none."""
    return sorted(slots, key=lambda slot: (max(gap.start - slot.end, slot.start - gap.end), slot.start))[:1]
