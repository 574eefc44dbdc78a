"""Each make's ways, as the fact sheet tells them, and a car's own timers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import time
from typing import Any

import pytest

from scheduler.clock import ManualClock
from scheduler.vehicles.simulator.makes import MAKES, PLAIN, rules_of
from scheduler.vehicles.simulator.refusal import Refusal
from scheduler.vehicles.simulator.scenario import Timer, Weekday
from scheduler.vehicles.simulator.world import World

Make = Callable[..., World]
HOUR = 3600


def command(world: World, verb: Any, percent: float | None = None) -> Refusal | None:
    return asyncio.run(world.command("ada", verb, percent)).fate.refusal


def code(world: World, verb: Any, percent: float | None = None) -> str | None:
    refused = command(world, verb, percent)
    return refused.code if refused else None


def test_a_volkswagen_takes_fifteen_commands_until_it_is_driven(world: Make, clock: ManualClock) -> None:
    home = world(make="VOLKSWAGEN", as_its_make=True)

    codes = [code(home, verb) for verb in ["start", "stop"] * 8]
    home.drive("ada")
    clock.advance(2 * HOUR)

    assert [None] * 15 + ["RATE_LIMIT"] == codes
    assert code(home, "start") is None


def test_what_a_volkswagen_refuses_is_not_counted(world: Make) -> None:
    home = world(make="Volkswagen", as_its_make=True)

    for _ in range(20):
        command(home, "stop")

    assert code(home, "start") is None


def test_a_bmw_takes_eighty_stops_in_thirty_days(world: Make, clock: ManualClock) -> None:
    home = world(make="BMW", as_its_make=True, opening={"soc_pct": 1}, ac_power_kw=0.01)

    codes = []
    for _ in range(81):
        command(home, "start")
        clock.advance(60)
        codes.append(code(home, "stop"))
    clock.advance(30 * 24 * HOUR)

    assert [None] * 80 + ["RATE_LIMIT"] == codes
    assert code(home, "stop") is None


def test_a_bmw_has_no_limit_and_listens_at_home_only(world: Make) -> None:
    home = world(make="BMW", as_its_make=True)

    limit = command(home, "set-limit", 80.0)
    home.drive("ada")
    home.plug("ada", 11, at_home=False)

    assert limit is not None
    assert (501, "COMPATIBILITY") == (limit.status, limit.type)
    assert "UNREACHABLE" == code(home, "start")


@pytest.mark.parametrize(("soc_pct", "expected"), [(49.9, "LOW_BATTERY"), (50, None)])
def test_general_motors_wants_half_a_battery(world: Make, soc_pct: float, expected: str | None) -> None:
    assert expected == code(world(make="Chevrolet", as_its_make=True, opening={"soc_pct": soc_pct}), "start")


def test_a_nissan_starts_and_never_stops(world: Make) -> None:
    home = world(make="NISSAN", as_its_make=True)

    assert code(home, "start") is None
    refused = command(home, "stop")
    assert refused is not None
    assert (501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE") == (refused.status, refused.type, refused.code)
    assert home.truth("ada").charging


def test_a_ford_with_a_schedule_charges_to_the_brim(world: Make, clock: ManualClock) -> None:
    timer = Timer(start=time(23), stop=time(5))
    home = world(make="FORD", as_its_make=True, timers=(timer,), opening={"soc_pct": 60, "limit_pct": 70})

    command(home, "start")
    clock.advance(12 * HOUR)

    assert 100 == home.truth("ada").soc_pct


def test_a_rivian_wants_a_paired_device_and_its_owner_every_fortnight(world: Make, clock: ManualClock) -> None:
    strange, paired = (world(make="RIVIAN", as_its_make=True, paired=known) for known in (False, True))

    refused = command(strange, "start")
    clock.advance(13 * 24 * HOUR)
    before = code(paired, "start")
    clock.advance(2 * 24 * HOUR)
    told_at = paired.known("ada").reported_at

    assert refused is not None
    assert (409, "DEVICE_PAIRING_REQUIRED", "REAUTHENTICATE") == (refused.status, refused.code, refused.resolution)
    assert before is None
    assert "AUTHENTICATION_FAILED" == code(paired, "stop")
    assert clock.now().timestamp() - told_at.timestamp() > 24 * HOUR


def test_a_tesla_without_its_virtual_key_says_where_to_add_it(world: Make) -> None:
    locked, open_ = (world(make="Tesla", as_its_make=True, virtual_key=key) for key in (False, True))

    refused = command(locked, "start")

    assert refused is not None
    assert (400, "VIRTUAL_KEY_REQUIRED", "ACTION_REQUIRED") == (refused.status, refused.code, refused.resolution)
    assert refused.resolution_url == "https://www.tesla.com/_ak/smartcar.com"
    assert code(open_, "start") is None


def test_a_make_reports_as_often_as_it_does_unless_its_car_says_otherwise(world: Make) -> None:
    slow, own = (world(make="TOYOTA", as_its_make=True, reports_every_s=each) for each in (None, 7))

    assert (45 * 60, 7) == (slow.car("ada").reports_every_s, own.car("ada").reports_every_s)


def test_without_the_wish_to_be_like_its_make_a_car_has_no_ways(world: Make) -> None:
    home = world(make="NISSAN")

    command(home, "start")

    assert code(home, "stop") is None


def test_makes_are_known_however_they_are_written() -> None:
    assert MAKES["LANDROVER"] == rules_of("Land Rover") == rules_of("LAND-ROVER")
    assert PLAIN == rules_of("Trabant")


# Timers


def test_a_timer_starts_and_stops_the_car_by_local_time(world: Make, clock: ManualClock) -> None:
    home = world(timers=(Timer(start=time(23), stop=time(1)),), starts_on_plug_in=True, opening={"soc_pct": 40})

    waiting = home.truth("ada").charging
    clock.advance(12 * HOUR)

    (interval,) = home.car("ada").charging_intervals(clock.now())
    assert not waiting
    assert (22, 0) == (interval.start.hour, interval.end.hour)  # type: ignore[union-attr]
    assert 20 == pytest.approx(interval.energy_kwh)
    assert ("car: timer_started", "car: timer_stopped") == (interval.started_by, interval.ended_by)


def test_a_car_plugged_in_while_its_timer_runs_charges_at_once(world: Make, clock: ManualClock) -> None:
    home = world(timers=(Timer(start=time(17), stop=time(20)),), opening={"plugged_in": False})

    home.plug("ada")

    assert home.truth("ada").charging


def test_a_start_outside_the_timer_works_unless_the_car_minds(world: Make) -> None:
    timers = (Timer(start=time(23), stop=time(1)),)

    easy, strict = (code(world(timers=timers, timers_refuse=minds), "start") for minds in (False, True))

    assert (None, "CHARGE_FAULT") == (easy, strict)


def test_a_timer_can_be_seen(caller: Callable[..., Any]) -> None:
    ada = caller(timers=(Timer(start=time(23), stop=time(1), days=(Weekday.MON,)),))

    body = ada.signal("charge-chargetimers")["attributes"]["body"]

    assert [{"start": "23:00:00", "end": "01:00:00", "days": ["MON"]}] == body["values"][0]["schedules"]
