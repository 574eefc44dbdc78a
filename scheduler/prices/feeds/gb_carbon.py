"""
The carbon intensity of Great Britain, by country or region: grams of CO2 per kWh, half-hourly, two days ahead. No key.

CC BY 4.0. `data` is a list for the country, an object that holds one for a region; stamps have no seconds; what has not
happened yet is a forecast (facts/feeds.md 2.14).
"""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from scheduler.domain.errors import FeedRejected, PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Moment, Wire, checked, json_value
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import GRAMS, Unit
from scheduler.prices.whole import rolling_reading

GRAMS_PER_KWH = Unit(GRAMS, Decimal(1))


class _Intensity(Wire):
    forecast: Amount | None = None
    actual: Amount | None = None


class _HalfHour(Wire):
    since: Moment = Field(alias="from")
    to: Moment
    intensity: _Intensity


class _HalfHours(Wire):
    data: list[_HalfHour]


class GbCarbon(Feed):
    """`postcode` is the outward part (`BS16`); without it, the country's mean."""

    zone_key: ClassVar[str] = "postcode"
    money: ClassVar[bool] = False
    currency: ClassVar[str] = GRAMS

    kind: Literal["gb_carbon"] = "gb_carbon"
    postcode: str | None = Field(default=None, pattern=r"^[A-Z]{1,2}[0-9][A-Z0-9]?$")
    base_url: str = "https://api.carbonintensity.org.uk"

    @property
    def plan(self) -> PollPlan:
        return PollPlan(ZoneInfo("Europe/London"), every=timedelta(minutes=30))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the 48 hours from the beginning of *window*."""
        since = window.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
        if self.postcode is None:
            return [FeedRequest(f"{self.base_url}/intensity/{since}/fw48h")]
        return [FeedRequest(f"{self.base_url}/regional/intensity/{since}/fw48h/postcode/{self.postcode}")]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the intensities of one answer: the actual one where it is known, else the forecast."""
        content = json_value(payload, self.kind)
        if isinstance(content, dict) and isinstance(content.get("error"), dict):
            raise FeedRejected(f"gb_carbon: {str(content['error'].get('message', ''))[:160]}")
        if isinstance(content, dict) and isinstance(content.get("data"), dict):
            content = content["data"]
        half_hours = checked(content, _HalfHours, self.kind).data
        if not half_hours:
            return not_published(GRAMS)
        rows = [_row(half_hour) for half_hour in half_hours]
        return rolling_reading(GRAMS, slots_of(rows, GRAMS_PER_KWH), source="Carbon Intensity API, CC BY 4.0")


def _row(half_hour: _HalfHour) -> Row:
    actual, forecast = half_hour.intensity.actual, half_hour.intensity.forecast
    grams = forecast if actual is None else actual
    if grams is not None and grams < 0:
        raise PayloadInvalid(f"gb_carbon: {grams} g/kWh cannot be")
    return Row(half_hour.since, grams, half_hour.to, firm=actual is not None)
