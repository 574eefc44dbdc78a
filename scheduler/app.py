"""
The composition root: with `demo.py` and `simulation.py` above and beside it, the only place that names concrete classes.

`build` makes a house of settings and surroundings; the daemon (`daemon.py`), the demo and the stories open the same one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx

from scheduler import __version__
from scheduler.dispatch.calm import Calm
from scheduler.dispatch.clock_guard import ClockGuard
from scheduler.dispatch.commands import Commands, Door
from scheduler.dispatch.cycle import Cycle, CycleRules
from scheduler.dispatch.heartbeat import Heartbeat, Job, Pulse
from scheduler.dispatch.ledger_watch import LedgerWatch
from scheduler.dispatch.purse import Purse
from scheduler.dispatch.sweep import InProcess, Sweep
from scheduler.domain.errors import ConfigError, FeedRejected, NoticeFailed, SmartchargeError, StoreUnavailable
from scheduler.domain.roster import Roster
from scheduler.domain.tariff import TariffId
from scheduler.driver_file import driver_schema
from scheduler.drivers import load_drivers
from scheduler.monitoring.journal import LedgerJournal
from scheduler.monitoring.redaction import REDACTION
from scheduler.noticing import EVERY, Noticing
from scheduler.notifiers.http import HttpNotifier
from scheduler.operations import Operations
from scheduler.pauses import call_limits, look_plan
from scheduler.ports import Clock, Journal, Notifier, PriceBook, Store
from scheduler.prepaying import Prepaying
from scheduler.prices.feeds.fetch import Fetcher
from scheduler.prices.refresh import PriceRefresher
from scheduler.prices.tariff import Tariff, TariffSettings, load_tariffs
from scheduler.settings import named_secret
from scheduler.settings_file import SettingsFile, settings_schema
from scheduler.state_directory import StateDirectory
from scheduler.storage import open_store
from scheduler.vehicles.smartcar.account import Private, SmartcarAccount
from scheduler.vehicles.smartcar.reception import Reception
from scheduler.vehicles.smartcar.settings import SmartcarSettings

FIRST_PRICES_WITHIN_S = 10.0
"""How long the first sweep waits for prices: a plan without any would be made again at once."""

REANCHOR_WITHIN = timedelta(hours=1)
"""After a clock step nobody waits longer than this for their turn."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What differs between the daemon, the demo and a story: the clock, who wakes the house, and the way to Smartcar and the
    price feeds (None: real sockets). `seed` is the household's own name: feeds are asked at other seconds in every house.
    `private` is where consents and tokens lie (None: they are forgotten at the end). `notifier` tells drivers; None: over
    HTTP, where real sockets are used, and not at all where none are.
    """

    clock: Clock
    smartcar: SmartcarSettings
    transport: Callable[[], httpx.AsyncBaseTransport] | None = None
    beats_on_apscheduler: bool = True
    simulated: bool = False
    seed: str = ""
    private: Private | None = None
    notifier: Notifier | None = None


class Prices(PriceBook, Protocol):
    """The price book with the hand that keeps it."""

    async def refresh(self, now: datetime) -> set[TariffId]: ...

    async def close(self) -> None: ...


class House:
    """Everything that turns the ring. `open` begins, `close` ends within the time it is given."""

    def __init__(
        self,
        settings: SettingsFile,
        roster: Roster,
        store: Store,
        around: Surroundings,
        prices: Callable[[Journal], Prices],
    ) -> None:
        self.clock, self.store = around.clock, store
        self.journal = LedgerJournal(around.clock, store, simulated=around.simulated)
        self.prices = prices(self.journal)
        self.swept_at = around.clock.monotonic()
        self._door = Door()
        key = around.smartcar.management_token.get_secret_value()
        self._account = SmartcarAccount(
            around.smartcar,
            around.clock,
            store,
            self.journal,
            roster.drivers,
            around.private,
            around.transport,
            self._reseated,
        )
        self.consents = self._account.connecting
        REDACTION.learn(self._account.ids())
        self._reception = Reception(
            key, around.clock, store, self._account.book, self._account.cars, lambda: self.heartbeat.nudge("sweep")
        )
        lease_for = timedelta(seconds=settings.lease_s)
        limits = call_limits(settings, per_look=2 if around.smartcar.version == "v2" else 1)
        purse = Purse(around.clock, store, self.journal, limits, lambda: len(self.roster.seats))
        commands = Commands(
            around.clock, store, self._account.gateway, self.journal, lease_for=lease_for, door=self._door, purse=purse
        )
        cycle = Cycle(
            around.clock,
            store,
            self._account.gateway,
            self.prices,
            lambda: self.roster,
            self.journal,
            commands,
            CycleRules(
                look_plan(settings),
                Calm(settings.calm_gain, settings.calm_surplus_kwh),
                timedelta(seconds=settings.automatic_start_s),
                lease_for,
                timedelta(seconds=settings.spread_starts_s),
                timedelta(seconds=settings.stale_after_s),
                settings.learned_departure_risk,
                settings.look_learned,
            ),
            purse,
        )
        self._watch = LedgerWatch(self.journal)
        self._turns = InProcess(lambda lease: self._watch.over(cycle.turn(lease)))
        self._sweep = Sweep(
            around.clock,
            store,
            self._turns,
            self.journal,
            batch=settings.sweep_batch,
            lease_for=lease_for,
            claimed=self._watch.written,
            completed=self._swept,
        )
        jobs = (
            Job("sweep", timedelta(seconds=settings.sweep_interval_s), self._watched(self._sweep.sweep)),
            Job("prices", timedelta(seconds=settings.price_poll_s), self._watched(self.refresh_prices)),
            Job("housekeeping", timedelta(days=1), self._watched(self._housekeep)),
            Job("consents", timedelta(days=1), self._watched(self._account.examine)),
            Job("notices", EVERY, self._watched(self._tell_drivers)),
        )
        self.heartbeat = (Heartbeat if around.beats_on_apscheduler else Pulse)(around.clock, jobs)
        self._guard = ClockGuard(around.clock, self.journal, self._reanchor)
        self._watching: asyncio.Task[None] | None = None
        self.prepaying = Prepaying(
            around.clock, store, self.prices, lambda: self.roster, self.journal, lambda: self.heartbeat.nudge("sweep")
        )
        self.operations = Operations(
            around.clock,
            store,
            self.prices,
            lambda: self.roster,
            self.journal,
            simulated=around.simulated,
            version=__version__,
            nudge=lambda: self.heartbeat.nudge("sweep"),
            calls_left=lambda vehicle_id: purse.allowance(vehicle_id).left,
            desk=self.consents,
        )
        self._notifier = _notifier(settings, roster, around)
        self._noticing: Noticing | None = None
        if self._notifier is not None:
            self._noticing = Noticing(
                around.clock, store, self.journal, self._notifier, self.operations, lambda: self.roster
            )

    @property
    def roster(self) -> Roster:
        """The drivers and their cars, under the ids of Smartcar's that count now."""
        return self._account.roster

    async def open(self) -> None:
        """Free what a dead daemon held, fetch prices, and let the heart beat."""
        await self._account.open()
        now = self.clock.now()
        # The lock on the state directory says that nobody else lives here: leases of the past are nobody's.
        self.store.reanchor(now, timedelta(0))
        self.store.enlist(self._account.callable, now)
        with suppress(TimeoutError):
            # The price job goes on trying; until then charging is planned by the safe rule. Not wait_for: until Python 3.12
            # it may swallow the cancellation that ends us.
            async with asyncio.timeout(FIRST_PRICES_WITHIN_S):
                await self.refresh_prices()
        self.heartbeat.start()
        self._watching = asyncio.create_task(self._guard.watch(), name="clock guard")
        self.journal.note("service.started", cars=len(self.roster.seats))

    async def close(self, within_s: float) -> None:
        """Send nothing new, give calls in flight *within_s*, and leave the rest to the next start."""
        self._door.open = False
        self._say("service.stopping")
        await self.heartbeat.stop()
        if self._watching is not None:
            self._watching.cancel()
        await self._turns.stop(within_s)
        await self._account.aclose()
        await self.prices.close()
        if self._notifier is not None:
            await self._notifier.aclose()
        self._say("service.stopped")
        self.store.close()

    def _say(self, name: str) -> None:
        """Note an event of the end; a full disk keeps nobody from ending."""
        with suppress(StoreUnavailable):
            self.journal.note(name)

    def _watched(self, run: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
        return lambda: self._watch.over(run())

    async def abandon(self) -> None:
        """End as kill -9 does: nothing is said, nothing is written, nothing is finished."""
        self._door.open = False
        await self.heartbeat.stop()
        if self._watching is not None:
            self._watching.cancel()
        await self._turns.stop(0.0)
        self.store.close()

    async def refresh_prices(self) -> None:
        """Fetch what is due, and let the cars turn whose prices changed."""
        changed = await self.prices.refresh(self.clock.now())
        if changed:
            self.store.wake(self.roster.on_tariff(changed), self.clock.now())

    def deliver(self, body: bytes, signature: str | None) -> tuple[int, Mapping[str, str]]:
        """Take in what Smartcar's webhook brings; return the status and the JSON object to answer."""
        answer = self._reception.receive(body, signature)
        return answer.status, answer.body

    def _reseated(self) -> None:
        """Turn the cars that were connected, and no longer those that were disconnected."""
        REDACTION.learn(self._account.ids())
        self.store.enlist(self._account.callable, self.clock.now())
        self.heartbeat.nudge("sweep")

    def price_horizons_s(self) -> dict[str, float]:
        """Return, per tariff in use, for how many seconds from now prices are known."""
        now = self.clock.now()
        horizons: dict[str, float] = {}
        for tariff_id in sorted({seat.driver.tariff_id for seat in self.roster.seats}):
            curve = self.prices.curve(tariff_id)
            until = curve.known_until(now) if curve else None
            horizons[tariff_id] = (until - now).total_seconds() if until else 0.0
        return horizons

    async def _tell_drivers(self) -> None:
        if self._noticing is not None:
            await self._noticing.tell()

    async def _housekeep(self) -> None:
        self.store.housekeep(self.clock.now())

    def _swept(self) -> None:
        self.swept_at = self.clock.monotonic()

    def _reanchor(self) -> None:
        self.store.reanchor(self.clock.now(), REANCHOR_WITHIN)
        self.store.wake(self._account.callable, self.clock.now())
        self.heartbeat.reanchor()


def _notifier(settings: SettingsFile, roster: Roster, around: Surroundings) -> Notifier | None:
    """Return who tells drivers; None where nobody wants to be told, and in a house that lives through virtual time."""
    addresses = [driver.notify.url for driver in roster.drivers if driver.notify is not None]
    REDACTION.learn(addresses)
    if not addresses or around.notifier is not None or around.transport is not None:
        return around.notifier
    return HttpNotifier(feed_secrets(settings.secrets_directory, NoticeFailed))


def tariffs_in(folder: Path) -> dict[TariffId, Tariff]:
    """Return the tariffs of a folder by id. ConfigError names everything that is wrong with them."""
    return load_tariffs(sorted(folder.glob("*.yaml")))


def assembled(config: Path, settings: SettingsFile, database: str | Path, around: Surroundings) -> House:
    """Return the house on the files in *config*. ConfigError names everything that is wrong with them."""
    tariffs = tariffs_in(config / "tariffs")
    roster = Roster(load_drivers(config / "drivers", tariffs))
    store = open_store(database, payloads_kept=settings.price_payloads_kept)
    wanted = {seat.driver.tariff_id for seat in roster.seats}
    used = [tariff for tariff_id, tariff in tariffs.items() if tariff_id in wanted]
    clock, seed = around.clock, around.seed
    fetcher = Fetcher(clock, feed_secrets(settings.secrets_directory), seed=seed)

    def plugged_in(tariff_id: TariffId) -> bool:
        return any(store.session(vehicle_id) is not None for vehicle_id in roster.on_tariff({tariff_id}))

    return House(
        settings,
        roster,
        store,
        around,
        lambda journal: PriceRefresher(used, fetcher, store, journal, clock, seed, plugged_in),
    )


def database_of(settings: SettingsFile, directory: StateDirectory) -> str | Path:
    """Return where the ledger is: the operator's URL, or a file in the state directory."""
    return settings.database_url or directory.database


def feed_secrets(
    directory: Path | None, refusal: Callable[[str], SmartchargeError] = FeedRejected
) -> Callable[[str], str | None]:
    """Return what finds a secret by its name. A file that is not fit to hold one is the feed's *refusal*, told once."""

    def secret(name: str) -> str | None:
        try:
            found = named_secret(name, directory)
        except ConfigError as error:
            raise refusal(str(error)) from None
        REDACTION.learn([found] if found else ())
        return found

    return secret


def json_schema(what: str) -> dict[str, Any]:
    """Return the JSON Schema of a `driver`, `settings` or `tariff` file, for editors."""
    schemas: dict[str, Callable[[], dict[str, Any]]] = {
        "driver": driver_schema,
        "settings": settings_schema,
        "tariff": TariffSettings.model_json_schema,
    }
    return schemas[what]()
