"""
Prices in any JSON document, from a file or a URL: where the list is, and what its keys mean.

    {"records": [{"timestamp": "2024-05-14T09:00:00+02:00", "priceInCentPerKwh": 0.564}, ...]}

    path: records     start: timestamp     price: priceInCentPerKwh     unit: ct/kWh

A path is keys joined by dots; `[]` stands for every element of a list, a number for one. A mapping of times to prices is read
as rows of `key` and `value`, a list of pairs as rows of `0` and `1`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, FeedRequest, LocatedFeed, Secret
from scheduler.prices.feeds.payload import from_epoch, json_value, number
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import UnitText, unit
from scheduler.prices.wall import WallClock
from scheduler.prices.whole import rolling_reading

_MILLISECONDS_FROM = 10**11
"""As seconds this is the year 5138, as milliseconds 1973."""

_MOST_ROWS = 200_000


class JsonMapping(LocatedFeed):
    """
    How to read the document.

    `price` may name several keys joined by `+`, which add up. Times are ISO 8601 or epoch numbers (seconds or milliseconds);
    those without an offset, or with one that is not true (`offset: ignored`), are wall times of `timezone`. Without an
    `end`, rows end where the next begins, the last after `resolution_min`. `secret` names an operator's secret that goes
    into the header `header`.
    """

    zone_key: ClassVar[str] = "timezone"
    stand_ins: ClassVar[Mapping[str, object]] = {"file": "recorded"}
    varies: ClassVar[bool] = False

    kind: Literal["json"] = "json"
    path: str = ""
    start: str = "start"
    end: str | None = None
    price: str = "price"
    unit: UnitText
    timezone: ZoneInfo = ZoneInfo("UTC")
    offset: Literal["trusted", "ignored"] = "trusted"
    resolution_min: int | None = Field(default=None, gt=0, le=1440)
    factor: float = 1.0
    firm: bool = True
    attribution: str = ""
    secret: str | None = None
    header: str = "Authorization"
    prefix: str = "Bearer "
    poll_every_min: int = Field(default=15, ge=1)

    @property
    def plan(self) -> PollPlan:
        return PollPlan(self.timezone, every=timedelta(minutes=self.poll_every_min))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the document."""
        secret = None if self.secret is None else Secret(self.secret, header=self.header, prefix=self.prefix)
        return [FeedRequest(url=self.url or "", path=self.file, secret=secret)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the document's prices."""
        wire = unit(self.unit)
        resolution = None if self.resolution_min is None else timedelta(minutes=self.resolution_min)
        slots = slots_of(self._rows(json_value(payload, self.kind)), wire, resolution)
        return rolling_reading(wire.currency, slots, source=self.attribution or "json")

    def _rows(self, content: object) -> Iterator[Row]:
        starts, ends = WallClock(self.timezone), WallClock(self.timezone)
        for row in elements(content, self.path):
            start = self._moment(member(row, self.start), starts)
            end = None if self.end is None else self._moment(member(row, self.end), ends)
            yield Row(start, self._amount(row), end, self.firm)

    def _amount(self, row: object) -> Decimal | None:
        parts = [_number(member(row, key.strip())) for key in self.price.split("+")]
        if any(part is None for part in parts):
            return None
        return sum((part for part in parts if part is not None), Decimal(0)) * Decimal(str(self.factor))

    def _moment(self, value: object, clock: WallClock) -> datetime:
        moment = moment_of(value)
        if self.offset == "ignored":
            moment = moment.replace(tzinfo=None)
        return clock.moment(moment) if moment.tzinfo is None else moment.astimezone(UTC)


def elements(content: object, path: str) -> list[Any]:
    """Return the rows that *path* leads to; a path that leads nowhere is a `PayloadInvalid` that says where it ended."""
    found: list[Any] = [content]
    for step in filter(None, path.replace("[]", ".[].").split(".")):
        found = [child for one in found for child in _step(one, step, path)]
        if len(found) > _MOST_ROWS:
            raise PayloadInvalid(f"json: more than {_MOST_ROWS} rows")
    return [row for one in found for row in _listed(one, path)]


def member(row: object, key: str) -> Any:
    """Return what a row says under *key*, which may lead deeper by dots; None where the last step is missing."""
    value: Any = row
    for step in key.split("."):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            if step not in value:
                keys = ", ".join(repr(name) for name in list(value)[:8])
                raise PayloadInvalid(f"json: a row has no key {step!r}, expected one of {keys}")
            value = value[step]
        else:
            raise PayloadInvalid(f"json: a row has no {key!r}, it is {type(value).__name__}")
    return value


def moment_of(value: object) -> datetime:
    """Return a time on the wire: ISO 8601 (naive where it has no offset), or epoch seconds or milliseconds."""
    if isinstance(value, str) and value.strip().isdigit() and len(value) < 16:
        value = int(value)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        epoch = Decimal(value)
        return from_epoch(epoch / 1000 if abs(epoch) >= _MILLISECONDS_FROM else epoch)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            pass
    raise PayloadInvalid(f"json: {str(value)[:40]!r} is no time")


def _step(value: object, step: str, path: str) -> list[Any]:
    if step == "[]" and isinstance(value, list):
        return value
    if isinstance(value, list) and step.isdigit() and int(step) < len(value):
        return [value[int(step)]]
    if isinstance(value, dict) and step in value:
        return [value[step]]
    there = ", ".join(repr(name) for name in list(value)[:8]) if isinstance(value, dict) else type(value).__name__
    raise PayloadInvalid(f"json: the path {path!r} does not go on at {step!r}; there is {there}")


def _listed(value: object, path: str) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [{"key": key, "value": price} for key, price in value.items()]
    raise PayloadInvalid(f"json: the path {path!r} leads to {type(value).__name__}, expected a list")


def _number(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise PayloadInvalid(f"json: {str(value)[:40]!r} is no price")
    return number(str(value), "json")
