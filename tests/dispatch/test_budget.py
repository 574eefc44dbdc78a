"""What is left of the month's calls, and what it is kept for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.clock import ManualClock
from scheduler.dispatch.budget import CallLimits, Need, allowance, month_of, need_of, next_month, sparser, useful_until
from scheduler.dispatch.decide import Situation
from scheduler.dispatch.looking import LookPlan
from scheduler.dispatch.purse import EXHAUSTED, Purse
from scheduler.domain.command import Verb
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.session import ChargeSession, Override
from scheduler.domain.vehicle import VehicleId, VehicleState
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore

NOW = datetime(2026, 2, 15, 0, 0, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA, BEN = VehicleId("ada"), VehicleId("ben")
LIMITS = CallLimits(500, 20, 120, 2.0)
LOOKS = LookPlan(2 * HOUR, 6 * HOUR, 2 * HOUR, (HOUR,), HOUR, (HOUR,))


class Month:
    """A purse over a store in memory."""

    def __init__(self, limits: CallLimits = LIMITS) -> None:
        self.clock, self.store, self.notes = ManualClock(NOW), MemoryStore(), Notes()
        self.limits = limits
        self.purse = self.reopened()

    def reopened(self) -> Purse:
        return Purse(self.clock, self.store, self.notes, self.limits)

    def spend(self, calls: int, vehicle_id: VehicleId = ADA) -> None:
        for _ in range(calls):
            self.purse.take()
            self.store.count_call(vehicle_id, self.clock.now(), "look")

    def waits_s(self, need: Need, vehicle_id: VehicleId = BEN) -> float:
        now = self.clock.now()
        return (self.purse.free_at(vehicle_id, need, now) - now).total_seconds()


@pytest.mark.parametrize(
    ("left", "covered"),
    [
        (21, {Need.LOOK, Need.START, Need.LAST}),
        (20, {Need.START, Need.LAST}),
        (11, {Need.START, Need.LAST}),
        (10, {Need.LAST}),
        (1, {Need.LAST}),
        (0, set()),
    ],
)
def test_the_last_calls_are_kept_for_what_cannot_wait(left: int, covered: set[Need]) -> None:
    month = allowance(500 - left, LIMITS, NOW)

    assert covered == {need for need in Need if month.covers(need)}


def test_looks_become_sparser_as_the_month_is_spent() -> None:
    half, quarter = allowance(260, LIMITS, NOW), allowance(440, LIMITS, NOW)

    assert timedelta(days=14) / 220 == half.pace(NOW)
    assert timedelta(days=14) / 40 == quarter.pace(NOW)
    assert (2 * HOUR, 6 * HOUR) == (sparser(LOOKS, half.pace(NOW)).charging, sparser(LOOKS, half.pace(NOW)).waiting)
    assert 8.4 * HOUR == sparser(LOOKS, quarter.pace(NOW)).charging
    assert LOOKS.confirm == sparser(LOOKS, quarter.pace(NOW)).confirm


def test_a_month_that_is_not_counted_has_no_end_and_no_pace() -> None:
    free = allowance(10_000, CallLimits(None), NOW)

    assert all(free.covers(need) for need in Need)
    assert timedelta(0) == free.pace(NOW)
    assert not allowance(0, CallLimits(None), NOW, refused=True).covers(Need.LAST)


def test_months_are_the_calendars() -> None:
    assert (datetime(2026, 2, 1, tzinfo=UTC), MARCH) == (month_of(NOW), next_month(NOW))
    assert datetime(2027, 1, 1, tzinfo=UTC) == next_month(datetime(2026, 12, 31, 23, tzinfo=UTC))


def test_stops_wishes_reserves_and_the_last_start_reach_deepest() -> None:
    windows = (ChargeWindow(NOW - HOUR, NOW + HOUR, 11), ChargeWindow(NOW + 3 * HOUR, NOW + 4 * HOUR, 11))
    state = VehicleState(ADA, NOW, 50, NOW, plugged_in=True, charging=False)
    first = Situation(NOW, state, ChargeSession(ADA, NOW - HOUR), ChargePlan(PlanOutcome.MET, windows), soc_pct=50)

    assert Need.START == need_of(Verb.START, first)
    assert Need.LAST == need_of(Verb.STOP, first)
    assert Need.LAST == need_of(Verb.START, replace(first, override=Override.START))
    assert Need.LAST == need_of(Verb.START, replace(first, reserve_pct=60))
    assert Need.LAST == need_of(Verb.START, replace(first, now=NOW + 3 * HOUR))


def test_who_waits_for_a_start_does_not_seem_to_have_more_time_for_it() -> None:
    windows = (ChargeWindow(NOW, NOW + 3 * HOUR, 11),)
    state = VehicleState(ADA, NOW, 50, NOW, plugged_in=True, charging=False)
    due = Situation(
        NOW,
        state,
        ChargeSession(ADA, NOW - HOUR),
        ChargePlan(PlanOutcome.MET, windows),
        soc_pct=50,
        ready_by=NOW + 5 * HOUR,
    )
    later = replace(due, now=NOW + HOUR)

    assert NOW + 2 * HOUR == useful_until(Verb.START, due)
    assert NOW + 2 * HOUR == useful_until(Verb.START, later)
    assert later.now == useful_until(Verb.STOP, later)
    assert NOW == useful_until(Verb.START, replace(due, ready_by=None))


def test_the_month_outlives_the_daemon_and_one_car_does_not_spend_anothers() -> None:
    month = Month()
    month.spend(30)

    assert (470, 500) == (month.reopened().allowance(ADA).left, month.reopened().allowance(BEN).left)


def test_a_refusal_of_smartcars_is_the_count_that_counts_for_a_day() -> None:
    month = Month()
    month.spend(3)

    month.purse.refused(ADA)
    month.purse.refused(ADA)

    assert 0 == month.purse.allowance(ADA).left
    assert NOW + timedelta(days=1) == month.purse.free_at(ADA, Need.LAST, NOW)
    assert ["budget.exhausted"] == month.notes.names
    assert 2 == month.store.calls(ADA, NOW, EXHAUSTED)
    month.clock.advance(86_401)
    assert 497 == month.purse.allowance(ADA).left


def test_of_an_almost_empty_bucket_looks_leave_some_to_starts_and_starts_to_stops() -> None:
    month = Month()
    month.spend(96)

    assert [30, 0, 0] == [month.waits_s(need) for need in (Need.LOOK, Need.START, Need.LAST)]
    month.spend(12)
    assert [0, 0] == [month.waits_s(Need.LAST), max(month.waits_s(Need.LAST), 0)]
    assert month.waits_s(Need.START) > 0


def test_those_who_wait_are_called_one_after_the_other_as_the_bucket_fills() -> None:
    month = Month(CallLimits(None, burst=10, per_minute=2.0))
    month.spend(10)

    waits = [month.waits_s(Need.LAST, VehicleId(name)) for name in ("ada", "ben", "cleo")]

    assert [30, 60, 90] == waits


def test_the_bucket_fills_by_the_minute_and_a_restart_does_not_fill_it() -> None:
    month = Month()
    month.spend(120)

    assert 30 == month.waits_s(Need.LAST)
    month.purse = month.reopened()
    assert month.waits_s(Need.LAST) > 0
    month.clock.advance(600)
    month.purse = month.reopened()
    month.clock.advance(3600)
    assert 0 == month.waits_s(Need.LOOK)


def test_without_limits_nobody_waits() -> None:
    month = Month(CallLimits(None, burst=None))
    month.spend(1000)

    assert 0 == month.waits_s(Need.LOOK)
