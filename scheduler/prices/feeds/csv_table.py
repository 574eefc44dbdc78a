"""
Prices in a CSV table, from a file or a URL: which columns, which unit, and which clock the stamps were written by.

Lines that begin with `#` are comments. Stamps are ISO 8601, or `DD/MM/YYYY HH:MM`, or what `stamp_format` says. Those
without an offset are wall times of `timezone`; the hour that autumn has twice is told by the order of the rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from scheduler.domain.errors import PayloadInvalid
from scheduler.prices.feeds.feed import Asked, LocatedFeed
from scheduler.prices.feeds.payload import number, text_of
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import UnitText, unit
from scheduler.prices.wall import WallClock
from scheduler.prices.whole import rolling_reading

_UNKNOWN = frozenset({"", "-", "n/e", "n/a", "na", "nan", "null", "none"})
_LONGEST_FIELD = 1000


class CsvTable(LocatedFeed):
    """
    Where the table lies, and how to read it: column names as the head line has them.

    `resolution_min` is how long the last row lasts where there is no `end` column. `decimal_comma` and `delimiter` are for
    tables of central Europe. `factor` turns a sign or a scale (feed-in prices: -1).
    """

    zone_key: ClassVar[str] = "timezone"
    stand_ins: ClassVar[Mapping[str, object]] = {"file": "recorded"}
    varies: ClassVar[bool] = False

    kind: Literal["csv"] = "csv"
    start: str
    price: str
    unit: UnitText
    end: str | None = None
    timezone: ZoneInfo = ZoneInfo("UTC")
    stamp_format: str | None = None
    resolution_min: int | None = Field(default=None, gt=0, le=1440)
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    decimal_comma: bool = False
    factor: float = 1.0
    attribution: str = ""
    poll_every_min: int = Field(default=60, ge=1)

    @property
    def plan(self) -> PollPlan:
        return PollPlan(self.timezone, every=timedelta(minutes=self.poll_every_min))

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the table's prices."""
        resolution = None if self.resolution_min is None else timedelta(minutes=self.resolution_min)
        wire = unit(self.unit)
        slots = slots_of(_rows(self, text_of(payload, "csv")), wire, resolution)
        return rolling_reading(wire.currency, slots, source=self.attribution or "csv")


def _rows(settings: CsvTable, text: str) -> Iterator[Row]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if any(len(line) > _LONGEST_FIELD * 10 for line in lines):
        raise PayloadInvalid("csv: a line is longer than a table's line can be")
    table = csv.DictReader(lines, delimiter=settings.delimiter)
    head = [name.strip() for name in table.fieldnames or ()]
    table.fieldnames = head
    for column in (settings.start, settings.price, *([settings.end] if settings.end else [])):
        if column not in head:
            raise PayloadInvalid(
                f"csv: there is no column {column!r}, expected one of {', '.join(map(repr, head)) or 'none at all'}"
            )
    starts, ends = WallClock(settings.timezone), WallClock(settings.timezone)
    for line in table:
        naive, start = _moment(settings, line[settings.start], starts)
        yield Row(start, _amount(settings, line[settings.price]), _end(settings, line, naive, start, ends))


def _end(
    settings: CsvTable, line: dict[str, str | None], naive: datetime, start: datetime, clock: WallClock
) -> datetime | None:
    """
    Return the end on the wire.

    A row that claims to last longer than its own wall times differ spans an autumn hour that the table left out
    (energy-stats 2023-10-29): that hour is not known.
    """
    if settings.end is None:
        return None
    until, end = _moment(settings, line[settings.end], clock)
    shown = until.replace(tzinfo=None) - naive.replace(tzinfo=None)
    return min(end, start + shown) if shown > timedelta(0) and naive.tzinfo is None else end


def _moment(settings: CsvTable, text: str | None, clock: WallClock) -> tuple[datetime, datetime]:
    stamp = _stamp(settings, (text or "").strip())
    return stamp, clock.moment(stamp) if stamp.tzinfo is None else stamp.astimezone(UTC)


def _stamp(settings: CsvTable, text: str) -> datetime:
    try:
        if settings.stamp_format is not None:
            return datetime.strptime(text, settings.stamp_format)  # noqa: DTZ007 - a wall time; WallClock gives it its zone
        if "/" in text:
            return datetime.strptime(text, "%d/%m/%Y %H:%M")  # noqa: DTZ007 - as above
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        wanted = settings.stamp_format or "YYYY-MM-DDTHH:MM or DD/MM/YYYY HH:MM"
        raise PayloadInvalid(f"csv: the stamp {text[:40]!r} is no time, expected {wanted}") from None


def _amount(settings: CsvTable, text: str | None) -> Decimal | None:
    plain = (text or "").strip()
    if plain.lower() in _UNKNOWN:
        return None
    if settings.decimal_comma:
        plain = plain.replace(".", "").replace(",", ".")
    amount = number(plain, "csv")
    return amount * Decimal(str(settings.factor)) if settings.factor != 1 else amount
