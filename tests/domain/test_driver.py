from __future__ import annotations

from datetime import UTC, datetime, time

from scheduler.domain.driver import SUNDAY, BlockedHours, ChargeGoal, ChargePreferences


def test_a_driver_who_says_nothing_wants_two_windows_a_night_and_no_reserve() -> None:
    silent = ChargePreferences()

    assert (2, 0.0, None) == (silent.max_starts, silent.reserve_pct, silent.max_price)
    assert not silent.departures


def test_hours_without_weekdays_are_blocked_on_all_seven() -> None:
    every_day = BlockedHours(time(17), time(20))

    assert set(range(SUNDAY + 1)) == every_day.weekdays


def test_what_has_to_be_had_is_the_target_or_the_floor_that_will_do() -> None:
    ready_by = datetime(2026, 2, 3, 6, tzinfo=UTC)

    assert 80.0 == ChargeGoal(ready_by, 80.0).least_pct
    assert 40.0 == ChargeGoal(ready_by, 80.0, floor_pct=40.0).least_pct
