"""
A town for live stories: the real daemon and the real simulator as processes of their own, on one clock that both are given.

A town is a folder: `config/` as an operator would write it, `state/` as the daemon leaves it. Its cars stay plugged in
overnight. Nothing here looks into a process: what happened is read from the simulator's truth, from the local API, and from
the ledger once nobody writes it any more.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from urllib.request import Request, urlopen

from scheduler.clock import SystemClock
from scheduler.ports import Store
from scheduler.storage import open_store
from scheduler.terminal.daemon import NoDaemon, RunningDaemon
from scheduler.vehicles.simulator.address import running_simulator
from scheduler.vehicles.simulator.journal import is_locked

ROOT = Path(__file__).parents[2]
SMARTCHARGE = [sys.executable, "-m", "scheduler"]

_REAL = SystemClock()


def pause(seconds: float) -> None:
    """Wait by the machine's clock: other processes are at work."""
    threading.Event().wait(seconds)


def real_now() -> datetime:
    """Return the machine's time, at which a scaled clock can be anchored."""
    return _REAL.now()


def real_s() -> float:
    """Return the machine's seconds, for measuring."""
    return _REAL.monotonic()


def eventually(what: str, holds: Callable[[], Any], within_s: float = 60.0) -> Any:
    """Return what *holds* returns once it is true; fail after *within_s*, a limit for hanging and no measure of speed."""
    until_s = real_s() + within_s
    while real_s() < until_s:
        found = holds()
        if found:
            return found
        pause(0.02)
    raise AssertionError(f"not within {within_s:g} s: {what}")


@dataclass(frozen=True, slots=True)
class Household:
    """
    One driver with one car that is plugged in all night, and a tariff of their own.

    `cheap` are the hours at 0.18 EUR/kWh, local; all others cost 0.36. `target_pct` is wanted at `ready`, every day.
    """

    name: str
    soc_pct: float
    cheap: tuple[tuple[str, str], ...] = (("01:00", "05:00"),)
    ready: str = "07:00"
    target_pct: float = 80
    usable_kwh: float = 58
    power_kw: float = 11
    reserve_pct: float = 0
    starts_on_plug_in: bool = False
    make: str = "TESLA"
    reports_every_s: float = 60

    @property
    def car(self) -> dict[str, Any]:
        """The simulator's half."""
        return {
            "id": self.name,
            "make": self.make,
            "model": "Model 3",
            "year": 2022,
            "gross_kwh": self.usable_kwh + 3,
            "usable_kwh": self.usable_kwh,
            "ac_power_kw": self.power_kw,
            "efficiency": 0.9,
            "taper_from_pct": 95,
            "reports_every_s": self.reports_every_s,
            "reports_events_after_s": 2,
            "starts_on_plug_in": self.starts_on_plug_in,
            "opening": {"soc_pct": self.soc_pct},
        }

    @property
    def driver(self) -> dict[str, Any]:
        """The driver's file."""
        car = {
            "id": self.name,
            "make": self.make.title(),
            "model": "Model 3",
            "powertrain": "BEV",
            "smartcar_vehicle_id": f"sim-vehicle-{self.name}",
            "smartcar_user_id": f"sim-user-{self.name}",
            "usable_kwh": self.usable_kwh,
            "max_power_kw": self.power_kw,
            "efficiency": 0.9,
            "reserve_pct": self.reserve_pct,
            "departures": {"daily": {"at": self.ready, "target_pct": self.target_pct}},
        }
        return {"timezone": "Europe/Berlin", "tariff": self.name, "cars": [car]}

    @property
    def tariff(self) -> dict[str, Any]:
        """The tariff's file."""
        rules = [{"from": begin, "to": end, "price": 0.18} for begin, end in self.cheap]
        return {
            "id": self.name,
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "energy": {"default": 0.36, "rules": rules},
        }


@dataclass
class Town:
    """
    Households, a folder, and the processes that serve them.

    *clock* is `START@ANCHOR*SCALE` for daemon and simulator; None is the machine's. *settings* go over the town's own, which
    are quick, since its cars cost nothing.
    """

    folder: Path
    households: tuple[Household, ...]
    clock: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    latency: dict[str, tuple[float, float]] = field(default_factory=dict)
    secret: str = "simulated-secret"
    environment: dict[str, str] = field(default_factory=dict)
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def build(self) -> Town:
        """Write the configuration; YAML reads JSON."""
        for name in ("drivers", "tariffs"):
            (self.config / name).mkdir(parents=True)
        for household in self.households:
            _write(self.config / "drivers" / f"{household.name}.yaml", household.driver)
            _write(self.config / "tariffs" / f"{household.name}.yaml", household.tariff)
        own = {
            "page_port": 0,
            "simulator": {"start": True, "scenario": "simulator.yaml", "idle_exit_s": 120},
            "sweep_interval_s": 1,
            "look_unplugged_s": 1,
            "look_waiting_s": 1,
            "look_charging_s": 1,
            "confirm_after_s": [1, 2, 4],
            "confirm_patience_s": 60,
            "unreachable_after_s": [1, 2, 5],
            "look_by_make": False,
            "calls_per_month": 0,
            "calls_burst": 0,
        }
        _write(self.config / "smartcharge.yaml", own | self.settings)
        scenario = {
            "seed": 7,
            "client": {"id": "client_simulated", "secret": self.secret},
            "latency": self.latency,
            "cars": [household.car for household in self.households],
        }
        _write(self.config / "simulator.yaml", scenario)
        return self

    def start(self, program: str | None = None, stdout: IO[str] | int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Start a daemon, or *program* in its place with the same arguments; its log is added to `daemon.log`."""
        command = SMARTCHARGE if program is None else [sys.executable, "-c", program]
        command = [*command, "run", "--config", str(self.config), "--state", str(self.state)]
        with (self.folder / "daemon.log").open("a", encoding="utf-8") as log:
            daemon = subprocess.Popen(command, cwd=ROOT, env=self._environ(), text=True, stdout=stdout, stderr=log)
        self._started.append(daemon)
        return daemon

    def smartcharge(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end."""
        command = [*SMARTCHARGE, *arguments, "--state", str(self.state)]
        return subprocess.run(
            command, cwd=ROOT, env=self._environ(), text=True, capture_output=True, check=False, timeout=60
        )

    def await_ready(self, daemon: subprocess.Popen[str], within_s: float = 60.0) -> None:
        """Wait until *daemon* says where its page is; fail with the end of its log where it has ended instead."""

        def ready() -> bool:
            assert daemon.poll() is None, f"the daemon ended with {daemon.returncode}: {self.log()[-2000:]}"
            with suppress(OSError, ValueError):
                return int(json.loads((self.state / "daemon.json").read_text())["pid"]) == daemon.pid
            return False

        eventually("the daemon is ready", ready, within_s)

    def log(self) -> str:
        return (self.folder / "daemon.log").read_text(encoding="utf-8")

    def api(self, path: str) -> Any:
        """Ask the running daemon under `/api/v1`."""
        url = json.loads((self.state / "daemon.json").read_text())["url"].rstrip("/")
        with urlopen(f"{url}/api/v1{path}", timeout=5) as answer:
            return json.loads(answer.read())

    def cars(self) -> dict[str, Any]:
        """Return every car as the running daemon tells it; nothing where none answers."""
        try:
            fleet = RunningDaemon.find(self.state).cars()
        except NoDaemon:
            return {}
        return {car["name"]: car for car in fleet["cars"]}

    def truth(self, name: str) -> dict[str, Any]:
        """Return how a car physically stands, and all it did."""
        return dict(self._simulator(f"/cars/{name}"))

    def simulated_now(self) -> datetime:
        """Return the simulator's time."""
        return datetime.fromisoformat(self._simulator("/health")["now"])

    def fault(self, **fault: Any) -> None:
        """Make something go wrong in the simulator."""
        self._simulator("/faults", fault)

    def hand(self, name: str, act: str) -> None:
        """Do to a car as a person does."""
        self._simulator(f"/cars/{name}/{act}", {})

    def kill_simulator(self) -> None:
        """Kill the simulator as a power cut would; return once none lives."""
        eventually("no simulator lives", self._no_simulator)

    def _no_simulator(self) -> bool:
        state = self.state / "simulator"
        if not is_locked(state):
            return True
        # One that was started a moment ago has not said yet where it is.
        with suppress(OSError, ValueError):
            os.kill(int(json.loads((state / "simulator.json").read_text())["pid"]), signal.SIGKILL)
        return False

    @contextmanager
    def ledger(self) -> Iterator[Store]:
        """Open the ledger after the last daemon is gone."""
        store = open_store(self.state / "smartcharge.db")
        try:
            yield store
        finally:
            store.close()

    def end(self) -> None:
        """Kill whatever this town started."""
        for daemon in self._started:
            daemon.kill()
            daemon.communicate()
        self.kill_simulator()

    def _simulator(self, path: str, body: dict[str, Any] | None = None) -> Any:
        url = eventually("the simulator listens", lambda: running_simulator(self.state / "simulator"))
        content = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{url}/simulator{path}", content), timeout=10) as answer:
            return json.loads(answer.read())

    def _environ(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SMARTCHARGE_")}
        clock = {"SMARTCHARGE_CLOCK": self.clock} if self.clock else {}
        return {**inherited, **clock, "PYTHONUNBUFFERED": "1", **self.environment}


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
