"""
From the energy price to what the driver pays: ordered steps, each of which adds a named component.

    energy 0.0902  + markup 0.0150  + grid fee 0.0937  + levies 0.0205  + VAT 19 % 0.0417  =  0.2611 per kWh

Step by step, in the order the contract has them. The components are kept, so that a price can be taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceComponent, PriceSlot, TariffCurve
from scheduler.prices.public_holidays import Calendar
from scheduler.prices.schedule import Schedule
from scheduler.prices.wall import constant_offsets

DIGITS = 10
"""The sum of the components is rounded to so many decimals: the noise of binary fractions goes, no money does."""

_WHOLE = 1 - 1e-9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OnNegative(StrEnum):
    """
    What VAT does where prices fall below zero; suppliers differ (facts/feeds.md 4).

    `always`: on the sum, whatever its sign (Octopus GB, aWATTar AT). `never`: a negative component bears no VAT, the others
    bear theirs in full (easyEnergy). `total_only`: on the sum, while the sum is above zero.
    """

    ALWAYS = "always"
    NEVER = "never"
    TOTAL_ONLY = "total_only"


@dataclass(frozen=True, slots=True)
class Stretch:
    """An interval that has one price, and whether the price is firm."""

    start: datetime
    end: datetime
    firm: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """
    Prices on their way, in columns: a year of quarters is four columns of 35,000 numbers, not 140,000 objects.

    `amounts[part][n]` is what the part `names[part]` costs per kWh in `stretches[n]`.
    """

    stretches: Sequence[Stretch]
    names: tuple[str, ...]
    amounts: tuple[Sequence[float], ...]

    @property
    def totals(self) -> list[float]:
        """The sum of all parts so far, by stretch."""
        return [sum(parts) for parts in zip(*self.amounts, strict=True)]

    def with_part(self, name: str, amounts: Sequence[float]) -> Bill:
        """Return the bill with one more line."""
        return Bill(self.stretches, (*self.names, name), (*self.amounts, amounts))

    def recut(self, stretches: Sequence[Stretch], origins: Sequence[int]) -> Bill:
        """Return the bill over other stretches, each of which lies inside the stretch at its place in *origins*."""
        return Bill(stretches, self.names, tuple([column[origin] for origin in origins] for column in self.amounts))


class Step(Protocol):
    """One line of a contract."""

    def applied(self, bill: Bill, zone: ZoneInfo) -> Bill:
        """Return *bill* with this step in it. Times may be cut finer or settled coarser; what is unknown stays so."""


@dataclass(frozen=True, slots=True)
class Markup:
    """
    The supplier's own: a share of the energy price (`rate`, 0.03 = 3 %) and an amount per kWh.

    `absolute`: the share of a negative price is taken of its size, so that the supplier never pays.
    """

    rate: float = 0.0
    per_kwh: float = 0.0
    absolute: bool = False

    def applied(self, bill: Bill, zone: ZoneInfo) -> Bill:
        return bill.with_part("markup", [self._of(energy) for energy in bill.totals])

    def _of(self, energy: float) -> float:
        return (abs(energy) if self.absolute else energy) * self.rate + self.per_kwh


@dataclass(frozen=True, slots=True)
class GridFee:
    """A fee by the wall clock. A stretch longer than a fee's hours is cut where the fee changes."""

    schedule: Schedule
    calendar: Calendar

    def applied(self, bill: Bill, zone: ZoneInfo) -> Bill:
        if not bill.stretches:
            return bill.with_part("grid fee", [])
        window = Interval(bill.stretches[0].start, bill.stretches[-1].end)
        fees = list(self.schedule.slots(window, zone, self.calendar))
        stretches: list[Stretch] = []
        origins: list[int] = []
        amounts: list[float] = []
        position = 0
        for origin, stretch in enumerate(bill.stretches):
            while fees[position].end <= stretch.start:
                position += 1
            for part, fee in _cut(stretch, fees, position):
                stretches.append(part)
                origins.append(origin)
                amounts.append(fee)
        return bill.recut(stretches, origins).with_part("grid fee", amounts)


@dataclass(frozen=True, slots=True)
class Surcharge:
    """An amount per kWh that is always the same: levies, the band of a block rate."""

    name: str
    per_kwh: float

    def applied(self, bill: Bill, zone: ZoneInfo) -> Bill:
        return bill.with_part(self.name, [self.per_kwh] * len(bill.stretches))


@dataclass(frozen=True, slots=True)
class Vat:
    """Value added tax on everything before it. `rate` 0.19 = 19 %."""

    rate: float
    on_negative: OnNegative = OnNegative.TOTAL_ONLY

    def applied(self, bill: Bill, zone: ZoneInfo) -> Bill:
        return bill.with_part("VAT", [self.rate * base for base in self._bases(bill)])

    def _bases(self, bill: Bill) -> list[float]:
        if self.on_negative is OnNegative.NEVER:
            return [sum(max(part, 0.0) for part in parts) for parts in zip(*bill.amounts, strict=True)]
        if self.on_negative is OnNegative.TOTAL_ONLY:
            return [max(total, 0.0) for total in bill.totals]
        return bill.totals


@dataclass(frozen=True, slots=True)
class Settlement:
    """
    Billing by a coarser interval than the price's: the mean over each quarter, half or whole hour of the local clock.

    An hour of which a part is not known has no settled price, and stays unknown.
    """

    resolution: timedelta

    def applied(self, bill: Bill, zone: ZoneInfo) -> Bill:
        settled: list[Stretch] = []
        columns: list[list[float]] = [[] for _ in bill.names]
        for border, group in groupby(self._cuts(bill, zone), key=lambda cut: cut[0]):
            cuts = [(stretch, origin) for _, stretch, origin in group]
            shares = [(stretch.end - stretch.start) / self.resolution for stretch, _ in cuts]
            if sum(shares) < _WHOLE:
                continue
            settled.append(Stretch(border, border + self.resolution, all(stretch.firm for stretch, _ in cuts)))
            for column, amounts in zip(columns, bill.amounts, strict=True):
                mean = sum(share * amounts[origin] for share, (_, origin) in zip(shares, cuts, strict=True))
                column.append(amounts[cuts[0][1]] if len(cuts) == 1 else mean)
        return Bill(settled, bill.names, tuple(columns))

    def _cuts(self, bill: Bill, zone: ZoneInfo) -> Iterator[tuple[datetime, Stretch, int]]:
        """Yield the stretches cut at the borders of the local clock: the border it belongs to, the cut, its place."""
        if not bill.stretches:
            return
        clocks = list(constant_offsets(Interval(bill.stretches[0].start, bill.stretches[-1].end), zone))
        position = 0
        for origin, stretch in enumerate(bill.stretches):
            start = stretch.start
            while start < stretch.end:
                while clocks[position][0].end <= start:
                    position += 1
                border = self._border(start, clocks[position][1])
                end = min(stretch.end, border + self.resolution)
                yield border, Stretch(start, end, stretch.firm), origin
                start = end

    def _border(self, moment: datetime, offset: timedelta) -> datetime:
        return moment - (moment - _EPOCH + offset) % self.resolution


@dataclass(frozen=True, slots=True)
class Retail:
    """The steps of one contract, in its order, on the local clock of `zone`."""

    zone: ZoneInfo
    steps: tuple[Step, ...] = ()

    def applied(self, energy: TariffCurve) -> TariffCurve:
        """Return what the driver pays where the energy costs *energy*. What is not known stays not known."""
        if not self.steps:
            return energy
        stretches = [Stretch(slot.start, slot.end, slot.firm) for slot in energy.slots]
        bill = Bill(stretches, ("energy",), ([slot.price_per_kwh for slot in energy.slots],))
        for step in self.steps:
            bill = step.applied(bill, self.zone)
        return TariffCurve(energy.currency, _slots(bill), energy.source, energy.published_at, energy.simulated)


def _slots(bill: Bill) -> tuple[PriceSlot, ...]:
    # Equal components are one object: a levy of a whole year is one value, not 35,000.
    known: dict[tuple[str, float], PriceComponent] = {}
    columns: list[list[PriceComponent]] = []
    for name, amounts in zip(bill.names, bill.amounts, strict=True):
        for amount in set(amounts):
            known[name, amount] = PriceComponent(name, amount)
        columns.append([known[name, amount] for amount in amounts])
    return tuple(
        PriceSlot(stretch.start, stretch.end, round(total, DIGITS), stretch.firm, parts)
        for stretch, total, parts in zip(bill.stretches, bill.totals, zip(*columns, strict=True), strict=True)
    )


def _cut(stretch: Stretch, fees: Sequence[PriceSlot], position: int) -> Iterator[tuple[Stretch, float]]:
    if fees[position].end >= stretch.end:
        yield stretch, fees[position].price_per_kwh
        return
    while position < len(fees) and fees[position].start < stretch.end:
        fee = fees[position]
        yield Stretch(max(stretch.start, fee.start), min(stretch.end, fee.end), stretch.firm), fee.price_per_kwh
        position += 1
