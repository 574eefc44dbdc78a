"""
Amber Electric (Australia): the retailer's own prices, of the past, of now, and forecast. Needs a token.

Starts are one second late on the wire; 5- and 30-minute rows are mixed in one list; what lies ahead is a forecast that changes
every few minutes; feed-in prices are negative when you are paid (facts/feeds.md 2.6). At most 50 questions in five minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import RootModel

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest, Secret
from scheduler.prices.feeds.payload import Amount, Moment, Wire, from_json
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import Unit
from scheduler.prices.wall import dates
from scheduler.prices.whole import rolling_reading

CENTS = Unit("AUD", Decimal(100))
MARKET_TIME = ZoneInfo("Australia/Brisbane")
"""The national market's time: UTC+10 all year."""

LATE_BY = timedelta(seconds=1)


class _Price(Wire):
    type: Literal["ActualInterval", "CurrentInterval", "ForecastInterval"]
    startTime: Moment  # noqa: N815 - the wire's names
    endTime: Moment  # noqa: N815
    perKwh: Amount  # noqa: N815
    channelType: str  # noqa: N815


class _Prices(RootModel[list[_Price]]):
    pass


class Amber(Feed):
    """
    `site` is Amber's id of the site; `channel` the meter: general, controlledLoad or feedIn.

    The token is the operator's secret `amber_token`.
    """

    zone_key: ClassVar[str] = "site"
    currency: ClassVar[str] = "AUD"
    stand_ins: ClassVar[Mapping[str, object]] = {"site": "recorded"}

    kind: Literal["amber"] = "amber"
    site: str
    channel: Literal["general", "controlledLoad", "feedIn"] = "general"
    resolution: Literal[5, 30] = 30
    base_url: str = "https://api.amber.com.au/v1"

    @property
    def plan(self) -> PollPlan:
        return PollPlan(MARKET_TIME, every=timedelta(minutes=5), offset=timedelta(seconds=30))

    @property
    def label(self) -> str:
        return f"amber {self.channel}"

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the days of *window*, both inclusive."""
        days = dates(window, MARKET_TIME)
        params = {"startDate": days[0].isoformat(), "endDate": days[-1].isoformat(), "resolution": str(self.resolution)}
        secret = Secret("amber_token", header="Authorization", prefix="Bearer ")
        return [FeedRequest(f"{self.base_url}/sites/{self.site}/prices", params, secret=secret)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return one channel's prices; what lies ahead of now is a forecast."""
        prices = from_json(payload, _Prices, self.kind).root
        kept = [price for price in prices if price.channelType == self.channel]
        if prices and not kept:
            channels = ", ".join(sorted({price.channelType for price in prices}))
            raise PayloadInvalid(f"amber: the site has the channels {channels[:80]}, expected {self.channel}")
        if not kept:
            return not_published("AUD")
        rows = [
            Row(_start(price.startTime), price.perKwh, price.endTime, firm=price.type != "ForecastInterval")
            for price in kept
        ]
        return rolling_reading("AUD", slots_of(rows, CENTS), source=f"Amber, {self.channel}")


def _start(wire: datetime) -> datetime:
    """Return the boundary of which the wire's start is one second late; a start that is in time is left alone."""
    return wire - LATE_BY if wire.second == 1 else wire
