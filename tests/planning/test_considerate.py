"""The plan a household gets: being ready comes before the price cap, as far as prices are not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal, PlanOutcome
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.domain.wear import Wear
from scheduler.planning.considerate import CAP_DROPPED, considerate_plan

NOW = datetime(2026, 2, 1, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAPPED = ChargeRules(10.0, max_price=0.3)


def curve(*prices: float) -> TariffCurve:
    return TariffCurve(
        "EUR", tuple(PriceSlot(NOW + h * HOUR, NOW + (h + 1) * HOUR, price) for h, price in enumerate(prices))
    )


def need(energy_kwh: float, hours: int, reserve_kwh: float = 0.0) -> ChargeNeed:
    return ChargeNeed((EnergyGoal(NOW + hours * HOUR, energy_kwh),), reserve_kwh)


def test_a_cap_gives_way_where_prices_are_not_known_and_nowhere_else() -> None:
    considered = considerate_plan(NOW, curve(0.5, 0.1), need(20, 3), CAPPED)

    assert (PlanOutcome.MET, (CAP_DROPPED,)) == (considered.plan.outcome, considered.notes)
    assert [(NOW + HOUR, NOW + 3 * HOUR)] == [(w.start, w.end) for w in considered.plan.windows]


def test_a_cap_holds_where_every_price_is_known() -> None:
    considered = considerate_plan(NOW, curve(0.5, 0.1), need(20, 2), CAPPED)

    assert (PlanOutcome.SHORT_OF_PRICES, ()) == (considered.plan.outcome, considered.notes)
    assert 10.0 == pytest.approx(considered.plan.shortfall_kwh)


def test_a_cap_that_hinders_nobody_is_kept_in_silence() -> None:
    assert () == considerate_plan(NOW, curve(0.2, 0.1), need(10, 3), CAPPED).notes


def test_a_reserve_ignores_the_cap_by_itself() -> None:
    considered = considerate_plan(NOW, curve(0.5), need(20, 3, reserve_kwh=10), CAPPED)

    assert PlanOutcome.SHORT_OF_PRICES is considered.plan.outcome


def test_going_on_charging_is_no_start() -> None:
    rules = ChargeRules(10.0, max_starts=1)

    considered = considerate_plan(NOW, curve(0.1, 0.5, 0.1), need(20, 3), rules, charging=True)

    assert (2, 1) == (len(considered.plan.windows), considered.plan.starts)


def test_what_waits_for_the_batterys_sake_is_weighed_with_its_money() -> None:
    prices, wear = curve(0.100, 0.101, 0.101, 0.101), Wear(0.0, 0.01)

    considered = considerate_plan(NOW, prices, need(10, 4), ChargeRules(10.0), wear=wear)

    assert [NOW + 3 * HOUR] == [window.start for window in considered.plan.windows]
    assert considered.ageing is not None
    assert (pytest.approx(0.01), pytest.approx(0.3)) == (considered.ageing.dearer, considered.ageing.spared)


@pytest.mark.parametrize("prices", [curve(0.1, 0.2, 0.2, 0.2), curve(0.2, 0.2, 0.2, 0.1)])
def test_where_nothing_waits_for_the_batterys_sake_nothing_is_paid_for_it(prices: TariffCurve) -> None:
    considered = considerate_plan(NOW, prices, need(10, 4), ChargeRules(10.0), wear=Wear(0.0, 0.001))

    assert considered.plan.optimal
    assert considered.ageing is not None
    assert (0.0, 0.0) == (considered.ageing.dearer, considered.ageing.spared)


def test_where_a_cap_gives_way_the_battery_is_spared_all_the_same() -> None:
    prices, rules = curve(0.5, 0.1, 0.1, 0.101), replace(CAPPED, max_starts=None)

    considered = considerate_plan(NOW, prices, need(35, 5), rules, wear=Wear(10.0, 0.01))

    assert (PlanOutcome.MET, (CAP_DROPPED,)) == (considered.plan.outcome, considered.notes)
    assert considered.ageing is not None
    assert 0.0 < considered.ageing.off


def test_a_need_of_nothing_wears_nothing() -> None:
    assert () == considerate_plan(NOW, curve(0.1), ChargeNeed(), ChargeRules(10.0), wear=Wear(0.0, 0.01)).plan.windows
