"""What flowed between two reports, by which meter, and when a credit ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.dispatch.metering import delivered, flowed_since_report, power_kw, uncertainty_kwh
from scheduler.domain.credit import Meter
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId, VehicleState

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAR = VehicleId("ada-id3")
VEHICLE = Vehicle(CAR, "ID.3", "VOLKSWAGEN", "ID.3", Powertrain.BEV, "v", "u", 60, 11, 0.9)
BEFORE = VehicleState(CAR, NOW, 50, NOW, plugged_in=True, charging=True, energy_added_kwh=3.0, power_kw=10.0)
AFTER = replace(BEFORE, seen_at=NOW + HOUR, soc_pct=65, soc_seen_at=NOW + HOUR, energy_added_kwh=12.0)


def test_the_cars_own_counter_counts_first_and_at_the_plug() -> None:
    flowed = delivered(BEFORE, AFTER, VEHICLE)

    assert flowed is not None
    assert (pytest.approx(10.0), Meter.COUNTER) == (flowed.kwh, flowed.meter)


def test_a_counter_that_fell_began_anew() -> None:
    flowed = delivered(replace(BEFORE, energy_added_kwh=40.0), replace(AFTER, energy_added_kwh=0.9), VEHICLE)
    rounded = delivered(BEFORE, replace(AFTER, energy_added_kwh=2.999), VEHICLE)

    assert flowed is not None
    assert rounded is not None
    assert (pytest.approx(1.0), 0.0) == (flowed.kwh, rounded.kwh)


def test_without_a_counter_the_battery_counts_and_without_it_the_power() -> None:
    by_battery = delivered(replace(BEFORE, energy_added_kwh=None), AFTER, VEHICLE)
    by_power = delivered(
        replace(BEFORE, energy_added_kwh=None, soc_pct=None), replace(AFTER, energy_added_kwh=None), VEHICLE
    )

    assert by_battery is not None
    assert (pytest.approx(10.0), Meter.BATTERY) == (by_battery.kwh, by_battery.meter)
    assert by_battery.uncertainty_kwh == pytest.approx(60 / 90)
    assert by_power is not None
    assert (pytest.approx(10.0), Meter.POWER) == (by_power.kwh, by_power.meter)


def test_a_fast_charger_and_a_car_that_says_nothing_are_not_metered() -> None:
    silent = VehicleState(CAR, NOW, plugged_in=True, charging=False)

    assert delivered(BEFORE, replace(AFTER, fast_charger=True), VEHICLE) is None
    assert delivered(silent, silent, VEHICLE) is None


def test_what_flows_since_the_report_goes_by_the_power_and_at_worst_by_the_most_the_car_draws() -> None:
    half = NOW + HOUR / 2

    assert 5.0 == flowed_since_report(BEFORE, VEHICLE, half)
    assert 5.5 == flowed_since_report(replace(BEFORE, power_kw=None), VEHICLE, half)
    assert 0.0 == flowed_since_report(replace(BEFORE, charging=False), VEHICLE, half)
    assert 0.0 == flowed_since_report(replace(BEFORE, energy_seen_at=half), VEHICLE, half)
    assert 11.0 == power_kw(replace(BEFORE, power_kw=50.0), VEHICLE)


def test_a_battery_is_less_exact_than_a_counter() -> None:
    assert 0.05 == uncertainty_kwh(BEFORE, VEHICLE)
    assert uncertainty_kwh(replace(BEFORE, energy_added_kwh=None), VEHICLE) > 0.6
