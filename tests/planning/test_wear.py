"""What standing full costs, and plans that charge above the limit late: against all patterns of whole hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from math import nan
from random import Random

import pytest

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, ChargeWindow, EnergyGoal, PlanOutcome, Prefer
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.domain.wear import Wear
from scheduler.planning.cheapest import cheapest_plan
from scheduler.planning.timeline import Standing
from scheduler.planning.wear import SparingPlan, more_per_h, sparing_plan, standing_cost_per_h

EVENING = datetime(2026, 2, 1, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_curve(prices: list[float]) -> TariffCurve:
    slots = (PriceSlot(EVENING + n * HOUR, EVENING + (n + 1) * HOUR, price) for n, price in enumerate(prices))
    return TariffCurve("EUR", tuple(slots))


def spared(prices: list[float], energy_kwh: float, wear: Wear, rules: ChargeRules) -> ChargePlan:
    departure = EVENING + len(prices) * HOUR
    need, curve = ChargeNeed((EnergyGoal(departure, energy_kwh),)), a_curve(prices)

    return sparing(curve, need, rules, wear).plan


def sparing(curve: TariffCurve, need: ChargeNeed, rules: ChargeRules, wear: Wear) -> SparingPlan:
    def plan_of(standing: Standing | None) -> ChargePlan:
        return cheapest_plan(EVENING, curve, need, rules, standing=standing)

    return sparing_plan(plan_of(None), plan_of, wear, EVENING, need.goals[-1].ready_by)


def windows(plan: ChargePlan) -> list[tuple[float, float]]:
    return [((window.start - EVENING) / HOUR, (window.end - EVENING) / HOUR) for window in plan.windows]


def test_an_hour_at_full_costs_half_a_cent_more_than_at_the_limit() -> None:
    full, limit = (standing_cost_per_h(soc_pct, 20.0, 9000.0) for soc_pct in (100.0, 80.0))

    assert pytest.approx(9000 * (0.1213 - 0.1077) / 0.3 / 87_660) == full - limit
    assert pytest.approx(0.0047, abs=1e-4) == full - limit


def test_standing_costs_more_the_fuller_and_the_warmer() -> None:
    costs = [[standing_cost_per_h(soc, warmth, 1.0) for soc in range(20, 101, 5)] for warmth in range(10, 41, 5)]

    assert all(emptier < fuller for row in costs for emptier, fuller in pairwise(row))
    assert all(cold < warm for one, other in pairwise(costs) for cold, warm in zip(one, other, strict=True))


def test_beyond_the_table_its_edge_holds() -> None:
    assert standing_cost_per_h(0.0, -20.0, 1.0) == standing_cost_per_h(20.0, 10.0, 1.0)
    assert standing_cost_per_h(100.0, 60.0, 1.0) == standing_cost_per_h(100.0, 40.0, 1.0)


def test_a_temperature_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidValue, match="temperature_c must be a finite number, got nan"):
        standing_cost_per_h(80.0, nan, 1.0)


def test_what_an_hour_above_the_limit_costs_is_the_difference_to_one_at_the_limit() -> None:
    assert pytest.approx(0.0136 * 9000 / 0.3 / 87_660) == more_per_h(80.0, 100.0, 20.0, 9000.0)


def test_the_last_energy_is_what_stands() -> None:
    windows = tuple(ChargeWindow(EVENING + n * HOUR, EVENING + (n + 1) * HOUR, 2.0) for n in (0, 4))
    plan = ChargePlan(PlanOutcome.MET, windows, 4.0)

    cost = Wear(3.0, 0.01).cost(plan, EVENING + 6 * HOUR)

    assert pytest.approx(1.0 * 1.25 * 0.01) == cost


def test_what_is_above_the_limit_waits_and_the_rest_does_not() -> None:
    prices = [0.10, 0.10, 0.105, 0.105, 0.105, 0.105]

    plan = spared(prices, 2.0, Wear(1.0, 0.004), ChargeRules(1.0))

    assert [(1.0, 2.0), (5.0, 6.0)] == windows(plan)
    assert pytest.approx(0.205) == plan.cost
    assert (pytest.approx(0.2), False) == (plan.lower_bound, plan.optimal)


def test_what_saves_more_than_the_battery_loses_does_not_wait() -> None:
    plan = spared([0.10, 0.10, 0.30, 0.30, 0.30, 0.30], 2.0, Wear(1.0, 0.004), ChargeRules(1.0))

    assert [(0.0, 2.0)] == windows(plan)
    assert plan.optimal


def test_a_plan_that_spares_the_battery_at_no_cost_is_proven_to_be_the_cheapest() -> None:
    plan = spared([0.1] * 6, 2.0, Wear(1.0, 0.004), replace(ChargeRules(1.0), prefer=Prefer.EARLY))

    assert 6.0 == windows(plan)[-1][1]
    assert plan.optimal


def test_what_never_comes_above_the_limit_is_planned_as_if_standing_were_free() -> None:
    plan, ageing = sparing(
        a_curve([0.1] * 6), ChargeNeed((EnergyGoal(EVENING + 6 * HOUR, 2.0),)), ChargeRules(1.0), Wear(2.0, 1)
    )

    assert ([(4.0, 6.0)], 0.0) == (windows(plan), ageing.off)


def test_at_a_flat_price_only_what_is_above_the_limit_decides() -> None:
    departure = EVENING + 30 * HOUR
    curve = TariffCurve("EUR", (PriceSlot(EVENING, departure, 0.3),))
    rules = ChargeRules(1.0, prefer=ChargeRules(1.0).prefer.EARLY)
    need = ChargeNeed((EnergyGoal(departure, 2.0),))

    plan = sparing(curve, need, rules, Wear(1.0, 0.004)).plan

    assert windows(plan)[-1][1] == 30.0


@pytest.mark.parametrize("seed", range(40))
def test_no_pattern_of_hours_is_cheaper_with_its_wear(seed: int) -> None:
    random = Random(seed)
    prices = [round(random.uniform(0.0, 0.1), 3) for _ in range(9)]
    hours, free, per_kwh_h = random.randint(2, 6), random.randint(0, 3), random.choice([0.001, 0.004, 0.02])
    wear = Wear(float(free), per_kwh_h)

    need = ChargeNeed((EnergyGoal(EVENING + 9 * HOUR, float(hours)),))
    plan, ageing = sparing(a_curve(prices), need, ChargeRules(1.0, max_starts=None), wear)

    best = min(
        sum(prices[hour] for hour in chosen) + sum(per_kwh_h * (8.5 - hour) for hour in chosen[free:])
        for chosen in combinations(range(9), hours)
    )
    total = plan.cost + wear.cost(plan, EVENING + 9 * HOUR)
    assert total <= best + 0.1 * per_kwh_h
    assert total - ageing.off <= best
    assert plan.shortfall_kwh == 0.0


@pytest.mark.parametrize("seed", range(40))
def test_with_few_starts_no_pattern_of_hours_is_cheaper_by_more_than_is_said(seed: int) -> None:
    random = Random(seed)
    prices = [round(random.uniform(0.0, 0.1), 3) for _ in range(9)]
    hours, free, per_kwh_h = random.randint(2, 6), random.randint(0, 3), random.choice([0.001, 0.004, 0.02])
    wear, starts = Wear(float(free), per_kwh_h), random.randint(1, 2)
    need = ChargeNeed((EnergyGoal(EVENING + 9 * HOUR, float(hours)),))

    plan, ageing = sparing(a_curve(prices), need, ChargeRules(1.0, max_starts=starts), wear)

    best = min(
        sum(prices[hour] for hour in chosen) + sum(per_kwh_h * (8.5 - hour) for hour in chosen[free:])
        for chosen in combinations(range(9), hours)
        if 1 + sum(later - earlier > 1 for earlier, later in pairwise(chosen)) <= starts
    )
    assert plan.cost + wear.cost(plan, EVENING + 9 * HOUR) - ageing.off <= best
    assert ageing.spared >= ageing.dearer


def test_what_is_paid_to_spare_the_battery_is_told_apart_from_what_that_spares() -> None:
    need = ChargeNeed((EnergyGoal(EVENING + 6 * HOUR, 2.0),))

    ageing = sparing(a_curve([0.10, 0.10, 0.105, 0.105, 0.105, 0.105]), need, ChargeRules(1.0), Wear(1.0, 0.004)).ageing

    assert (pytest.approx(0.005), pytest.approx(0.004 * 4)) == (ageing.dearer, ageing.spared)


def test_a_plan_that_promises_less_is_never_taken_for_the_batterys_sake() -> None:
    need, rules = ChargeNeed((EnergyGoal(EVENING + 6 * HOUR, 2.0),)), ChargeRules(1.0)
    curve = a_curve([0.1] * 6)
    whole = cheapest_plan(EVENING, curve, need, replace(rules, prefer=Prefer.EARLY))
    short = cheapest_plan(EVENING, curve, need, replace(rules, blocked=(Interval(EVENING, EVENING + 5 * HOUR),)))

    found = sparing_plan(whole, lambda _: short, Wear(1.0, 0.004), EVENING, EVENING + 6 * HOUR)

    assert (whole, 0.0, 0.0) == (found.plan, found.ageing.dearer, found.ageing.spared)


def test_the_moment_from_which_the_battery_stands_above_the_limit_is_that_of_the_first_kwh_above_it() -> None:
    charged = tuple(ChargeWindow(EVENING + n * HOUR, EVENING + (n + 1) * HOUR, 2.0) for n in (0, 4))
    plan = ChargePlan(PlanOutcome.MET, charged, 4.0)

    begins = [Wear(free_kwh, 0.01).begins(plan) for free_kwh in (0.0, 2.0, 3.0, 4.0)]

    assert [EVENING, EVENING + 4 * HOUR, EVENING + 4.5 * HOUR, None] == begins
