"""
Elering (Estonia): Nord Pool prices of the Baltics and Finland, EUR/MWh, without a key.

Epoch seconds without an end. A question about a UTC day is answered up to the end of the last market day: 92 rows in winter,
88 in summer, which is a part of the day and no error (facts/feeds.md 2.9).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import field_validator

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Wire, from_epoch, from_json
from scheduler.prices.market import EUR_PER_MWH, MARKET, day_ahead
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.wall import is_midnight
from scheduler.prices.whole import day_reading

_UTC_DAY = ZoneInfo("UTC")
_ZONES = ("ee", "fi", "lt", "lv")


class _Price(Wire):
    timestamp: int
    price: Amount | None


class _Zones(Wire):
    success: bool
    data: dict[str, list[_Price]]


class Elering(Feed):
    """`zone`: ee, fi, lt or lv."""

    currency: ClassVar[str] = "EUR"

    kind: Literal["elering"] = "elering"
    zone: str = "ee"
    base_url: str = "https://dashboard.elering.ee/api"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone.lower() not in _ZONES:
            raise ValueError(f"expected one of {', '.join(_ZONES)}")
        return zone.lower()

    @property
    def plan(self) -> PollPlan:
        return day_ahead()

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for *window*."""
        return [FeedRequest(f"{self.base_url}/nps/price", {"start": _stamp(window.start), "end": _stamp(window.end)})]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the prices of one answer."""
        answer = from_json(payload, _Zones, self.kind)
        if not answer.success:
            raise PayloadInvalid("elering: the answer says success: false")
        if self.zone not in answer.data:
            raise PayloadInvalid(
                f"elering: the answer is for {', '.join(sorted(answer.data)) or 'no zone'}, expected {self.zone}"
            )
        rows = [Row(from_epoch(row.timestamp), row.price) for row in answer.data[self.zone]]
        if not rows:
            return not_published("EUR")
        slots = slots_of(rows, EUR_PER_MWH)
        # A day asked for by the UTC clock is whole when it reaches the UTC midnight, another at the market's.
        utc = bool(slots) and is_midnight(slots[0].start, _UTC_DAY) and not is_midnight(slots[0].start, MARKET)
        return day_reading("EUR", slots, _UTC_DAY if utc else MARKET, source=f"Elering {self.zone.upper()}")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
