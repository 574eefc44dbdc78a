"""What each wish costs: the plan made again with one wish relaxed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.domain.wear import Wear
from scheduler.planning.considerate import considerate_plan
from scheduler.planning.relaxation import PlanFacts, Relaxation, Wish, relaxations

NOW = datetime(2026, 2, 1, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAR = Vehicle(VehicleId("ada"), "ID.3", "VW", "ID.3", Powertrain.BEV, "v", "u", 100, 10, 1.0)


def curve(*prices: float | None) -> TariffCurve:
    """Return an hour for each price from `NOW` on; None is a gap."""
    slots = (
        PriceSlot(NOW + hour * HOUR, NOW + (hour + 1) * HOUR, price)
        for hour, price in enumerate(prices)
        if price is not None
    )
    return TariffCurve("EUR", tuple(slots))


def facts(prices: TariffCurve, energy_kwh: float, hours: float, reserve_kwh: float = 0.0, **rules: Any) -> PlanFacts:
    need = ChargeNeed((EnergyGoal(NOW + hours * HOUR, energy_kwh),), reserve_kwh)
    return PlanFacts(NOW, prices, need, replace(ChargeRules(10.0), **rules))


def found(asked: PlanFacts, soc_pct: float = 50.0, target_pct: float | None = 60.0) -> tuple[Relaxation, ...]:
    goal = None if target_pct is None else ChargeGoal(asked.need.goals[-1].ready_by, target_pct)
    return relaxations(asked, asked.plan(), CAR, soc_pct, goal)


def of(wish: Wish, relaxed: tuple[Relaxation, ...]) -> Relaxation | None:
    return next((relaxation for relaxation in relaxed if relaxation.wish is wish), None)


def test_leaving_when_the_price_falls_is_worth_its_saving() -> None:
    later = of(Wish.READY_BY, found(facts(curve(0.4, 0.4, 0.1, 0.1), 10, hours=2)))

    assert later is not None
    assert timedelta(minutes=60) == later.delay
    assert 3.0 == pytest.approx(later.saving)


def test_the_shortest_delay_that_has_nearly_all_of_the_saving_is_told() -> None:
    quarter = timedelta(minutes=15)
    slots = [PriceSlot(NOW + step * quarter, NOW + (step + 1) * quarter, 0.4) for step in range(4)]
    slots.append(PriceSlot(NOW + HOUR, NOW + HOUR + quarter, 0.1))
    slots.append(PriceSlot(NOW + HOUR + quarter, NOW + 3 * HOUR, 0.5))

    later = of(Wish.READY_BY, found(facts(TariffCurve("EUR", tuple(slots)), 5, hours=1)))

    assert later is not None
    assert quarter == later.delay
    assert 0.75 == pytest.approx(later.saving)


def test_what_leaving_later_brings_comes_before_what_it_saves() -> None:
    later, *_ = found(facts(curve(0.4, 0.4, 0.1), 30, hours=2), target_pct=80.0)

    assert (Wish.READY_BY, HOUR) == (later.wish, later.delay)
    assert (10.0, -1.0) == (pytest.approx(later.gained_kwh), pytest.approx(later.saving))


def test_one_more_start_is_worth_the_third_valley() -> None:
    more = of(Wish.MAX_STARTS, found(facts(curve(0.1, 0.9, 0.1, 0.9, 0.1), 30, hours=5)))

    assert more is not None
    assert 0.8 * 10 == pytest.approx(more.saving)


def test_a_car_with_any_number_of_starts_is_offered_no_further_one() -> None:
    assert None is of(Wish.MAX_STARTS, found(facts(curve(0.1, 0.9, 0.1), 20, hours=3, max_starts=None)))


def test_one_window_instead_of_several_has_its_price() -> None:
    relaxed = found(facts(curve(0.1, 0.9, 0.1), 20, hours=3, continuous=True))

    apart = of(Wish.CONTINUOUS, relaxed)
    assert apart is not None
    assert 8.0 == pytest.approx(apart.saving)
    assert None is of(Wish.MAX_STARTS, relaxed)


def test_a_price_cap_that_leaves_the_car_short_is_told_with_what_it_keeps_away() -> None:
    cap = of(Wish.MAX_PRICE, found(facts(curve(0.1, 0.4), 20, hours=2, max_price=0.3)))

    assert cap is not None
    assert (10.0, -4.0) == (pytest.approx(cap.gained_kwh), pytest.approx(cap.saving))


def test_blocked_hours_cost_the_price_of_the_others() -> None:
    blocked = of(Wish.BLOCKED, found(facts(curve(0.1, 0.4), 10, hours=2, blocked=(Interval(NOW, NOW + HOUR),))))

    assert blocked is not None
    assert 3.0 == pytest.approx(blocked.saving)


def test_a_shortest_window_costs_what_a_short_valley_would_have_given() -> None:
    shortest = of(Wish.MIN_RUN, found(facts(curve(0.1, 0.9, 0.1, 0.9), 20, hours=4, min_run=2 * HOUR)))

    assert shortest is not None
    assert 8.0 == pytest.approx(shortest.saving)


def test_a_reserve_costs_what_waiting_would_have_saved() -> None:
    reserve = of(Wish.RESERVE, found(facts(curve(0.5, 0.1), 10, hours=2, reserve_kwh=5)))

    assert reserve is not None
    assert 2.0 == pytest.approx(reserve.saving)


def test_a_lower_target_costs_less_and_charges_less_and_comes_last() -> None:
    *_, lower = found(facts(curve(0.2, 0.4), 10, hours=2))

    assert (Wish.TARGET, 55.0) == (lower.wish, lower.target_pct)
    assert (1.0, 5.0) == (pytest.approx(lower.saving), pytest.approx(lower.less_kwh))


def test_a_target_that_would_fall_below_what_is_there_is_not_offered() -> None:
    assert None is of(Wish.TARGET, found(facts(curve(0.2, 0.4), 4, hours=2), soc_pct=56.0))


def test_of_several_goals_none_is_lowered_by_itself() -> None:
    both = ChargeNeed((EnergyGoal(NOW + HOUR, 5), EnergyGoal(NOW + 2 * HOUR, 10)))
    asked = PlanFacts(NOW, curve(0.2, 0.4), both, ChargeRules(10.0))

    assert None is of(Wish.TARGET, found(asked))


def test_without_power_no_target_helps() -> None:
    assert () == found(facts(curve(0.2), 10, hours=1, max_power_kw=0.0))


def test_without_a_departure_nobody_can_leave_later_or_want_less() -> None:
    relaxed = found(facts(curve(0.5, 0.1), 10, hours=1, reserve_kwh=5), target_pct=None)

    assert {Wish.READY_BY, Wish.TARGET}.isdisjoint(relaxation.wish for relaxation in relaxed)


def test_nothing_binds_where_nothing_is_needed() -> None:
    assert () == found(facts(curve(0.2), 0, hours=1))


def test_a_wish_that_only_trades_known_prices_for_unknown_ones_is_not_told() -> None:
    asked = facts(curve(0.5, None), 10, hours=2, blocked=(Interval(NOW, NOW + HOUR),))

    assert None is of(Wish.BLOCKED, found(asked))


def test_flat_prices_leave_nothing_to_wish_for_but_less() -> None:
    assert [Wish.TARGET] == [relaxation.wish for relaxation in found(facts(curve(0.2, 0.2, 0.2), 10, hours=2))]


def test_what_is_only_saved_by_ageing_the_battery_is_no_saving() -> None:
    """The cap hinders nobody, and a plan that forgets the battery would be cheaper without it."""
    capped = facts(curve(0.100, 0.105, 0.105, 0.105), 10, hours=4, max_price=0.3, min_run=timedelta(minutes=30))
    aged = replace(capped, wear=Wear(0.0, 0.01))
    assert aged.plan().cost > capped.plan().cost + 0.04

    assert [Wish.TARGET] == [relaxation.wish for relaxation in found(aged)]


def test_a_saving_names_the_part_of_it_that_is_ageing() -> None:
    blocked = (Interval(NOW + 3 * HOUR, NOW + 4 * HOUR),)
    aged = replace(facts(curve(0.1, 0.1, 0.1, 0.1), 10, hours=4, blocked=blocked), wear=Wear(0.0, 0.01))

    free = of(Wish.BLOCKED, found(aged))

    assert free is not None
    assert (pytest.approx(0.1), pytest.approx(0.1)) == (free.saving, free.ageing)


@pytest.mark.parametrize("seed", range(30))
def test_no_relaxed_wish_claims_more_than_it_saves_with_the_same_ageing_in_both_plans(seed: int) -> None:
    random = Random(seed)
    prices = [round(random.uniform(0.2, 0.26), 3) for _ in range(8)]
    hours = [NOW + hour * HOUR for hour in range(9)]
    asked = facts(
        curve(*prices),
        random.choice([15, 30]),
        hours=7,
        max_starts=random.choice([1, 2]),
        max_price=0.25,
        blocked=(Interval(hours[4], hours[5]),),
        min_run=random.choice([0, 1]) * HOUR,
    )
    wear = Wear(10.0, random.choice([0.0005, 0.003]))
    with_wear = replace(asked, wear=wear)
    base = with_wear.plan()

    for relaxation in found(with_wear):
        assert relaxation.wish is not Wish.READY_BY or relaxation.delay is not None
        billed = relaxation.saving - relaxation.ageing
        if relaxation.wish is Wish.TARGET or relaxation.gained_kwh > 0.05:
            continue
        until = asked.need.goals[-1].ready_by + (relaxation.delay or timedelta(0))
        assert relaxation.saving <= base.cost + wear.cost(base, asked.need.goals[-1].ready_by) - least(
            asked, until, wear
        )
        assert billed <= base.cost


def least(asked: PlanFacts, until: datetime, wear: Wear) -> float:
    """Return what no plan is below that charges the need by *until*, ageing counted, whatever else the rules."""
    need = ChargeNeed((EnergyGoal(until, asked.need.energy_kwh),))
    spared = considerate_plan(NOW, asked.curve, need, ChargeRules(10.0, max_starts=None), wear=wear)
    assert spared.ageing is not None
    return spared.plan.cost + wear.cost(spared.plan, until) - spared.ageing.off
