"""
Electricity Maps: carbon intensity of a zone, in grams of CO2 equivalent per kWh, hourly. Needs a key; the forecast a paid one.

Rows are hours that begin at `datetime`; `{"status": "no-data"}` comes in a 200; past hours are revised for a day, estimated ones
say so (facts/feeds.md 2.14). The data may not be passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field

from scheduler.domain.errors import FeedUnavailable, PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest, Secret
from scheduler.prices.feeds.payload import Amount, Moment, Wire, checked, json_value
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import GRAMS, Unit
from scheduler.prices.whole import rolling_reading

GRAMS_PER_KWH = Unit(GRAMS, Decimal(1))
ONE_HOUR = timedelta(hours=1)


class _Hour(Wire):
    datetime: Moment
    carbonIntensity: Amount | None = None  # noqa: N815 - the wire's names
    isEstimated: bool = False  # noqa: N815


class _Hours(Wire):
    rows: tuple[_Hour, ...] = Field(default=(), validation_alias=AliasChoices("forecast", "history", "data"))


class ElectricityMaps(Feed):
    """`zone` as Electricity Maps names it (DE, GB, US-CAR-DUK). The key is the operator's secret `electricity_maps_token`."""

    money: ClassVar[bool] = False
    currency: ClassVar[str] = GRAMS
    stand_ins: ClassVar[Mapping[str, object]] = {"zone": "recorded"}

    kind: Literal["electricity_maps"] = "electricity_maps"
    zone: str
    stream: Literal["forecast", "history", "latest"] = "forecast"
    base_url: str = "https://api.electricitymap.org/v3"

    @property
    def plan(self) -> PollPlan:
        return PollPlan(ZoneInfo("UTC"), every=timedelta(minutes=30))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the stream."""
        secret = Secret("electricity_maps_token", header="auth-token")
        return [FeedRequest(f"{self.base_url}/carbon-intensity/{self.stream}", {"zone": self.zone}, secret=secret)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the hours of one answer; those of a forecast, and estimated ones, are not firm."""
        content = json_value(payload, self.kind)
        if not isinstance(content, dict):
            raise PayloadInvalid("electricity_maps: expected an object")
        status = content.get("status", "ok")
        if status == "no-data":
            return not_published(GRAMS, "no data for this zone")
        if status != "ok":
            raise FeedUnavailable(f"electricity_maps: the answer's status is {str(status)[:40]!r}, expected ok")
        hours = self._hours(content)
        rows = [
            Row(
                hour.datetime,
                hour.carbonIntensity,
                hour.datetime + ONE_HOUR,
                firm=not (hour.isEstimated or "forecast" in content),
            )
            for hour in hours
        ]
        return rolling_reading(GRAMS, slots_of(rows, GRAMS_PER_KWH), source="Electricity Maps")

    def _hours(self, content: dict[str, object]) -> tuple[_Hour, ...]:
        single = content.get("data") if isinstance(content.get("data"), dict) else content
        if isinstance(single, dict) and "carbonIntensity" in single:
            return (checked(single, _Hour, self.kind),)
        if not any(name in content for name in ("forecast", "history", "data")):
            raise PayloadInvalid("electricity_maps: expected forecast, history or one hour")
        return checked(content, _Hours, self.kind).rows
