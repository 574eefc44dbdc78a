"""Real nights in a closed loop: the margin for a weaker car holds, and replanning stays calm."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest

from bench._closed_loop import TRIP, lived, nights
from scheduler.reports.backtest import read_scene
from scheduler.reports.replayer import Scene

SHARED = Path(__file__).parents[3] / "shared" / "data"
SESSIONS = SHARED / "sessions_norway12" / "sessions.csv.gz"
NL = SHARED / "prices_nl_ember" / "nl_day_ahead_2015_2025.csv.gz"


@pytest.fixture(scope="module")
def scene() -> Scene:
    if not (SESSIONS.exists() and NL.exists()):
        pytest.skip("the shared data is not here")
    first, last = date(2023, 1, 1), date(2023, 12, 31)
    return read_scene(
        prices=NL, sessions=SESSIONS, timezone="Europe/Berlin", first_day=first, last_day=last, limit=400, seed=7
    )


def test_a_car_that_draws_a_twentieth_less_than_believed_is_never_late(scene: Scene) -> None:
    lives = [lived(night, scene.market, 0.95, timedelta(minutes=15)) for night in islice(nights(scene, 0.95), 40)]

    assert 40 == len(lives)
    assert 0.0 == pytest.approx(max(life.missing_kwh for life in lives), abs=1e-6)
    assert max(life.starts for life in lives) <= 2


def test_a_trip_to_full_is_in_time_with_a_twentieth_less_power_although_its_last_part_is_charged_late(
    scene: Scene,
) -> None:
    chosen = islice(nights(scene, 0.95, TRIP), 20)

    lives = [lived(night, scene.market, 0.95, timedelta(minutes=15), TRIP) for night in chosen]

    assert 20 == len(lives)
    assert 0.0 == pytest.approx(max(life.missing_kwh for life in lives), abs=0.01)


def test_a_night_that_is_planned_each_minute_has_few_plans_and_switches(scene: Scene) -> None:
    lives = [lived(night, scene.market, 1.0, timedelta(minutes=1)) for night in islice(nights(scene, 1.0), 3)]

    assert max(life.plans for life in lives) <= 5
    assert max(life.starts for life in lives) <= 2
