"""The plan a household gets: being ready comes before the price cap, as far as prices are not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal, PlanOutcome
from scheduler.domain.tariff import PriceSlot, TariffCurve
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
