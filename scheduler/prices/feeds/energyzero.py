"""
EnergyZero (Netherlands), which many Dutch suppliers resell: quarters or hours, EUR/kWh, without a key.

Numbers are text; the answer spans three days for the one asked for; 404 is not published yet (facts/feeds.md 2.8). Answers of
the older GraphQL service, hourly and with errors in a 200, are read as well.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from scheduler.domain.errors import FeedRejected
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Moment, Wire, checked, json_value, refuse_graphql_errors
from scheduler.prices.market import day_ahead
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, ReadingState, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import Unit
from scheduler.prices.wall import dates
from scheduler.prices.whole import rolling_reading

EUR_PER_KWH = Unit("EUR", Decimal(1))
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class _Value(Wire):
    value: Amount


class _Step(Wire):
    start: Moment
    end: Moment
    price: _Value


class _Range(Wire):
    start: Moment
    end: Moment


class _Streams(Wire):
    range: _Range | None = None
    base: tuple[_Step, ...] = ()
    base_with_vat: tuple[_Step, ...] = ()
    all_in: tuple[_Step, ...] = ()
    all_in_with_vat: tuple[_Step, ...] = ()


class _Cost(Wire):
    priceExcl: Amount  # noqa: N815 - the wire's names
    priceIncl: Amount  # noqa: N815


class _Hour(Wire):
    energyPriceExcl: Amount  # noqa: N815
    energyPriceIncl: Amount  # noqa: N815
    since: Moment = Field(alias="from")
    till: Moment
    additionalCosts: tuple[_Cost, ...] = ()  # noqa: N815


class _Market(Wire):
    prices: list[_Hour]


class _Older(Wire):
    energyMarketPrices: _Market  # noqa: N815


class EnergyZero(Feed):
    """
    `stream` chooses what a price holds: `base` is the exchange price, `all_in` adds the purchase costs and the energy tax;
    both also with VAT.
    """

    currency: ClassVar[str] = "EUR"
    not_published: ClassVar[frozenset[int]] = frozenset({204, 404})
    spoken: ClassVar[frozenset[int]] = frozenset({400})

    kind: Literal["energyzero"] = "energyzero"
    stream: Literal["base", "base_with_vat", "all_in", "all_in_with_vat"] = "all_in_with_vat"
    interval: Literal["quarter", "hour"] = "quarter"
    base_url: str = "https://public.api.energyzero.nl/public/v1"

    @property
    def plan(self) -> PollPlan:
        return day_ahead()

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return one request per Dutch day."""
        fixed = {"energyType": "ENERGY_TYPE_ELECTRICITY", "interval": f"INTERVAL_{self.interval.upper()}"}
        return [
            FeedRequest(f"{self.base_url}/prices", {"date": f"{day:%d-%m-%Y}", **fixed})
            for day in dates(window, AMSTERDAM)
        ]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return one stream of one answer; `partial` where it does not fill the range it claims."""
        content = json_value(payload, self.kind)
        refuse_graphql_errors(content, self.kind)
        if isinstance(content, dict) and "code" in content and "message" in content:
            raise FeedRejected(f"energyzero: {str(content['message'])[:160]}")
        if isinstance(content, dict) and "data" in content:
            return self._older(content["data"])
        answer = checked(content, _Streams, self.kind)
        steps: tuple[_Step, ...] = getattr(answer, self.stream)
        rows = [Row(step.start, step.price.value, step.end) for step in steps]
        return self._reading(rows, answer.range)

    def _older(self, data: object) -> Reading:
        if not data:
            return not_published("EUR")
        hours = checked(data, _Older, self.kind).energyMarketPrices.prices
        return self._reading([Row(hour.since, self._sum(hour), hour.till) for hour in hours], None)

    def _sum(self, hour: _Hour) -> Decimal:
        taxed = self.stream.endswith("with_vat")
        energy = hour.energyPriceIncl if taxed else hour.energyPriceExcl
        if not self.stream.startswith("all_in"):
            return energy
        return energy + sum((cost.priceIncl if taxed else cost.priceExcl for cost in hour.additionalCosts), Decimal(0))

    def _reading(self, rows: list[Row], claimed: _Range | None) -> Reading:
        reading = rolling_reading("EUR", slots_of(rows, EUR_PER_KWH), source="EnergyZero")
        if not reading.slots or claimed is None:
            return reading
        if reading.slots[0].start > claimed.start or reading.slots[-1].end < claimed.end:
            message = f"the answer is for {claimed.start.isoformat()} to {claimed.end.isoformat()} and does not fill it"
            return replace(reading, state=ReadingState.PARTIAL, message=message)
        return reading
