"""
What has happened to a simulated world, and how it stands: the journal, replayed.

Every input is an entry of the journal and takes effect through `_apply` alone, whether it comes now or is replayed after a
restart. So a world that was killed stands, once it is back, where it would stand had it never been gone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import as_utc
from scheduler.ports import Clock
from scheduler.vehicles.simulator.bearer import secret_text
from scheduler.vehicles.simulator.car import Car
from scheduler.vehicles.simulator.consents import Consents
from scheduler.vehicles.simulator.fault import Fault, Faults, QueuedFault
from scheduler.vehicles.simulator.inputs import do
from scheduler.vehicles.simulator.journal import Entry, Journal
from scheduler.vehicles.simulator.quotas import Quotas
from scheduler.vehicles.simulator.scenario import CarSpec, Scenario
from scheduler.vehicles.simulator.truth import Truth
from scheduler.vehicles.simulator.webhooks import Webhooks


class UnknownCar(InvalidValue):
    """There is no car of that name here."""


class Chronicle:
    """
    The state of a world, and the one way to change it: `record`. What may be recorded, `World` says.

    Time is *clock*'s; it never goes back, even if the clock does. *seed* overrides the scenario's, for a world that is new.
    With *state_dir* it goes on where it stopped, and refuses to share (`AlreadyRunning`). The cars follow *scenario* from
    now on, also where it has changed meanwhile.
    """

    def __init__(
        self, scenario: Scenario, clock: Clock, *, seed: int | None = None, state_dir: Path | None = None
    ) -> None:
        self.scenario, self.clock = scenario, clock
        self.cars: dict[str, Car] = {}
        self._short_ids: dict[str, str] = {}
        self.token_epoch = 0
        newest_wins = scenario.refresh_race == "newest"
        self.consents = Consents(scenario.client.legacy_secret, scenario.refresh_grace_s, newest_wins)
        self.quotas, self.webhooks, self._faults = Quotas(scenario.quotas), Webhooks(), Faults()
        self.listeners: list[Callable[[Entry], None]] = []
        """Are told of every input once it has taken effect."""
        self._zone = ZoneInfo(scenario.time_zone)
        self._seed = scenario.seed if seed is None else seed
        self._latest: datetime | None = None
        self._specs: tuple[CarSpec, ...] = ()
        self._journal = Journal(state_dir)
        for entry in self._journal.entries:
            self._latest = datetime.fromisoformat(entry["at"])
            self._apply(entry)
        self._journal.entries.clear()
        if not self.cars or self._specs != scenario.cars:
            self.record("opened", seed=self._seed, cars=[car.model_dump(mode="json") for car in scenario.cars])

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
        car = self.cars.get(name) or self.cars.get(self._short_ids.get(name, ""))
        if car is None:
            raise UnknownCar(f"there is no car {name!r} in this world; it has {', '.join(self.cars) or 'none'}")
        car.advance(self.now())
        return car

    def truth(self, name: str) -> Truth:
        """Return how a car physically stands now."""
        return self.car(name).truth(self.now())

    @property
    def faults(self) -> list[QueuedFault]:
        """Everything that was made to go wrong, oldest first."""
        return self._faults.queue

    def record(self, kind: str, car_id: str | None = None, **facts: object) -> None:
        """Write an input down, then let it take effect."""
        entry: Entry = {"kind": kind, "at": self.now().isoformat(), **({"car": car_id} if car_id else {}), **facts}
        self._journal.append(entry)
        self._apply(entry)
        for listener in self.listeners:
            listener(entry)

    def unique(self, what: str) -> str:
        """Return a text that nobody can guess, the same for the same *what* in this world."""
        return secret_text(f"{self._seed}/{self.scenario.client.secret}", what)

    def _apply(self, entry: Entry) -> None:
        at = datetime.fromisoformat(entry["at"])
        match entry["kind"]:
            case "opened":
                self._open(entry, at)
            case "revoked":
                self.token_epoch += 1
            case "fault":
                self._faults.add(Fault.model_validate(entry["fault"]), at)
            case "fired":
                self.faults[entry["number"]].fired += 1
            case "cleared":
                self.faults.clear()
            case "consent":
                self.consents.apply(entry, at)
            case "webhook":
                self.webhooks.apply(entry)
            case "call":
                self.quotas.count(entry.get("car"), at, entry["calls"])
            case _ if (car := self.cars.get(entry["car"])) is not None:
                car.advance(at)
                do(car, at, entry)

    def _open(self, entry: Entry, at: datetime) -> None:
        """Open the world, or go on with the cars a changed scenario names."""
        self._seed = entry["seed"]
        self._specs = tuple(CarSpec.model_validate(spec) for spec in entry["cars"])
        cars: dict[str, Car] = {}
        for spec in self._specs:
            car = self.cars.get(spec.id)
            if car is None:
                car = Car(spec, self._zone, f"{self._seed}/{spec.id}", at)
                if spec.opening.connected:
                    self.consents.connect(spec.id, spec.user_id, spec.permissions, at)
            elif car.spec != spec:
                car.advance(at)
                car.respecify(spec, at)
            cars[spec.id] = car
        for gone in self.cars.keys() - cars.keys():
            self.consents.disconnect(gone)
        self.cars = cars
        self._short_ids = {car.spec.vehicle_id: car_id for car_id, car in cars.items()}
