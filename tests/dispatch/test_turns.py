"""What one turn after the other makes of a car: sessions, promises, commands, and what is said of them, each once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.clock import ManualClock
from scheduler.dispatch.budget import CallLimits
from scheduler.dispatch.calm import Calm
from scheduler.dispatch.commands import Commands, Door
from scheduler.dispatch.cycle import Cycle, CycleRules
from scheduler.dispatch.looking import LookPlan
from scheduler.dispatch.purse import Purse
from scheduler.domain.command import CommandStatus, Reason
from scheduler.domain.driver import Car, ChargePreferences, Departure, Driver, DriverId
from scheduler.domain.errors import (
    BudgetExhausted,
    ConsentLost,
    VehicleError,
    VehicleNotCapable,
    VehicleUnreachable,
)
from scheduler.domain.plan import PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Roster
from scheduler.domain.session import Hand, Override
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.ports import Store
from tests.fakes.gateway import MemoryGateway
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore

EVENING = datetime(2026, 2, 2, 17, 0, tzinfo=UTC)
"""18:00 in Berlin."""
READY_BY = datetime(2026, 2, 3, 6, 0, tzinfo=UTC)
CHEAP = datetime(2026, 2, 3, 1, 0, tzinfo=UTC)
ADA, BEN = VehicleId("ada"), VehicleId("ben")
LEASE_FOR = timedelta(minutes=6)
MINUTE = timedelta(minutes=1)
LOOKS = LookPlan(MINUTE, MINUTE, MINUTE, (MINUTE,), 30 * MINUTE, (MINUTE, 5 * MINUTE))
WISHES = ChargePreferences({day: Departure(time(7), 80) for day in range(7)})
PCT_A_MINUTE = 100 * 11 * 0.9 / 58 / 60


def night(known_until: datetime = READY_BY + timedelta(days=3)) -> TariffCurve:
    """Return 0.30 EUR/kWh, but 0.20 from two to six in Berlin of the first night, as far as known."""
    edges = [EVENING - timedelta(hours=1), CHEAP, CHEAP + timedelta(hours=4), READY_BY + timedelta(days=9)]
    slots = [
        PriceSlot(start, min(end, known_until), price)
        for (start, end), price in zip(pairwise(edges), (0.30, 0.20, 0.30), strict=True)
        if start < known_until
    ]
    return TariffCurve("EUR", tuple(slots), "night", EVENING)


class Ring:
    """Cars that are plugged in, with all that turns their rings. They report every minute unless told to be `silent`."""

    def __init__(
        self,
        soc_pct: float = 60,
        *,
        wishes: ChargePreferences = WISHES,
        cars: tuple[VehicleId, ...] = (ADA,),
        curve: TariffCurve | None = None,
        charging: bool = False,
        spread: timedelta = timedelta(0),
        prepaid: bool = False,
        store: Store | None = None,
    ) -> None:
        self.clock, self.gateway, self.notes = ManualClock(EVENING), MemoryGateway(), Notes()
        self.store: Store = MemoryStore() if store is None else store
        self.price: TariffCurve | None = night() if curve is None else curve
        self.wishes, self.names, self.spread = wishes, cars, spread
        self.silent: set[VehicleId] = set()
        self.prepaid = prepaid
        self.cycle = self.restarted()
        self.store.enlist(cars, EVENING)
        for name in cars:
            self.gateway.park(name, EVENING, soc_pct, charging=charging)

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return self.price

    def restarted(self) -> Cycle:
        """Return a cycle that remembers nothing but what is stored."""
        zone, tariff = ZoneInfo("Europe/Berlin"), TariffId("night")
        self.roster = roster = Roster(
            Driver(DriverId(name), name.title(), zone, tariff, (self._car(name),), self.prepaid) for name in self.names
        )
        purse = Purse(self.clock, self.store, self.notes, CallLimits(None, burst=None))
        commands = Commands(
            self.clock, self.store, self.gateway, self.notes, lease_for=LEASE_FOR, door=Door(), purse=purse
        )
        rules = CycleRules(LOOKS, Calm(), 10 * MINUTE, LEASE_FOR, self.spread, timedelta(hours=12))
        return Cycle(self.clock, self.store, self.gateway, self, lambda: roster, self.notes, commands, rules, purse)

    def _car(self, name: VehicleId) -> Car:
        vehicle = Vehicle(name, name.title(), "TESLA", "Model 3", Powertrain.BEV, "vehicle", "owner", 58, 11, 0.9)
        return Car(vehicle, self.wishes)

    def turn(self, *names: VehicleId) -> None:
        """Turn these rings now (default: all), due or not."""
        now = self.clock.now()
        self.store.wake(names or self.names, now)
        for lease in self.store.claim(now, 10, LEASE_FOR):
            asyncio.run(self.cycle.turn(lease))

    def until(self, moment: datetime) -> None:
        """Let time pass, with a turn every minute; a charging car gains."""
        while self.clock.now() < moment:
            self.clock.advance(60)
            for name in self.names:
                self._live(name)
            self.turn()

    def minutes(self, number: float) -> None:
        self.until(self.clock.now() + number * MINUTE)

    def _live(self, name: VehicleId) -> None:
        car, now = self.gateway.cars[name], self.clock.now()
        if name in self.silent:
            return
        gained = PCT_A_MINUTE if car.charging else 0.0
        soc_pct = None if car.soc_pct is None else min(car.soc_pct + gained, 100.0)
        self.gateway.cars[name] = replace(car, seen_at=now, soc_seen_at=now, soc_pct=soc_pct)

    def change(self, name: VehicleId = ADA, **facts: Any) -> None:
        """Let something happen to a car, seen at once."""
        now = self.clock.now()
        self.gateway.cars[name] = replace(self.gateway.cars[name], seen_at=now, soc_seen_at=now, **facts)

    def told(self, name: str, vehicle_id: VehicleId = ADA) -> list[dict[str, Any]]:
        return [facts for noted, of, facts in self.notes.entries if (noted, of) == (name, vehicle_id)]

    def sent(self, name: VehicleId = ADA) -> list[str]:
        return [verb for verb, of in self.gateway.calls if of == name and verb != "look"]

    @property
    def promise(self) -> Promise:
        promise = self.store.promise(ADA)
        assert promise is not None
        return promise

    @property
    def first_start(self) -> datetime:
        return self.promise.plan.windows[0].start


# A session and its plan


def test_the_first_look_opens_a_session_and_promises_once() -> None:
    ring = Ring()

    ring.turn()
    ring.minutes(30)

    session = ring.store.session(ADA)
    assert session is not None
    assert (EVENING, 60) == (session.plugged_in_at, session.start_soc_pct)
    assert 1 == len(ring.store.promises(ADA, EVENING))
    assert 1 == len(ring.told("vehicle.plugged_in"))
    assert 1 == len(ring.told("plan.made"))
    assert [] == ring.sent()


def test_a_start_is_sent_in_its_window_and_a_stop_after_it_and_no_more() -> None:
    ring = Ring()

    ring.until(READY_BY)

    commands = ring.store.commands(ADA, EVENING)
    windows = ring.store.promises(ADA, EVENING)[0].plan.windows
    assert ["start", "stop"] == ring.sent()
    assert [CommandStatus.CONFIRMED, CommandStatus.CONFIRMED] == [command.status for command in commands]
    assert commands[0].sent_at is not None
    assert windows[0].start <= commands[0].sent_at <= windows[0].start + 2 * MINUTE
    assert 80 <= (ring.gateway.cars[ADA].soc_pct or 0) <= 80 + 2 * PCT_A_MINUTE
    assert 1 == len(ring.told("plan.reached"))
    assert [] == ring.told("hand.seen")


def test_a_car_that_starts_by_itself_on_plug_in_is_stopped_once() -> None:
    ring = Ring(charging=True)
    ring.turn()
    ring.minutes(3)
    assert ["stop"] == ring.sent()
    assert Reason.PLUG_IN == ring.store.commands(ADA, EVENING)[0].reason

    ring.minutes(20)
    ring.change(charging=True)
    ring.minutes(20)

    session = ring.store.session(ADA)
    assert session is not None
    assert Hand.CHARGING is session.hand
    assert ["stop"] == ring.sent()


def test_unplugging_closes_the_session_and_a_departure_below_target_is_told() -> None:
    ring = Ring()
    ring.turn()
    ring.until(READY_BY - timedelta(hours=1))
    ring.change(soc_pct=72.0, plugged_in=False, charging=False)

    ring.minutes(2)

    assert ring.store.session(ADA) is None
    assert [{"soc_pct": 72.0, "target_pct": 80}] == ring.told("plan.missed")
    assert 1 == len(ring.told("vehicle.unplugged"))
    (closed,) = ring.store.sessions(ADA, EVENING)
    assert 72.0 == closed.end_soc_pct


def test_a_plug_in_remembers_when_the_car_was_last_seen_without_its_cable() -> None:
    ring = Ring()
    ring.turn()
    ring.change(plugged_in=False, charging=False)
    ring.minutes(5)
    last_without = ring.clock.now()
    ring.change(plugged_in=True)

    ring.minutes(1)

    session = ring.store.session(ADA)
    assert session is not None
    assert last_without == session.gone_until


@pytest.mark.parametrize(("soc_pct", "hours_before"), [(79.5, 1), (72.0, 3)], ids=["in time", "long before it"])
def test_a_departure_at_its_target_or_hours_before_its_time_is_no_miss(soc_pct: float, hours_before: int) -> None:
    ring = Ring()
    ring.turn()
    ring.until(READY_BY - timedelta(hours=hours_before))
    ring.change(soc_pct=soc_pct, plugged_in=False, charging=False)

    ring.minutes(2)

    assert [] == ring.told("plan.missed")


def test_what_cannot_be_reached_is_told_once_and_charged_all_the_same() -> None:
    ring = Ring(10, wishes=replace(WISHES, departures={day: Departure(time(21), 80) for day in range(7)}))

    ring.turn()
    ring.minutes(90)

    assert ["short_of_time"] == [facts["outcome"] for facts in ring.told("plan.short")]
    assert ring.gateway.cars[ADA].charging
    assert ["start"] == ring.sent()


class RunningClock(ManualClock):
    """Never tells the same time twice, as the machine's does not."""

    def now(self) -> datetime:
        self.advance(1e-6)
        return super().now()


def test_a_clock_that_runs_on_during_a_turn_changes_nothing() -> None:
    ring = Ring(12, wishes=replace(WISHES, reserve_pct=20))
    ring.clock = RunningClock(EVENING)
    ring.cycle = ring.restarted()

    ring.turn()

    assert ["start"] == ring.sent()


# One car never stops another


def fails(ring: Ring, error: Exception) -> None:
    """Let every look at Ada's car fail with *error*."""
    look = ring.gateway.state

    async def state(vehicle: Vehicle) -> Any:
        if vehicle.id == ADA:
            raise error
        return await look(vehicle)

    ring.gateway.state = state  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (RuntimeError("nobody thought of this"), "cycle.failed"),
        (VehicleUnreachable("no answer"), "vehicle.unreachable"),
        (BudgetExhausted("no calls left"), "budget.exhausted"),
    ],
)
def test_a_car_that_fails_is_told_once_and_the_others_are_charged(error: Exception, name: str) -> None:
    ring = Ring(cars=(ADA, BEN))
    fails(ring, error)

    ring.until(READY_BY)

    assert 1 == len(ring.told(name))
    assert [] == ring.sent(ADA)
    assert ["start", "stop"] == ring.sent(BEN)
    assert {name} == {noted for noted, of, _ in ring.notes.entries if of == ADA}


def test_a_car_that_answers_again_is_told_once() -> None:
    ring = Ring()
    ring.turn()
    failures: list[VehicleError | None] = [VehicleUnreachable("no answer")] * 3
    ring.gateway.failures.extend(failures)

    ring.minutes(10)

    assert (1, 1) == (len(ring.told("vehicle.unreachable")), len(ring.told("vehicle.recovered")))


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (VehicleUnreachable("no answer"), MINUTE),
        (VehicleUnreachable("rate limited", timedelta(hours=2)), timedelta(hours=2)),
        (ConsentLost("connect again"), timedelta(hours=6)),
        (BudgetExhausted("no calls left"), timedelta(hours=6)),
        (RuntimeError("nobody thought of this"), 5 * MINUTE),
    ],
)
def test_each_failure_has_its_pause(error: Exception, pause: timedelta) -> None:
    ring = Ring()
    fails(ring, error)

    ring.turn()

    assert [] == ring.store.claim(EVENING + pause - MINUTE / 60, 1, LEASE_FOR)
    assert 1 == len(ring.store.claim(EVENING + pause, 1, LEASE_FOR))


@pytest.mark.parametrize(
    "error", [VehicleNotCapable("no start through Smartcar"), ConsentLost("no permission to start")]
)
def test_a_start_that_is_refused_for_good_is_sent_once_and_again_after_a_new_plug_in(error: VehicleError) -> None:
    ring = Ring()
    ring.turn()
    ring.until(ring.first_start - MINUTE)
    ring.gateway.answer["start"] = error

    ring.until(READY_BY)
    assert ["start"] == ring.sent()
    assert f"the car does not start: {error}" in ring.promise.notes

    ring.change(plugged_in=False)
    ring.minutes(3)
    ring.change(plugged_in=True, soc_pct=10)
    ring.until(READY_BY + timedelta(hours=23))
    assert ["start", "start"] == ring.sent()


def test_a_stop_that_is_refused_for_good_is_sent_once_and_the_rest_is_planned_in_one_piece() -> None:
    ring = Ring(charging=True)
    ring.gateway.answer["stop"] = VehicleNotCapable("no stop through Smartcar")

    ring.turn()
    ring.minutes(60)

    assert ["stop"] == ring.sent()
    assert "Set a charge limit" in ring.told("command.given_up")[0]["to_do"]
    assert ring.promise.rules is not None
    assert ring.promise.rules.continuous


def test_a_car_that_ignores_its_starts_is_told_of_and_gets_its_limit_set_before_the_third() -> None:
    ring = Ring()
    ring.turn()
    ring.gateway.ignores.add("start")
    ring.until(ring.first_start + timedelta(minutes=40))

    assert ["start", "start", "limit", "start"] == ring.sent()[:4]
    assert 1 == len(ring.told("command.ignored"))
    assert 80 == ring.gateway.cars[ADA].limit_pct
    ring.gateway.ignores.clear()
    ring.until(READY_BY)
    assert 79 <= (ring.gateway.cars[ADA].soc_pct or 0)


def test_a_car_that_does_not_stop_is_ended_by_its_own_limit() -> None:
    ring = Ring(soc_pct=75)
    ring.turn()
    ring.gateway.ignores.add("stop")

    ring.until(READY_BY)

    assert ["start", "stop", "stop", "limit"] == ring.sent()[:4]
    assert 80 == ring.gateway.cars[ADA].limit_pct


def test_a_car_that_left_the_roster_is_not_turned() -> None:
    ring = Ring()
    ring.names = ()
    ring.cycle = ring.restarted()

    ring.turn(ADA)

    assert [] == ring.gateway.calls


# A person's word


def test_a_manual_start_charges_at_once_and_ends_at_the_target() -> None:
    ring = Ring(70)
    ring.turn()
    ring.store.set_override(ADA, Override.START, ring.clock.now())

    ring.minutes(120)

    assert ["start", "stop"] == ring.sent()
    assert Reason.MANUAL == ring.store.commands(ADA, EVENING)[0].reason
    assert 80 <= (ring.gateway.cars[ADA].soc_pct or 0) <= 80 + 2 * PCT_A_MINUTE
    assert [{"by": "target reached"}] == ring.told("override.ended")
    assert Override.NONE is ring.store.override(ADA)


def test_on_hold_no_command_is_sent_whatever_the_plan_says() -> None:
    ring = Ring(charging=True)
    ring.store.set_override(ADA, Override.HOLD, EVENING)

    ring.turn()
    ring.minutes(10)
    ring.change(charging=False)
    ring.until(READY_BY)

    assert [] == ring.sent()


def test_a_manual_stop_holds_past_the_departure() -> None:
    ring = Ring(charging=True)
    ring.store.set_override(ADA, Override.STOP, EVENING)

    ring.turn()
    ring.until(READY_BY + timedelta(hours=1))

    assert ["stop"] == ring.sent()
    assert Override.STOP is ring.store.override(ADA)


@pytest.mark.parametrize("override", [Override.START, Override.STOP, Override.HOLD])
def test_an_override_ends_at_the_unplugging(override: Override) -> None:
    ring = Ring()
    ring.turn()
    ring.store.set_override(ADA, override, ring.clock.now())
    ring.change(plugged_in=False, charging=False)

    ring.minutes(2)

    assert Override.NONE is ring.store.override(ADA)
    assert [{"by": "unplugged"}] == ring.told("override.ended")


def test_a_hand_that_stops_the_car_wins_until_it_is_unplugged() -> None:
    ring = Ring()
    ring.until(CHEAP + timedelta(hours=3))
    assert ring.gateway.cars[ADA].charging
    ring.change(charging=False)
    planned = len(ring.told("plan.made"))

    ring.until(READY_BY)

    assert [{"hand": "stopped"}] == ring.told("hand.seen")
    assert ["start"] == ring.sent()
    assert planned == len(ring.told("plan.made"))


# Spreading, caps, and what is not known


def test_spread_starts_differ_by_car_stay_in_the_window_and_cost_no_departure() -> None:
    cars = tuple(VehicleId(f"car-{number}") for number in range(8))
    ring = Ring(cars=cars, spread=10 * MINUTE)

    ring.until(READY_BY)

    starts = {ring.store.commands(name, EVENING)[0].sent_at for name in cars}
    assert len(starts) >= 4
    for name in cars:
        window = ring.store.promises(name, EVENING)[0].plan.windows[0]
        (start, *_) = ring.store.commands(name, EVENING)
        assert start.sent_at is not None
        assert window.start <= start.sent_at <= window.start + 12 * MINUTE
        assert (ring.gateway.cars[name].soc_pct or 0) >= 79.5


def test_a_price_cap_holds_on_known_prices_and_is_dropped_where_they_are_unknown() -> None:
    capped = replace(WISHES, max_price=0.25)

    known, unknown = Ring(wishes=capped), Ring(wishes=capped, curve=night(known_until=CHEAP))
    for ring in (known, unknown):
        ring.turn()

    assert PlanOutcome.MET is known.promise.plan.outcome
    assert known.first_start >= CHEAP
    assert () == known.promise.notes
    assert PlanOutcome.MET is unknown.promise.plan.outcome
    assert unknown.first_start >= CHEAP
    assert (
        "the price cap was dropped where prices are not known yet: being ready comes first",
    ) == unknown.promise.notes


def test_a_cap_below_every_known_price_is_told_as_a_shortfall() -> None:
    ring = Ring(wishes=replace(WISHES, max_price=0.10))

    ring.turn()
    ring.minutes(10)

    assert PlanOutcome.SHORT_OF_PRICES is ring.promise.plan.outcome
    assert 1 == len(ring.told("plan.short"))
    assert [] == ring.sent()


def test_without_any_price_it_charges_as_late_as_is_safe_and_says_so() -> None:
    ring = Ring(curve=TariffCurve("EUR"))
    ring.price = None
    ring.turn()
    (window,) = ring.promise.plan.windows
    assert "no prices are known, so charging is planned as late as is safe" in ring.promise.notes
    assert READY_BY - timedelta(minutes=20) <= window.end <= READY_BY

    ring.until(READY_BY)

    assert Reason.SAFE == ring.store.commands(ADA, EVENING)[0].reason
    assert (ring.gateway.cars[ADA].soc_pct or 0) >= 79.5


def test_an_unknown_state_of_charge_counts_as_empty_and_is_said() -> None:
    ring = Ring()
    ring.gateway.cars[ADA] = replace(ring.gateway.cars[ADA], soc_pct=None, soc_seen_at=None)

    ring.turn()

    assert ("the state of charge is not known, so the car is taken to be empty",) == ring.promise.notes
    assert 80 / 100 * 58 / 0.9 == pytest.approx(ring.promise.plan.energy_kwh, abs=0.1)


# What is too old to plan on: twelve hours, here


def silent_since_evening(**more: Any) -> Ring:
    """Return a ring at 04:59 UTC whose car has reported nothing since 17:00, with the plan of the evening in force."""
    ring = Ring(**more)
    ring.turn()
    ring.silent.add(ADA)
    ring.until(EVENING + timedelta(hours=12))
    return ring


def test_a_car_silent_for_too_long_is_told_once_and_once_when_it_speaks_again() -> None:
    ring = silent_since_evening(wishes=replace(WISHES, departures={}))
    assert [] == ring.told("vehicle.stale")

    ring.minutes(30)
    assert [{"age_s": 12 * 3600 + 60}] == ring.told("vehicle.stale")
    ring.silent.clear()
    ring.minutes(30)

    assert 1 == len(ring.told("vehicle.stale"))
    assert 1 == len(ring.told("vehicle.recovered"))


def test_the_plan_in_force_outlives_the_silence_of_a_car_at_rest() -> None:
    late = {day: Departure(time(9), 80) for day in range(7)}
    dawn = READY_BY - timedelta(minutes=30)
    slots = PriceSlot(EVENING, dawn, 0.30), PriceSlot(dawn, dawn + timedelta(hours=9), 0.20)
    curve = TariffCurve("EUR", slots)
    ring = silent_since_evening(wishes=replace(WISHES, departures=late), curve=curve)
    planned = ring.promise

    ring.minutes(20)

    assert 1 == len(ring.told("vehicle.stale"))
    assert planned == ring.promise


def test_a_new_plan_on_an_old_report_takes_the_car_to_be_empty_and_says_so() -> None:
    ring = silent_since_evening(
        wishes=replace(WISHES, departures={1: Departure(time(3), 50), 2: Departure(time(7), 80)})
    )
    assert PlanOutcome.NOTHING_NEEDED is ring.store.promises(ADA, EVENING)[0].plan.outcome

    ring.minutes(2)

    assert ("the car has not reported for long, so the car is taken to be empty",) == ring.promise.notes
    assert 80 / 100 * 58 / 0.9 == pytest.approx(ring.promise.plan.energy_kwh, abs=0.1)


def test_with_a_reserve_an_old_report_makes_it_charge_at_once_until_the_car_speaks() -> None:
    ring = silent_since_evening(wishes=ChargePreferences({}, reserve_pct=20))
    assert [] == ring.sent()

    ring.minutes(2)
    assert ["start"] == ring.sent()
    ring.silent.clear()
    ring.minutes(5)

    assert ["start", "stop"] == ring.sent()
    assert 1 == len(ring.told("vehicle.recovered"))


def test_an_unplugged_car_may_be_silent_for_as_long_as_it_likes() -> None:
    ring = Ring()
    ring.change(plugged_in=False)
    ring.silent.add(ADA)

    ring.until(EVENING + timedelta(hours=13))

    assert [] == ring.told("vehicle.stale")
