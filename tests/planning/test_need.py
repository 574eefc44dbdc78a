from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf, nan
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId, VehicleState
from scheduler.planning.need import at_once_cost, charge_need, charge_time, plug_energy_kwh

NOW = datetime(2026, 2, 1, 17, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
KNEE_PCT = 100 - 10 / 0.98


def a_car(power_kw: float = 11.0) -> Vehicle:
    """A battery of 54 kWh behind 90 %: each per cent is 0.6 kWh at the plug."""
    return Vehicle(VehicleId("ada"), "Ada's ID.3", "VW", "ID.3", Powertrain.BEV, "v", "u", 54.0, power_kw, 0.9)


def seen(soc_pct: float | None) -> VehicleState:
    return VehicleState(VehicleId("ada"), NOW, soc_pct=soc_pct)


def goal(hours: float, target_pct: float, reserve_pct: float = 0.0) -> ChargeGoal:
    return ChargeGoal(NOW + hours * HOUR, target_pct, reserve_pct)


def integrated_hours(power_kw: float, from_pct: float, to_pct: float) -> float:
    """The same charge in ten thousand small steps, each at what plug and battery allow there."""
    step = (to_pct - from_pct) / 10_000
    middles = (from_pct + (index + 0.5) * step for index in range(10_000))
    return sum(0.6 * step / min(power_kw, 1 + 0.98 * (100 - middle)) for middle in middles)


def test_below_the_knee_the_need_is_the_batterys_energy_over_the_efficiency() -> None:
    need = charge_need(a_car(), seen(50), [goal(14, 80)])

    assert pytest.approx(18.0) == need.energy_kwh
    assert 0.0 == need.reserve_kwh


@pytest.mark.parametrize(
    ("power_kw", "from_pct", "to_pct"),
    [(11, 80, 100), (11, 95, 99), (7.4, 90, 100), (50, 10, 90), (150, 5, 60), (1, 20, 100), (0.5, 99, 100)],
)
def test_near_full_the_car_takes_what_the_taper_allows(power_kw: float, from_pct: float, to_pct: float) -> None:
    expected = integrated_hours(power_kw, from_pct, to_pct)

    assert pytest.approx(expected, rel=1e-5) == charge_time(a_car(), from_pct, to_pct, power_kw) / HOUR
    assert pytest.approx(expected * power_kw, rel=1e-5) == plug_energy_kwh(a_car(power_kw), from_pct, to_pct)


def test_up_to_the_knee_and_on_from_it_is_the_whole_way() -> None:
    below, above = charge_time(a_car(), 50, KNEE_PCT, 11), charge_time(a_car(), KNEE_PCT, 100, 11)

    assert pytest.approx(charge_time(a_car(), 50, 100, 11) / HOUR) == (below + above) / HOUR


@pytest.mark.parametrize("to_pct", [60.0, 59.9, nan, -5.0])
def test_nothing_takes_no_time(to_pct: float) -> None:
    assert timedelta(0) == charge_time(a_car(), 60, to_pct, 11)
    assert 0.0 == plug_energy_kwh(a_car(), 60, to_pct)


def test_a_state_of_charge_beyond_the_battery_is_its_edge() -> None:
    assert charge_time(a_car(), 0, 100, 11) == charge_time(a_car(), -20, 130, 11)


@pytest.mark.parametrize("power_kw", [0.0, -1.0, nan, inf])
def test_a_power_that_is_none_is_refused(power_kw: float) -> None:
    with pytest.raises(InvalidValue, match=r"power_kw must be at least 0\.1"):
        charge_time(a_car(), 20, 80, power_kw)


@pytest.mark.parametrize("soc_pct", [None, nan])
def test_an_unknown_state_of_charge_counts_as_empty(soc_pct: float | None) -> None:
    need = charge_need(a_car(), seen(soc_pct), [goal(14, 80, reserve_pct=20)])

    assert (pytest.approx(48.0), pytest.approx(12.0)) == (need.energy_kwh, need.reserve_kwh)


@pytest.mark.parametrize("target_pct", [60.0, 40.0, nan])
def test_a_target_that_is_reached_needs_nothing(target_pct: float) -> None:
    need = charge_need(a_car(), seen(60), [goal(14, target_pct)])

    assert 0.0 == need.energy_kwh
    assert NOW + 14 * HOUR == need.goals[0].ready_by


def test_no_goals_need_nothing() -> None:
    assert ChargeNeed() == charge_need(a_car(), seen(50), [])


def test_goals_are_cumulative_also_where_a_later_target_is_lower() -> None:
    need = charge_need(a_car(), seen(50), [goal(12, 80), goal(36, 70), goal(60, 85)])

    assert [pytest.approx(18.0), pytest.approx(18.0), pytest.approx(21.0)] == [each.energy_kwh for each in need.goals]


def test_the_largest_reserve_of_all_goals_counts_but_never_more_than_the_target() -> None:
    assert pytest.approx(6.0) == charge_need(a_car(), seen(20), [goal(12, 80, 25), goal(36, 80, 30)]).reserve_kwh
    assert pytest.approx(18.0) == charge_need(a_car(), seen(20), [goal(12, 50, 90)]).reserve_kwh
    assert 0.0 == charge_need(a_car(), seen(20), [goal(12, 50, 20)]).reserve_kwh


def test_a_goal_is_moved_ahead_by_what_a_weaker_car_would_need() -> None:
    need = charge_need(a_car(6.0), seen(50), [goal(14, 80)], power_margin=0.05)

    # 18 kWh take 3 h at 6 kW, and 3 h / 0.95 at 5 % less.
    assert NOW + 14 * HOUR - (3 / 0.95 - 3) * HOUR == need.goals[0].ready_by
    assert pytest.approx(18.0) == need.energy_kwh


def test_a_goal_is_not_moved_ahead_of_what_full_power_can_reach() -> None:
    tight = charge_need(a_car(6.0), seen(50), [goal(3.05, 80)], power_margin=0.05)
    hopeless = charge_need(a_car(6.0), seen(50), [goal(2, 80)], power_margin=0.05)

    assert NOW + 3 * HOUR == tight.goals[0].ready_by
    assert NOW + 2 * HOUR == hopeless.goals[0].ready_by


def test_a_margin_never_puts_a_later_goal_before_an_earlier_one() -> None:
    need = charge_need(a_car(6.0), seen(50), [goal(6, 51), goal(6.01, 80)], power_margin=0.05)

    assert need.goals[0].ready_by == need.goals[1].ready_by


# 17:00 at 0.30, 18:00 at 0.10, 19:00 unknown, 20:00 at 0.20 (a forecast).
CURVE = TariffCurve(
    "EUR",
    (
        PriceSlot(NOW, NOW + HOUR, 0.3),
        PriceSlot(NOW + HOUR, NOW + 2 * HOUR, 0.1),
        PriceSlot(NOW + 3 * HOUR, NOW + 4 * HOUR, 0.2, firm=False),
    ),
)


def needed(hours: float, energy_kwh: float) -> ChargeNeed:
    return ChargeNeed((EnergyGoal(NOW + hours * HOUR, energy_kwh),))


def test_charging_at_once_pays_the_prices_as_they_come() -> None:
    assert pytest.approx(0.6 + 0.1) == at_once_cost(NOW, CURVE, needed(4, 3.0), ChargeRules(2.0))


def test_charging_at_once_waits_for_blocked_times_only() -> None:
    rules = ChargeRules(2.0, blocked=(Interval(NOW, NOW + 30 * MINUTE), Interval(NOW + 2 * HOUR, NOW + 3 * HOUR)))

    assert pytest.approx(0.3 + 0.2 + 0.2) == at_once_cost(NOW, CURVE, needed(4, 4.0), rules)


def test_charging_at_once_costs_nothing_known_where_a_price_on_the_way_is_unknown() -> None:
    assert at_once_cost(NOW, CURVE, needed(4, 4.5), ChargeRules(2.0)) is None
    assert pytest.approx(0.8) == at_once_cost(NOW, CURVE, needed(4, 4.0), ChargeRules(2.0))


def test_charging_at_once_ends_with_the_last_goal() -> None:
    assert pytest.approx(0.6 + 0.1) == at_once_cost(NOW, CURVE, needed(1.5, 40.0), ChargeRules(2.0))


def test_charging_at_once_begins_now_in_whatever_zone_now_is_told() -> None:
    berlin = (NOW + 30 * MINUTE).astimezone(ZoneInfo("Europe/Berlin"))

    assert pytest.approx(0.3 + 0.2) == at_once_cost(berlin, CURVE, needed(4, 3.0), ChargeRules(2.0))


@pytest.mark.parametrize(
    ("need", "power_kw"), [(ChargeNeed(), 2.0), (needed(4, 0.0), 2.0), (needed(-1, 3.0), 2.0), (needed(4, 3.0), 0.0)]
)
def test_charging_at_once_costs_nothing_where_nothing_can_be_charged(need: ChargeNeed, power_kw: float) -> None:
    assert 0.0 == at_once_cost(NOW, CURVE, need, ChargeRules(power_kw))
