"""A bad week of every feed: in virtual time over ASGI, and scaled over real sockets."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from scheduler.clock import LoopClock, ScaledClock, SystemClock, VirtualLoop, run_virtually
from scheduler.domain.errors import FeedUnavailable, PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import TariffId
from scheduler.ports import Clock
from scheduler.prices.feeds import fetch as fetching
from scheduler.prices.feeds.feed import FeedRequest
from scheduler.prices.feeds.fetch import Fetcher
from scheduler.prices.refresh import PriceRefresher
from scheduler.prices.tariff import Tariff, TariffSettings, tariff_of
from tests.prices.doubles import DAY_AHEAD, ROLLING, Fault, Feeds, Market, no_fault, settings
from tests.prices.memory import MemoryArchive, MemoryJournal
from tests.prices.shapes import BERLIN, SHAPES

MONDAY = datetime(2026, 3, 23, 5, tzinfo=UTC)
"""The week that follows ends with the spring night of 29 March."""

MONEY = sorted(kind for kind, shape in SHAPES.items() if shape.currency != "gCO2")
CARBON = sorted(set(SHAPES) - set(MONEY))


def tariff(kind: str, base: str) -> Tariff:
    """A tariff on one feed; a carbon feed weighs on a price that is written down."""
    content: dict[str, Any] = {
        "id": kind.replace("_", "-"),
        "timezone": "Europe/Berlin",
        "currency": SHAPES[kind].currency,
    }
    if kind in CARBON:
        content |= {"currency": "EUR", "energy": {"default": 0.3}}
        content["carbon"] = {"feed": settings(kind, base), "weight_per_kg": 1}
    else:
        content["feed"] = settings(kind, base)
    return tariff_of(TariffSettings.model_validate_json(json.dumps(content)), Path())


def bad_week(kind: str, now: datetime) -> str | None:
    """What goes wrong when, by local day and hour; one feed alone never answers."""
    local = now.astimezone(BERLIN)
    faults: Mapping[int, tuple[range, str]] = {
        23: (range(12, 15), "down"),
        24: (range(13, 14), "busy"),
        25: (range(6, 17), "maintenance"),
        26: (range(12, 20), "down"),
        27: (range(13, 16), "zeros"),
    }
    if kind == "awattar":
        return "down"
    hours, fault = faults.get(local.day, (range(0), ""))
    if local.hour not in hours or (fault == "zeros" and kind != "energy_charts"):
        return None
    return fault


class Week:
    """A refresher of some feeds against the doubles, driven the way the daemon drives it. *base* is where they are served."""

    def __init__(self, kinds: Iterable[str], clock: Clock, feeds: Feeds, base: str | None = None) -> None:
        self.clock, self.feeds = clock, feeds
        self.journal, self.archive = MemoryJournal(), MemoryArchive()
        transport = (lambda _: httpx.ASGITransport(app=feeds)) if base is None else None
        self.tariffs = [tariff(kind, base or f"http://{kind.replace('_', '-')}.example") for kind in kinds]
        self._fetcher = Fetcher(clock, lambda _: "user:secret", transport, seed="here")
        self.prices = PriceRefresher(self.tariffs, self._fetcher, self.archive, self.journal, clock, seed="here")

    async def run(self, until: datetime, longest_s: float = 3600) -> None:
        while (now := self.clock.now()) < until:
            await self.prices.refresh(now)
            due = self.prices.next_poll(self.clock.now())
            await self.clock.sleep(min(max((due - self.clock.now()).total_seconds(), 1.0), longest_s))
        await self.prices.close()

    def truth(self, kind: str, window: Interval, now: datetime) -> dict[datetime, float]:
        slots = self.feeds.market.slots(kind, window, now)
        return {start: price for start, _, price in slots if start in window and price is not None}

    def known(self, kind: str, window: Interval) -> dict[datetime, float]:
        curve = self.prices.curve(TariffId(kind.replace("_", "-")))
        return {} if curve is None else {slot.start: slot.price_per_kwh for slot in curve.within(window).slots}


def lived(kinds: Iterable[str], until: datetime, market: Callable[[Clock], Market], fault: Fault = no_fault) -> Week:
    """A stretch of virtual time from Monday on."""
    loop = VirtualLoop()
    clock = LoopClock(MONDAY, loop)
    week = Week(kinds, clock, Feeds(market(clock), fault))
    run_virtually(week.run(until), loop)
    return week


def eventful(clock: Clock) -> Market:
    """A market whose results come late on Saturday, and on Monday come twice."""
    market = Market(clock)
    market.published_at[date(2026, 3, 28)] = time(17, 40)
    market.revised.add(date(2026, 3, 23))
    return market


def test_a_week_of_faults_leaves_every_tariff_with_the_truth_and_its_calls_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sunday = Interval(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    noon = datetime(2026, 3, 29, 10, 45, tzinfo=UTC)

    week = lived(DAY_AHEAD, noon, eventful, bad_week)

    show(week.feeds, capsys)
    assert {} == week.known("awattar", sunday)
    for kind in set(DAY_AHEAD) - {"awattar"}:
        assert week.truth(kind, sunday, noon) == pytest.approx(week.known(kind, sunday)), kind
    began = [str(facts["feed"]) for name, facts in week.journal.noted if name == "prices.failed"]
    ended = [str(facts["feed"]) for name, facts in week.journal.noted if name == "prices.recovered"]
    assert sorted(began) == sorted([*ended, "awattar DE"])
    assert max(week.feeds.calls.values()) <= 50


def test_six_hours_of_rolling_feeds_keep_to_their_pace(capsys: pytest.CaptureFixture[str]) -> None:
    week = lived(ROLLING, MONDAY + timedelta(hours=6), Market)

    show(week.feeds, capsys)
    calls = {kind: week.feeds.calls[kind, date(2026, 3, 23)] for kind in ROLLING}
    assert 68 <= calls.pop("amber") <= 76
    assert 33 <= calls.pop("watttime") <= 40  # 24 looks, and a login every second time
    assert all(6 <= count <= 26 for count in calls.values()), calls
    assert [] == [name for name, _ in week.journal.noted if name in {"prices.failed", "prices.late"}]


def show(feeds: Feeds, capsys: pytest.CaptureFixture[str]) -> None:
    """Print the calls per feed and day: they are a result of their own."""
    days = sorted({day for _, day in feeds.calls})
    lines = [f"{'calls per day':18}" + "".join(f"{day:%a %d}".rjust(8) for day in days)]
    lines += [
        f"{kind:18}" + "".join(f"{feeds.calls[kind, day]:8}" for day in days)
        for kind in sorted({k for k, _ in feeds.calls})
    ]
    with capsys.disabled():
        print("", *lines, sep="\n")


def test_a_second_auction_is_seen_by_the_look_that_confirms() -> None:
    tuesday = Interval(datetime(2026, 3, 23, 23, tzinfo=UTC), datetime(2026, 3, 24, 23, tzinfo=UTC))
    evening = datetime(2026, 3, 23, 16, 30, tzinfo=UTC)

    def late_and_twice(clock: Clock) -> Market:
        market = eventful(clock)
        market.published_at[date(2026, 3, 23)] = time(14, 50)
        return market

    week = lived(["energy_charts", "entsoe", "nordpool"], evening, late_and_twice)

    for kind in ("energy_charts", "entsoe", "nordpool"):
        assert week.truth(kind, tuesday, evening) == pytest.approx(week.known(kind, tuesday)), kind


def serving(feeds: Feeds, drive: Callable[[str], Any]) -> None:
    """Run *drive* with the base URL of the doubles, served over a real socket in the same loop."""

    async def main() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(feeds, lifespan="off", log_config=None))
        serve = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await drive(f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = server.force_exit = True
            await serve

    asyncio.run(main())


@pytest.mark.live
def test_two_scaled_days_over_real_sockets_end_with_the_truth() -> None:
    system = SystemClock()
    clock = ScaledClock(MONDAY, system.now(), scale=24 * 3600 / 5)
    market = Market(clock)
    market.revised.add(date(2026, 3, 23))
    feeds = Feeds(market, lambda kind, now: "down" if kind == "tibber" and now.hour % 3 == 0 else None)
    tuesday = Interval(datetime(2026, 3, 23, 23, tzinfo=UTC), datetime(2026, 3, 24, 23, tzinfo=UTC))
    weeks: list[Week] = []

    async def drive(base: str) -> None:
        weeks.append(Week(SHAPES, clock, feeds, base))
        await weeks[0].run(MONDAY + timedelta(days=1, hours=12), longest_s=900)

    serving(feeds, drive)

    (week,) = weeks
    for kind in ("energy_charts", "octopus", "entsoe", "tibber", "nordpool", "amber"):
        assert week.truth(kind, tuesday, clock.now()) == pytest.approx(week.known(kind, tuesday)), kind


@pytest.mark.live
@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        ("down", FeedUnavailable, "answered 500"),
        ("busy", FeedUnavailable, "answered 429"),
        ("cut", FeedUnavailable, "RemoteProtocolError"),
        ("drip", FeedUnavailable, "did not answer within"),
        ("flood", PayloadInvalid, "larger than 5 MiB"),
    ],
)
def test_a_fault_on_a_real_socket_is_a_typed_error(
    fault: str, error: type[Exception], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "WHOLE_S", 0.5)
    system = SystemClock()
    feeds = Feeds(Market(system), lambda kind, now: fault)

    async def drive(base: str) -> None:
        fetcher = Fetcher(system, lambda _: None)
        try:
            with pytest.raises(error, match=reason):
                await fetcher.fetch(FeedRequest(f"{base}/energy_charts/price"))
        finally:
            await fetcher.close()

    serving(feeds, drive)


@pytest.mark.live
def test_nobody_listening_is_unavailable() -> None:
    async def ask() -> None:
        fetcher = Fetcher(SystemClock(), lambda _: None)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        try:
            await fetcher.fetch(FeedRequest(f"http://127.0.0.1:{port}/energy_charts/price"))
        finally:
            await fetcher.close()

    with pytest.raises(FeedUnavailable, match="ConnectError"):
        asyncio.run(ask())


def test_every_feed_is_either_of_a_day_ahead_or_rolling() -> None:
    assert sorted(SHAPES) == sorted([*DAY_AHEAD, *ROLLING])
