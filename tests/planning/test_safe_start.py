from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal
from scheduler.planning.safe_start import latest_safe_start

NOW = datetime(2026, 2, 1, 17, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SPLIT = ChargeRules(4.0, None)


def needed(energy_kwh: float, ready_by: datetime) -> ChargeNeed:
    return ChargeNeed((EnergyGoal(ready_by, energy_kwh),))


def test_the_latest_safe_start_is_the_charge_time_before_the_departure() -> None:
    assert NOW + 7 * HOUR == latest_safe_start(NOW, needed(4.0, NOW + 8 * HOUR), SPLIT)


def test_the_latest_safe_start_makes_room_for_blocked_hours() -> None:
    rules = ChargeRules(4.0, blocked=(Interval(NOW + 6 * HOUR, NOW + 7 * HOUR),))

    assert NOW + 5 * HOUR + 30 * MINUTE == latest_safe_start(NOW, needed(6.0, NOW + 8 * HOUR), rules)


def test_the_first_goal_may_be_the_one_that_hurries() -> None:
    need = ChargeNeed((EnergyGoal(NOW + 2 * HOUR, 4.0), EnergyGoal(NOW + 9 * HOUR, 8.0)))

    assert NOW + HOUR == latest_safe_start(NOW, need, SPLIT)


@pytest.mark.parametrize("need", [needed(9.0, NOW + HOUR), needed(1.0, NOW - HOUR)], ids=["too much", "too late"])
def test_what_is_out_of_reach_starts_now(need: ChargeNeed) -> None:
    assert NOW == latest_safe_start(NOW, need, SPLIT)


def test_without_power_there_is_no_time_to_lose() -> None:
    assert NOW == latest_safe_start(NOW, needed(1.0, NOW + HOUR), ChargeRules(0.0))


def test_who_needs_nothing_has_no_latest_start() -> None:
    assert latest_safe_start(NOW, ChargeNeed(), SPLIT) is None
