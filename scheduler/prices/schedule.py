"""
Prices by the wall clock, as people write them: a default, and rules of which the last that matches counts.

    default 0.319
    night   mon-sun 22:00-06:00   0.239        wraps over midnight; belongs to the day it starts on
    peak    mon-fri 17:00-20:00   0.419

The clock is the tariff's own. What the wall shows decides: in spring nothing shows 02:30, in autumn it is shown twice, and so
every moment has exactly one price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator

from scheduler.document import Section
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot
from scheduler.prices.public_holidays import WEEKDAYS, Calendar
from scheduler.prices.wall import constant_offsets

_ONE_DAY = timedelta(days=1)


def weekdays(text: str) -> frozenset[int]:
    """Read `mon-fri`, `sat,sun` or `fri-mon` (0 = Monday); raise `ValueError` for anything else."""
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in WEEKDAYS or last not in WEEKDAYS:
            raise ValueError('expected weekdays such as "mon-fri" or "sat,sun"')
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


def _checked(text: str) -> str:
    weekdays(text)
    return text


Weekdays = Annotated[str, AfterValidator(_checked)]
"""Days of the week as people write them, checked."""


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
    days: Weekdays = "mon-sun"
    months: list[int] | None = None
    starts: time = Field(time(0), alias="from")
    ends: time = Field(time(0), alias="to")
    holidays: Literal["only", "never"] | None = None
    price: float
    quota: Quota | None = None

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

    def converted(self, to_major: Callable[[float], float]) -> Schedule:
        """Return the schedule with every amount put through *to_major*: pence to pounds."""
        rules = [rule.model_copy(update={"price": to_major(rule.certain_price), "quota": None}) for rule in self.rules]
        return Schedule(default=to_major(self.default), rules=rules)

    @property
    def limited(self) -> bool:
        """Whether a rule's price holds for so much energy only; beyond it another is counted on."""
        return any(rule.quota is not None for rule in self.rules)

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
