"""
kill -9: the real daemon, killed at a hundred random moments of one night and at every point around a command, against the
real simulator, which goes on living as cars do.

The night has its own fast clock, so each second that the daemon is dead costs minutes. Half of its lives end before it is
even ready. An undisturbed night is lived through in virtual time, with the same files and the same code.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scheduler.app import Surroundings, assembled
from scheduler.clock import LoopClock, VirtualLoop, run_virtually
from scheduler.domain.command import Command, CommandStatus, Verb
from scheduler.domain.vehicle import VehicleId
from scheduler.monitoring.logs import configure_logs
from scheduler.settings import load_settings
from scheduler.vehicles.simulator.app import SimulatorTransport
from scheduler.vehicles.simulator.scenario import load_scenario
from scheduler.vehicles.simulator.world import World
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from tests.stories.town import Household, Town, eventually, pause, real_now, real_s

KILLS = int(os.environ.get("SMARTCHARGE_TEST_KILLS", "100"))
SEED = int(os.environ.get("SMARTCHARGE_TEST_SEED", "2026"))

DUSK = datetime(2026, 2, 2, 20, 0, tzinfo=UTC)
"""21:00 in Berlin. Everybody leaves at five."""
DAWN = datetime(2026, 2, 3, 4, 0, tzinfo=UTC)
KILLED_UNTIL = DUSK + timedelta(hours=6)
"""Until then, if a life takes as long as the ones before it did; how long that is depends on what else the machine does."""

POLL = timedelta(minutes=15)
COMMAND_S = (4.0, 30.0)

HOUSEHOLDS = (
    Household("ada", 40, (("22:00", "01:00"),), "05:00", starts_on_plug_in=True),
    Household("ben", 50, (("23:30", "03:00"),), "05:00", power_kw=7.4, usable_kwh=57.5),
    Household("cleo", 35, (("21:30", "23:00"), ("00:30", "02:30")), "05:00", power_kw=3.7, usable_kwh=14.9),
)

NIGHT_SETTINGS: dict[str, Any] = {
    "sweep_interval_s": 30,
    "look_unplugged_s": 900,
    "look_waiting_s": 900,
    "look_charging_s": POLL.total_seconds(),
    "confirm_after_s": [30, 60, 120, 300],
    "confirm_patience_s": 600,
    "unreachable_after_s": [30, 60, 120],
    "price_poll_s": 1800,
}


def poll_pct(household: Household) -> float:
    """Return what one pause between two looks puts into a battery."""
    return 100 * household.power_kw * 0.9 * (POLL.total_seconds() / 3600) / household.usable_kwh


def undisturbed(town: Town) -> dict[str, dict[str, Any]]:
    """Live through the same night with nobody killed, in virtual time; return how full every car is and its commands."""
    settings, scenario = load_settings(town.config), load_scenario(town.config / "simulator.yaml")
    configure_logs(level="critical")
    loop = VirtualLoop()

    async def night() -> dict[str, dict[str, Any]]:
        world = World(scenario, LoopClock(DUSK, loop))
        account = SmartcarSettings.at("http://localhost", client_id="client_simulated", client_secret=town.secret)
        around = Surroundings(LoopClock(DUSK, loop), account, lambda: SimulatorTransport(world), False, True)
        house = assembled(town.config, settings, town.folder / "undisturbed.db", around)
        await house.open()
        await asyncio.sleep((DAWN - DUSK).total_seconds())
        await house.close(1.0)
        return {
            name: {"soc_pct": world.truth(name).soc_pct, "commands": len(world.car(name).commands)}
            for name in world.cars
        }

    return run_virtually(night(), loop)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path, HOUSEHOLDS, None, NIGHT_SETTINGS, {"command_s": COMMAND_S, "read_s": (0.1, 0.5)}).build()
    yield town
    town.end()


class Reaper:
    """
    Kills a town's daemon at moments nobody chose, every tenth time the simulator with it.

    While both are dead the clock may be set: to go on from where it is, as fast as the night has to pass for the kills
    that are left, by how long the lives have taken so far.
    """

    def __init__(self, town: Town, chance: random.Random, ready_after_s: float) -> None:
        self._town, self._chance, self._ready_after_s = town, chance, ready_after_s
        self._short, self._lived_s = 0, 0.0
        self.kills = self.early = self.with_simulator = 0
        self._start, self._anchor, self.scale = DUSK, real_now(), 1.0
        self.set_clock()

    def night_time(self) -> datetime:
        """Return what the town's clock shows now."""
        return self._start + (real_now() - self._anchor) * self.scale

    def set_clock(self) -> None:
        """Go on from here, so fast that the kills that are left end when they should."""
        start = self.night_time()
        life_s = self._lived_s / self.kills if self.kills else 1.2 * self._ready_after_s
        left_s = max((KILLED_UNTIL - start).total_seconds(), 60.0)
        self._start, self._anchor = start, real_now()
        self.scale = min(left_s / (max(KILLS - self.kills, 1) * life_s), 240.0)
        self._town.clock = f"{start.isoformat()}@{self._anchor.isoformat()}*{self.scale:.6f}"

    def kill(self) -> None:
        """
        Let one daemon live for a while.

        At most two in a row die before they are ready: a daemon that never gets to act would prove nothing.
        """
        begun_s = real_s()
        daemon = self._town.start()
        if self._short < 2 and self._chance.random() < 0.45:
            self._short += 1
            pause(self._chance.uniform(0.1, 1.0) * self._ready_after_s)
            self.early += 1
        else:
            self._short = 0
            self._town.await_ready(daemon)
            pause(self._chance.uniform(0.0, 1.0) * self._ready_after_s)
        daemon.send_signal(signal.SIGKILL)
        assert -signal.SIGKILL == daemon.wait(), self._town.log()[-2000:]
        self.kills += 1
        self._lived_s += real_s() - begun_s
        if self.kills % 10 == 0:
            self._town.kill_simulator()
            self.with_simulator += 1
            self.set_clock()


def _ready_after_s(folder: Path) -> float:
    """Return how long a daemon takes on this machine, now, from its process's start to READY, on a state that is there."""
    rehearsal = Town(folder, HOUSEHOLDS, None, NIGHT_SETTINGS).build()
    try:
        took_s = 0.0
        for _ in range(2):
            begun_s = real_s()
            daemon = rehearsal.start()
            rehearsal.await_ready(daemon)
            took_s = real_s() - begun_s
            daemon.kill()
            daemon.wait()
        return took_s
    finally:
        rehearsal.end()


def _at_rest(town: Town) -> bool:
    """Whether the night's work is done: every car at its target by its own word, nothing under way."""
    cars = town.cars()
    return bool(cars) and all(
        car["promise"] is not None
        and car["promise"]["outcome"] == "nothing_needed"
        and not car["state"]["charging"]
        and not any(command["settled_at"] is None for command in town.api(f"/commands?car={name}")["commands"])
        for name, car in cars.items()
    )


@pytest.mark.live
def test_a_night_with_a_hundred_kills_ends_as_one_without(town: Town, tmp_path: Path) -> None:
    calm = undisturbed(town)
    ready_after_s = _ready_after_s(tmp_path / "rehearsal")
    begun_s = real_s()
    reaper = Reaper(town, random.Random(SEED), ready_after_s)

    while reaper.kills < KILLS and reaper.night_time() < DAWN - timedelta(minutes=45):
        reaper.kill()
    killed_until = reaper.night_time()
    daemon = town.start()
    town.await_ready(daemon)
    left_s = (DAWN - reaper.night_time()).total_seconds() / reaper.scale
    eventually("every car has what it needs", lambda: _at_rest(town), max(left_s, 1.0))
    cars = {household.name: town.truth(household.name) for household in HOUSEHOLDS}
    settled_at = reaper.night_time()
    daemon.kill()
    daemon.wait()

    print(
        f"seed {SEED}: {reaper.kills} kills ({reaper.early} before ready, {reaper.with_simulator} with the simulator) in "
        f"{real_s() - begun_s:.0f} s at {reaper.scale:.0f} times at last, ready after {ready_after_s:.1f} s; "
        f"{DUSK:%H:%M} to {killed_until:%H:%M} to {settled_at:%H:%M} UTC"
    )
    with town.ledger() as ledger:
        events = ledger.events(limit=1_000_000)
        for household in HOUSEHOLDS:
            rows = ledger.commands(VehicleId(household.name), DUSK - timedelta(days=1))
            truth = cars[household.name]
            acted = [command for command in truth["commands"] if command["effect"] == "acted"]
            print(
                f"  {household.name}: {truth['soc_pct']:.2f} % against {calm[household.name]['soc_pct']:.2f} %, "
                f"one poll {poll_pct(household):.2f} %; {len(rows)} intents, {len(truth['commands'])} arrived, "
                f"{len(acted)} acted, against {calm[household.name]['commands']} in calm; "
                f"{[str(row.status) for row in rows]}"
            )
            _judge(household, rows, truth, ledger)
            assert abs(truth["soc_pct"] - calm[household.name]["soc_pct"]) <= poll_pct(household), household.name
    assert KILLS == reaper.kills
    assert list(range(1, len(events) + 1)) == [event.seq for event in events]
    assert [] == [event for event in events if event.name == "cycle.failed"]


def _judge(household: Household, rows: list[Command], truth: dict[str, Any], ledger: Any) -> None:
    """
    Every act of the car was written down before it was sent, in a window of the promise in force; none acted twice; and
    after an intent whose outcome was open nothing was sent before it was settled.
    """
    longest = timedelta(seconds=COMMAND_S[1] + 60)
    acts = [command for command in truth["commands"] if command["effect"] == "acted"]
    verbs = [command["verb"] for command in acts]
    assert [] == [verb for verb, after in pairwise(verbs) if verb == after], household.name
    sent = [row for row in rows if row.sent_at is not None]
    assert len(truth["commands"]) <= len(sent), "something arrived that was never written down"
    for act in acts:
        at = datetime.fromisoformat(act["at"])
        matching = [
            row
            for row in sent
            if row.verb == act["verb"] and row.sent_at is not None and row.sent_at <= at <= row.sent_at + longest
        ]
        assert len(matching) == 1, (household.name, act, sent)
        (row,) = matching
        assert row.sent_at is not None
        promise = ledger.promise(VehicleId(household.name), row.sent_at)
        if row.verb is Verb.START:
            assert promise is not None
            assert promise.plan.wants_charging_at(row.sent_at), (household.name, row, promise)
    assert all(1 == row.attempts for row in sent)
    for row, following in pairwise(rows):
        assert row.settled_at is not None, (household.name, row)
        assert row.settled_at <= following.queued_at, (household.name, row, following)


POINTS = """
import asyncio
import os
import signal

from scheduler.cli import main
from scheduler.dispatch.commands import Commands
from scheduler.vehicles.smartcar.gateway import SmartcarGateway

point = os.environ["SMARTCHARGE_TEST_POINT"]
queue, send, start = Commands.queue, Commands.send, SmartcarGateway.start


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def queue_or_die(self, decision, lease, now):
    if point == "before the intent" and decision.verb is not None:
        die()
    return queue(self, decision, lease, now)


async def send_or_die(self, command, vehicle, lease):
    if point == "after the intent":
        die()
    held = await send(self, command, vehicle, lease)
    if point == "after the outcome":
        die()
    return held


async def start_or_die(self, vehicle):
    if point == "before the call":
        die()
    calling = asyncio.create_task(start(self, vehicle))
    if point == "during the call":
        await asyncio.sleep(0.5)
        die()
    await calling
    if point == "after the call":
        die()


Commands.queue, Commands.send, SmartcarGateway.start = queue_or_die, send_or_die, start_or_die
main()
"""
"""A daemon that kills itself at a named point around its first start command."""

SENDING, CONFIRMED, CONTRADICTED = CommandStatus.SENDING, CommandStatus.CONFIRMED, CommandStatus.CONTRADICTED


@pytest.mark.live
@pytest.mark.parametrize(
    ("point", "left", "settled"),
    [
        ("before the intent", [], [CONFIRMED]),
        ("after the intent", [CommandStatus.QUEUED], [CommandStatus.SUPERSEDED, CONFIRMED]),
        ("before the call", [SENDING], [CONTRADICTED, CONFIRMED]),
        ("during the call", [SENDING], [CONFIRMED]),
        ("after the call", [SENDING], [CONFIRMED]),
        ("after the outcome", [CommandStatus.ACCEPTED], [CONFIRMED]),
    ],
)
def test_killed_at_any_point_around_a_command_the_daemon_looks_and_the_car_is_started_once(
    tmp_path: Path, point: str, left: list[CommandStatus], settled: list[CommandStatus]
) -> None:
    clock = f"{DUSK.isoformat()}@{real_now().isoformat()}*20"
    ada = Household("ada", 12, reserve_pct=20, reports_every_s=5)
    quick = {"sweep_interval_s": 5, "look_waiting_s": 10, "look_charging_s": 10, "confirm_after_s": [5, 10, 20]}
    town = Town(
        tmp_path,
        (ada,),
        clock,
        {**quick, "confirm_patience_s": 600},
        latency={"command_s": (20, 20)},
        environment={"SMARTCHARGE_TEST_POINT": point},
    ).build()
    try:
        assert -signal.SIGKILL == town.start(POINTS).wait(60), town.log()[-2000:]
        with town.ledger() as ledger:
            assert left == [row.status for row in ledger.commands(VehicleId("ada"), DUSK)]

        daemon = town.start()
        town.await_ready(daemon)
        eventually("a start is confirmed", lambda: "confirmed" in [row["status"] for row in _rows(town)])
        daemon.kill()
        daemon.wait()
        truth = town.truth("ada")
        with town.ledger() as ledger:
            rows = ledger.commands(VehicleId("ada"), DUSK)
            looks = ledger.calls(VehicleId("ada"), DUSK, "look")
    finally:
        town.end()

    assert settled == [row.status for row in rows]
    assert ["acted"] == [command["effect"] for command in truth["commands"]]
    assert truth["charging"]
    assert looks >= 2
    for row, following in pairwise(rows):
        assert row.settled_at is not None
        assert row.settled_at <= following.queued_at


def _rows(town: Town) -> list[dict[str, Any]]:
    return list(town.api("/commands")["commands"])
