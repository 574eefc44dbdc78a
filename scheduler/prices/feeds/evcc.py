"""
evcc: the prices another charging controller at home already has, from its `/api/tariff/*`, or such a file.

`{"rates": [{"start", "end", "value"}]}` in money per kWh; older versions wrap it in `result` and call the value `price`; a
bare list is read too. Ends that overlap the next start were common (evcc #24055): the next row counts (facts/feeds.md 2.15).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field

from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, FeedRequest, LocatedFeed
from scheduler.prices.feeds.payload import Amount, Moment, Wire, checked, json_value
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import CurrencyCode, Unit
from scheduler.prices.whole import rolling_reading


class _Rate(Wire):
    start: Moment
    end: Moment
    value: Amount = Field(validation_alias=AliasChoices("value", "price"))


class _Rates(Wire):
    rates: list[_Rate]


class _Wrapped(Wire):
    result: _Rates


class Evcc(LocatedFeed):
    """`url` is evcc's own address (`http://evcc:7070`); `tariff` chooses which of its curves. `currency` is evcc's setting."""

    zone_key: ClassVar[str] = "tariff"
    stand_ins: ClassVar[Mapping[str, object]] = {"file": "recorded"}
    varies: ClassVar[bool] = False

    kind: Literal["evcc"] = "evcc"
    tariff: Literal["grid", "feedin", "planner"] = "grid"
    currency: CurrencyCode = "EUR"

    @property
    def plan(self) -> PollPlan:
        return PollPlan(ZoneInfo("UTC"), every=timedelta(minutes=15))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the curve."""
        url = "" if self.url is None else f"{self.url.rstrip('/')}/api/tariff/{self.tariff}"
        return [FeedRequest(url, path=self.file)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the curve; rows that overlap the next end where it begins."""
        content = json_value(payload, self.kind)
        if isinstance(content, list):
            content = {"rates": content}
        wrapped = isinstance(content, dict) and "result" in content
        rates = (
            checked(content, _Wrapped, self.kind).result.rates if wrapped else checked(content, _Rates, self.kind).rates
        )
        ordered = sorted(rates, key=lambda rate: rate.start)
        ends = [
            min(rate.end, following.start) if following.start > rate.start else rate.end
            for rate, following in pairwise(ordered)
        ]
        rows = [
            Row(rate.start, rate.value, end)
            for rate, end in zip(ordered, [*ends, *(r.end for r in ordered[-1:])], strict=True)
        ]
        return rolling_reading(self.currency, slots_of(rows, Unit(self.currency, Decimal(1))), source="evcc")
