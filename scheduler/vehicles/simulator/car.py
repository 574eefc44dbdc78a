"""
One simulated car: its past as a row of stretches, and what may end the present one.

Nothing here happens because somebody looks. A stretch ends when its charge limit is reached, when the car's week says so, or
when an input arrives (a command, a person's hand), each at its exact moment; what lies between follows in closed form. So the
truth is a function of the inputs, and a car that nobody asked for a week is as far as one that was asked every second.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from scheduler.vehicles.simulator.battery import Battery
from scheduler.vehicles.simulator.life import Happening, Life, LifeEvent, after
from scheduler.vehicles.simulator.makes import PLAIN, MakeRules, rules_of
from scheduler.vehicles.simulator.scenario import CarSpec, Trip
from scheduler.vehicles.simulator.truth import ChargingInterval, Truth

Verb = Literal["start", "stop", "set-limit"]


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """
    A command as it arrived, and what became of it: `acted`, `refused`, `ignored`, `late` or `lost`.

    `status` is what the caller was answered (0 for a cut connection), which need not agree with the effect.
    """

    at: datetime
    verb: str
    percent: float | None
    effect: str
    code: str | None
    status: int


@dataclass(frozen=True, slots=True)
class Departure:
    """
    A moment at which the car left, how full it was, and what its driver had wanted (None: nothing in particular).

    `commands_before` is how many commands had reached it by then.
    """

    at: datetime
    soc_pct: float
    wants_pct: float | None
    uses_pct: float
    commands_before: int


@dataclass(frozen=True, slots=True)
class _Away:
    uses_pct: float
    distance_km: float
    plugs_in: bool
    returns_at: datetime | None
    """None where the car's week knows when."""
    wants_pct: float | None = None


@dataclass(frozen=True, slots=True)
class _Late:
    at: datetime
    verb: Verb
    percent: float | None


class Car:
    """A car and all its past. Moments must be given in order; the world sees to that."""

    def __init__(self, spec: CarSpec, zone: ZoneInfo, seed: str, opened_at: datetime) -> None:
        self._zone, self._seed = zone, seed
        self._upcoming: LifeEvent | None = None
        self._follow(spec, opened_at)
        self._away: _Away | None = None
        self._late: list[_Late] = []
        self.commands: list[CommandRecord] = []
        self.departures: list[Departure] = []
        opening = spec.opening
        self.timeline = [
            Truth(
                opened_at, "opened", "car", opening.soc_pct, opening.limit_pct, spec.ac_power_kw if opening.plugged_in else 0.0,
                held=self._waits(opened_at), at_home=True, driving=False, fast_charger=False, energy_kwh=0.0,
                session_kwh=0.0, odometer_km=opening.odometer_km,
            )
        ]  # fmt: skip
        self.active_at = [opened_at]
        """When something happened to the car or it was spoken to, ascending: it is awake then, and reports."""

    def advance(self, now: datetime) -> None:
        """Live up to *now*, which must not lie before the last input."""
        while (upcoming := self._next()) is not None and upcoming[0] <= now:
            moment, happen = upcoming
            happen(moment)

    def truth(self, moment: datetime) -> Truth:
        """Return how the car stands, or stood, at *moment*; before the world began, as it began."""
        index = bisect_right(self.timeline, moment, key=lambda stretch: stretch.since) - 1
        if index < 0:
            return self.timeline[0]
        return self.timeline[index].at(moment, self.battery)

    def next_change(self) -> datetime | None:
        """Return when something happens to the car next by itself."""
        upcoming = self._next()
        return upcoming[0] if upcoming else None

    def next_departure(self, now: datetime) -> datetime | None:
        """Return when the car's week has it leave next."""
        event = self._life.next_event(after(now))
        for _ in range(100):
            if event is None or event.what is Happening.LEAVES:
                return event.at if event else None
            event = self._life.next_event(event.order)
        return None

    def respecify(self, spec: CarSpec, at: datetime) -> None:
        """Go on as another car file says, from *at* on; state of charge, plug and counters stay as they are."""
        last = self.timeline[-1]
        on_ac = last.plugged_in and not last.fast_charger
        self._turn(at, "respecified", "car", plug_kw=spec.ac_power_kw if on_ac else last.plug_kw)
        self._follow(spec, at)

    def timer_runs(self, moment: datetime) -> bool:
        """Whether the car's own timer lets it charge at *moment*; True without timers."""
        return self._life.timer_runs(moment)

    @property
    def reports_every_s(self) -> float:
        """How often the car tells its maker's cloud of itself while it is awake."""
        return self.spec.reports_every_s or self.rules.reports_every_s

    # What may be done to a car

    def plug(
        self, at: datetime, by: str, power_kw: float | None = None, fast: bool = False, at_home: bool = True
    ) -> None:
        """Put a cable in. Away from home the trip goes on afterwards; *fast* is direct current, which always flows."""
        kw = (power_kw or 50.0) if fast else min(power_kw or self.spec.ac_power_kw, self.spec.ac_power_kw)
        held = self._waits(at) and not fast
        if at_home:
            self._away = None
        self._turn(
            at, "plugged_in", by, plug_kw=kw, held=held, at_home=at_home, driving=False, fast_charger=fast, session_kwh=0.0
        )  # fmt: skip

    def unplug(self, at: datetime, by: str) -> None:
        """Take the cable out; commands on their way find an unplugged car."""
        self._turn(at, "unplugged", by, plug_kw=0.0, fast_charger=False)

    def drive(self, at: datetime, uses_pct: float, hours: float, distance_km: float, plugs_in: bool) -> None:
        """Take the car out for *hours*; on return it is plugged in, or not."""
        self._leave(at, "hand", _Away(uses_pct, distance_km, plugs_in, at + timedelta(hours=hours)))

    def touch(self, at: datetime) -> None:
        """Note that the car was spoken to: it is awake, and reports."""
        self.active_at.append(at)

    def refusal(self, verb: Verb, at: datetime) -> str | None:
        """Return the VEHICLE_STATE code with which the car itself would refuse *verb*; None where it would act."""
        truth = self.truth(at)
        if verb == "set-limit":
            return None
        if not truth.plugged_in:
            return "CHARGING_PLUG_NOT_CONNECTED"
        if verb == "stop":
            return None if truth.charging else "NOT_CHARGING"
        if truth.charging:
            return "CHARGING_IN_PROGRESS"
        return "FULLY_CHARGED" if truth.at_limit else None

    def act(self, at: datetime, verb: Verb, percent: float | None, by: str) -> None:
        """Do what *verb* says, where the car can; a car that cannot stays as it is."""
        if self.refusal(verb, at) is not None:
            self.touch(at)
        elif verb == "set-limit":
            self._turn(at, "limit_set", by, limit_pct=float(percent or 100.0))
        elif verb == "stop":
            self._turn(at, "stopped", by, held=True)
        elif self.rules.full_on_schedule and self.spec.timers:
            self._turn(at, "started", by, held=False, limit_pct=100.0)
        else:
            self._turn(at, "started", by, held=False)

    def act_late(self, at: datetime, verb: Verb, percent: float | None) -> None:
        """Remember to act at *at*, if the car then can."""
        self._late = sorted([*self._late, _Late(at, verb, percent)], key=lambda late: late.at)

    # What the past looks like

    def charging_intervals(self, now: datetime) -> list[ChargingInterval]:
        """Return every unbroken stretch of charging since the world began, oldest first."""
        intervals: list[ChargingInterval] = []
        first: Truth | None = None
        for stretch in self.timeline:
            if first is not None and not stretch.charging:
                intervals.append(_interval(first, stretch, stretch.since))
                first = None
            elif first is None and stretch.charging:
                first = stretch
        if first is not None:
            intervals.append(_interval(first, self.truth(now), None))
        return intervals

    # What ends a stretch

    def _next(self) -> tuple[datetime, Callable[[datetime], None]] | None:
        """Return what happens next by itself, and when; at one moment the earlier of these lines comes first."""
        candidates: list[tuple[datetime, Callable[[datetime], None]]] = []
        if (full_at := self.timeline[-1].full_at(self.battery)) is not None:
            candidates.append((full_at, self._fill))
        if self._late:
            candidates.append((self._late[0].at, self._catch_up))
        if self._away is not None and self._away.returns_at is not None:
            candidates.append((self._away.returns_at, lambda at: self._come_home(at, "hand")))
        if self._upcoming is not None:
            candidates.append((self._upcoming.at, self._live))
        return min(candidates, key=lambda candidate: candidate[0], default=None)

    def _fill(self, at: datetime) -> None:
        last = self.timeline[-1]
        full = last.charged_to(last.limit_pct, at, self.battery)
        self._append(replace(full, cause="limit_reached", by="car"))

    def _catch_up(self, at: datetime) -> None:
        late = self._late.pop(0)
        self.act(at, late.verb, late.percent, "command")

    def _live(self, at: datetime) -> None:
        event = self._upcoming
        assert event is not None
        self._upcoming = self._life.next_event(event.order)
        truth = self.timeline[-1]
        match event.what:
            case Happening.LEAVES if self._away is None and event.trip is not None:
                self._leave(at, "car", _away(event.trip))
            case Happening.RETURNS if self._away is not None and self._away.returns_at is None:
                self._come_home(at, "car")
            case Happening.TIMER_STARTS if truth.plugged_in and truth.held:
                self._turn(at, "timer_started", "car", held=False)
            case Happening.TIMER_STOPS if truth.plugged_in and not truth.held and not self._life.timer_runs(at):
                self._turn(at, "timer_stopped", "car", held=True)

    def _leave(self, at: datetime, by: str, away: _Away) -> None:
        self._away = away
        self._turn(at, "left", by, plug_kw=0.0, fast_charger=False, at_home=False, driving=True)
        left = Departure(at, self.timeline[-1].soc_pct, away.wants_pct, away.uses_pct, len(self.commands))
        self.departures.append(left)

    def _come_home(self, at: datetime, by: str) -> None:
        away, self._away = self._away, None
        assert away is not None
        now = self.timeline[-1].at(at, self.battery)
        self._turn(
            at, "returned", by, soc_pct=max(now.soc_pct - away.uses_pct, 1.0), odometer_km=now.odometer_km + away.distance_km,
            plug_kw=0.0, fast_charger=False, at_home=True, driving=False,
        )  # fmt: skip
        if away.plugs_in:
            self.plug(at, by)

    def _follow(self, spec: CarSpec, at: datetime) -> None:
        self.spec = spec
        self.rules: MakeRules = rules_of(spec.make) if spec.as_its_make else PLAIN
        self.battery = Battery(spec.usable_kwh, spec.efficiency, spec.taper_from_pct, spec.taper_to_share)
        self._life = Life(spec.life, spec.timers, self._zone, self._seed)
        self._upcoming = self._life.next_event(after(at))

    def _waits(self, at: datetime) -> bool:
        """Whether a car that is plugged in at *at* waits to be told, or for its timer."""
        return not self._life.timer_runs(at) if self.spec.timers else not self.spec.starts_on_plug_in

    def _turn(self, at: datetime, cause: str, by: str, **changes: Any) -> None:
        self._append(replace(self.timeline[-1].at(at, self.battery), cause=cause, by=by, **changes))

    def _append(self, stretch: Truth) -> None:
        self.timeline.append(stretch)
        self.active_at.append(stretch.since)


def _away(trip: Trip) -> _Away:
    return _Away(trip.uses_pct, trip.distance_km, trip.plugs_in, None, trip.wants_pct)


def _interval(first: Truth, last: Truth, end: datetime | None) -> ChargingInterval:
    gained = last.energy_kwh - first.energy_kwh
    ended_by = None if end is None else f"{last.by}: {last.cause}"
    return ChargingInterval(
        first.since, end, gained, first.soc_pct, last.soc_pct, f"{first.by}: {first.cause}", ended_by
    )  # fmt: skip
