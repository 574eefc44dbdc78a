"""A night for each hard fact of makes and commands (facts/smartcar.md sections 3.5, 4.3, 5 and 7), against the simulator."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.command import Command, CommandStatus, Verb
from scheduler.domain.vehicle import VehicleId
from scheduler.vehicles.simulator.fault import Fault, FaultKind, Target
from tests.stories.street import Street, parked, resident

EVENING = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 2, 6, 0, tzinfo=UTC)
ADA = VehicleId("ada")
HOUR = timedelta(hours=1)


@dataclass
class Night:
    """What one night came to."""

    soc_pct: float
    charging: bool
    commands: list[Command]
    events: list[str]
    calls: int

    @property
    def sent(self) -> Counter[Verb]:
        return Counter(command.verb for command in self.commands if command.sent_at is not None)


def lived(
    tmp_path: Path,
    make: str = "TESLA",
    *,
    soc_pct: float = 55,
    target_pct: float = 80,
    fault: Fault | None = None,
    hand_stops: timedelta | None = None,
    **car: Any,
) -> Night:
    """Live through a night with one car of *make* that follows its make's ways, and departs in the morning."""
    driver = resident("ada", target_pct=target_pct, reserve_pct=0)
    (own,) = driver.cars
    driver = replace(driver, cars=(replace(own, vehicle=replace(own.vehicle, make=make)),))
    facts = {"starts_on_plug_in": False, "as_its_make": True, "make": make} | car
    spec = parked("ada", soc_pct).model_copy(update=facts)
    street = Street(tmp_path / "state", EVENING, (driver,), (spec,))

    async def story(street: Street) -> Night:
        if fault is not None:
            street.world.fault(fault)
        if hand_stops is not None:
            while not street.world.truth("ada").charging:
                await street.hours(1 / 60)
            await street.hours(hand_stops / HOUR)
            street.world.stop("ada")
        await street.until(MORNING)
        store, truth = street.house.store, street.world.truth("ada")
        events = [event.name for event in store.events(0, 10_000, ADA)]
        return Night(truth.soc_pct, truth.charging, store.commands(ADA, EVENING), events, store.calls(ADA, EVENING))

    return street.live(story)


def test_a_car_that_starts_on_plug_in_is_stopped_and_ready_all_the_same(tmp_path: Path) -> None:
    night = lived(tmp_path, starts_on_plug_in=True)

    assert Verb.STOP is night.commands[0].verb
    assert 79 <= night.soc_pct <= 82
    assert "hand.seen" not in night.events


def test_a_general_motors_car_below_half_gets_no_command_and_its_driver_is_told(tmp_path: Path) -> None:
    night = lived(tmp_path, "CHEVROLET", soc_pct=30)

    assert 0 == night.sent.total()
    assert pytest.approx(30, abs=0.5) == night.soc_pct


def test_a_general_motors_car_above_half_is_ready(tmp_path: Path) -> None:
    night = lived(tmp_path, "CHEVROLET", soc_pct=55)

    assert 79 <= night.soc_pct <= 82


def test_a_nissan_is_started_once_never_stopped_and_ready(tmp_path: Path) -> None:
    night = lived(tmp_path, "NISSAN")

    assert (1, 0) == (night.sent[Verb.START], night.sent[Verb.STOP])
    assert night.soc_pct >= 79


def test_a_ford_is_stopped_at_its_target_though_its_start_ignores_the_limit(tmp_path: Path) -> None:
    night = lived(tmp_path, "FORD", limit_pct=80)

    assert 79 <= night.soc_pct <= 82
    assert not night.charging


def test_a_command_that_is_accepted_and_ignored_is_sent_again_and_the_car_is_ready(tmp_path: Path) -> None:
    night = lived(tmp_path, fault=Fault(kind=FaultKind.IGNORED, car="ada", on=Target.START))

    assert CommandStatus.CONTRADICTED is night.commands[0].status
    assert 79 <= night.soc_pct <= 82


def test_three_ignored_starts_are_told_and_the_fourth_or_the_limit_wakes_the_car(tmp_path: Path) -> None:
    night = lived(tmp_path, fault=Fault(kind=FaultKind.IGNORED, car="ada", on=Target.START, times=3))

    assert 1 == night.events.count("command.ignored")
    assert 1 == night.sent[Verb.LIMIT]
    assert 79 <= night.soc_pct <= 82


def test_a_stop_that_is_ignored_twice_is_followed_by_the_cars_own_limit(tmp_path: Path) -> None:
    night = lived(tmp_path, fault=Fault(kind=FaultKind.IGNORED, car="ada", on=Target.STOP, times=3))

    # Two stops in vain take eight minutes, in which 11 kW are 2.5 % of this battery; then the limit ends it.
    assert 1 == night.sent[Verb.LIMIT]
    assert 79 <= night.soc_pct <= 83.5
    assert not night.charging


def test_a_504_after_acting_is_looked_at_and_not_sent_twice(tmp_path: Path) -> None:
    fault = Fault(kind=FaultKind.ERROR, car="ada", on=Target.START, status=504, acts=True)

    night = lived(tmp_path, fault=fault)

    assert "command.unknown" in night.events
    assert 1 == night.sent[Verb.START]
    assert CommandStatus.CONFIRMED is night.commands[0].status


def test_a_202_whose_answer_streams_in_after_200_seconds_is_waited_for(tmp_path: Path) -> None:
    night = lived(tmp_path, fault=Fault(kind=FaultKind.STREAMED, car="ada", on=Target.START, seconds=200))

    assert 1 == night.sent[Verb.START]
    assert CommandStatus.CONFIRMED is night.commands[0].status
    assert 79 <= night.soc_pct <= 82


def test_a_start_that_is_not_supported_is_sent_once_in_a_night(tmp_path: Path) -> None:
    fault = Fault(kind=FaultKind.ERROR, car="ada", on=Target.START, code="VEHICLE_NOT_CAPABLE", for_s=86400)

    night = lived(tmp_path, fault=fault)

    assert 1 == night.sent[Verb.START]
    assert CommandStatus.REFUSED is night.commands[0].status
    assert 1 == night.events.count("command.given_up")


def test_a_sleeping_car_is_asked_again_and_ready(tmp_path: Path) -> None:
    night = lived(tmp_path, fault=Fault(kind=FaultKind.ERROR, car="ada", on=Target.START, code="ASLEEP", times=2))

    assert [CommandStatus.FAILED] * 2 == [command.status for command in night.commands[:2]]
    assert 79 <= night.soc_pct <= 82


def test_a_pause_that_smartcar_asks_for_is_kept(tmp_path: Path) -> None:
    fault = Fault(kind=FaultKind.ERROR, car="ada", on=Target.START, code="VEHICLE", retry_after_s=1500)

    night = lived(tmp_path, fault=fault)

    first, second = (command.sent_at for command in night.commands[:2])
    assert first is not None
    assert second is not None
    assert second - first >= timedelta(seconds=1500)
    assert 79 <= night.soc_pct <= 82


def test_a_430_in_mid_night_ends_the_calls_and_is_told_once(tmp_path: Path) -> None:
    fault = Fault(kind=FaultKind.ERROR, car="ada", code="VEHICLE_REQUEST_LIMIT", for_s=86400)
    driver, spec = resident("ada", reserve_pct=0), parked("ada", 55, starts_on_plug_in=False)
    street = Street(tmp_path / "state", EVENING, (driver,), (spec,))

    async def story(street: Street) -> tuple[int, list[str]]:
        await street.hours(1)
        street.world.fault(fault)
        before = street.clock.now()
        await street.until(MORNING)
        store = street.house.store
        calls = store.calls(ADA, before) - store.calls(ADA, before, "exhausted")
        return calls, [event.name for event in store.events(0, 10_000, ADA)]

    calls, events = street.live(story)

    assert calls <= 2
    assert 1 == events.count("budget.exhausted")


def test_a_drivers_own_stop_wins_until_unplugged(tmp_path: Path) -> None:
    night = lived(tmp_path, hand_stops=timedelta(minutes=20))

    assert "hand.seen" in night.events
    assert 1 == night.sent[Verb.START]
    assert not night.charging
    assert night.soc_pct < 75


def test_a_car_at_a_fast_charger_is_left_alone(tmp_path: Path) -> None:
    driver, spec = resident("ada", reserve_pct=0), parked("ada", 30, plugged_in=False)
    street = Street(tmp_path / "state", EVENING, (driver,), (spec,))

    async def story(street: Street) -> tuple[int, float]:
        street.world.plug("ada", 100.0, fast=True, at_home=False)
        street.world.start("ada")
        await street.hours(2)
        return len(street.house.store.commands(ADA, EVENING)), street.world.truth("ada").soc_pct

    commands, soc_pct = street.live(story)

    assert 0 == commands
    assert soc_pct > 60


@pytest.mark.parametrize("home_only", [True, False])
def test_a_foreign_charger_is_left_alone_where_the_driver_wants_it(tmp_path: Path, home_only: bool) -> None:
    driver = replace(resident("ada", reserve_pct=0), home_only=home_only)
    spec = parked("ada", 30, plugged_in=False, starts_on_plug_in=True)
    street = Street(tmp_path / "state", EVENING, (driver,), (spec,))

    async def story(street: Street) -> tuple[int, tuple[str, ...]]:
        street.world.plug("ada", 11.0, at_home=False)
        await street.hours(2)
        promise = street.house.store.promise(ADA)
        return len(street.house.store.commands(ADA, EVENING)), promise.notes if promise else ()

    commands, notes = street.live(story)

    assert home_only == (commands == 0)
    assert home_only == ("the car does not start: it is not at home, and is left alone there" in notes)


def test_volkswagens_sixteenth_command_is_not_sent_and_the_fifteenth_is_a_start(tmp_path: Path) -> None:
    driver = resident("ada", target_pct=95, reserve_pct=0)
    (own,) = driver.cars
    driver = replace(driver, cars=(replace(own, vehicle=replace(own.vehicle, make="VOLKSWAGEN")),))
    facts = {"as_its_make": True, "make": "VOLKSWAGEN", "starts_on_plug_in": False}
    spec = parked("ada", 30, usable_kwh=100).model_copy(update=facts)
    street = Street(tmp_path / "state", EVENING, (driver,), (spec,))

    async def story(street: Street) -> list[Command]:
        for turn in range(18):
            (street.house.operations.stop if turn % 2 else street.house.operations.start)("ada")
            await street.hours(0.15)
        street.house.operations.resume("ada")
        await street.until(MORNING)
        return street.house.store.commands(ADA, EVENING)

    commands = street.live(story)

    sent = [command for command in commands if command.sent_at is not None]
    assert 15 == len(sent)
    assert Verb.START is sent[-1].verb
    assert not any(command.status is CommandStatus.FAILED for command in sent)


@pytest.mark.skipif("PROVE" not in os.environ, reason="166 commands take twenty seconds: make prove")
def test_bmws_eighty_stops_in_thirty_days_are_kept_and_none_is_refused(tmp_path: Path) -> None:
    driver = resident("ada", usable_kwh=250, target_pct=95, reserve_pct=0)
    (own,) = driver.cars
    driver = replace(driver, cars=(replace(own, vehicle=replace(own.vehicle, make="BMW")),))
    facts = {"as_its_make": True, "make": "BMW", "starts_on_plug_in": False}
    spec = parked("ada", 10, usable_kwh=250, power_kw=4).model_copy(update=facts)
    street = Street(tmp_path / "state", EVENING, (driver,), (spec,))

    async def story(street: Street) -> list[Command]:
        for turn in range(166):
            (street.house.operations.stop if turn % 2 else street.house.operations.start)("ada")
            await street.hours(0.1)
        return street.house.store.commands(ADA, EVENING)

    commands = street.live(story)

    stops = [command for command in commands if command.verb is Verb.STOP and command.sent_at is not None]
    assert 80 == len(stops)
    assert not any(command.status is CommandStatus.FAILED for command in commands)
