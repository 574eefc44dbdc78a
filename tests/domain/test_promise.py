from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan
from scheduler.domain.promise import Promise
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId

NOW = datetime(2026, 2, 1, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)


def slot(hour: int, price: float, *, firm: bool = True) -> PriceSlot:
    return PriceSlot(NOW + hour * HOUR, NOW + (hour + 1) * HOUR, price, firm)


def promise(*forecast: PriceSlot) -> Promise:
    return Promise(VehicleId("ada"), NOW, 50.0, None, ChargePlan.rest(), TariffId("home"), "EUR", forecast=forecast)


def test_a_promise_made_on_known_prices_leaves_a_curve_as_it_is() -> None:
    curve = TariffCurve("EUR", (slot(0, 0.3), slot(1, 0.2, firm=False)))

    assert curve is promise().outlook(curve)


def test_its_forecast_takes_the_place_of_another_and_ends_with_it() -> None:
    curve = TariffCurve("EUR", (slot(0, 0.3), slot(1, 0.2, firm=False), slot(2, 0.2, firm=False)))

    seen = promise(slot(1, 0.1, firm=False)).outlook(curve)

    assert [(0.3, True), (0.1, False), (0.2, False)] == [(one.price_per_kwh, one.firm) for one in seen.slots]


def test_what_was_published_since_takes_its_place() -> None:
    half = PriceSlot(NOW + HOUR, NOW + 1.5 * HOUR, 0.25)
    curve = TariffCurve("EUR", (slot(0, 0.3), half))

    seen = promise(slot(0, 0.5, firm=False), slot(1, 0.1, firm=False)).outlook(curve)

    assert (slot(0, 0.3), half, PriceSlot(half.end, NOW + 2 * HOUR, 0.1, firm=False)) == seen.slots


def test_the_target_of_a_promise_is_the_most_that_any_of_its_goals_wants() -> None:
    floor, later = ChargeGoal(NOW, 40.0, floor_pct=40.0), ChargeGoal(NOW + HOUR, 80.0)

    assert 80.0 == replace(promise(), goal=floor, later_goals=(later,)).target_pct
    assert promise().target_pct is None
