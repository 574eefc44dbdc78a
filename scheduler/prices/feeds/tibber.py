"""
Tibber: what its customers pay, by GraphQL. Needs a personal token.

Local times with an offset, major units, no end and no resolution in a row; `tomorrow` is empty until about 13:00; errors come
in a 200, a ban as plain text (facts/feeds.md 2.5). At most 100 questions in five minutes and address.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from scheduler.domain.errors import FeedRejected, FeedUnavailable, PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest, Secret
from scheduler.prices.feeds.payload import Amount, Moment, Wire, checked, json_value, refuse_graphql_errors
from scheduler.prices.market import MARKET
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, ReadingState, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import CURRENCIES, CurrencyCode, Unit
from scheduler.prices.whole import rolling_reading

BAN = timedelta(minutes=10)
_QUERY = """
query($resolution: PriceInfoResolution!) { viewer { homes { id currentSubscription { priceInfo(resolution: $resolution) {
  today { total energy tax startsAt currency } tomorrow { total energy tax startsAt currency } } } } } }
"""


class _Price(Wire):
    total: Amount | None = None
    energy: Amount | None = None
    startsAt: Moment  # noqa: N815 - the wire's name
    currency: str | None = None


class _PriceInfo(Wire):
    today: tuple[_Price, ...] = ()
    tomorrow: tuple[_Price, ...] = ()


class _Subscription(Wire):
    priceInfo: _PriceInfo | None = None  # noqa: N815


class _Home(Wire):
    id: str = ""
    currentSubscription: _Subscription | None = None  # noqa: N815


class _Viewer(Wire):
    homes: list[_Home]


class _Data(Wire):
    viewer: _Viewer


class _Answer(Wire):
    data: _Data


class Tibber(Feed):
    """
    `home` is the id of the home, where the token knows several. `price`: `total` is what is paid, `energy` without tax.

    `currency` is used where the answer does not name it. The token is the operator's secret `tibber_token`.
    """

    spoken: ClassVar[frozenset[int]] = frozenset({400})

    kind: Literal["tibber"] = "tibber"
    home: str = ""
    price: Literal["total", "energy"] = "total"
    resolution: Literal["QUARTER_HOURLY", "HOURLY"] = "QUARTER_HOURLY"
    currency: CurrencyCode = "EUR"
    base_url: str = "https://api.tibber.com/v1-beta/gql"

    @property
    def plan(self) -> PollPlan:
        # A random minute from 13:10 to 14:00, as Tibber asks of everybody.
        steps = ((time(18), timedelta(minutes=15)),)
        return PollPlan(MARKET, time(13, 10), steps, spread=timedelta(minutes=50))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request: Tibber answers for today and tomorrow."""
        body = {"query": _QUERY, "variables": {"resolution": self.resolution}}
        return [
            FeedRequest(
                self.base_url, body=body, secret=Secret("tibber_token", header="Authorization", prefix="Bearer ")
            )
        ]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return today's prices, and tomorrow's once they are out."""
        if b"too many requests" in payload[:200].lower():
            raise FeedUnavailable("tibber: too many requests, this address is banned for a while", BAN)
        content = json_value(payload, self.kind)
        refuse_graphql_errors(content, self.kind)
        info = self._price_info(checked(content, _Answer, self.kind).data.viewer.homes)
        prices = [*info.today, *info.tomorrow]
        if not prices:
            return not_published(self.currency)
        currency = self._currency(prices)
        slots = slots_of([Row(price.startsAt, self._amount(price)) for price in prices], Unit(currency, Decimal(1)))
        reading = rolling_reading(currency, slots, source="Tibber")
        if info.tomorrow or reading.state is not ReadingState.OK:
            return reading
        return replace(reading, state=ReadingState.NOT_PUBLISHED, message="tomorrow's prices are not published yet")

    def _price_info(self, homes: list[_Home]) -> _PriceInfo:
        chosen = [home for home in homes if self.home in {"", home.id}]
        subscribed = [home.currentSubscription for home in chosen if home.currentSubscription is not None]
        if not subscribed:
            raise FeedRejected("tibber: no home with a contract" + (f" has the id {self.home!r}" if self.home else ""))
        if len(subscribed) > 1:
            raise FeedRejected(
                f"tibber: the token knows {len(subscribed)} homes with a contract, expected home: ID to name one"
            )
        return subscribed[0].priceInfo or _PriceInfo()

    def _currency(self, prices: list[_Price]) -> str:
        named = {price.currency for price in prices if price.currency}
        if len(named) > 1 or not named <= CURRENCIES:
            raise PayloadInvalid(
                f"tibber: the currency is {', '.join(sorted(named))[:40]}, expected one code such as EUR"
            )
        return named.pop() if named else self.currency

    def _amount(self, price: _Price) -> Decimal | None:
        return price.total if self.price == "total" else price.energy
