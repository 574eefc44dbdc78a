"""
Keeps every tariff's curve fresh: looks at feeds when their plan says so, and keeps the last good curve while it cannot.

    origin (one per distinct feed settings)  --look-->  energy curve  --retail-->  tariff curve (PriceBook)

Tariffs that share an origin share its answers. A failure, or an answer that is wrong or shorter than the last, changes
nothing that is known. Failures are told once when they begin and once when they end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from scheduler.domain.errors import FeedError, FeedRejected
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.ports import Clock, Journal
from scheduler.prices.catalogue import read_payload
from scheduler.prices.compose import composed
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.fetch import Fetcher
from scheduler.prices.history import PriceHistory
from scheduler.prices.origin import OriginState
from scheduler.prices.plan import stable_fraction
from scheduler.prices.reading import Reading, joined, not_published
from scheduler.prices.tariff import Tariff, Version
from scheduler.prices.wall import today_and_tomorrow

KEPT = timedelta(days=1)
"""Prices of yesterday stay in the curve: a session's cost is counted from them."""

SOON = timedelta(days=10)
"""A contract that begins within the planning horizon is looked at before it does."""

IDLE = timedelta(hours=1)
"""The pause of a feed that speaks of cars being charged while none is plugged in (facts/feeds.md, poll plan)."""

MOST_PAGES = 20
"""Thirty thousand half hours: a feed that goes on beyond that is not answering our question."""


class PriceArchive(Protocol):
    """What the refresher needs of the ledger."""

    def save_curve(self, tariff_id: TariffId, curve: TariffCurve, fetched_at: datetime) -> None: ...

    def curve(self, tariff_id: TariffId, at: datetime | None = None) -> tuple[TariffCurve, datetime] | None: ...

    def save_payload(self, source: str, fetched_at: datetime, body: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class PriceStanding:
    """How a tariff's prices stand: when they last came, and what keeps its first feed from answering, if anything."""

    feed: str
    fetched_at: datetime | None
    failing: str | None


@dataclass(frozen=True, slots=True)
class _Gathered:
    """One look's worth of answers."""

    readings: list[Reading] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


class PriceRefresher:
    """
    The price book, and the hand that keeps it. `refresh` may be called at any time and does what is due.

    Energy curves are kept in the archive under their origin's key, tariff curves under the tariff's id. *plugged_in* says
    whether any car on a tariff is.
    """

    def __init__(
        self,
        tariffs: Iterable[Tariff],
        fetcher: Fetcher,
        archive: PriceArchive,
        journal: Journal,
        clock: Clock,
        seed: str = "",
        plugged_in: Callable[[TariffId], bool] = lambda _tariff_id: True,
    ) -> None:
        self._plugged_in = plugged_in
        self._tariffs = {tariff.id: tariff for tariff in tariffs}
        self._fetcher, self._archive, self._journal, self._clock = fetcher, archive, journal, clock
        self._turn = asyncio.Lock()
        self._origins: dict[str, OriginState] = {}
        self._curves: dict[TariffId, TariffCurve] = {}
        self._history = PriceHistory(archive)
        self._foreseen_on: dict[TariffId, date] = {}
        for tariff in self._tariffs.values():
            for version in tariff.versions:
                for source in (*version.recipes, *((version.carbon,) if version.carbon else ())):
                    self._take_up(source.feed, source.key, tariff.zone, seed)
        for tariff in self._tariffs.values():
            self._set(tariff, composed(tariff, self._energy(tariff)))

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        """Return the last good curve of a tariff; None before the first."""
        return self._curves.get(tariff_id)

    def standing(self, tariff_id: TariffId) -> PriceStanding:
        """Return how the tariff's prices stand."""
        state = self._origins[self._tariffs[tariff_id].recipes[0].key]
        return PriceStanding(state.feed.label, state.fetched_at, state.failing)

    def next_poll(self, now: datetime) -> datetime:
        """Return when `refresh` will next have something to do; never before *now*, and within a day."""
        moments = (self._next(state, now) for state in self._wanted(now))
        return max(min(moments, default=now + timedelta(days=1)), now)

    async def refresh(self, now: datetime) -> set[TariffId]:
        """Look at every feed that is due; return the tariffs whose prices from *now* on changed."""
        async with self._turn:
            looked = await self._look_at_due(now, set())
            # A first feed that has just failed makes its fallbacks wanted: they are looked at in the same breath.
            looked |= await self._look_at_due(now, set(looked))
            for state in self._wanted(now):
                if state.newly_late(now):
                    self._journal.note("prices.late", feed=state.feed.label, known_until=_known_until(state.curve, now))
            return {tariff.id for tariff in self._tariffs.values() if self._renewed(tariff, looked, now)}

    async def close(self) -> None:
        """Close the connections to every feed."""
        await self._fetcher.close()

    def _take_up(self, feed: Feed, key: str, zone: ZoneInfo, seed: str) -> None:
        if key in self._origins:
            return
        state = OriginState(feed, key, zone, stable_fraction(seed, key))
        self._origins[key] = state
        kept = self._archive.curve(TariffId(key))
        if kept is not None:
            state.restore(*kept, look=not feed.local)

    def _wanted(self, now: datetime) -> list[OriginState]:
        """
        Return the origins somebody needs now: of each contract that holds now or soon, the first recipe, those whose
        forerunners all leave them wanting, and the carbon feed.
        """
        soon = Interval(now - KEPT, now + SOON)
        wanted: dict[str, OriginState] = {}
        for version in self._versions():
            if not version.valid.overlaps(soon):
                continue
            for recipe in version.recipes:
                state = wanted[recipe.key] = self._origins[recipe.key]
                if not state.wanting(now):
                    break
            if version.carbon is not None:
                wanted[version.carbon.key] = self._origins[version.carbon.key]
        return list(wanted.values())

    def _versions(self) -> Iterator[Version]:
        return (version for tariff in self._tariffs.values() for version in tariff.versions)

    def _next(self, state: OriginState, now: datetime) -> datetime:
        peace_s = max((self._fetcher.wait_s(host) for host in state.hosts), default=0.0)
        due = max(state.next_poll(now, self._clock.monotonic()), now + timedelta(seconds=peace_s))
        if state.feed.for_plugged_in and state.fetched_at is not None and not self._has_plugged_in(state.key):
            return max(due, state.fetched_at + IDLE)
        return due

    def _has_plugged_in(self, key: str) -> bool:
        """Whether a car is plugged in on any tariff that this origin serves."""
        served = (t.id for t in self._tariffs.values() if any(recipe.key == key for recipe in t.recipes))
        return any(self._plugged_in(tariff_id) for tariff_id in served)

    async def _look_at_due(self, now: datetime, already: set[str]) -> set[str]:
        """Look at what is due and was not looked at *already*; return its keys."""
        due = [state for state in self._wanted(now) if state.key not in already and self._next(state, now) <= now]
        await asyncio.gather(*(self._look(state, now) for state in due))
        return {state.key for state in due}

    async def _look(self, state: OriginState, now: datetime) -> None:
        window = today_and_tomorrow(now, state.zone)
        failing = state.failing
        try:
            gathered = await self._gather(state, window, now)
            reading = joined(gathered.readings)
            self._check_currency(state, reading)
        except FeedError as error:
            if state.fail(error, now, self._clock.monotonic()):
                self._journal.note("prices.failed", feed=state.feed.label, reason=str(error))
            return
        changed = state.accept(reading, now, window.start - KEPT)
        if failing is not None:
            self._journal.note("prices.recovered", feed=state.feed.label)
        name, until = "prices.fetched" if changed else "prices.unchanged", _known_until(state.curve, now)
        self._journal.note(name, feed=state.feed.label, slots=len(reading.slots), known_until=until)
        if changed:
            self._keep(state, gathered.bodies, now)

    async def _gather(self, state: OriginState, window: Interval, now: datetime) -> _Gathered:
        gathered, requests = _Gathered(), state.feed.requests(window)
        state.hosts = frozenset(request.host for request in requests if request.host)
        if not requests:
            gathered.readings.append(read_payload(state.feed, b"", Asked(window, now)))
        for request in requests:
            await self._pages(state, request, Asked(window, now, request.part), gathered)
        return gathered

    async def _pages(self, state: OriginState, request: FeedRequest, asked: Asked, gathered: _Gathered) -> None:
        feed, page = state.feed, request
        for _ in range(MOST_PAGES):
            answer = await self._fetcher.fetch(page, feed.not_published | feed.spoken)
            if answer.status in feed.not_published:
                gathered.readings.append(not_published(""))
                return
            reading = read_payload(feed, answer.body, asked)
            gathered.readings.append(reading)
            gathered.bodies.append(answer.body)
            if reading.next_page is None:
                return
            page = page.following(reading.next_page)

    def _check_currency(self, state: OriginState, reading: Reading) -> None:
        for tariff in self._tariffs.values():
            used = any(recipe.key == state.key for recipe in tariff.recipes)
            if used and reading.slots and reading.currency != tariff.currency:
                raise FeedRejected(
                    f"the prices are in {reading.currency}, expected {tariff.currency} as the tariff {tariff.id} says"
                )

    def _keep(self, state: OriginState, bodies: list[bytes], now: datetime) -> None:
        if state.curve is not None:
            self._archive.save_curve(TariffId(state.key), state.curve, now)
        if not state.feed.local:
            for body in bodies:
                self._archive.save_payload(state.key, now, body)

    def _renewed(self, tariff: Tariff, looked: set[str], now: datetime) -> bool:
        """Bring a tariff's curve up to date; say whether anything from *now* on changed."""
        if looked.isdisjoint(_keys(tariff)) and not self._forecast_is_old(tariff, now):
            return False
        before = self._curves.get(tariff.id)
        after = composed(tariff, self._foreseen(tariff, now))
        if after is None or after == before:
            return False
        self._set(tariff, after)
        self._archive.save_curve(tariff.id, after, now)
        ahead = Interval(now, now + timedelta(days=400))
        return before is None or before.within(ahead).slots != after.within(ahead).slots

    def _set(self, tariff: Tariff, curve: TariffCurve | None) -> None:
        if curve is not None:
            self._curves[tariff.id] = curve

    def _energy(self, tariff: Tariff) -> dict[str, TariffCurve]:
        """Return what the tariff's origins know, by key."""
        return {key: curve for key in _keys(tariff) if (curve := self._origins[key].curve) is not None}

    def _foreseen(self, tariff: Tariff, now: datetime) -> dict[str, TariffCurve]:
        """Return the same with what is to be expected after it, where the tariff wants that."""
        energy = self._energy(tariff)
        for version in tariff.versions:
            key = version.recipes[0].key
            if version.forecast_days and key in energy:
                energy[key] = self._history.foreseen(key, energy[key], version.forecast_days, now, tariff.zone)
                self._foreseen_on[tariff.id] = now.astimezone(tariff.zone).date()
        return energy

    def _forecast_is_old(self, tariff: Tariff, now: datetime) -> bool:
        wanted = any(version.forecast_days for version in tariff.versions)
        return wanted and self._foreseen_on.get(tariff.id) != now.astimezone(tariff.zone).date()


def _keys(tariff: Tariff) -> set[str]:
    carbon = {version.carbon.key for version in tariff.versions if version.carbon is not None}
    return carbon | {recipe.key for recipe in tariff.recipes}


def _known_until(curve: TariffCurve | None, now: datetime) -> str | None:
    until = None if curve is None else curve.known_until(now)
    return None if until is None else until.isoformat()
