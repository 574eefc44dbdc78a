"""
A past market: every price of a file, and what of it was published at a given moment.

    now (before 13:00)      |-- today --|                                 known until midnight
    now (13:00 or later)    |-- today --|-- tomorrow --|                  known until the next midnight

A policy sees what was published; a read past it raises. What prices turned out to be is read by the bill and by foresight
alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.domain.errors import ConfigError, InvalidValue
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.reports.table import columns, require, rows

PUBLISHED_AT = time(13)
"""Local time of the day before: the European day-ahead auction's results are out by then."""

HISTORY = timedelta(days=58)
UNKNOWN = frozenset({"", "nan", "null", "n/e"})
PENCE = frozenset({"p", "pence", "gbx", "ct", "cent", "cents"})
CODES = frozenset({"eur", "gbp", "usd", "aud", "nok", "sek", "dkk", "czk", "pln", "chf"})


class ReadAhead(InvalidValue):
    """A policy asked for a price that was not published by then."""


class Market:
    """The prices of one zone over years, in one currency per kWh."""

    def __init__(self, slots: tuple[PriceSlot, ...], currency: str, zone: ZoneInfo) -> None:
        """*slots* ascend and never overlap; *zone* is the one whose days are auctioned."""
        self.whole = TariffCurve(currency, slots)
        self.currency, self.zone = currency, zone
        self._starts = [slot.start for slot in slots]
        self._money = [0.0, *accumulate(slot.price_per_kwh * _hours(slot.interval.duration) for slot in slots)]
        self._known = [0.0, *accumulate(_hours(slot.interval.duration) for slot in slots)]
        self._midnights: dict[date, datetime] = {}

    def horizon(self, now: datetime) -> datetime:
        """Return up to when prices are published at *now*."""
        wall = now.astimezone(self.zone)
        return self._midnight(wall.date() + timedelta(days=2 if wall.time() >= PUBLISHED_AT else 1))

    def next_publication(self, now: datetime) -> datetime:
        """Return the first moment after *now* at which a day more is published."""
        day = now.astimezone(self.zone).date()
        today = datetime.combine(day, PUBLISHED_AT, self.zone).astimezone(UTC)
        return (
            today if today > now else datetime.combine(day + timedelta(days=1), PUBLISHED_AT, self.zone).astimezone(UTC)
        )

    def read(self, window: Interval, now: datetime) -> TariffCurve:
        """Return the prices in *window*. `ReadAhead` where a part of it was not published at *now*."""
        if window.end > self.horizon(now):
            raise ReadAhead(
                f"at {now.isoformat()} prices are published until {self.horizon(now).isoformat()}, "
                f"but they were asked for until {window.end.isoformat()}"
            )
        return self.settled(window)

    def published(self, now: datetime) -> TariffCurve:
        """Return what is known from *now* on."""
        return self.read(Interval(now, self.horizon(now)), now)

    def past(self, now: datetime) -> tuple[PriceSlot, ...]:
        """Return the published slots of the last eight weeks, up to what is known ahead."""
        until = self.horizon(now)
        return self.whole.slots[bisect_left(self._starts, until - HISTORY) : bisect_left(self._starts, until)]

    def settled(self, window: Interval) -> TariffCurve:
        """Return what prices turned out to be; slots on the edge are cut."""
        return self.whole.within(window)

    def complete(self, window: Interval) -> bool:
        """Whether every price in *window* is on file."""
        hours = self._at(self._known, window.end) - self._at(self._known, window.start)
        return abs(hours - _hours(window.duration)) < 1e-6

    def cost_per_kw(self, window: Interval) -> float:
        """Return what 1 kW costs over *window*; a gap adds nothing."""
        return self._at(self._money, window.end) - self._at(self._money, window.start)

    def _at(self, sums: list[float], moment: datetime) -> float:
        """Return the running sum up to *moment*, a slot being taken in part."""
        index = bisect_right(self._starts, moment) - 1
        if index < 0:
            return 0.0
        slot = self.whole.slots[index]
        share = min((moment - slot.start) / slot.interval.duration, 1.0)
        return sums[index] + share * (sums[index + 1] - sums[index])

    def _midnight(self, day: date) -> datetime:
        if day not in self._midnights:
            self._midnights[day] = datetime.combine(day, time(), self.zone).astimezone(UTC)
        return self._midnights[day]


def read_market(file: Path, column: str | None, zone: ZoneInfo) -> Market:
    """
    Read a table with `start_utc`, `resolution_min` and a price per MWh (or kWh) whose name tells the currency:
    `price_eur_mwh`. A row without a price is a gap.

    *column* names the price where there are several. ConfigError names the file, the line and what was expected.
    """
    name = column or _price_column(file)
    require(file, ("start_utc", "resolution_min", name))
    currency, per_kwh = _money(file, name)
    slots: list[PriceSlot] = []
    for row in rows(file, ("start_utc", "resolution_min", name)):
        if row.text(name).lower() in UNKNOWN:
            continue
        start, length_min = row.moment("start_utc"), row.number("resolution_min")
        if not 0 < length_min <= 1440:
            raise row.wrong("resolution_min", "minutes from 1 to 1440")
        if slots and start < slots[-1].end:
            raise row.wrong("start_utc", f"no earlier than {slots[-1].end.isoformat()}, where the row before it ends")
        slots.append(PriceSlot(start, start + timedelta(minutes=length_min), row.number(name) * per_kwh))
    if not slots:
        raise ConfigError(f"{file}: expected prices, got none in column {name!r}")
    return Market(tuple(slots), currency, zone)


def _price_column(file: Path) -> str:
    names = columns(file)
    found = [name for name in names if "price" in name.lower()]
    if len(found) != 1:
        raise ConfigError(
            f"{file}:1: expected one column named after a price, got {', '.join(found or names) or 'an empty file'}; "
            f"name one with --column"
        )
    return found[0]


def _money(file: Path, name: str) -> tuple[str, float]:
    """Return the currency, and how much of it per kWh 1 in the column is."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    pence = bool(words & PENCE)
    currency = next(iter(sorted(words & CODES)), "gbp" if pence else "")
    if not currency:
        raise ConfigError(f"{file}:1: expected a price column that names its currency (price_eur_mwh), got {name!r}")
    return currency.upper(), (0.01 if pence else 1.0) * (1.0 if "kwh" in words else 0.001)


def _hours(duration: timedelta) -> float:
    return duration.total_seconds() / 3600
