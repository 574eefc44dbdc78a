"""
Energy-Charts (Fraunhofer ISE): day-ahead prices of most European zones, without a key.

Parallel arrays of epoch seconds and EUR/MWh, in euros for every zone; no end and no resolution on the wire; `null` is a price
not known; 404 means not published yet. The licence is in the payload and differs by zone (facts/feeds.md 2.2).
"""

from __future__ import annotations

from typing import ClassVar, Literal

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Wire, from_epoch, from_json
from scheduler.prices.market import EUR_PER_MWH, MARKET, day_ahead
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.wall import dates
from scheduler.prices.whole import day_reading

_UNITS = frozenset({"EUR/MWh", "EUR / MWh", "No Unit"})


class _Prices(Wire):
    unix_seconds: list[int]
    price: list[Amount | None]
    unit: str = "EUR/MWh"
    license_info: str = ""


class EnergyCharts(Feed):
    """`zone` is a bidding zone as Energy-Charts names it: DE-LU, AT, NL, FR, DK1, SE4."""

    currency: ClassVar[str] = "EUR"
    not_published: ClassVar[frozenset[int]] = frozenset({204, 404})

    kind: Literal["energy_charts"] = "energy_charts"
    zone: str = "DE-LU"
    base_url: str = "https://api.energy-charts.info"

    @property
    def plan(self) -> PollPlan:
        return day_ahead()

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the market days that overlap *window*; both dates are inclusive."""
        days = dates(window, MARKET)
        params = {"bzn": self.zone, "start": days[0].isoformat(), "end": days[-1].isoformat()}
        return [FeedRequest(f"{self.base_url}/price", params)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the prices of one answer."""
        answer = from_json(payload, _Prices, self.kind)
        if len(answer.unix_seconds) != len(answer.price):
            raise PayloadInvalid(
                f"energy_charts: {len(answer.unix_seconds)} times but {len(answer.price)} prices, expected as many"
            )
        if answer.unit not in _UNITS:
            raise PayloadInvalid(f"energy_charts: the unit is {answer.unit[:20]!r}, expected EUR / MWh")
        if all(price is None for price in answer.price):
            return not_published("EUR")
        rows = [Row(from_epoch(at), price) for at, price in zip(answer.unix_seconds, answer.price, strict=True)]
        source = f"Energy-Charts {self.zone}: {answer.license_info}".rstrip(": ")
        return day_reading("EUR", slots_of(rows, EUR_PER_MWH), MARKET, source=source)
