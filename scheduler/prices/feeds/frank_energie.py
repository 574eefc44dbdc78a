"""
Frank Energie (Netherlands, Belgium): what its customers pay, by GraphQL, without a key for market prices.

Four parts per row (market, VAT on it, markup, energy tax) that add up; errors come in a 200; quarter and hour contracts
differ (facts/feeds.md 2.8).
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Moment, Wire, checked, json_value, refuse_graphql_errors
from scheduler.prices.market import day_ahead
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import Unit
from scheduler.prices.wall import dates
from scheduler.prices.whole import rolling_reading

EUR_PER_KWH = Unit("EUR", Decimal(1))
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_QUERY = """
query MarketPrices($date: String!, $resolution: PriceResolution!) {
  marketPrices(date: $date, resolution: $resolution) {
    electricityPrices { from till resolution marketPrice marketPriceTax sourcingMarkupPrice energyTaxPrice perUnit }
  }
}
"""


class _Price(Wire):
    since: Moment = Field(alias="from")
    till: Moment
    marketPrice: Amount  # noqa: N815 - the wire's names
    marketPriceTax: Amount  # noqa: N815
    sourcingMarkupPrice: Amount  # noqa: N815
    energyTaxPrice: Amount  # noqa: N815


class _Prices(Wire):
    electricityPrices: list[_Price] | None = None  # noqa: N815


class _Data(Wire):
    marketPrices: _Prices | None = None  # noqa: N815


class _Answer(Wire):
    data: _Data | None = None


class FrankEnergie(Feed):
    """`stream`: `all_in` is what is billed, `market` the bare exchange price. `resolution` is the contract's."""

    currency: ClassVar[str] = "EUR"

    kind: Literal["frank_energie"] = "frank_energie"
    stream: Literal["all_in", "market"] = "all_in"
    resolution: Literal["PT15M", "PT60M"] = "PT60M"
    base_url: str = "https://graphql.frankenergie.nl/"

    @property
    def plan(self) -> PollPlan:
        return day_ahead()

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return one request per Dutch day."""
        return [
            FeedRequest(
                self.base_url,
                body={"query": _QUERY, "variables": {"date": day.isoformat(), "resolution": self.resolution}},
            )
            for day in dates(window, AMSTERDAM)
        ]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return one day's prices."""
        content = json_value(payload, self.kind)
        refuse_graphql_errors(content, self.kind)
        data = checked(content, _Answer, self.kind).data
        prices = data.marketPrices.electricityPrices if data is not None and data.marketPrices is not None else None
        if not prices:
            return not_published("EUR")
        rows = [Row(price.since, self._amount(price), price.till) for price in prices]
        return rolling_reading("EUR", slots_of(rows, EUR_PER_KWH), source="Frank Energie")

    def _amount(self, price: _Price) -> Decimal:
        if self.stream == "market":
            return price.marketPrice
        return price.marketPrice + price.marketPriceTax + price.sourcingMarkupPrice + price.energyTaxPrice
