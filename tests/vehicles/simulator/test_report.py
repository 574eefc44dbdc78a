"""What Smartcar knows of a car is older than the truth, and says by how much."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.clock import ManualClock
from scheduler.vehicles.simulator.fault import Fault, FaultKind
from scheduler.vehicles.simulator.world import World

Make = Callable[..., World]


def test_an_event_is_known_after_the_cars_lag_and_smartcars(world: Make, clock: ManualClock) -> None:
    home = world(reports_every_s=3600, reports_events_after_s=5, store_lag_s=1)
    clock.advance(100)
    home.start("ada")

    known = []
    for seconds in (5, 0.9, 0.2):
        clock.advance(seconds)
        known.append(home.known("ada").truth.charging)

    assert [False, False, True] == known


def test_without_event_reports_a_change_waits_for_the_regular_report(world: Make, clock: ManualClock) -> None:
    home = world(reports_every_s=600, reports_events_after_s=None)
    clock.advance(1)
    home.start("ada")

    waited_s = 0
    while not home.known("ada").truth.charging:
        clock.advance(1)
        waited_s += 1

    assert 1 < waited_s <= 601


def test_what_is_known_is_how_it_stood_when_reported(world: Make, clock: ManualClock) -> None:
    home = world(reports_every_s=600)
    home.start("ada")
    clock.advance(5000)

    known = home.known("ada")

    age_h = (known.reported_at - clock.now()).total_seconds() / 3600
    assert home.truth("ada").energy_kwh + age_h * 10 == pytest.approx(known.truth.energy_kwh)
    assert known.reported_at + timedelta(seconds=1) == known.heard_at


def test_a_sleeping_car_says_nothing_until_somebody_disturbs_it(world: Make, clock: ManualClock) -> None:
    home = world(reports_every_s=60, sleeps_after_min=30)
    clock.advance(10 * 3600)

    asleep = home.known("ada")
    home.unplug("ada")
    clock.advance(10)
    awake = home.known("ada")

    assert clock.now() - asleep.reported_at > timedelta(hours=9)
    assert asleep.asleep
    assert clock.now() - awake.reported_at < timedelta(seconds=10)
    assert not awake.asleep


def test_a_charging_car_does_not_sleep(world: Make, clock: ManualClock) -> None:
    home = world(reports_every_s=60, sleeps_after_min=30, opening={"soc_pct": 1})
    home.start("ada")

    clock.advance(3 * 3600)

    assert clock.now() - home.known("ada").reported_at <= timedelta(seconds=61)


def test_silence_freezes_what_is_known_and_ends(world: Make, clock: ManualClock) -> None:
    home = world()
    clock.advance(1000)
    queued = home.fault(Fault(kind=FaultKind.SILENT, car="ada", for_s=600))
    silent_since = clock.now()

    clock.advance(500)
    frozen = home.known("ada")
    clock.advance(200)
    thawed = home.known("ada")

    assert frozen.reported_at <= silent_since
    assert thawed.reported_at > silent_since + timedelta(seconds=600)
    assert 1 == queued.fired


def test_a_fleet_does_not_report_in_step(world: Make, spec: Callable[..., object], clock: ManualClock) -> None:
    fleet = world(cars=tuple(spec(f"car-{number}", reports_every_s=600) for number in range(20)))
    clock.advance(5000)

    assert len({fleet.known(name).reported_at for name in fleet.cars}) == 20


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.floats(0.5, 4000), min_size=1, max_size=12),
    st.sampled_from([None, 0.2, 30.0]),
    st.sampled_from([None, 10.0]),
)
def test_reports_come_from_the_past_in_order_and_do_not_depend_on_who_asked(
    world: Make, waits_s: list[float], event_lag_s: float | None, sleeps_after_min: float | None
) -> None:
    facts = {"reports_every_s": 300, "reports_events_after_s": event_lag_s, "sleeps_after_min": sleeps_after_min}
    watched, unwatched = world(**facts), world(**facts)
    clock = watched.clock
    assert isinstance(clock, ManualClock)
    last = watched.known("ada").reported_at

    for number, wait_s in enumerate(waits_s):
        for home in (watched, unwatched):
            (home.stop if number % 2 else home.start)("ada")
        clock.advance(wait_s)
        seen = watched.known("ada").reported_at
        assert last <= seen <= clock.now()
        last = seen

    assert watched.known("ada") == unwatched.known("ada")
