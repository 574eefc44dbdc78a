"""A prepaid credit buys the cheapest energy it can, and not a watt-hour more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf
from random import Random

import pytest

from scheduler.domain.errors import InvalidValue
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, EnergyGoal
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning.cheapest import cheapest_plan
from scheduler.planning.credit import Credit, affordable

EVENING = datetime(2026, 2, 1, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = ChargeRules(1.0)


def a_need(*energy_kwh: float, reserve_kwh: float = 0.0) -> ChargeNeed:
    goals = tuple(EnergyGoal(EVENING + 4 * n * HOUR, energy) for n, energy in enumerate(energy_kwh, 1))
    return ChargeNeed(goals, reserve_kwh)


def planned(need: ChargeNeed, prices: list[float | None], rules: ChargeRules = RULES) -> ChargePlan:
    slots = (
        PriceSlot(EVENING + n * HOUR, EVENING + (n + 1) * HOUR, price)
        for n, price in enumerate(prices)
        if price is not None
    )
    return cheapest_plan(EVENING, TariffCurve("EUR", tuple(slots)), need, rules)


def bought(credit: Credit, need: ChargeNeed, prices: list[float | None], rules: ChargeRules = RULES) -> ChargeNeed:
    return affordable(need, credit, lambda part: planned(part, prices, rules))


def test_a_credit_of_energy_is_the_goal_where_that_is_more() -> None:
    need = a_need(2.0, 5.0, reserve_kwh=4.0)

    assert a_need(2.0, 3.0, reserve_kwh=3.0) == bought(Credit(energy_kwh=3.0), need, [])
    assert need == bought(Credit(energy_kwh=30.0), need, [])
    assert need == bought(Credit(), need, [])


@pytest.mark.parametrize("credit", [Credit(energy_kwh=0), Credit(money=0), Credit(money=-1), Credit(energy_kwh=-2.0)])
def test_a_credit_of_nothing_buys_nothing_even_where_charging_is_paid_for(credit: Credit) -> None:
    need = bought(credit, a_need(2.0), [-1.0, -1.0, -1.0, -1.0])

    assert 0.0 == need.energy_kwh
    assert planned(need, [-1.0]).windows == ()


def test_money_buys_the_cheapest_hours_it_can_pay() -> None:
    need = bought(Credit(money=0.25), a_need(4.0), [0.3, 0.1, 0.2, 0.4])

    plan = planned(need, [0.3, 0.1, 0.2, 0.4])
    assert pytest.approx(1.75, abs=0.0005) == need.energy_kwh
    assert need.energy_kwh <= 1.75
    assert plan.cost <= 0.25
    assert plan.windows[0].start == EVENING + HOUR


def test_money_and_energy_bind_together() -> None:
    prices: list[float | None] = [0.3, 0.1, 0.2, 0.4]

    assert pytest.approx(1.0) == bought(Credit(1.0, 0.25), a_need(4.0), prices).energy_kwh
    assert pytest.approx(1.75, abs=0.0005) == bought(Credit(3.0, 0.25), a_need(4.0), prices).energy_kwh


def test_nothing_is_bought_at_a_price_that_is_not_known() -> None:
    need = bought(Credit(money=9.0), a_need(4.0), [0.3, None, None, 0.4])

    assert pytest.approx(2.0, abs=0.0005) == need.energy_kwh
    assert planned(need, [0.3, None, None, 0.4]).unknown_kwh == 0.0


def test_a_start_is_not_paid_from_the_credit() -> None:
    rules = ChargeRules(1.0, start_cost=5.0)

    assert a_need(1.0) == bought(Credit(money=0.1), a_need(1.0), [0.3, 0.1, 0.2, 0.4], rules)


@pytest.mark.parametrize("seed", range(20))
def test_more_money_never_buys_less_and_a_watt_hour_more_is_too_dear(seed: int) -> None:
    random = Random(seed)
    prices: list[float | None] = [round(random.uniform(-0.1, 0.4), 3) for _ in range(8)]
    rules = ChargeRules(1.0, max_starts=random.choice([1, 2, None]))
    need, before = a_need(2.0, 6.0, reserve_kwh=random.choice([0.0, 1.0])), 0.0

    for money in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6):
        part = bought(Credit(money=money), need, prices, rules)
        assert before <= part.energy_kwh
        assert planned(part, prices, rules).cost <= money
        before = part.energy_kwh
        if before < 6.0:
            more = affordable(need, Credit(energy_kwh=before + 0.001), lambda wanted: planned(wanted, prices, rules))
            assert planned(more, prices, rules).cost > money


def test_a_credit_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidValue, match="a credit's money must be a finite number, got inf"):
        Credit(money=inf)
