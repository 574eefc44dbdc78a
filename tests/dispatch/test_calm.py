"""When a plan in force stays, and when it gives way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler.dispatch.calm import Calm, keeps
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId
from scheduler.domain.wear import Ageing, Wear

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
GOAL = ChargeGoal(NOW + timedelta(hours=9), 80)
CURVE = TariffCurve(
    "EUR",
    tuple(
        PriceSlot(NOW + timedelta(hours=hour), NOW + timedelta(hours=hour + 1), price)
        for hour, price in enumerate([0.30, 0.20, 0.20, 0.21, 0.25, 0.40, 0.40, 0.40, 0.40])
    ),
)
CALM = Calm(gain=0.05, drift_kwh=1.0)


def promise(start: float, end: float, outcome: PlanOutcome = PlanOutcome.MET) -> Promise:
    window = ChargeWindow(NOW + timedelta(hours=start), NOW + timedelta(hours=end), 10.0)
    cost = CURVE.cost([window.interval], 10.0)
    plan = ChargePlan(outcome, (window,), window.energy_kwh, cost=cost)
    return Promise(VehicleId("ada"), NOW, 46, GOAL, plan, TariffId("t"), "EUR")


def test_a_gain_of_a_cent_changes_nothing() -> None:
    assert keeps(promise(2, 3.1), promise(1, 2.1), CURVE, NOW, CALM)


def test_a_gain_above_the_stated_amount_moves_the_plan() -> None:
    assert not keeps(promise(5, 6), promise(1, 2), CURVE, NOW, CALM)


def test_the_first_plan_and_a_changed_goal_are_taken() -> None:
    assert not keeps(None, promise(1, 2), CURVE, NOW, CALM)
    assert not keeps(replace(promise(1, 2), goal=None), promise(1, 2), CURVE, NOW, CALM)


def test_a_need_that_is_off_by_more_than_the_drift_moves_the_plan() -> None:
    assert not keeps(promise(1, 2), promise(1, 2.2), CURVE, NOW, CALM)
    assert not keeps(promise(1, 2.2), promise(1, 2), CURVE, NOW, CALM)


def test_a_small_lack_waits_for_the_end_of_the_last_window() -> None:
    assert keeps(promise(1, 2), promise(1, 2.05), CURVE, NOW, CALM)
    assert not keeps(promise(1, 2), promise(1, 2.05), CURVE, NOW + timedelta(minutes=115), CALM)


def test_a_lack_without_room_behind_the_last_window_moves_the_plan() -> None:
    assert not keeps(promise(7, 8.95), promise(6.95, 8.95), CURVE, NOW, CALM)


def test_a_lack_without_a_departure_moves_the_plan() -> None:
    held, fresh = replace(promise(1, 2), goal=None), replace(promise(1, 2.05), goal=None)

    assert not keeps(held, fresh, CURVE, NOW, CALM)


def test_nothing_needed_is_always_taken_so_that_somebody_says_stop() -> None:
    rest = replace(promise(1, 2), plan=ChargePlan.rest())

    assert not keeps(promise(1, 2, PlanOutcome.NOTHING_NEEDED), replace(rest, plan=ChargePlan.rest()), CURVE, NOW, CALM)


def test_a_plan_whose_windows_are_over_is_not_kept() -> None:
    assert not keeps(promise(1, 2), promise(3, 4), CURVE, NOW + timedelta(hours=2.5), CALM)


def test_a_gain_that_the_battery_pays_for_changes_nothing() -> None:
    cheap = replace(promise(1, 2), ageing=Ageing(Wear(0.0, 0.016)))

    assert not keeps(promise(4, 5), replace(cheap, ageing=None), CURVE, NOW, CALM)
    assert keeps(promise(4, 5), cheap, CURVE, NOW, CALM)


def test_what_would_age_the_battery_gives_way() -> None:
    late = replace(promise(4, 5), ageing=Ageing(Wear(0.0, 0.03)))

    assert not keeps(promise(1, 2), late, CURVE, NOW, CALM)
