"""
easyEnergy (Netherlands): quarters or hours, EUR/kWh, without a key.

Times are Dutch wall times without an offset, so in autumn the order of the rows tells which 02:30 is meant. No VAT is
charged on a negative price (facts/feeds.md 2.8).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Moment, Wire, from_json
from scheduler.prices.market import day_ahead
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import Unit
from scheduler.prices.wall import WallClock
from scheduler.prices.whole import rolling_reading

EUR_PER_KWH = Unit("EUR", Decimal(1))
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class _Price(Wire):
    since: datetime = Field(alias="from")
    until: datetime
    unit: str
    price: Amount
    priceIncVat: Amount | None = None  # noqa: N815 - the wire's names
    energyTax: Amount | None = None  # noqa: N815
    purchasePrice: Amount | None = None  # noqa: N815
    invoicePrice: Amount | None = None  # noqa: N815


class _Prices(Wire):
    providedAt: Moment | None = None  # noqa: N815
    prices: list[_Price]


class EasyEnergy(Feed):
    """`stream` chooses the column: `price` is the exchange price, `priceIncVat` with VAT, `invoicePrice` all that is billed."""

    currency: ClassVar[str] = "EUR"

    kind: Literal["easyenergy"] = "easyenergy"
    stream: Literal["price", "priceIncVat", "invoicePrice"] = "invoicePrice"
    granularity: Literal["quarter", "hour"] = "quarter"
    base_url: str = "https://price-graph.mijn.easyenergy.com/api"

    @property
    def plan(self) -> PollPlan:
        return day_ahead()

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for *window*; the end is exclusive, both are Dutch wall times."""
        start, end = (
            moment.astimezone(AMSTERDAM).strftime("%Y-%m-%dT%H:%M:%S") for moment in (window.start, window.end)
        )
        params = {"start": start, "end": end, "type": "electricity", "granularity": self.granularity}
        return [FeedRequest(f"{self.base_url}/prices", params)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return one column of one answer."""
        answer = from_json(payload, _Prices, self.kind)
        if not answer.prices:
            return not_published("EUR")
        starts, ends = WallClock(AMSTERDAM), WallClock(AMSTERDAM)
        rows = [Row(starts.moment(row.since), self._amount(row), ends.moment(row.until)) for row in answer.prices]
        return rolling_reading("EUR", slots_of(rows, EUR_PER_KWH), source="easyEnergy")

    def _amount(self, row: _Price) -> Decimal:
        if row.unit.lower() != "kwh":
            raise PayloadInvalid(f"easyenergy: the unit is {row.unit[:20]!r}, expected kWh")
        amount: Decimal | None = getattr(row, self.stream)
        if amount is None:
            raise PayloadInvalid(f"easyenergy: a row without {self.stream}")
        return amount
