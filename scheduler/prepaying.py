"""What a person may ask of prepaid credit: add to it, see what is left, and a receipt. The command line and the API share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from scheduler.domain.credit import Booking, Meter, kwh_written, uncertain_kwh
from scheduler.domain.driver import Driver
from scheduler.domain.errors import InvalidValue
from scheduler.domain.roster import Roster
from scheduler.ports import Clock, Journal, Store

METERS = {
    Meter.COUNTER: "by the car's counter",
    Meter.BATTERY: "by its battery",
    Meter.POWER: "by its power over time",
    Meter.TIME: "by the most it draws over time",
}


@dataclass(frozen=True, slots=True)
class Account:
    """One driver's credit: what is left, in a sentence, and the lines of a receipt, oldest first."""

    driver_id: str
    balance_kwh: Decimal
    sentence: str
    receipt: tuple[str, ...]


class Prepaying:
    """Credit by driver. Nothing is ever changed or dropped; every answer is computed from all entries."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        roster: Callable[[], Roster],
        journal: Journal,
        nudge: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock, self._store, self._roster, self._journal, self._nudge = clock, store, roster, journal, nudge

    def add(self, name: str, written: str) -> Account:
        """Add what a person wrote (`20kWh`) to a driver's credit; the cars turn at once. InvalidValue in words."""
        driver, kwh, now = self._driver(name), kwh_written(written), self._clock.now()
        with self._store.transaction():
            self._store.book(Booking(driver.id, now, kwh))
            self._journal.note("credit.added", kwh=float(kwh), balance_kwh=float(self._store.balance_kwh(driver.id)))
            self._store.wake([car.vehicle.id for car in driver.cars], now)
        self._nudge()
        return self._account(driver)

    def account(self, name: str) -> Account:
        """Return a driver's credit. InvalidValue for an unknown driver, and for one who is not prepaid."""
        return self._account(self._driver(name))

    def _driver(self, name: str) -> Driver:
        driver = self._roster().named(name)[0].driver
        if not driver.prepaid:
            raise InvalidValue(f"{driver.name} is not prepaid; write prepaid: true into their file for that")
        return driver

    def _account(self, driver: Driver) -> Account:
        balance_kwh, bookings = self._store.balance_kwh(driver.id), self._store.bookings(driver.id)
        bought = sum((each.kwh for each in bookings if each.kwh > 0), Decimal(0))
        sentence = f"{driver.name} has {balance_kwh} kWh left of {bought} kWh bought."
        return Account(str(driver.id), balance_kwh, sentence, tuple(_receipt(bookings, driver.timezone)))


def _receipt(bookings: Sequence[Booking], timezone: ZoneInfo) -> list[str]:
    """Return a line for each purchase and each stay, with what was left after it."""
    lines: list[str] = []
    left = Decimal(0)
    for stay, entries in groupby(bookings, key=lambda each: (each.vehicle_id, each.plugged_in_at, each.kwh > 0)):
        parts = list(entries)
        if stay[2]:
            for part in parts:
                left += part.kwh
                lines.append(f"{part.at.astimezone(timezone):%Y-%m-%d %H:%M}  bought {part.kwh} kWh, {left} kWh left")
            continue
        used = -sum((part.kwh for part in parts), Decimal(0))
        left -= used
        began = (parts[0].plugged_in_at or parts[0].at).astimezone(timezone)
        lines.append(f"{began:%Y-%m-%d %H:%M}  {stay[0]} used {used} kWh{_metered(parts)}, {left} kWh left")
    return lines


def _metered(stay: Sequence[Booking]) -> str:
    """Say by which meters a stay's use was read, and how far it may be off."""
    read = [(part.meter, part.uncertainty_kwh) for part in stay if part.meter is not None]
    how = " and ".join(dict.fromkeys(METERS[meter] for meter, _ in read))
    return f" {how}, give or take {uncertain_kwh(read)} kWh" if read else ""
