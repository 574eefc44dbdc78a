"""
aWATTar (Germany, Austria): the hourly exchange price, net, without a key.

Explicit ends in epoch milliseconds, EUR/MWh, hourly also after the market went to quarters; the default window is from now
to a day ahead; an empty list before publication about 14:00 (facts/feeds.md 2.7).
"""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import ClassVar, Literal

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Wire, from_epoch, from_json
from scheduler.prices.market import EUR_PER_MWH, day_ahead
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.whole import rolling_reading


class _Hour(Wire):
    start_timestamp: int
    end_timestamp: int
    marketprice: Amount
    unit: str


class _Hours(Wire):
    data: list[_Hour]


class Awattar(Feed):
    """`zone` DE or AT: which of the two services."""

    currency: ClassVar[str] = "EUR"

    kind: Literal["awattar"] = "awattar"
    zone: Literal["DE", "AT"] = "DE"
    base_url: str = ""

    @property
    def plan(self) -> PollPlan:
        return day_ahead(time(14))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for *window*, in epoch milliseconds."""
        base = self.base_url or f"https://api.awattar.{self.zone.lower()}/v1"
        return [
            FeedRequest(f"{base}/marketdata", {"start": _milliseconds(window.start), "end": _milliseconds(window.end)})
        ]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the prices of one answer."""
        answer = from_json(payload, _Hours, self.kind)
        for hour in answer.data:
            if hour.unit.lower() != "eur/mwh":
                raise PayloadInvalid(f"awattar: the unit is {hour.unit[:20]!r}, expected Eur/MWh")
        if not answer.data:
            return not_published("EUR")
        rows = [
            Row(_moment(hour.start_timestamp), hour.marketprice, _moment(hour.end_timestamp)) for hour in answer.data
        ]
        return rolling_reading("EUR", slots_of(rows, EUR_PER_MWH), source=f"aWATTar {self.zone}")


def _moment(milliseconds: int) -> datetime:
    return from_epoch(Decimal(milliseconds) / 1000)


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
