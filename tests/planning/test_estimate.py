"""How long a charge takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.errors import InvalidValue
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.planning.estimate import estimate, estimate_words

NOW = datetime(2026, 2, 1, 17, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
CAR = Vehicle(VehicleId("ada"), "ID.3", "VW", "ID.3", Powertrain.BEV, "v", "u", 55, 11, 0.5)


def test_below_the_slow_end_time_is_energy_over_power() -> None:
    told = estimate(CAR, 40, 60)

    assert (22.0, timedelta(hours=2), timedelta(0)) == (pytest.approx(told.energy_kwh), told.duration, told.slow_end)


def test_near_full_it_takes_longer_than_its_energy_says() -> None:
    told = estimate(CAR, 90, 100)

    assert 11.0 == pytest.approx(told.energy_kwh)
    assert told.duration == timedelta(hours=1) + told.slow_end
    assert told.slow_end > timedelta(hours=1)


def test_half_the_power_takes_twice_as_long() -> None:
    assert timedelta(hours=4) == estimate(CAR, 40, 60, 5.5).duration


def test_a_car_that_is_there_already_takes_no_time() -> None:
    told = estimate(CAR, 80, 60)

    assert (0.0, timedelta(0)) == (told.energy_kwh, told.duration)
    assert "from 80 % to 60 %: nothing to charge." == estimate_words(told, NOW, BERLIN)


@pytest.mark.parametrize(("begin", "end", "name"), [(-1, 50, "from"), (50, 101, "to"), (float("nan"), 50, "from")])
def test_a_share_that_is_none_is_named(begin: float, end: float, name: str) -> None:
    with pytest.raises(InvalidValue, match=f"{name}: expected a state of charge from 0 to 100"):
        estimate(CAR, begin, end)


def test_without_power_there_is_no_estimate() -> None:
    with pytest.raises(InvalidValue, match=r"power_kw must be at least 0\.1, got 0"):
        estimate(CAR, 40, 60, 0)


def test_the_sentence_says_when_it_would_be_done_on_the_drivers_clock() -> None:
    words = estimate_words(estimate(CAR, 40, 60), NOW, BERLIN)

    assert "from 40 % to 60 %: 2 h at 11 kW, 22.0 kWh at the plug; begun now, it is done at 20:00." == words


def test_the_sentence_says_what_the_slow_end_costs() -> None:
    words = estimate_words(estimate(CAR, 80, 100), NOW, BERLIN)

    assert "of it because the car takes less near full; begun now, it is done at" in words
