"""What a person may ask of prepaid credit: add to it, see what is left, and a receipt. The command line and the API share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from scheduler.domain.credit import WATT_HOUR, Amount, Booking, Meter, amount_written, uncertain_kwh
from scheduler.domain.driver import Driver
from scheduler.domain.errors import InvalidValue
from scheduler.domain.roster import Roster
from scheduler.ports import Clock, Journal, PriceBook, Store

METERS = {
    Meter.COUNTER: "by the car's counter",
    Meter.BATTERY: "by its battery",
    Meter.POWER: "by its power over time",
    Meter.TIME: "by the most it draws over time",
}

FORGIVEN_KWH = Decimal("0.3")
"""What a car may take beyond its credit until it has been stopped, also one that starts by itself before anything was bought:
so small a debt of energy is let go where the driver goes on in money."""


@dataclass(frozen=True, slots=True)
class Account:
    """One driver's credit: what is left, in a sentence, and the lines of a receipt, oldest first."""

    driver_id: str
    balance: Amount
    sentence: str
    receipt: tuple[str, ...]


class Prepaying:
    """
    Credit by driver, in one unit at a time: kWh, or the currency that *prices* are in. Nothing is ever changed or dropped;
    every answer is computed from all entries.
    """

    def __init__(
        self,
        clock: Clock,
        store: Store,
        prices: PriceBook,
        roster: Callable[[], Roster],
        journal: Journal,
        nudge: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock, self._store, self._prices = clock, store, prices
        self._roster, self._journal, self._nudge = roster, journal, nudge

    def add(self, name: str, written: str, reference: str = "") -> Account:
        """
        Add what a person wrote (`20kWh`, `10EUR`) to a driver's credit; the cars turn at once. InvalidValue in words.

        A purchase of the same *reference* is made once: the second one changes nothing, and the sentence says so.
        """
        driver, amount, now = self._driver(name), amount_written(written), self._clock.now()
        with self._store.transaction():
            made = self._store.purchase(driver.id, reference) if reference else None
            if made is None:
                self._check_unit(driver, amount)
                self._store.book(_entry(driver, amount, now, reference))
                self._note("credit.added", amount, self._store.balance(driver.id))
                self._store.wake([car.vehicle.id for car in driver.cars], now)
        if made is None:
            self._nudge()
            return self._account(driver)
        on = f"{made.at.astimezone(driver.timezone):%Y-%m-%d %H:%M}"
        said = f"Nothing was added: {reference} was bought before, {made.amount} on {on}."
        account = self._account(driver)
        return replace(account, sentence=f"{said} {account.sentence}")

    def pay_out(self, name: str) -> Account:
        """Take what is left out of a driver's credit, to be given back to them. InvalidValue where nothing is left."""
        driver, now = self._driver(name), self._clock.now()
        with self._store.transaction():
            left = self._store.balance(driver.id)
            if left.value <= 0:
                raise InvalidValue(f"{driver.name} has {left} left: there is nothing to pay out")
            self._store.book(_entry(driver, replace(left, value=-left.value), now))
            self._note("credit.paid_out", left, self._store.balance(driver.id))
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

    def _check_unit(self, driver: Driver, amount: Amount) -> None:
        """Refuse money that the driver's prices are not in, and a second unit while something is left or owed in the first."""
        curve = None if amount.energy else self._prices.curve(driver.tariff_id)
        if not amount.energy and curve is None:
            raise InvalidValue(
                f"got {amount}, but no price of the tariff {driver.tariff_id} is known yet, nor its currency"
            )
        if curve is not None and curve.currency != amount.unit:
            raise InvalidValue(f"got {amount}, expected {curve.currency}, which {driver.name}'s prices are in")
        left = self._store.balance(driver.id)
        if left.value and left.unit != amount.unit and not (left.energy and -FORGIVEN_KWH <= left.value < 0):
            raise InvalidValue(
                f"{driver.name} has {left} left, and a credit is in one unit at a time: use it up or pay it out "
                f"(--pay-out) before adding {amount}"
                if left.value > 0
                else f"{driver.name} owes {replace(left, value=-left.value)}: add that before {amount}"
            )

    def _note(self, name: str, amount: Amount, left: Amount) -> None:
        if amount.energy:
            self._journal.note(name, kwh=float(amount.value), balance_kwh=float(left.value))
        else:
            self._journal.note(name, amount=str(amount), left=str(left))

    def _account(self, driver: Driver) -> Account:
        balance, bookings = self._store.balance(driver.id), self._store.bookings(driver.id)
        added = (each.amount for each in bookings if each.vehicle_id is None)
        bought = sum((each.value for each in added if each.unit == balance.unit and each.value > 0), Decimal(0))
        sentence = f"{driver.name} has {balance} left of {replace(balance, value=bought)} bought."
        return Account(str(driver.id), balance, sentence, tuple(_receipt(bookings, driver.timezone)))


def _entry(driver: Driver, amount: Amount, now: datetime, reference: str = "") -> Booking:
    if amount.energy:
        return Booking(driver.id, now, amount.value, reference=reference)
    return Booking(driver.id, now, money=amount.value, currency=amount.unit, reference=reference)


def _receipt(bookings: Sequence[Booking], timezone: ZoneInfo) -> list[str]:
    """Return a line for each purchase and each stay, with what was left after it."""
    lines: list[str] = []
    left: dict[str, Decimal] = {}
    for stay, entries in groupby(bookings, key=lambda each: (each.vehicle_id, each.plugged_in_at, each.amount.unit)):
        parts, unit = list(entries), stay[2]
        for part in parts:
            left[unit] = left.get(unit, Decimal(0)) + part.amount.value
            if part.vehicle_id is None:
                lines.append(f"{_local(part.at, timezone)}  {_purchase(part)}, {Amount(left[unit], unit)} left")
        if stay[0] is not None:
            used = f"{_local(parts[0].plugged_in_at or parts[0].at, timezone)}  {stay[0]} used {_used(parts)}"
            lines.append(f"{used}{_metered(parts)}, {Amount(left[unit], unit)} left")
    return lines


def _local(moment: datetime, timezone: ZoneInfo) -> str:
    return f"{moment.astimezone(timezone):%Y-%m-%d %H:%M}"


def _purchase(entry: Booking) -> str:
    amount = entry.amount
    named = f" ({entry.reference})" if entry.reference else ""
    return f"bought {amount}{named}" if amount.value > 0 else f"paid out {replace(amount, value=-amount.value)}"


def _used(stay: Sequence[Booking]) -> str:
    """Say what flowed in a stay, and for how much."""
    kwh = -sum((each.kwh for each in stay), WATT_HOUR * 0)
    money, currency = -sum((each.money for each in stay), Decimal(0)), stay[0].currency
    return f"{kwh} kWh for {Amount(money, currency)}" if currency else f"{kwh} kWh"


def _metered(stay: Sequence[Booking]) -> str:
    """Say by which meters a stay's use was read, and how far it may be off."""
    read = [(part.meter, part.uncertainty_kwh) for part in stay if part.meter is not None]
    how = " and ".join(dict.fromkeys(METERS[meter] for meter, _ in read))
    return f" {how}, give or take {uncertain_kwh(read)} kWh" if read else ""
