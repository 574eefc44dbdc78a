from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId, VehicleState
from scheduler.planning.measured import as_measured, measured_power_kw

CAR = Vehicle(VehicleId("ada"), "ID.3", "VW", "ID.3", Powertrain.BEV, "v", "u", 58.0, 11.0, 0.9)
NOW = datetime(2026, 2, 1, 22, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def charge(night: int, power_kw: float, hours: float = 3.0, from_pct: float = 30.0) -> list[VehicleState]:
    """One night as the car reports it: a stale state of charge at the start, then one each quarter of an hour, then rest."""
    begin = NOW + night * DAY
    pct_per_hour = power_kw * CAR.efficiency / CAR.usable_kwh * 100
    stale = VehicleState(CAR.id, begin, from_pct, begin - 5 * HOUR, plugged_in=True, charging=True)
    steps = [n / 4 for n in range(int(hours * 4) + 1)]
    reports = [
        replace(stale, seen_at=at, soc_pct=from_pct + h * pct_per_hour, soc_seen_at=at)
        for h in steps
        for at in [begin + h * HOUR]
    ]
    return [stale, *reports, replace(reports[-1], charging=False)]


def nights(*powers_kw: float) -> list[VehicleState]:
    return [seen for night, power_kw in enumerate(powers_kw) for seen in charge(night, power_kw)]


def test_a_car_that_draws_less_than_its_file_says_is_believed() -> None:
    assert 7.0 == pytest.approx(measured_power_kw(CAR, nights(7.0, 7.0, 7.0)))
    assert 7.0 == pytest.approx(as_measured(CAR, nights(7.0, 7.0, 7.0)).max_power_kw)


def test_one_that_draws_a_little_more_is_believed_too() -> None:
    assert 12.0 == pytest.approx(as_measured(CAR, nights(12.0, 12.0, 12.0)).max_power_kw)


def test_two_charges_tell_too_little() -> None:
    assert measured_power_kw(CAR, nights(7.0, 7.0)) is None
    assert CAR == as_measured(CAR, nights(7.0, 7.0))


@pytest.mark.parametrize("bad_kw", [3.5, 5.0, 10.9])
def test_one_bad_night_changes_nothing(bad_kw: float) -> None:
    assert 7.0 == pytest.approx(measured_power_kw(CAR, nights(7.0, bad_kw, 7.0)))


@given(st.lists(st.floats(6.9, 7.1), min_size=6, max_size=6), st.floats(0.5, 14.0), st.integers(0, 6))
def test_whatever_one_night_was_the_others_decide(powers: list[float], bad_kw: float, night: int) -> None:
    measured_kw = measured_power_kw(CAR, nights(*powers[:night], bad_kw, *powers[night:]))

    assert measured_kw is not None
    assert 6.89 <= measured_kw <= 7.11


def test_only_the_last_week_of_charges_counts() -> None:
    assert 7.0 == pytest.approx(measured_power_kw(CAR, nights(*[3.0] * 20, *[7.0] * 4)))


def test_fast_chargers_on_the_road_do_not_count_told_or_not() -> None:
    told = [replace(seen, fast_charger=True) for seen in charge(3, 9.0)]

    assert 7.0 == pytest.approx(measured_power_kw(CAR, [*nights(7.0, 7.0, 7.0), *told]))
    assert 7.0 == pytest.approx(
        measured_power_kw(CAR, [*nights(7.0, 7.0, 7.0), *charge(3, 90.0, 0.5), *charge(4, 90.0, 0.5)])
    )


def test_a_short_rise_and_the_slow_end_tell_nothing() -> None:
    short = [seen for night in range(3) for seen in charge(night, 7.0, hours=0.5)]
    full = [seen for night in range(3) for seen in charge(night, 7.0, from_pct=81.0)]

    assert measured_power_kw(CAR, short) is None
    assert measured_power_kw(CAR, full) is None


def test_a_car_that_does_not_say_when_its_charge_was_true_tells_nothing() -> None:
    timeless = [replace(seen, soc_seen_at=None) for seen in nights(7.0, 7.0, 7.0)]

    assert measured_power_kw(CAR, timeless) is None
    assert measured_power_kw(CAR, [replace(seen, soc_pct=None) for seen in timeless]) is None


def test_a_measurement_within_a_fiftieth_of_the_file_is_the_files() -> None:
    assert CAR == as_measured(CAR, nights(10.85, 10.85, 10.85))


def test_a_car_still_charging_counts_with_what_it_has_shown() -> None:
    assert 7.0 == pytest.approx(measured_power_kw(CAR, nights(7.0, 7.0, 7.0)[:-1]))


def test_a_report_that_is_told_twice_counts_once() -> None:
    twice = [seen for one in nights(7.0, 7.0, 7.0) for seen in (one, replace(one, seen_at=one.seen_at + HOUR / 8))]

    assert 7.0 == pytest.approx(measured_power_kw(CAR, twice))
