"""What each window costs, and what its price is made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.tariff import PriceComponent, PriceSlot, TariffCurve
from scheduler.planning.account import WindowAccount, accounts

NOW = datetime(2026, 2, 1, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)


def slot(hour: int, *components: float, firm: bool = True) -> PriceSlot:
    names = ("energy", "grid fee")
    parts = tuple(PriceComponent(name, price) for name, price in zip(names, components, strict=False))
    return PriceSlot(NOW + hour * HOUR, NOW + (hour + 1) * HOUR, sum(components), firm, parts)


def account(begin: float, end: float, *slots: PriceSlot) -> WindowAccount:
    plan = ChargePlan(PlanOutcome.MET, (ChargeWindow(NOW + begin * HOUR, NOW + end * HOUR, 10.0),))
    (told,) = accounts(plan, TariffCurve("EUR", slots))
    return told


def test_components_are_weighted_by_the_energy_that_flows_at_each() -> None:
    told = account(0.5, 2, slot(0, 0.1, 0.2), slot(1, 0.4, 0.2))

    assert [("energy", 0.3), ("grid fee", 0.2)] == [
        (component.name, pytest.approx(component.price_per_kwh)) for component in told.components
    ]
    assert (7.5, 0.5, 0.0) == (pytest.approx(told.cost), pytest.approx(told.price_per_kwh), told.unknown_kwh)


def test_a_price_that_is_not_taken_apart_everywhere_is_not_taken_apart_at_all() -> None:
    whole = PriceSlot(NOW + HOUR, NOW + 2 * HOUR, 0.3)

    assert () == account(0, 2, slot(0, 0.1, 0.2), whole).components


def test_energy_at_an_unknown_price_costs_nothing_and_is_counted() -> None:
    told = account(0, 2, slot(0, 0.1))

    assert (10.0, 1.0, 0.1) == (pytest.approx(told.unknown_kwh), told.cost, pytest.approx(told.price_per_kwh))


def test_a_window_without_any_price_has_none() -> None:
    told = account(0, 1)

    assert (None, 0.0, 10.0, ()) == (told.price_per_kwh, told.cost, told.unknown_kwh, told.components)


def test_energy_at_a_forecast_price_is_counted() -> None:
    assert 10.0 == pytest.approx(account(0, 2, slot(0, 0.1), slot(1, 0.1, firm=False)).forecast_kwh)


def test_a_plan_without_windows_has_no_accounts() -> None:
    assert () == accounts(ChargePlan.rest(), TariffCurve("EUR"))
