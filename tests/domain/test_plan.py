from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeWindow, EnergyGoal, PlanOutcome

EVENING = datetime(2026, 2, 1, 17, tzinfo=UTC)


def at(minute: int) -> datetime:
    return EVENING + timedelta(minutes=minute)


# 17:00                18:00        19:00        20:00
#         |--- 11 kW ---)                |-- 11 kW --)
TWO_WINDOWS = ChargePlan(
    PlanOutcome.MET, (ChargeWindow(at(30), at(60), 11.0), ChargeWindow(at(150), at(180), 11.0)), energy_kwh=11.0
)


def test_no_goals_need_no_energy() -> None:
    assert ChargeNeed().energy_kwh == 0


def test_the_last_goal_includes_the_earlier_ones() -> None:
    need = ChargeNeed((EnergyGoal(at(60), 5.0), EnergyGoal(at(600), 22.0)))

    assert need.energy_kwh == 22


def test_a_window_carries_its_power_for_its_time() -> None:
    window = ChargeWindow(at(0), at(45), 7.4)

    assert pytest.approx(5.55) == window.energy_kwh
    assert Interval(at(0), at(45)) == window.interval


def test_rest_is_a_plan_that_never_wants_charging() -> None:
    rest = ChargePlan.rest()

    assert PlanOutcome.NOTHING_NEEDED == rest.outcome
    assert not rest.wants_charging_at(EVENING)
    assert rest.next_change(EVENING) is None
    assert rest.next_start(EVENING) is None


@pytest.mark.parametrize(
    ("minute", "wanted"), [(29, False), (30, True), (59, True), (60, False), (149, False), (150, True), (180, False)]
)
def test_charging_is_wanted_inside_windows_only(minute: int, wanted: bool) -> None:
    assert wanted == TWO_WINDOWS.wants_charging_at(at(minute))


@pytest.mark.parametrize(("minute", "change"), [(0, 30), (30, 60), (45, 60), (60, 150), (150, 180), (180, None)])
def test_charging_changes_at_both_ends_of_a_window(minute: int, change: int | None) -> None:
    assert (None if change is None else at(change)) == TWO_WINDOWS.next_change(at(minute))


@pytest.mark.parametrize(("minute", "start"), [(0, 30), (30, 150), (149, 150), (150, None)])
def test_the_next_start_is_never_the_one_under_way(minute: int, start: int | None) -> None:
    assert (None if start is None else at(start)) == TWO_WINDOWS.next_start(at(minute))


@given(st.lists(st.integers(1, 300), unique=True, max_size=8).map(sorted), st.integers(0, 310))
def test_between_now_and_the_next_change_the_wish_stays_the_same(edges: list[int], minute: int) -> None:
    pairs = zip(edges[::2], edges[1::2], strict=False)
    plan = ChargePlan(PlanOutcome.MET, tuple(ChargeWindow(at(start), at(end), 11.0) for start, end in pairs))

    change = plan.next_change(at(minute))

    until = 320 if change is None else (change - EVENING) // timedelta(minutes=1)
    assert all(plan.wants_charging_at(at(minute)) == plan.wants_charging_at(at(m)) for m in range(minute, until))
    assert change is None or plan.wants_charging_at(change) != plan.wants_charging_at(at(minute))
