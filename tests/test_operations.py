"""What a person asks, and what they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.clock import ManualClock
from scheduler.domain.driver import Car, ChargeGoal, ChargePreferences, Departure, Driver, DriverId
from scheduler.domain.errors import InvalidValue
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Roster
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId, VehicleState
from scheduler.operations import Operations
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
ADA = VehicleId("ada-id3")
VEHICLE = Vehicle(ADA, "ID.3", "VOLKSWAGEN", "ID.3", Powertrain.BEV, "v", "u", 58, 11, 0.9)
DRIVER = Driver(
    DriverId("ada"),
    "Ada",
    ZoneInfo("Europe/Berlin"),
    TariffId("home"),
    (Car(VEHICLE, ChargePreferences({0: Departure(time(7), 80)})),),
)
PROMISE = Promise(
    ADA,
    NOW,
    46,
    ChargeGoal(datetime(2026, 2, 2, 6, tzinfo=UTC), 80),
    ChargePlan(
        PlanOutcome.MET, (ChargeWindow(NOW + timedelta(hours=2), NOW + timedelta(hours=4), 11.0),), 22.0, cost=2.31
    ),
    TariffId("home"),
    "EUR",
    at_once_cost=4.36,
)


class NoPrices:
    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return None


class Counter:
    """A house with one car, and a count of how often the sweep was nudged."""

    def __init__(self, *, by_supplier: bool = False) -> None:
        driver = replace(DRIVER, cars=(replace(DRIVER.cars[0], by_supplier=by_supplier),))
        self.store, self.notes, self.nudges = MemoryStore(), Notes(), 0
        self.operations = Operations(
            ManualClock(NOW),
            self.store,
            NoPrices(),
            lambda: Roster([driver]),
            self.notes,
            simulated=False,
            version="1",
            nudge=self._nudge,
        )
        self.store.enlist([ADA], NOW + timedelta(hours=5))

    def _nudge(self) -> None:
        self.nudges += 1

    def plug_in(self, hand: Hand = Hand.NONE) -> None:
        self.store.record_sighting(VehicleState(ADA, NOW, 46, NOW, plugged_in=True, charging=False), NOW)
        self.store.save_session(ChargeSession(ADA, NOW - timedelta(hours=1), hand=hand))
        self.store.keep_promise(PROMISE)

    @property
    def sentence(self) -> str:
        (car,) = self.operations.fleet().cars
        return car.sentence


def test_a_car_that_was_never_seen_says_so() -> None:
    assert "Ada's ID.3: not seen yet" == Counter().sentence


def test_an_unplugged_car_says_so_whatever_was_planned() -> None:
    house = Counter()
    house.store.record_sighting(VehicleState(ADA, NOW, 46, NOW, plugged_in=False), NOW)

    assert "Ada's ID.3: 46 %, not plugged in" == house.sentence


def test_a_plugged_in_car_gives_its_promise_and_its_next_event() -> None:
    house = Counter()
    house.plug_in()

    (car,) = house.operations.cars("ada")

    assert car.sentence.startswith("Ada's ID.3: 46 %, ready 07:00 at 80 % for EUR 2.31, next start 01:00")
    assert (NOW + timedelta(hours=2), "start") == (car.next_event_at, car.next_event)
    assert timedelta(0) == car.soc_age(NOW)


@pytest.mark.parametrize("calls_left", [0, 1])
def test_a_car_without_calls_follows_no_plan_and_has_no_next_event(calls_left: int) -> None:
    house = Counter()
    house.plug_in()
    house.operations._calls_left = lambda _vehicle_id: calls_left

    (car,) = house.operations.fleet().cars

    assert (calls_left > 0) == (car.next_event != "") == (car.plan_in_force is not None)
    assert (calls_left == 0) == ("no more calls" in car.sentence)


def test_a_car_that_the_supplier_charges_says_so_and_takes_no_wish() -> None:
    house = Counter(by_supplier=True)
    house.plug_in()

    (answer,) = house.operations.start("ada")

    (car,) = house.operations.fleet().cars
    assert (
        "Ada's ID.3 is charged by its energy supplier; smartcharge sends it no command. Nothing was changed." == answer
    )
    assert "Ada's ID.3: 46 %, charged by its energy supplier; smartcharge sends it no command" == car.sentence
    assert (Override.NONE, None, None) == (house.store.override(ADA), car.promise, car.next_event_at)
    assert [] == house.notes.names


def test_a_plugged_in_car_without_a_plan_says_so() -> None:
    house = Counter()
    house.store.record_sighting(VehicleState(ADA, NOW, None, None, plugged_in=True), NOW)
    house.store.save_session(ChargeSession(ADA, NOW))

    (car,) = house.operations.fleet().cars

    assert "Ada's ID.3: charge unknown, plugged in, no plan yet" == car.sentence
    assert (None, "") == (car.next_event_at, car.next_event)
    assert car.soc_age(NOW) is None


@pytest.mark.parametrize(
    ("verb", "override", "words"),
    [
        ("start", Override.START, "charging to 80 % now, because you asked; done about 00:59"),
        ("stop", Override.STOP, "stopped by you; it will not charge until it is unplugged or you resume"),
        ("hold", Override.HOLD, "on hold; no command is sent until it is unplugged or you resume"),
    ],
)
def test_a_wish_is_written_down_wakes_the_car_and_shows(verb: str, override: Override, words: str) -> None:
    house = Counter()
    house.plug_in()

    (answer,) = getattr(house.operations, verb)("ada")

    assert answer.startswith("Ada's ID.3 ")
    assert override is house.store.override(ADA)
    assert [ADA] == [lease.vehicle_id for lease in house.store.claim(NOW, 10, timedelta(minutes=1))]
    assert (1, ["override.set"]) == (house.nudges, house.notes.names)
    assert words in house.sentence
    (car,) = house.operations.fleet().cars
    assert car.next_event_at is None


def test_a_stop_warns_of_the_departure_it_may_miss() -> None:
    house = Counter()
    house.plug_in()

    (answer,) = house.operations.stop("ada-id3")

    assert "It may miss its departure on Monday at 07:00 (target 80 %)." in answer


def test_a_wish_for_an_unplugged_car_is_kept_and_said() -> None:
    house = Counter()

    (answer,) = house.operations.hold("ada")

    assert answer.startswith("Ada's ID.3 is not seen to be plugged in; once it is")
    assert Override.HOLD is house.store.override(ADA)


def test_a_wish_takes_the_place_of_a_hand_on_the_car_and_resume_forgets_it() -> None:
    house = Counter()
    house.plug_in(Hand.STOPPED)
    assert "stopped by hand; left alone until it is unplugged or you resume" in house.sentence

    house.operations.resume("ada")

    session = house.store.session(ADA)
    assert session is not None
    assert Hand.NONE is session.hand
    assert ["override.ended"] == house.notes.names


def test_a_hand_that_started_the_car_is_named_too() -> None:
    house = Counter()
    house.plug_in(Hand.CHARGING)

    assert "started by hand" in house.sentence


def test_an_unknown_name_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(InvalidValue, match='no driver or car is called "adda", did you mean "ada"'):
        Counter().operations.start("adda")


def test_after_the_last_window_the_next_event_is_the_departure() -> None:
    house = Counter()
    house.plug_in()
    house.store.keep_promise(replace(PROMISE, plan=ChargePlan.rest()))

    (car,) = house.operations.fleet().cars

    assert (PROMISE.goal.ready_by if PROMISE.goal else None, "departure") == (car.next_event_at, car.next_event)


def test_events_and_curves_come_from_where_they_are_kept() -> None:
    house = Counter()
    house.store.record_event(NOW, "plan.made", ADA, {"cost": 1.0})

    assert ["plan.made"] == [event.name for event in house.operations.events()]
    assert house.operations.curve(TariffId("home")) is None
