"""
The simulated world: its cars, what people and callers do to them, and what is made to go wrong.

Every input is an entry of the journal and takes effect through `_apply` alone, whether it comes now or is replayed after a
restart. So a world that was killed stands, once it is back, where it would stand had it never been gone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import as_utc
from scheduler.ports import Clock
from scheduler.vehicles.simulator.car import Car, CommandRecord, Verb
from scheduler.vehicles.simulator.fate import Fate, fate
from scheduler.vehicles.simulator.fault import Fault, FaultKind, QueuedFault
from scheduler.vehicles.simulator.journal import Entry, Journal
from scheduler.vehicles.simulator.refusal import Refusal, refusal
from scheduler.vehicles.simulator.report import asleep_at, known_at
from scheduler.vehicles.simulator.scenario import CarSpec, Scenario
from scheduler.vehicles.simulator.truth import Truth


class UnknownCar(InvalidValue):
    """There is no car of that name here."""


@dataclass(frozen=True, slots=True)
class Known:
    """What Smartcar's store holds of a car: how it stood at `reported_at`, heard at `heard_at`."""

    truth: Truth
    reported_at: datetime
    heard_at: datetime
    asleep: bool


@dataclass(frozen=True, slots=True)
class CommandReply:
    """A command's end, and the time it took. Under a 202 `completed_at` lies ahead."""

    started_at: datetime
    completed_at: datetime
    fate: Fate


class World:
    """
    A world in which time is *clock*'s; it never goes back, even if the clock does.

    *seed* overrides the scenario's. With *state_dir* it goes on where it stopped, and refuses to share (`AlreadyRunning`).
    The cars follow *scenario* from now on, also where it has changed since the world was opened.
    """

    def __init__(
        self, scenario: Scenario, clock: Clock, *, seed: int | None = None, state_dir: Path | None = None
    ) -> None:
        self.scenario, self.clock = scenario, clock
        self.cars: dict[str, Car] = {}
        self.faults: list[QueuedFault] = []
        self.token_epoch = 0
        self._zone = ZoneInfo(scenario.time_zone)
        self._seed = scenario.seed if seed is None else seed
        self._reads = 0
        self._latest: datetime | None = None
        self._specs: tuple[CarSpec, ...] = ()
        self._journal = Journal(state_dir)
        for entry in self._journal.entries:
            self._latest = datetime.fromisoformat(entry["at"])
            self._apply(entry)
        self._journal.entries.clear()
        if not self.cars or self._specs != scenario.cars:
            self._input("opened", seed=self._seed, cars=[car.model_dump(mode="json") for car in scenario.cars])

    def close(self) -> None:
        """Free the state directory. Nothing needs saving: everything is in the journal."""
        self._journal.close()

    def now(self) -> datetime:
        """Return the world's present."""
        now = as_utc(self.clock.now())
        self._latest = now if self._latest is None else max(self._latest, now)
        return self._latest

    def car(self, name: str) -> Car:
        """Return a car by its short id or its id at Smartcar, lived up to now; raise `UnknownCar`."""
        car = self.cars.get(name) or next((car for car in self.cars.values() if car.spec.vehicle_id == name), None)
        if car is None:
            raise UnknownCar(f"there is no car {name!r} in this world; it has {', '.join(self.cars) or 'none'}")
        car.advance(self.now())
        return car

    def truth(self, name: str) -> Truth:
        """Return how a car physically stands now."""
        return self.car(name).truth(self.now())

    # A person's hand

    def plug(self, name: str, power_kw: float | None = None, *, fast: bool = False, at_home: bool = True) -> None:
        """Put a cable into a car; raise `InvalidValue` where one is in already."""
        if self.truth(name).plugged_in:
            raise InvalidValue(f"{name} is plugged in already")
        self._hand(name, "plug", power_kw=power_kw, fast=fast, at_home=at_home)

    def unplug(self, name: str) -> None:
        """Take the cable out; raise `InvalidValue` where there is none."""
        self._plugged_in(name)
        self._hand(name, "unplug")

    def drive(
        self, name: str, *, uses_pct: float = 15.0, hours: float = 1.0, distance_km: float = 40.0, plugs_in: bool = True
    ) -> None:
        """Take the car out now; it is back after *hours*. Raise `InvalidValue` where it is away."""
        if self.truth(name).driving:
            raise InvalidValue(f"{name} is on the road")
        self._hand(name, "drive", uses_pct=uses_pct, hours=hours, distance_km=distance_km, plugs_in=plugs_in)

    def start(self, name: str) -> None:
        """Start charging by the maker's own app; raise `InvalidValue` where the car is not plugged in."""
        self._plugged_in(name)
        self._hand(name, "start")

    def stop(self, name: str) -> None:
        """Stop charging by the maker's own app; raise `InvalidValue` where the car is not plugged in."""
        self._plugged_in(name)
        self._hand(name, "stop")

    def set_limit(self, name: str, percent: float) -> None:
        """Move the charge limit by the maker's own app, to 50-100 %."""
        if not 50 <= percent <= 100:
            raise InvalidValue(f"a charge limit is 50 to 100 %, got {percent}")
        self._hand(name, "set-limit", percent=percent)

    def revoke_tokens(self) -> None:
        """Make every token issued so far worthless."""
        self._input("revoked")

    # What goes wrong

    def fault(self, fault: Fault) -> QueuedFault:
        """Queue *fault*; raise `UnknownCar` where it names none of ours."""
        if fault.car is not None:
            fault = fault.model_copy(update={"car": self.car(fault.car).spec.id})
        self._input("fault", fault=fault.model_dump(mode="json"))
        return self.faults[-1]

    def clear_faults(self) -> None:
        """Let nothing more go wrong."""
        self._input("cleared")

    def _strikes(self, car_id: str | None, call: str) -> tuple[float, Fault | None]:
        """Return how much longer a call takes, and what else happens to it; what fires is counted."""
        now, extra_s, struck = self.now(), 0.0, None
        for queued in self.faults:
            latency = queued.fault.kind is FaultKind.LATENCY
            if queued.spent(now) or not queued.meant_for(car_id, call) or (struck is not None and not latency):
                continue
            self._input("fired", number=queued.number)
            if latency:
                extra_s += queued.fault.seconds
            else:
                struck = queued.fault
        return extra_s, struck

    # What callers do

    async def read(self, car_id: str | None, call: str = "read") -> Fault | None:
        """Spend the time a read takes; return the fault that strikes it, if any."""
        extra_s, fault = self._strikes(car_id, call)
        self._reads += 1
        await self._wait(f"read/{self._reads}", self.scenario.latency.read_s, extra_s)
        return fault

    def known(self, name: str) -> Known:
        """Return what Smartcar's store holds of a car now."""
        car, now = self.car(name), self.now()
        silences = []
        for queued in self.faults:
            ends_at = queued.ends_at
            if (
                queued.fault.kind is FaultKind.SILENT
                and queued.fault.car in (None, car.spec.id)
                and ends_at is not None
            ):
                silences.append((queued.queued_at, ends_at))
                queued.fired += queued.queued_at <= now < ends_at
        phase = random.Random(f"{self._seed}/{car.spec.id}/phase").random()
        reported_at = known_at(car, now, phase, silences)
        heard_at = min(reported_at + timedelta(seconds=car.spec.store_lag_s), now)
        return Known(car.truth(reported_at), reported_at, heard_at, asleep_at(car, now))

    async def command(self, name: str, verb: Verb, percent: float | None = None) -> CommandReply:
        """Carry a command to a car: it takes its time, then acts or not, and is written down before it is answered."""
        car, started_at = self.car(name), self.now()
        extra_s, fault = self._strikes(car.spec.id, verb)
        await self._wait(f"{car.spec.id}/{len(car.commands)}", self.scenario.latency.command_s, extra_s)
        now = self.now()
        car.advance(now)
        end = fate(self._refusal(car, verb, now), fault)
        code = end.refusal.code if end.refusal else None
        facts = {"verb": verb, "percent": percent, "effect": end.effect, "after_s": end.after_s}
        self._input("command", car.spec.id, **facts, status=end.status, code=code)
        return CommandReply(started_at, now + timedelta(seconds=end.after_s if end.streamed else 0), end)

    def _refusal(self, car: Car, verb: Verb, now: datetime) -> Refusal | None:
        if car.spec.asleep_refuses and asleep_at(car, now):
            return refusal("ASLEEP")
        code = car.refusal(verb, now)
        return None if code is None else refusal(code)

    async def _wait(self, what: str, bounds: tuple[float, float], extra_s: float) -> None:
        seconds = random.Random(f"{self._seed}/{what}").uniform(*bounds) + extra_s
        if seconds > 0:
            await self.clock.sleep(seconds)

    # Inputs

    def _plugged_in(self, name: str) -> None:
        if not self.truth(name).plugged_in:
            raise InvalidValue(f"{name} is not plugged in")

    def _hand(self, name: str, act: str, **facts: object) -> None:
        self._input("hand", self.car(name).spec.id, act=act, **facts)

    def _input(self, kind: str, car_id: str | None = None, **facts: object) -> None:
        """Write an input down, then let it take effect."""
        entry: Entry = {"kind": kind, "at": self.now().isoformat(), **({"car": car_id} if car_id else {}), **facts}
        self._journal.append(entry)
        self._apply(entry)

    def _apply(self, entry: Entry) -> None:
        at = datetime.fromisoformat(entry["at"])
        match entry["kind"]:
            case "opened":
                self._open(entry, at)
            case "revoked":
                self.token_epoch += 1
            case "fault":
                self.faults.append(QueuedFault(len(self.faults), Fault.model_validate(entry["fault"]), at))
            case "fired":
                self.faults[entry["number"]].fired += 1
            case "cleared":
                self.faults.clear()
            case _:
                car = self.cars.get(entry["car"])
                if car is not None:
                    car.advance(at)
                    _do(car, at, entry)

    def _open(self, entry: Entry, at: datetime) -> None:
        """Open the world, or go on with the cars a changed scenario names."""
        self._seed = entry["seed"]
        self._specs = tuple(CarSpec.model_validate(spec) for spec in entry["cars"])
        cars: dict[str, Car] = {}
        for spec in self._specs:
            car = self.cars.get(spec.id)
            if car is None:
                car = Car(spec, self._zone, f"{self._seed}/{spec.id}", at)
            elif car.spec != spec:
                car.advance(at)
                car.respecify(spec, at)
            cars[spec.id] = car
        self.cars = cars


def _do(car: Car, at: datetime, entry: Entry) -> None:
    """Let one input of a car's take effect."""
    match entry.get("act", entry["kind"]):
        case "plug":
            car.plug(at, "hand", entry["power_kw"], entry["fast"], entry["at_home"])
        case "unplug":
            car.unplug(at, "hand")
        case "drive":
            car.drive(at, entry["uses_pct"], entry["hours"], entry["distance_km"], entry["plugs_in"])
        case "start" | "stop" | "set-limit" as verb:
            car.act(at, verb, entry.get("percent"), "hand")
        case "command":
            verb, percent, effect = entry["verb"], entry["percent"], entry["effect"]
            car.commands.append(CommandRecord(at, verb, percent, effect, entry["code"], entry["status"]))
            if effect == "acted":
                car.act(at, verb, percent, "command")
            elif effect == "late":
                car.act_late(at + timedelta(seconds=entry["after_s"]), verb, percent)
            elif effect in ("refused", "ignored"):
                car.touch(at)
