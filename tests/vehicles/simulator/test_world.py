"""What physically happens to cars, and that a world comes back from a kill as if it had never been gone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.clock import ManualClock
from scheduler.domain.errors import AlreadyRunning, ConfigError, InvalidValue
from scheduler.vehicles.simulator.chronicle import UnknownCar
from scheduler.vehicles.simulator.control import truth_of
from scheduler.vehicles.simulator.fault import Fault, FaultKind
from scheduler.vehicles.simulator.journal import JOURNAL_NAME
from scheduler.vehicles.simulator.scenario import CarSpec, Scenario, Trip
from scheduler.vehicles.simulator.world import CommandReply, World

Make = Callable[..., World]
HOUR = 3600
EVENING = datetime(2026, 2, 2, 17, tzinfo=UTC)


def command(world: World, verb: Any, percent: float | None = None, car: str = "ada") -> str | None:
    fate = asyncio.run(world.command(car, verb, percent)).fate
    return fate.refusal.code if fate.refusal else None


def test_an_hour_of_charging_puts_into_the_battery_what_the_plug_gave_less_the_loss(
    world: Make, clock: ManualClock
) -> None:
    home = world()

    command(home, "start")
    clock.advance(HOUR)
    command(home, "stop")
    clock.advance(HOUR)

    truth = home.truth("ada")
    assert 10 == pytest.approx(truth.energy_kwh)
    assert 50 + 10 * 0.9 / 50 * 100 == pytest.approx(truth.soc_pct)
    assert not truth.charging


def test_a_car_stops_by_itself_at_its_limit_to_the_second(world: Make, clock: ManualClock) -> None:
    home = world(opening={"limit_pct": 60})

    command(home, "start")
    clock.advance(2 * HOUR)

    (interval,) = home.car("ada").charging_intervals(clock.now())
    assert 60 == home.truth("ada").soc_pct
    assert 5 / 0.9 / 10 * HOUR == pytest.approx((interval.end - interval.start).total_seconds(), abs=1e-5)  # type: ignore[operator]
    assert "car: limit_reached" == interval.ended_by


def test_raising_the_limit_lets_a_full_car_go_on(world: Make, clock: ManualClock) -> None:
    home = world(opening={"limit_pct": 60})
    command(home, "start")
    clock.advance(2 * HOUR)

    command(home, "set-limit", 80.0)

    assert home.truth("ada").charging


def test_a_limit_below_the_charge_stops_it(world: Make, clock: ManualClock) -> None:
    home = world(opening={"soc_pct": 70})
    command(home, "start")

    command(home, "set-limit", 60.0)

    assert not home.truth("ada").charging


@pytest.mark.parametrize(
    ("doings", "verb", "code"),
    [
        ([("start",)], "start", "CHARGING_IN_PROGRESS"),
        ([], "stop", "NOT_CHARGING"),
        ([("unplug",)], "start", "CHARGING_PLUG_NOT_CONNECTED"),
        ([("unplug",)], "stop", "CHARGING_PLUG_NOT_CONNECTED"),
        ([("set_limit", 50.0)], "start", "FULLY_CHARGED"),
    ],
)
def test_a_car_refuses_what_it_cannot_do(world: Make, doings: list[Any], verb: str, code: str) -> None:
    home = world()
    for act, *facts in doings:
        getattr(home, act)("ada", *facts)

    assert code == command(home, verb)


def test_a_car_that_starts_on_plug_in_charges_without_being_told(world: Make, clock: ManualClock) -> None:
    home = world(starts_on_plug_in=True, opening={"plugged_in": False})

    clock.advance(HOUR)
    home.plug("ada")

    assert home.truth("ada").charging
    assert "hand: plugged_in" == home.car("ada").charging_intervals(clock.now())[0].started_by


def test_a_stopped_car_stays_stopped_until_it_is_plugged_in_again(world: Make, clock: ManualClock) -> None:
    home = world(starts_on_plug_in=True)

    command(home, "stop")
    clock.advance(10 * HOUR)
    rested = home.truth("ada")
    home.unplug("ada")
    home.plug("ada")

    assert 50 == rested.soc_pct
    assert home.truth("ada").charging


def test_a_car_lives_its_week(world: Make, clock: ManualClock) -> None:
    trip = Trip(leaves=time(7), returns=time(17), uses_pct=20, distance_km=80)
    home = world(life=(trip,), opening={"odometer_km": 1000})

    clock.advance(14 * HOUR)
    away = home.truth("ada")
    clock.advance(10 * HOUR)
    back = home.truth("ada")

    assert (True, False, False) == (away.driving, away.plugged_in, away.at_home)
    assert (False, True, True) == (back.driving, back.plugged_in, back.at_home)
    assert (30, 1080) == (back.soc_pct, back.odometer_km)


def test_a_return_without_a_cable_leaves_the_car_unplugged(world: Make, clock: ManualClock) -> None:
    home = world(life=(Trip(leaves=time(7), returns=time(17), plugs_in=False),))

    clock.advance(24 * HOUR)

    assert not home.truth("ada").plugged_in


def test_a_trip_by_hand_ends_by_itself_and_the_week_does_not_cross_it(world: Make, clock: ManualClock) -> None:
    home = world(life=(Trip(leaves=time(19), returns=time(20), uses_pct=30),))

    home.drive("ada", uses_pct=10, hours=4)
    clock.advance(5 * HOUR)

    assert (40, True) == (home.truth("ada").soc_pct, home.truth("ada").plugged_in)


def test_a_fast_charger_on_the_way_gives_what_it_has_and_the_trip_goes_on(world: Make, clock: ManualClock) -> None:
    home = world()
    home.drive("ada", uses_pct=10, hours=2)

    home.plug("ada", 100, fast=True, at_home=False)
    clock.advance(600)
    there = home.truth("ada")
    clock.advance(2 * HOUR)

    assert (True, True, False) == (there.charging, there.fast_charger, there.at_home)
    assert 50 + 100 / 6 * 0.9 / 50 * 100 == pytest.approx(there.soc_pct)
    assert home.truth("ada").at_home


def test_what_a_person_cannot_do_is_said_in_words(world: Make) -> None:
    home = world()

    with pytest.raises(InvalidValue, match="plugged in already"):
        home.plug("ada")
    home.unplug("ada")
    with pytest.raises(InvalidValue, match="not plugged in"):
        home.start("ada")
    home.drive("ada")
    with pytest.raises(InvalidValue, match="on the road"):
        home.drive("ada")
    with pytest.raises(InvalidValue, match="50 to 100"):
        home.set_limit("ada", 20)
    with pytest.raises(UnknownCar, match="it has ada"):
        home.unplug("eve")


def test_a_sleeping_car_that_minds_refuses_and_one_that_does_not_wakes(world: Make, clock: ManualClock) -> None:
    shy = world(sleeps_after_min=30, asleep_refuses=True)
    easy = world(sleeps_after_min=30)

    clock.advance(HOUR)

    assert "ASLEEP" == command(shy, "start")
    assert command(easy, "start") is None


def test_the_clock_going_back_does_not_undo_what_was_charged(world: Make, clock: ManualClock) -> None:
    home = world()
    command(home, "start")
    clock.advance(HOUR)
    charged = home.truth("ada")

    clock.step(-HOUR)

    assert charged.soc_pct == home.truth("ada").soc_pct


# The past is the truth


def live(home: World, clock: ManualClock, look: Callable[[], None] = lambda: None) -> list[dict[str, Any]]:
    """A busy day of two cars; *look* is called between any two things that happen."""
    chance = random.Random(5)
    for _ in range(60):
        car = chance.choice(["ada", "ben"])
        act = chance.choice(["start", "stop", "set-limit", "unplug", "plug", "drive", "late"])
        try:
            if act == "late":
                home.fault(Fault(kind=FaultKind.LATE, car=car, seconds=900))
            elif act in ("start", "stop", "set-limit"):
                command(home, act, 70.0 if act == "set-limit" else None, car)
            else:
                getattr(home, act)(car)
        except InvalidValue:
            pass
        look()
        clock.advance(chance.uniform(1, 4000))
    return [truth_of(home.car(name), clock.now()) for name in ("ada", "ben")]


def two(spec: Callable[..., CarSpec]) -> tuple[CarSpec, ...]:
    habit = Trip(leaves=time(7), returns=time(17), jitter_min=20)
    return spec(life=(habit,)), spec("ben", starts_on_plug_in=True, life=(habit,))


def test_the_same_seed_and_the_same_inputs_give_the_same_truth_to_the_bit(spec: Callable[..., CarSpec]) -> None:
    runs = []
    for seed in (1, 1, 2):
        clock = ManualClock(EVENING)
        runs.append(live(World(Scenario(seed=seed, cars=two(spec)), clock), clock))

    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_the_truth_does_not_depend_on_how_often_anybody_looked(spec: Callable[..., CarSpec]) -> None:
    clock, other = ManualClock(EVENING), ManualClock(EVENING)
    watched = World(Scenario(cars=two(spec)), clock)

    def look() -> None:
        for name in ("ada", "ben") * 5:
            watched.known(name)

    seen = live(watched, clock, look)
    unseen = live(World(Scenario(cars=two(spec)), other), other)

    assert unseen == seen


def test_a_world_killed_at_any_moment_stands_where_it_would_have_stood(
    spec: Callable[..., CarSpec], tmp_path: Path
) -> None:
    clock, other = ManualClock(EVENING), ManualClock(EVENING)
    scenario = Scenario(cars=two(spec))
    undisturbed = live(World(scenario, other), other)

    class Mortal:
        """Dies and comes back before every call."""

        def __getattr__(self, name: str) -> Any:
            def reborn(*args: Any, **facts: Any) -> Any:
                world = World(scenario, clock, state_dir=tmp_path)
                try:
                    return getattr(world, name)(*args, **facts)
                finally:
                    world.close()

            return reborn

        async def command(self, *args: Any) -> CommandReply:
            world = World(scenario, clock, state_dir=tmp_path)
            try:
                return await world.command(*args)
            finally:
                world.close()

    killed = live(Mortal(), clock)  # type: ignore[arg-type]

    assert undisturbed == killed


def test_a_world_that_was_gone_for_a_week_has_lived_it(world: Make, clock: ManualClock, tmp_path: Path) -> None:
    habit = Trip(leaves=time(7), returns=time(17), uses_pct=10)
    before = world(life=(habit,), starts_on_plug_in=True, state_dir=tmp_path)
    before.close()

    clock.advance(7 * 24 * HOUR)
    after = world(life=(habit,), starts_on_plug_in=True, state_dir=tmp_path)

    assert 8 == len(after.car("ada").charging_intervals(clock.now()))
    assert 12_280 == after.truth("ada").odometer_km


def test_a_line_the_kill_cut_short_is_dropped_and_the_rest_lives(
    world: Make, clock: ManualClock, tmp_path: Path
) -> None:
    before = world(state_dir=tmp_path)
    before.start("ada")
    before.close()
    journal = tmp_path / JOURNAL_NAME
    journal.write_bytes(journal.read_bytes() + b'{"kind":"hand","at":"2026-')

    clock.advance(HOUR)
    after = world(state_dir=tmp_path)
    after.stop("ada")
    after.close()

    assert 10 == pytest.approx(world(state_dir=tmp_path).truth("ada").energy_kwh)


def test_a_journal_that_is_none_is_refused_with_its_line(world: Make, tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).write_text("not a journal\n")

    with pytest.raises(ConfigError, match=r"journal.jsonl:1: is no line of a journal"):
        world(state_dir=tmp_path)


def test_two_worlds_never_share_a_state(world: Make, tmp_path: Path) -> None:
    first = world(state_dir=tmp_path)

    with pytest.raises(AlreadyRunning, match="another simulator holds the state"):
        world(state_dir=tmp_path)

    first.close()
    world(state_dir=tmp_path).close()


def test_a_changed_scenario_changes_the_car_and_keeps_its_charge(
    world: Make, clock: ManualClock, tmp_path: Path
) -> None:
    before = world(state_dir=tmp_path)
    command(before, "start")
    clock.advance(HOUR)
    before.close()

    after = world(state_dir=tmp_path, ac_power_kw=5)
    clock.advance(HOUR)
    after.close()
    again = world(state_dir=tmp_path, ac_power_kw=5)

    assert 15 == pytest.approx(again.truth("ada").energy_kwh)


def test_a_car_new_in_the_scenario_joins_as_it_opens(
    world: Make, spec: Callable[..., CarSpec], clock: ManualClock, tmp_path: Path
) -> None:
    world(cars=(spec(),), state_dir=tmp_path).close()
    clock.advance(HOUR)

    after = world(cars=(spec("ben", opening={"soc_pct": 33}),), state_dir=tmp_path)

    assert ["ben"] == list(after.cars)
    assert 33 == after.truth("ben").soc_pct


def test_the_history_is_kept_interval_by_interval(world: Make, clock: ManualClock) -> None:
    home = world()
    for _ in range(3):
        command(home, "start")
        clock.advance(HOUR / 2)
        command(home, "stop")
        clock.advance(HOUR / 2)

    intervals = home.car("ada").charging_intervals(clock.now())

    assert [pytest.approx(5.0)] * 3 == [interval.energy_kwh for interval in intervals]
    assert home.truth("ada").energy_kwh == pytest.approx(sum(interval.energy_kwh for interval in intervals))
    assert timedelta(hours=1) == intervals[1].start - intervals[0].start
    assert ["start", "stop"] * 3 == [asdict(record)["verb"] for record in home.car("ada").commands]
