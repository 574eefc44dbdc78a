"""
Nord Pool's data portal: day-ahead prices of the Nordics, the Baltics and beyond, in local currency. For private use.

One answer per market day; `204` means not published (or out of history); prices per MWh in the asked currency; whether an
area's prices are final is said per area (facts/feeds.md 2.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import ClassVar, Literal

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Moment, Wire, from_json
from scheduler.prices.market import MARKET, day_ahead
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import CURRENCIES, CurrencyCode, Unit
from scheduler.prices.wall import dates
from scheduler.prices.whole import day_reading


class _Entry(Wire):
    deliveryStart: Moment  # noqa: N815 - the wire's names
    deliveryEnd: Moment  # noqa: N815
    entryPerArea: dict[str, Amount | None]  # noqa: N815


class _Day(Wire):
    updatedAt: Moment | None = None  # noqa: N815
    multiAreaEntries: list[_Entry]  # noqa: N815
    currency: str


class Nordpool(Feed):
    """`zone` is a delivery area (SE3, FI, NO1, GER). `market: N2EX_DayAhead` with zone UK and GBP is the British auction."""

    stand_ins: ClassVar[Mapping[str, object]] = {"zone": "*"}

    kind: Literal["nordpool"] = "nordpool"
    zone: str
    currency: CurrencyCode = "EUR"
    market: Literal["DayAhead", "N2EX_DayAhead"] = "DayAhead"
    base_url: str = "https://dataportal-api.nordpoolgroup.com/api"

    @property
    def plan(self) -> PollPlan:
        # The British auction is out about 09:10 UTC.
        return day_ahead(time(13)) if self.market == "DayAhead" else day_ahead(time(11, 10))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return one request per market day."""
        fixed = {"market": self.market, "deliveryArea": self.zone, "currency": self.currency}
        url = f"{self.base_url}/DayAheadPrices"
        return [FeedRequest(url, {"date": day.isoformat(), **fixed}) for day in dates(window, MARKET)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return one day's prices of the area."""
        answer = from_json(payload, _Day, self.kind)
        if not answer.multiAreaEntries:
            return not_published(answer.currency)
        if answer.currency not in CURRENCIES:
            raise PayloadInvalid(f"nordpool: the currency is {answer.currency[:10]!r}, expected a code such as EUR")
        area = self._area(answer)
        rows = [
            Row(entry.deliveryStart, entry.entryPerArea.get(area), entry.deliveryEnd)
            for entry in answer.multiAreaEntries
        ]
        slots = slots_of(rows, Unit(answer.currency, Decimal(1000)))
        return day_reading(answer.currency, slots, MARKET, source=f"Nord Pool {area}", published_at=answer.updatedAt)

    def _area(self, answer: _Day) -> str:
        areas = sorted({area for entry in answer.multiAreaEntries for area in entry.entryPerArea})
        if self.zone in areas:
            return self.zone
        if self.zone == "*" and len(areas) == 1:
            return areas[0]
        raise PayloadInvalid(f"nordpool: the answer is for {', '.join(areas) or 'no area'}, expected {self.zone}")
