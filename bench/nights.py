"""
500 real nights in a closed loop with cars that draw 5 % less than their plan believes: who is late, how calm it stays.

Data: Norwegian home sessions (Sørensen et al. 2024) on NL day-ahead prices of 2023 (Ember).
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import date, timedelta
from itertools import islice

from bench._closed_loop import EVERYDAY, TRIP, Reach, lived, nights
from bench.backtest import NL, SESSIONS
from scheduler.reports.backtest import read_scene
from scheduler.reports.replayer import Scene
from scheduler.reports.tally import ROUNDING_KWH

NIGHTS, CALM_NIGHTS = 500, 20
LESS = 0.95
EVERY, EVERY_MINUTE = timedelta(minutes=15), timedelta(minutes=1)


def main() -> int:
    if not (SESSIONS.exists() and NL.exists()):
        print("the shared data is not here; nothing is measured")
        return 0
    scene = read_scene(
        prices=NL,
        sessions=SESSIONS,
        timezone="Europe/Berlin",
        first_day=date(2023, 1, 1),
        last_day=date(2023, 12, 31),
        limit=4 * NIGHTS,
    )
    late = sum(_weaker(scene, reach) for reach in (EVERYDAY, TRIP))
    for reach in (EVERYDAY, TRIP):
        chosen = islice(nights(scene, LESS, reach), CALM_NIGHTS)
        calm = [lived(night, scene.market, 1.0, EVERY_MINUTE, reach) for night in chosen]
        plans, starts = max(life.plans for life in calm), max(life.starts for life in calm)
        print(
            f"{len(calm)} nights to {reach.to_pct:.0f} % planned each minute: at most {plans} plans and {starts} starts"
        )
    return late


def _weaker(scene: Scene, reach: Reach) -> int:
    """Live the nights with less power than is believed; return how many were late."""
    begun = time.perf_counter()
    lives = [lived(night, scene.market, LESS, EVERY, reach) for night in islice(nights(scene, LESS, reach), NIGHTS)]
    late = [life for life in lives if life.missing_kwh > ROUNDING_KWH]
    worst = max(life.missing_kwh for life in lives)
    print(
        f"{len(lives)} nights to {reach.to_pct:.0f} %, {1 - LESS:.0%} less power, looked at each {EVERY}: "
        f"{len(late)} late, worst {worst:.3f} kWh"
    )
    print(f"  plans in a night: {sorted(Counter(life.plans for life in lives).items())}")
    print(f"  starts in a night: {sorted(Counter(life.starts for life in lives).items())}")
    print(f"  {time.perf_counter() - begun:.0f} s", flush=True)
    return len(late)


if __name__ == "__main__":
    sys.exit(main())
