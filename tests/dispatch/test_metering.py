"""What flowed between two reports, by which meter, and when a credit ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.dispatch.metering import Delivered, delivered, flowed_since_report, power_kw, uncertainty_kwh
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.credit import Meter
from scheduler.domain.interval import Interval
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId, VehicleState

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAR = VehicleId("ada-id3")
VEHICLE = Vehicle(CAR, "ID.3", "VOLKSWAGEN", "ID.3", Powertrain.BEV, "v", "u", 60, 11, 0.9)
BEFORE = VehicleState(CAR, NOW, 50, NOW, plugged_in=True, charging=True, energy_added_kwh=3.0, power_kw=10.0)
AFTER = replace(BEFORE, seen_at=NOW + HOUR, soc_pct=65, soc_seen_at=NOW + HOUR, energy_added_kwh=12.0)


RESTING = replace(BEFORE, charging=False, energy_added_kwh=None, soc_pct=None, power_kw=None)
DRAWING = replace(AFTER, energy_added_kwh=None, soc_pct=None)
PLUGGED_IN_AT = NOW - HOUR


def flowed(before: VehicleState, state: VehicleState, *commands: Command) -> Delivered:
    """Return what flowed in a stay that began an hour before."""
    told = delivered(before, state, VEHICLE, PLUGGED_IN_AT, commands)
    assert told is not None
    return told


def told_to(verb: Verb, after: timedelta, status: CommandStatus = CommandStatus.CONFIRMED) -> Command:
    at = NOW + after
    return Command(CommandId(f"{verb} {after}"), CAR, verb, Reason.PLAN, at, at + HOUR, status, sent_at=at)


def test_the_cars_own_counter_counts_first_and_at_the_plug() -> None:
    seen = flowed(BEFORE, AFTER)

    assert (pytest.approx(10.0), Meter.COUNTER, Interval(NOW, NOW + HOUR)) == (seen.kwh, seen.meter, seen.during)


def test_a_counter_that_fell_began_anew() -> None:
    seen = flowed(replace(BEFORE, energy_added_kwh=40.0), replace(AFTER, energy_added_kwh=0.9))
    rounded = delivered(BEFORE, replace(AFTER, energy_added_kwh=2.999), VEHICLE, PLUGGED_IN_AT)

    assert pytest.approx(1.0) == seen.kwh
    assert rounded is None


def test_without_a_counter_the_battery_counts_and_without_it_the_power() -> None:
    by_battery = flowed(replace(BEFORE, energy_added_kwh=None), AFTER)
    by_power = flowed(replace(BEFORE, energy_added_kwh=None, soc_pct=None), replace(AFTER, energy_added_kwh=None))

    assert (pytest.approx(10.0), Meter.BATTERY) == (by_battery.kwh, by_battery.meter)
    assert by_battery.uncertainty_kwh == pytest.approx(60 / 90)
    assert (pytest.approx(10.0), Meter.POWER) == (by_power.kwh, by_power.meter)
    assert pytest.approx(1.0) == by_power.uncertainty_kwh


def test_a_car_that_tells_no_power_either_counts_as_drawing_the_most_it_can() -> None:
    seen = flowed(replace(BEFORE, energy_added_kwh=None, soc_pct=None, power_kw=None), DRAWING)
    silent = replace(DRAWING, power_kw=None)

    assert (pytest.approx(10.5), Meter.TIME) == (seen.kwh, seen.meter)
    assert (pytest.approx(11.0), Meter.TIME) == (
        flowed(silent, replace(silent, seen_at=NOW + 2 * HOUR)).kwh,
        seen.meter,
    )


def test_between_two_reports_a_car_charged_from_our_start_and_up_to_our_stop() -> None:
    quarter = timedelta(minutes=15)
    ended = replace(DRAWING, charging=False)
    in_vain = told_to(Verb.START, timedelta(minutes=5), CommandStatus.FAILED)

    begun = flowed(RESTING, DRAWING, in_vain, told_to(Verb.START, quarter))
    done = flowed(replace(RESTING, charging=True, power_kw=10.0), ended, told_to(Verb.STOP, quarter))

    assert (pytest.approx(7.5), Interval(NOW + quarter, NOW + HOUR)) == (begun.kwh, begun.during)
    assert (pytest.approx(2.5), Interval(NOW, NOW + quarter)) == (done.kwh, done.during)


def test_a_car_that_nobody_told_charged_any_part_of_the_time_between_two_reports() -> None:
    begun = flowed(RESTING, DRAWING)
    done = flowed(DRAWING, replace(DRAWING, charging=False, seen_at=NOW + 2 * HOUR))

    assert (pytest.approx(5.0), pytest.approx(6.0)) == (begun.kwh, begun.uncertainty_kwh)
    assert (pytest.approx(5.0), pytest.approx(6.0)) == (done.kwh, done.uncertainty_kwh)
    assert delivered(RESTING, replace(RESTING, seen_at=NOW + HOUR), VEHICLE, PLUGGED_IN_AT) is None


def test_nothing_flowed_before_the_plug_in_and_a_reading_without_a_time_of_its_own_counts_at_its_end() -> None:
    half = NOW + HOUR / 2

    by_power = delivered(RESTING, DRAWING, VEHICLE, half)
    undated = delivered(BEFORE, replace(AFTER, energy_seen_at=NOW), VEHICLE, half)

    assert by_power is not None
    assert Interval(half, NOW + HOUR) == by_power.during
    assert undated is not None
    assert (pytest.approx(10.0), NOW) == (undated.kwh, undated.during.end)


def test_a_fast_charger_and_a_car_that_says_nothing_are_not_metered() -> None:
    silent = VehicleState(CAR, NOW, plugged_in=True, charging=False)

    assert delivered(BEFORE, replace(AFTER, fast_charger=True), VEHICLE, PLUGGED_IN_AT) is None
    assert delivered(silent, silent, VEHICLE, PLUGGED_IN_AT) is None


def test_what_flows_since_the_report_goes_by_the_power_and_at_worst_by_the_most_the_car_draws() -> None:
    half = NOW + HOUR / 2

    assert 5.0 == flowed_since_report(BEFORE, VEHICLE, half)
    assert 5.5 == flowed_since_report(replace(BEFORE, power_kw=None), VEHICLE, half)
    assert 0.0 == flowed_since_report(replace(BEFORE, charging=False), VEHICLE, half)
    assert 0.0 == flowed_since_report(replace(BEFORE, energy_seen_at=half), VEHICLE, half)
    assert 11.0 == power_kw(replace(BEFORE, power_kw=50.0), VEHICLE)


def test_a_battery_is_less_exact_than_a_counter_and_power_has_its_share_in_each_piece() -> None:
    assert 0.05 == uncertainty_kwh(Meter.COUNTER, VEHICLE)
    assert uncertainty_kwh(Meter.BATTERY, VEHICLE) > 0.6
    assert 0.0 == uncertainty_kwh(Meter.POWER, VEHICLE)
