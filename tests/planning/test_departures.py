from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning.departures import RECENT, Menu, Offer, departure_menu, risk_price
from scheduler.planning.stays import AHEAD, STEP, DepartureOdds

NOW = datetime(2026, 2, 1, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hourly(prices: list[float]) -> TariffCurve:
    slots = (PriceSlot(NOW + n * HOUR, NOW + (n + 1) * HOUR, price) for n, price in enumerate(prices))
    return TariffCurve("EUR", tuple(slots))


def leaving(*chances: tuple[float, float]) -> DepartureOdds:
    """Odds of leaving: (hours, chance), each at one moment, and ever so little at any other."""
    gone = np.arange(AHEAD // STEP + 1, dtype=np.float64) * np.float64(1e-6)
    for hours, chance in chances:
        gone[round(hours * HOUR / STEP) :] += chance
    return DepartureOdds(gone)


NIGHT = hourly([0.4, 0.4, 0.4, 0.3, 0.1, 0.1, 0.2, 0.2])
"""Four cents a kWh are saved by midnight, thirty by two in the morning."""


def test_the_offers_go_from_charging_at_once_to_the_cheapest_hours() -> None:
    menu = departure_menu(NOW, NIGHT, leaving((2.0, 0.1), (5.5, 0.3), (10.0, 0.6)), 22.0, 11.0)

    assert NOW + 2 * HOUR == menu.offers[0].ready_by
    assert NOW + 6 * HOUR == menu.offers[-1].ready_by
    assert inf == menu.offers[0].worth
    worths = [offer.worth for offer in menu.offers]
    assert sorted(worths, reverse=True) == worths
    assert sorted(offer.gone for offer in menu.offers) == [offer.gone for offer in menu.offers]


def test_the_dearer_risk_is_the_earlier_the_car_is_ready() -> None:
    menu = departure_menu(NOW, NIGHT, leaving((3.5, 0.1), (5.5, 0.3), (10.0, 0.6)), 22.0, 11.0)

    assert NOW + 6 * HOUR == menu.at(0.0).ready_by
    assert NOW + 2 * HOUR == menu.at(inf).ready_by
    assert menu.at(1.0).ready_by <= menu.at(0.1).ready_by


def test_a_car_that_is_sure_to_stay_takes_the_cheapest_hours_whatever_risk_costs() -> None:
    certain = DepartureOdds(np.concatenate([np.zeros(240), np.ones(337)]))

    menu = departure_menu(NOW, NIGHT, certain, 22.0, 11.0)

    assert NOW + 6 * HOUR == menu.at(inf).ready_by
    assert 0.0 == menu.at(inf).gone


def test_a_car_nobody_knows_is_charged_at_once() -> None:
    menu = departure_menu(NOW, NIGHT, leaving((0.0, 1.0)), 22.0, 11.0)

    assert [NOW + 2 * HOUR] == [offer.ready_by for offer in menu.offers]
    assert NOW + 2 * HOUR == menu.at(0.0).ready_by


def test_flat_prices_are_worth_no_risk() -> None:
    menu = departure_menu(NOW, hourly([0.3] * 12), leaving((5.0, 0.2), (9.0, 0.8)), 22.0, 11.0)

    assert NOW + 2 * HOUR == menu.at(0.0).ready_by


def test_hours_of_unknown_price_are_not_waited_for() -> None:
    slots = NIGHT.slots[:2] + NIGHT.slots[3:4]

    menu = departure_menu(NOW, TariffCurve("EUR", slots), leaving((20.0, 1.0)), 22.0, 11.0)

    assert NOW + 4 * HOUR == menu.at(0.0).ready_by


@pytest.mark.parametrize("curve", [TariffCurve("EUR"), hourly([0.4])], ids=["nothing known", "too little known"])
def test_where_charging_at_once_meets_unknown_prices_the_car_is_charged_at_once(curve: TariffCurve) -> None:
    menu = departure_menu(NOW, curve, leaving((20.0, 1.0)), 22.0, 11.0)

    assert [NOW + 2 * HOUR] == [offer.ready_by for offer in menu.offers]
    assert menu.offers[0].ready_by == menu.offers[0].safe_from


def test_more_than_two_days_of_charging_are_planned_too() -> None:
    menu = departure_menu(NOW, hourly([0.3] * 60), leaving((20.0, 1.0)), 50.0, 1.0)

    assert NOW + 50 * HOUR == menu.offers[0].ready_by


def test_a_car_is_safe_once_all_but_half_a_kilowatt_hour_has_flowed() -> None:
    menu = departure_menu(NOW, NIGHT, leaving((20.0, 1.0)), 22.0, 10.0)

    # 2 h 12 min, in the cheapest hours: 22:00 to 00:00, and 12 minutes of the next dearer hour. 3 minutes may be missing.
    assert NOW + 6.25 * HOUR == menu.at(0.0).ready_by
    assert NOW + 6.25 * HOUR == menu.at(0.0).safe_from
    slow = departure_menu(NOW, NIGHT, leaving((20.0, 1.0)), 2.0, 1.0)
    assert NOW + 5.5 * HOUR == slow.at(0.0).safe_from


def offer(hours: float, worth: float) -> Offer:
    return Offer(NOW + hours * HOUR, 0.0, worth, NOW + hours * HOUR)


MENU = Menu((offer(2, inf), offer(5, 3.0), offer(7, 1.0)))


@pytest.mark.parametrize(("left_after", "critical"), [(8, 0.0), (7, 0.0), (6, 1.0), (4, 3.0), (1, 3.0)])
def test_the_critical_price_is_where_a_session_would_no_longer_have_been_short(
    left_after: float, critical: float
) -> None:
    left_at = NOW + left_after * HOUR

    assert critical == MENU.critical_price(left_at)
    assert MENU.at(critical).safe_from <= left_at or MENU.at(critical) is MENU.offers[0]


@pytest.mark.parametrize(("share", "price"), [(0.05, inf), (0.1, 9.0), (0.2, 8.0), (0.5, 5.0), (1.0, 0.0)])
def test_risk_costs_what_would_have_kept_the_share(share: float, price: float) -> None:
    assert price == risk_price([1.0, 9.0, 3.0, 7.0, 5.0, 4.0, 6.0, 2.0, 8.0], share)


def test_a_cold_start_charges_at_once() -> None:
    assert inf == risk_price([], 0.05)
    assert inf == risk_price([0.0] * 18, 0.05)
    assert 0.0 == risk_price([0.0] * 19, 0.05)


def test_who_accepts_everything_pays_nothing_for_risk() -> None:
    assert 0.0 == risk_price([1.0, 2.0], 1.0)


def test_only_the_last_sessions_have_a_say() -> None:
    assert 0.0 == risk_price([5.0] * 100 + [0.0] * RECENT, 0.05)


@given(st.lists(st.floats(0, 100), min_size=20, max_size=400), st.floats(0.05, 0.9))
def test_at_the_price_of_risk_no_more_than_the_share_would_have_been_short(critical: list[float], share: float) -> None:
    price = risk_price(critical, share)

    recent = critical[-RECENT:]
    assert sum(one > price for one in recent) <= share * (len(recent) + 1)
