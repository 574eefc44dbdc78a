"""
Energi Data Service (Denmark): day-ahead prices of DK1, DK2 and their neighbours, without a key.

UTC stamps without an offset, quarters; one question per minute and address, or a 429 (facts/feeds.md 2.9). Rows of the
retired data set Elspotprices are read as well.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Literal

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Wire, checked, json_value
from scheduler.prices.market import MARKET, day_ahead
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import Unit
from scheduler.prices.wall import dates
from scheduler.prices.whole import rolling_reading


class _Record(Wire):
    TimeUTC: datetime | None = None
    HourUTC: datetime | None = None
    PriceArea: str = ""
    DayAheadPriceEUR: Amount | None = None
    DayAheadPriceDKK: Amount | None = None
    SpotPriceEUR: Amount | None = None
    SpotPriceDKK: Amount | None = None


class _Records(Wire):
    records: list[_Record]


class _Elspot(Wire):
    elspotprices: list[_Record]


class _Older(Wire):
    data: _Elspot


class EnergiDataService(Feed):
    """`zone` is DK1, DK2 or a neighbour; `currency` chooses the column, euros or kroner."""

    kind: Literal["energidataservice"] = "energidataservice"
    zone: str = "DK1"
    currency: Literal["DKK", "EUR"] = "DKK"
    base_url: str = "https://api.energidataservice.dk"

    @property
    def plan(self) -> PollPlan:
        return day_ahead(time(13, 5))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the market days that overlap *window*; the service reads Danish wall times."""
        days = dates(window, MARKET)
        params = {
            "start": f"{days[0].isoformat()}T00:00",
            "end": f"{window.end.astimezone(MARKET):%Y-%m-%dT%H:%M}",
            "filter": json.dumps({"PriceArea": [self.zone]}),
            "sort": "TimeUTC asc",
            "limit": "0",
        }
        return [FeedRequest(f"{self.base_url}/dataset/DayAheadPrices", params)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the zone's prices of one answer."""
        content = json_value(payload, self.kind)
        older = isinstance(content, dict) and "data" in content
        records = (
            checked(content, _Older, self.kind).data.elspotprices
            if older
            else checked(content, _Records, self.kind).records
        )
        kept = [record for record in records if record.PriceArea in {"", self.zone}]
        if not kept:
            return not_published(self.currency)
        rows = [Row(_start(record), self._amount(record)) for record in kept]
        slots = slots_of(rows, Unit(self.currency, Decimal(1000)))
        return rolling_reading(self.currency, slots, source=f"Energi Data Service {self.zone}")

    def _amount(self, record: _Record) -> Decimal | None:
        if self.currency == "EUR":
            return record.SpotPriceEUR if record.DayAheadPriceEUR is None else record.DayAheadPriceEUR
        return record.SpotPriceDKK if record.DayAheadPriceDKK is None else record.DayAheadPriceDKK


def _start(record: _Record) -> datetime:
    start = record.TimeUTC or record.HourUTC
    if start is None:
        raise PayloadInvalid("energidataservice: a record without TimeUTC")
    return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
