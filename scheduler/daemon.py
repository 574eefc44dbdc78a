"""
The main job: the house, its page, its log and its end.

    lock the state -> find or start the simulator -> take the page's port -> open the house -> say READY
    Ctrl-C or SIGTERM -> send nothing new -> close within 5 s -> exit 0
"""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import sys
from contextlib import suppress
from pathlib import Path

from scheduler import __version__
from scheduler.app import House, Surroundings, assembled, database_of
from scheduler.clock import SystemClock
from scheduler.monitoring.logs import configure_logs
from scheduler.monitoring.metrics import Metrics
from scheduler.monitoring.systemd import Systemd
from scheduler.operations import CarView
from scheduler.ports import Clock
from scheduler.settings import SECRETS, Settings, key_credential, load_settings, require_account
from scheduler.simulation import clock_from, ensured_simulator, simulated_account
from scheduler.state_directory import StateDirectory
from scheduler.terminal.promise import PromiseBoard
from scheduler.vehicles.smartcar.account import Private
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from scheduler.web.app import web_app
from scheduler.web.connect import connect
from scheduler.web.health import HealthReport
from scheduler.web.server import WebServer
from scheduler.web.webhook import webhook

CLOSE_WITHIN_S = 2.0
"""For calls in flight. The page has up to 2 s of its own, and the whole daemon 5 s to be gone."""

FIRST_LOOK_WITHIN_S = 12.0
"""How long the first picture waits for every car to be seen; a car that is silent so long is shown as such."""

SHOWN = {"plan.made", "plan.reached", "vehicle.unplugged", "override.set", "override.ended", "hand.seen"}
"""Events after which a person would like to see the promises again."""

MISSED_SWEEPS = 3
"""Sweeps missed before the daemon calls itself ill (design/reliability.md, liveness)."""


def run_daemon(config: Path, state: Path) -> None:
    """Run until Ctrl-C or SIGTERM. Raises ConfigError or AlreadyRunning before anything is begun."""
    settings = load_settings(config)
    require_account(settings)
    directory = StateDirectory(state)
    directory.create()
    directory.lock()
    configure_logs(
        stream=sys.stderr,
        human=sys.stderr.isatty() if settings.log_format == "auto" else settings.log_format == "human",
        level=settings.log_level,
        secrets=[getattr(settings.smartcar, name).get_secret_value() for name in SECRETS],
    )
    try:
        asyncio.run(Daemon(config, settings, directory).run())
    finally:
        directory.withdraw()


class Daemon:
    """One run of the service, from READY to the end."""

    def __init__(self, config: Path, settings: Settings, directory: StateDirectory) -> None:
        self._config, self._settings, self._directory = config, settings, directory
        self._clock: Clock = clock_from(os.environ.get("SMARTCHARGE_CLOCK"))
        self._systemd = Systemd()
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Open, serve until told to end, close. An end that is asked for before READY counts as well."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ended.set)
        life, ended = asyncio.create_task(self._live()), asyncio.create_task(self._ended.wait())
        await asyncio.wait({life, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        life.cancel()
        with suppress(asyncio.CancelledError):
            await life

    async def _live(self) -> None:
        house = await self._house()
        metrics = Metrics(
            __version__,
            house.clock,
            house.store,
            sweep_age_s=lambda: house.clock.monotonic() - house.swept_at,
            price_horizons_s=house.price_horizons_s,
            calls_left=lambda: min(
                (car.calls_left for car in house.operations.fleet().cars if car.calls_left is not None), default=None
            ),
        )
        web = WebServer(
            web_app(
                house.operations,
                prepaying=house.prepaying,
                health=lambda: self._health(house),
                metrics=metrics.render,
                allowed_hosts=frozenset({"127.0.0.1", "localhost", "[::1]", self._settings.page_host}),
                public_hosts=frozenset(self._settings.public_hosts),
                doors=[
                    *webhook(house.deliver),
                    *connect(
                        house.consents.begin,
                        house.consents.end,
                        house.consents.link,
                        public_hosts=frozenset(self._settings.public_hosts),
                    ),
                ],
            ),
            self._settings.page_host,
            self._settings.page_port,
        )
        await web.start()
        try:
            await self._serve(house, web)
        finally:
            self._systemd.stopping()
            await web.stop()
            await house.close(CLOSE_WITHIN_S)

    async def _serve(self, house: House, web: WebServer) -> None:
        await house.open()
        url = web.url
        self._directory.announce(url)
        self._systemd.ready(f"{len(house.roster.seats)} cars, page at {url}")
        # Cars are charged on, also where nobody reads what is shown.
        await asyncio.gather(self._feed_watchdog(house), self._show(house, url), return_exceptions=True)

    async def _house(self) -> House:
        """Return the house on real cars, or on the simulator's."""
        smartcar = self._settings.smartcar
        simulator = self._settings.simulator
        if not simulator.start:
            files = {f"{name}_file" for name in SECRETS}
            account = SmartcarSettings.model_validate(smartcar.model_dump(exclude=files))
            simulated = smartcar.mode == "simulated"
        else:
            scenario = simulator.scenario or self._config / "simulator.yaml"
            url = await ensured_simulator(
                scenario,
                self._directory.path / "simulator",
                port=simulator.port,
                idle_exit_s=simulator.idle_exit_s,
                clock=os.environ.get("SMARTCHARGE_CLOCK"),
            )
            account, simulated = simulated_account(scenario, url, self._home()), True
        # APScheduler's timers follow the machine's clock; a scaled one beats by plain tasks.
        real = isinstance(self._clock, SystemClock)
        around = Surroundings(
            self._clock,
            account,
            beats_on_apscheduler=real,
            simulated=simulated,
            seed=platform.node(),
            private=Private(self._directory.private, key_credential()),
        )
        return assembled(self._config, self._settings, database_of(self._settings, self._directory), around)

    def _home(self) -> str:
        """Return where the simulator's Connect leads back to: this machine; "" where the port is not known beforehand."""
        port = self._settings.page_port
        return f"http://127.0.0.1:{port}/connect/callback" if port else ""

    async def _feed_watchdog(self, house: House) -> None:
        """Tell systemd that sweeps are completed; a daemon that sweeps no more is restarted."""
        while True:
            if not self._health(house).reasons:
                self._systemd.alive()
            await asyncio.sleep(self._systemd.ping_every_s)

    def _health(self, house: House) -> HealthReport:
        age_s = house.clock.monotonic() - house.swept_at
        limit_s = MISSED_SWEEPS * max(self._settings.sweep_interval_s, 5.0)
        reasons = (f"no sweep has been completed for {age_s:.0f} s",) if age_s > limit_s else ()
        waiting_s = house.store.oldest_due(house.clock.now()).total_seconds()
        return HealthReport(reasons, {"sweep_age_s": round(age_s, 1), "oldest_due_s": round(waiting_s, 1)})

    async def _show(self, house: House, url: str) -> None:
        """Print every driver's promise, first when all cars have been seen, then whenever one changes noticeably."""
        if _is_journal(sys.stdout.fileno()):
            return
        board, changed = PromiseBoard(house.operations.curve, url), asyncio.Event()
        house.journal.listen(lambda event: changed.set() if event.name in SHOWN else None)
        with suppress(TimeoutError):
            # Not wait_for: until Python 3.12 it may swallow the cancellation that ends us.
            async with asyncio.timeout(FIRST_LOOK_WITHIN_S):
                await _all_seen(house)
        while True:
            board.show(house.operations.fleet())
            changed.clear()
            await changed.wait()
            # A turn says several things at once; one picture of them is enough.
            await asyncio.sleep(1)


async def _all_seen(house: House) -> None:
    """Wait until every car has been looked at, and every plugged-in one that is ours to charge has a plan."""
    # ASYNC110: once, at the start; an event through every room would be dearer.
    while any(_unsettled(car) for car in house.operations.fleet().cars):  # noqa: ASYNC110
        await asyncio.sleep(0.2)


def _unsettled(car: CarView) -> bool:
    if not car.consent.open:
        return False
    return car.state is None or (car.session is not None and car.promise is None and not car.by_supplier)


def _is_journal(descriptor: int) -> bool:
    """Whether *descriptor* goes to systemd's journal, where charts are noise. The variable alone is inherited too far."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    status = os.fstat(descriptor)
    return (device, inode) == (str(status.st_dev), str(status.st_ino))
