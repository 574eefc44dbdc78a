"""
ComEd hourly pricing (Illinois): five-minute prices as they come, and tomorrow's day-ahead hours. No key.

Five minutes: numbers as text, cents, newest first, the start in epoch milliseconds. Day-ahead: JavaScript, months counted from
0, and a "UTC" that is the wall clock of Chicago (facts/feeds.md 2.11). It is the supply price only: delivery, capacity and
taxes come on top, and the hour is billed by the mean of its twelve prices.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, RootModel

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Wire, from_epoch, from_json, glimpse, text_of
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import Unit
from scheduler.prices.wall import WallClock
from scheduler.prices.whole import rolling_reading

CENTS = Unit("USD", Decimal(100))
CHICAGO = ZoneInfo("America/Chicago")
FIVE_MINUTES = timedelta(minutes=5)
ONE_HOUR = timedelta(hours=1)
_HOUR = re.compile(r"\[\s*Date\.UTC\((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)\s*,\s*(-?[\d.]+)\s*\]")
_SHELL = re.compile(r"\[(?:\s|,)*\]")


class _FiveMinutes(Wire):
    millisUTC: str = Field(pattern=r"^\d{1,15}$")  # noqa: N815 - the wire's name
    price: Amount


class _Feed(RootModel[list[_FiveMinutes]]):
    pass


class ComEd(Feed):
    """`stream`: `day_ahead` is tomorrow by the hour, from about 16:30; `five_minute` is what has just been."""

    zone_key: ClassVar[str] = "stream"
    currency: ClassVar[str] = "USD"

    kind: Literal["comed"] = "comed"
    stream: Literal["day_ahead", "five_minute"] = "day_ahead"
    base_url: str = "https://hourlypricing.comed.com"

    @property
    def plan(self) -> PollPlan:
        if self.stream == "five_minute":
            return PollPlan(CHICAGO, every=FIVE_MINUTES)
        return PollPlan(CHICAGO, time(16, 45), ((time(20), timedelta(minutes=15)),), late_at=time(20))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return what the stream needs: for the day ahead, today's prices and tomorrow's."""
        if self.stream == "five_minute":
            return [FeedRequest(f"{self.base_url}/api", {"type": "5minutefeed"})]
        url = f"{self.base_url}/rrtp/ServletFeed"
        day = window.start.astimezone(CHICAGO).date()
        return [
            FeedRequest(url, {"type": "day", "date": f"{day:%Y%m%d}"}),
            FeedRequest(url, {"type": "daynexttomorrow"}),
        ]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the prices of one answer; its form tells which stream it is of."""
        text = text_of(payload, self.kind).strip()
        if text == "[]":
            return not_published("USD")
        rows, step = (_day_ahead(text), ONE_HOUR) if "Date.UTC" in text else (_five_minutes(payload), FIVE_MINUTES)
        return rolling_reading("USD", slots_of(rows, CENTS, step), source="ComEd hourly pricing")


def _five_minutes(payload: bytes) -> list[Row]:
    return [
        Row(start := from_epoch(Decimal(price.millisUTC) / 1000), price.price, start + FIVE_MINUTES)
        for price in from_json(payload, _Feed, "comed").root
    ]


def _day_ahead(text: str) -> list[Row]:
    if _SHELL.fullmatch(_HOUR.sub("", text)) is None:
        raise PayloadInvalid(f"comed: expected [[Date.UTC(...), price], ...], got {glimpse(text.encode())}")
    clock = WallClock(CHICAGO)
    rows: list[Row] = []
    for found in _HOUR.finditer(text):
        year, month, day, hour, minute, second = (int(found[group]) for group in range(1, 7))
        try:
            start = clock.moment(datetime(year, month + 1, day, hour, minute, second))  # noqa: DTZ001 - WallClock's business
        except ValueError:
            raise PayloadInvalid(f"comed: {found[0][:60]} is no time") from None
        rows.append(Row(start, Decimal(found[7]), (start + ONE_HOUR).astimezone(UTC)))
    return rows
