"""
A double of every HTTP feed, as one ASGI application: real shapes, publication at its hour, and the faults of a bad week.

`/energy_charts/price?...` is Energy-Charts, `/entsoe?...` is ENTSO-E, and so on. What the market decides follows from the time
alone, so that a test can compare what a tariff knows with what was true.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs

from scheduler.domain.interval import Interval
from scheduler.ports import Clock
from scheduler.prices.wall import dates, midnight
from tests.prices.shapes import BERLIN, SHAPES, Slot

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SECOND_AUCTION = time(15, 30)
PER_DAY = {"nordpool": "date", "energyzero": "date", "omie": "", "frank_energie": ""}
NOTHING_YET = {"energy_charts": 404, "nordpool": 204, "energyzero": 404, "omie": 404}
ROLLING = frozenset({"amber", "csv", "electricity_maps", "evcc", "gb_carbon", "home_assistant", "json", "watttime"})
"""Feeds that are asked again all day; the others have a time of publication."""

DAY_AHEAD = sorted(set(SHAPES) - ROLLING)


Fault = Callable[[str, datetime], str | None]


def no_fault(kind: str, now: datetime) -> str | None:
    return None


class Market:
    """
    What is true: a price for every moment, known from the publication of its day on.

    `published_at` gives the local time at which tomorrow comes out on a day, 12:58 where it says nothing; on `revised` days
    a second auction changes tomorrow's prices at 15:30.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.published_at: dict[date, time] = {}
        self.revised: set[date] = set()

    def known_until(self, kind: str, now: datetime) -> datetime:
        """The end of what is out: Chicago has a market of its own, which speaks at 16:30; Europe has one."""
        zone, hour = (SHAPES[kind].zone, time(16, 30)) if kind == "comed" else (BERLIN, time(12, 58))
        local = now.astimezone(zone)
        out = local.time() >= (self.published_at.get(local.date(), hour) if zone is BERLIN else hour)
        return midnight(local.date() + timedelta(days=2 if out else 1), zone)

    def price(self, start: datetime, now: datetime) -> float:
        """A price on a grid that every wire can say; a second auction the day before adds ten cents."""
        day = start.astimezone(BERLIN).date()
        grid = (int(start.timestamp()) // 900 * 7919 % 61 + 3) / 200
        eve = day - timedelta(days=1)
        revised = eve in self.revised and now >= datetime.combine(eve, SECOND_AUCTION, BERLIN).astimezone(UTC)
        return round(grid + 0.1, 4) if revised else grid

    def slots(self, kind: str, window: Interval, now: datetime) -> list[Slot]:
        """What a feed can say about *window* at *now*."""
        shape, until = SHAPES[kind], self.known_until(kind, now)
        days = [slot for day in dates(window, shape.zone) for slot in shape.day(day)]
        return [(start, end, self.price(start, now)) for start, end, _ in days if end <= until]


class Feeds:
    """The application. `fault(kind, now)` names what goes wrong at a moment; `calls` counts by kind and local day."""

    def __init__(self, market: Market, fault: Fault = no_fault) -> None:
        self.market, self.fault = market, fault
        self.calls: Counter[tuple[str, date]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await receive()
        now = self.market.clock.now()
        kind = scope["path"].split("/")[1]
        self.calls[kind, now.astimezone(BERLIN).date()] += 1
        fault = self.fault(kind, now)
        if fault is not None:
            await self._misbehave(fault, send)
            return
        status, body = self._answer(kind, scope, now)
        await respond(send, status, body)

    def _answer(self, kind: str, scope: Scope, now: datetime) -> tuple[int, bytes]:
        if scope["path"].endswith("/login"):
            return 200, b'{"token": "t"}'
        if kind == "watttime" and dict(scope["headers"]).get(b"authorization") != b"Bearer t":
            return 401, b"{}"
        if kind == "comed" and "daynexttomorrow" not in scope["query_string"].decode():
            return 200, SHAPES[kind].payload(self.market.slots(kind, _today(kind, now), now))
        slots = self.market.slots(kind, _asked(kind, scope, now), now)
        if not slots:
            return NOTHING_YET.get(kind, 200), SHAPES[kind].empty or b""
        return 200, SHAPES[kind].payload(slots)

    async def _misbehave(self, fault: str, send: Send) -> None:
        match fault:
            case "down":
                await respond(send, 500, b"internal error")
            case "busy":
                await respond(send, 429, b"slow down", [(b"retry-after", b"1800")])
            case "maintenance":
                await respond(send, 200, b"<!DOCTYPE html><html>We are back soon</html>")
            case "zeros":
                await respond(send, 200, b'{"unix_seconds": [0, 900], "price": [0, 0], "unit": "EUR / MWh"}')
            case "cut":
                await respond(send, 200, b'{"unix_seconds": [', [(b"content-length", b"100000")])
                raise ConnectionResetError
            case "drip":
                await start(send, 200, [])
                for _ in range(600):
                    await send({"type": "http.response.body", "body": b" ", "more_body": True})
                    await asyncio.sleep(1)
            case "flood":
                await start(send, 200, [])
                for _ in range(50):
                    await send({"type": "http.response.body", "body": b" " * 1024 * 1024, "more_body": True})
                await send({"type": "http.response.body", "body": b""})


async def start(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json"), *headers]}
    )


async def respond(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    await start(send, status, headers or [])
    await send({"type": "http.response.body", "body": b"" if status == 204 else body})


def settings(kind: str, base: str) -> dict[str, Any]:
    """The settings with which a tariff finds the double of *kind* under *base*."""
    url = f"{base}/{kind}"
    by_kind: dict[str, dict[str, Any]] = {
        "amber": {"base_url": url, "site": "home"},
        "csv": {"url": url},
        "evcc": {"url": url},
        "json": {"url": url},
        "home_assistant": {"base_url": url, "entity": "sensor.prices"},
        "nordpool": {"base_url": url, "zone": "SE3", "currency": "SEK"},
        "entsoe": {"base_url": url, "zone": "DE-LU"},
        "octopus": {"base_url": url, "region": "C"},
        "electricity_maps": {"base_url": url, "zone": "DE"},
        "watttime": {"base_url": url, "zone": "CAISO_NORTH"},
    }
    return {"kind": kind, **SHAPES[kind].options, **by_kind.get(kind, {"base_url": url})}


def _asked(kind: str, scope: Scope, now: datetime) -> Interval:
    """The stretch a request asks about: one day where the feed answers by the day, else today and tomorrow."""
    zone = SHAPES[kind].zone
    if kind == "omie":
        day, month, year = scope["path"].removesuffix(".TXT").split("_")[-3:]
        return _one(date(int(year), int(month), int(day)), zone)
    if kind in {"nordpool", "energyzero"}:
        text = parse_qs(scope["query_string"].decode())["date"][0]
        day = date.fromisoformat(text) if kind == "nordpool" else date(*map(int, reversed(text.split("-"))))
        return _one(day, zone)
    if kind == "octopus":
        query = parse_qs(scope["query_string"].decode())
        return Interval(*(datetime.fromisoformat(query[name][0]) for name in ("period_from", "period_to")))
    today = now.astimezone(zone).date()
    return Interval(midnight(today, zone), midnight(today + timedelta(days=2), zone))


def _today(kind: str, now: datetime) -> Interval:
    zone = SHAPES[kind].zone
    return _one(now.astimezone(zone).date(), zone)


def _one(day: date, zone: Any) -> Interval:
    return Interval(midnight(day, zone), midnight(day + timedelta(days=1), zone))
