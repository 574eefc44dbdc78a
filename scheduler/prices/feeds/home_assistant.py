"""
Home Assistant: the prices an integration there already has, from an entity's state or a service's answer.

    nordpool (HACS)     attributes.raw_today, raw_tomorrow [{start, end, value}]; tomorrow counts while tomorrow_valid
    hass-entso-e        attributes.prices_today, prices_tomorrow [{time, price}], no end
    Stromligning, ...   attributes.prices [{start, end, price}]
    nordpool (official) the service nordpool.get_prices_for_date: {"FI": [{start, end, price}]}, UTC, per MWh

Units and VAT are settings of the integration there, so `unit` says what the numbers are where the entity does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field

from scheduler.domain.errors import InvalidValue, PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest, Secret
from scheduler.prices.feeds.payload import Amount, Moment, Wire, checked, json_value
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, ReadingState, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import CURRENCIES, Unit, UnitText, unit
from scheduler.prices.whole import rolling_reading

_TODAY = ("raw_today", "prices_today", "prices")
_TOMORROW = ("raw_tomorrow", "prices_tomorrow")
_PER_KWH = {"kWh": Decimal(1), "MWh": Decimal(1000), "Wh": Decimal("0.001")}


class _Price(Wire):
    start: Moment = Field(validation_alias=AliasChoices("start", "time"))
    end: Moment | None = None
    value: Amount | None = Field(default=None, validation_alias=AliasChoices("value", "price"))


class _Prices(Wire):
    rows: tuple[_Price | None, ...]


class HomeAssistant(Feed):
    """
    `entity` is the sensor; for the service form, `zone` is the area. `unit` overrides what the entity says.

    `base_url` is Home Assistant's address; the long-lived token is the operator's secret `home_assistant_token`.
    """

    varies: ClassVar[bool] = False
    stand_ins: ClassVar[Mapping[str, object]] = {"base_url": "http://recorded", "entity": "sensor.recorded"}

    kind: Literal["home_assistant"] = "home_assistant"
    base_url: str = Field(pattern=r"^https?://")
    entity: str = Field(default="", pattern=r"^([a-z_]+\.[a-z0-9_]+)?$")
    zone: str | None = None
    unit: UnitText | None = None

    @property
    def plan(self) -> PollPlan:
        return PollPlan(ZoneInfo("UTC"), every=timedelta(minutes=15))

    @property
    def label(self) -> str:
        return f"home_assistant {self.entity}"

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the entity's state."""
        secret = Secret("home_assistant_token", header="Authorization", prefix="Bearer ")
        return [FeedRequest(f"{self.base_url.rstrip('/')}/api/states/{self.entity}", secret=secret)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the prices of an entity's state or of a service's answer; its form tells which."""
        content = json_value(payload, self.kind)
        if not isinstance(content, dict):
            raise PayloadInvalid("home_assistant: expected an entity's state or a service's answer")
        attributes = content.get("attributes")
        if isinstance(attributes, dict):
            return self._entity(attributes)
        return self._service(content.get("service_response", content))

    def _entity(self, attributes: dict[str, Any]) -> Reading:
        wire = self._unit(attributes)
        today = next((attributes[name] for name in _TODAY if name in attributes), None)
        if today is None:
            raise PayloadInvalid(f"home_assistant: the entity has none of the attributes {', '.join(_TODAY)}")
        named = next((name for name in _TOMORROW if name in attributes), None)
        # A list of tomorrow that is not yet valid holds yesterday's idea of it.
        tomorrow = attributes[named] if named is not None and attributes.get("tomorrow_valid", True) else []
        reading = _reading([*_listed(today), *_listed(tomorrow)], wire)
        if named is None or tomorrow or reading.state is not ReadingState.OK:
            return reading
        return replace(reading, state=ReadingState.NOT_PUBLISHED, message="tomorrow's prices are not published yet")

    def _service(self, areas: object) -> Reading:
        if not isinstance(areas, dict) or not areas:
            raise PayloadInvalid("home_assistant: the service's answer names no area")
        zone = self.zone if self.zone is not None or len(areas) > 1 else next(iter(areas))
        if zone not in areas:
            raise PayloadInvalid(
                f"home_assistant: the answer is for {', '.join(map(str, areas))}, expected {zone or 'zone: AREA'}"
            )
        return _reading(_listed(areas[zone]), unit(self.unit or "EUR/MWh"))

    def _unit(self, attributes: dict[str, Any]) -> Unit:
        """Return what the numbers are: our setting, else what the entity says, else euros per kWh."""
        if self.unit is not None:
            return unit(self.unit)
        currency, energy = attributes.get("currency"), attributes.get("unit")
        if currency in CURRENCIES and energy in _PER_KWH:
            return Unit(currency, _PER_KWH[energy] * (100 if attributes.get("price_in_cents") else 1))
        measured = attributes.get("unit_of_measurement")
        try:
            return unit(measured if isinstance(measured, str) else "EUR/kWh")
        except InvalidValue:
            raise PayloadInvalid(
                f"home_assistant: the entity's unit is {str(measured)[:20]!r}: say which it is with unit:"
            ) from None


def _reading(rows: list[Any], wire: Unit) -> Reading:
    prices = [price for price in checked({"rows": rows}, _Prices, "home_assistant").rows if price is not None]
    if not prices:
        return not_published(wire.currency)
    slots = slots_of([Row(price.start, price.value, price.end) for price in prices], wire)
    return rolling_reading(wire.currency, slots, source="Home Assistant")


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise PayloadInvalid(f"home_assistant: expected a list of prices, got {type(value).__name__}")
    return value
