"""
Prices by the wall clock, as people write them: a default, and rules of which the last that matches counts.

    default 0.319
    night   mon-sun 22:00-06:00   0.239        wraps over midnight; belongs to the day it starts on
    peak    mon-fri 17:00-20:00   0.419

The clock is the tariff's own. What the wall shows decides: in spring nothing shows 02:30, in autumn it is shown twice, and so
every moment has exactly one price.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays
from pydantic import Field, field_validator, model_validator

from scheduler.document import Section
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot
from scheduler.prices.wall import constant_offsets

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SUNDAY = 6
_ONE_DAY = timedelta(days=1)


class Quota(Section):
    """
    A price that holds for so much energy per day or month; beyond it, `then`.

    How much has been used is not known here, so a plan counts on `then`: never on a price the driver may not get.
    """

    kwh: float | None = Field(None, gt=0)
    hours: float | None = Field(None, gt=0, le=24)
    per: Literal["day", "month"] = "day"
    day_starts: time = time(0)
    then: float


class Rule(Section):
    """
    One line of a schedule. All that is named must match: `days` ("mon-fri,sun"), `months` (1-12), `from`/`to`, `holidays`.

    `to` at or before `from` wraps over midnight. Without times it holds all day. `holidays: only` holds on holidays alone,
    `never` on all other days; without it a holiday is an ordinary day, or what `treat_as` makes of it.
    """

    name: str = ""
    days: str = "mon-sun"
    months: list[int] | None = None
    starts: time = Field(time(0), alias="from")
    ends: time = Field(time(0), alias="to")
    holidays: Literal["only", "never"] | None = None
    price: float
    quota: Quota | None = None

    @field_validator("days")
    @classmethod
    def _known_days(cls, text: str) -> str:
        weekdays(text)
        return text

    @field_validator("months")
    @classmethod
    def _known_months(cls, months: list[int] | None) -> list[int] | None:
        if months is not None and not all(1 <= month <= 12 for month in months):
            raise ValueError("expected months from 1 to 12")
        return months

    @property
    def certain_price(self) -> float:
        """The price that can be counted on, whatever has been used."""
        return self.price if self.quota is None else self.quota.then

    @cached_property
    def _weekdays(self) -> frozenset[int]:
        return weekdays(self.days)

    def holds(self, day: date, wall: time, calendar: Calendar) -> bool:
        """Whether the rule holds at *wall* on *day*."""
        if self.starts < self.ends:
            return self.starts <= wall < self.ends and self._holds_on(day, calendar)
        if wall >= self.starts:
            return self._holds_on(day, calendar)
        return wall < self.ends and self._holds_on(day - _ONE_DAY, calendar)

    def _holds_on(self, day: date, calendar: Calendar) -> bool:
        if self.months is not None and day.month not in self.months:
            return False
        holiday = calendar.is_holiday(day)
        if self.holidays is not None:
            return holiday == (self.holidays == "only") and (holiday or day.weekday() in self._weekdays)
        return calendar.weekday(day) in self._weekdays


class Schedule(Section):
    """A price for every moment: `default`, unless a rule holds; of several, the last in the list."""

    default: float
    rules: list[Rule] = Field(default_factory=list)

    def price_at(self, day: date, wall: time, calendar: Calendar) -> float:
        """Return the price at *wall* on *day*."""
        return next(
            (rule.certain_price for rule in reversed(self.rules) if rule.holds(day, wall, calendar)), self.default
        )

    def slots(self, window: Interval, zone: ZoneInfo, calendar: Calendar) -> Iterator[PriceSlot]:
        """Yield *window* without a gap; slots change where the price does, and at local midnight."""
        cuts = sorted({time(0), *(edge for rule in self.rules for edge in (rule.starts, rule.ends))})
        for part, offset in constant_offsets(window, zone):
            wall, wall_end = ((edge + offset).replace(tzinfo=None) for edge in (part.start, part.end))
            held: tuple[datetime, float] | None = None
            for piece in _walls(wall, wall_end, cuts):
                price = self.price_at(piece.date(), piece.time(), calendar)
                if held is None or held[1] != price or piece.time() == time(0):
                    if held is not None:
                        yield _slot(held[0], piece, held[1], offset)
                    held = (piece, price)
            assert held is not None
            yield _slot(held[0], wall_end, held[1], offset)


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    Which days are holidays, and as which weekday they count (`treat_as`, 0 = Monday; None: as themselves).

    `name` is a country of the `holidays` package with an optional part of it, such as `DE-BY`; empty: only `extra` days.
    """

    name: str = ""
    treat_as: int | None = None
    extra: frozenset[date] = field(default=frozenset())

    def is_holiday(self, day: date) -> bool:
        """Whether *day* is a holiday."""
        return day in self.extra or (self.name != "" and day in _public_holidays(self.name, day.year))

    def weekday(self, day: date) -> int:
        """Return the weekday *day* counts as."""
        return self.treat_as if self.treat_as is not None and self.is_holiday(day) else day.weekday()


class HolidaySettings(Section):
    """`calendar: DE-BY`, `treat_as: sunday`, and single days beyond it."""

    calendar: str = ""
    treat_as: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = "sunday"
    extra: list[date] = Field(default_factory=list)

    @model_validator(mode="after")
    def _known_calendar(self) -> HolidaySettings:
        if self.calendar:
            try:
                _public_holidays(self.calendar, 2026)
            except NotImplementedError:
                raise ValueError(
                    f"calendar: {self.calendar!r} is not known, expected a country or a part of one, such as DE or DE-BY"
                ) from None
        return self

    @property
    def value(self) -> Calendar:
        treat_as = None if self.treat_as is None else WEEKDAYS.index(self.treat_as[:3])
        return Calendar(self.calendar, treat_as, frozenset(self.extra))


def weekdays(text: str) -> frozenset[int]:
    """Read `mon-fri`, `sat,sun` or `fri-mon` (0 = Monday); raise `ValueError` for anything else."""
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        last = last or first
        if first not in WEEKDAYS or last not in WEEKDAYS:
            raise ValueError('expected weekdays such as "mon-fri" or "sat,sun"')
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


@lru_cache(maxsize=64)
def _public_holidays(name: str, year: int) -> frozenset[date]:
    country, _, part = name.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))


def _walls(start: datetime, end: datetime, cuts: list[time]) -> Iterator[datetime]:
    yield start
    day = start.date()
    while day <= end.date():
        for cut in cuts:
            wall = datetime.combine(day, cut)
            if start < wall < end:
                yield wall
        day += _ONE_DAY


def _slot(start: datetime, end: datetime, price: float, offset: timedelta) -> PriceSlot:
    return PriceSlot(start.replace(tzinfo=UTC) - offset, end.replace(tzinfo=UTC) - offset, price)
