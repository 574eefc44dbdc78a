"""
WattTime v3: marginal emissions of a grid region, forecast in five-minute points. Needs an account.

Pounds per MWh on the wire, grams per kWh here; the period of a point is in the answer; a token is had for half an hour by a
login (facts/feeds.md 2.14).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest, Login, Secret
from scheduler.prices.feeds.payload import Amount, Moment, Wire, from_json
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import GRAMS, Unit
from scheduler.prices.whole import rolling_reading

POUNDS_PER_MWH = Unit(GRAMS, Decimal(1) / Decimal("0.45359237"))
"""A pound is 453.59237 g, a MWh is 1000 kWh."""


class _Point(Wire):
    point_time: Moment
    value: Amount


class _Meta(Wire):
    data_point_period_seconds: int = Field(gt=0, le=86400)
    units: str = "lbs_co2_per_mwh"
    generated_at: Moment | None = None


class _Forecast(Wire):
    data: list[_Point]
    meta: _Meta


class WattTime(Feed):
    """`zone` is a grid region (CAISO_NORTH). The operator's secret `watttime_login` is `user:password`."""

    money: ClassVar[bool] = False
    currency: ClassVar[str] = GRAMS
    stand_ins: ClassVar[Mapping[str, object]] = {"zone": "recorded"}

    kind: Literal["watttime"] = "watttime"
    zone: str
    base_url: str = "https://api.watttime.org"

    @property
    def plan(self) -> PollPlan:
        return PollPlan(ZoneInfo("UTC"), every=timedelta(minutes=15))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the next 48 hours."""
        params = {"region": self.zone, "signal_type": "co2_moer", "horizon_hours": "48"}
        login = Login(f"{self.base_url}/login", token=("token",))
        secret = Secret("watttime_login", header="Authorization", prefix="Bearer ", login=login)
        return [FeedRequest(f"{self.base_url}/v3/forecast", params, secret=secret)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the points of one answer, none of them firm."""
        answer = from_json(payload, _Forecast, self.kind)
        if answer.meta.units != "lbs_co2_per_mwh":
            raise PayloadInvalid(f"watttime: the unit is {answer.meta.units[:30]!r}, expected lbs_co2_per_mwh")
        if not answer.data:
            return not_published(GRAMS)
        period = timedelta(seconds=answer.meta.data_point_period_seconds)
        rows = [Row(point.point_time, point.value, point.point_time + period, firm=False) for point in answer.data]
        slots = slots_of(rows, POUNDS_PER_MWH)
        return rolling_reading(GRAMS, slots, source="WattTime", published_at=answer.meta.generated_at)
