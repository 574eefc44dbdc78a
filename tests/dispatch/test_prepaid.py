"""What a prepaid car's turn books, and what its credit allows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from scheduler.dispatch.observe import Observation
from scheduler.dispatch.prepaid import UNLIMITED, Prepaid
from scheduler.dispatch.tap import Tap
from scheduler.domain.credit import Booking, Meter
from scheduler.domain.driver import Driver, DriverId
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Seat
from scheduler.domain.session import ChargeSession
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import VehicleState
from scheduler.planning.credit import Credit
from tests.dispatch.test_turns import ADA, BEN, CHEAP, EVENING, Ring, night
from tests.fakes.store import MemoryStore

DRIVER = DriverId("ada")
HOUR = timedelta(hours=1)
AT_REST = VehicleState(ADA, EVENING, 50, EVENING, plugged_in=True, charging=False, odometer_km=100.0)


def seat(**changes: Any) -> Seat:
    driver: Driver = replace(Ring(prepaid=True).roster.seat(ADA).driver, **changes)
    return Seat(driver, driver.cars[0])


def later(state: VehicleState, **facts: Any) -> VehicleState:
    return replace(state, **{"seen_at": EVENING + HOUR, "soc_seen_at": EVENING + HOUR, **facts})


def booked(before: VehicleState, state: VehicleState, *, opened: bool = False, **driver: Any) -> list[Booking]:
    store = MemoryStore()
    session = ChargeSession(ADA, state.seen_at if opened else before.seen_at)
    Prepaid(store, Ring()).book(seat(**driver), before, state, Observation(session, plugged_in=opened))
    return store.bookings(DRIVER)


def test_what_a_battery_gained_in_the_stay_is_booked_at_the_plug() -> None:
    entries = booked(AT_REST, later(AT_REST, soc_pct=59))

    assert [(Decimal("-5.800"), Meter.BATTERY)] == [(each.kwh, each.meter) for each in entries]


def test_what_a_battery_gained_on_a_drive_or_away_from_home_is_not_ours() -> None:
    unplugged = replace(AT_REST, plugged_in=False)
    home = later(unplugged, plugged_in=True, soc_pct=80)

    assert [] == booked(unplugged, replace(home, odometer_km=150.0), opened=True)
    assert [] == booked(replace(unplugged, at_home=False), home, opened=True, home_only=True)
    assert 1 == len(booked(unplugged, home, opened=True))
    assert 1 == len(booked(unplugged, replace(home, odometer_km=None), opened=True))


def test_another_drivers_car_is_neither_booked_nor_held_back() -> None:
    free = seat(prepaid=False)

    assert [] == booked(AT_REST, later(AT_REST, soc_pct=59), prepaid=False)
    assert UNLIMITED == Prepaid(MemoryStore(), Ring()).standing(free, AT_REST, EVENING)


@pytest.mark.parametrize(
    ("facts", "left_kwh"),
    [
        ({"energy_added_kwh": 1.0}, 9.95),
        ({}, 10 - 58 / 90),
        ({"soc_pct": None, "power_kw": 11.0}, 10 / 1.1),
        ({"soc_pct": None}, 10 / 1.1),
    ],
    ids=["counter", "battery", "power", "time"],
)
def test_a_credit_allows_as_much_as_is_sure_by_the_cars_meter(facts: dict[str, Any], left_kwh: float) -> None:
    store = MemoryStore()
    store.book(Booking(DRIVER, EVENING, Decimal(10)))
    standing = Prepaid(store, Ring()).standing(seat(), replace(AT_REST, **facts), EVENING)

    assert standing.left is not None
    assert standing.left.energy_kwh == pytest.approx(left_kwh, abs=0.001)


def test_what_went_by_power_makes_the_rest_as_much_less_sure() -> None:
    store = MemoryStore()
    charging = replace(AT_REST, soc_pct=None, charging=True, power_kw=11.0)
    store.save_session(ChargeSession(ADA, EVENING))
    store.book(Booking(DRIVER, EVENING, Decimal(10)))
    store.book(Booking(DRIVER, EVENING, Decimal(-5), ADA, EVENING, Meter.POWER, Decimal("0.5")))
    store.book(Booking(DRIVER, EVENING, Decimal(-1), ADA, EVENING - HOUR, Meter.POWER, Decimal("0.1")))

    standing = Prepaid(store, Ring()).standing(seat(), charging, EVENING)

    assert standing.left is not None
    assert standing.left.energy_kwh == pytest.approx(3.5 / 1.1)
    assert standing.stop_at == EVENING + timedelta(hours=3.5 / 1.1 / 11) - timedelta(seconds=60)


def in_money(euros: str, *entries: Booking) -> MemoryStore:
    """Return a ledger in which so much was bought, and *entries* after it."""
    store = MemoryStore()
    store.book(Booking(DRIVER, EVENING, money=Decimal(euros), currency="EUR"))
    for entry in entries:
        store.book(entry)
    return store


def test_what_flowed_is_paid_from_a_credit_in_money_at_the_price_of_its_moment() -> None:
    store = in_money("10")
    before = replace(AT_REST, charging=True, soc_seen_at=CHEAP - HOUR, seen_at=CHEAP - HOUR)
    state = replace(before, soc_pct=68, soc_seen_at=CHEAP + HOUR, seen_at=CHEAP + HOUR)

    Prepaid(store, Ring()).book(seat(), before, state, Observation(ChargeSession(ADA, EVENING)))

    assert [(Decimal("-11.600"), Decimal("-2.9000"), "EUR")] == [
        (each.kwh, each.money, each.currency) for each in store.bookings(DRIVER)[1:]
    ]
    assert "EUR 7.10" == str(store.balance(DRIVER))


def test_money_keeps_back_what_the_meter_may_be_off_by_at_the_dearest_price() -> None:
    dear = Booking(DRIVER, EVENING, Decimal(-10), ADA, EVENING, Meter.COUNTER, Decimal("0.05"), Decimal(-5), "EUR")
    store = in_money("10", dear)
    store.save_session(ChargeSession(ADA, EVENING))
    state = replace(AT_REST, energy_added_kwh=9.0, energy_seen_at=CHEAP)

    standing = Prepaid(store, Ring()).standing(seat(), state, CHEAP)

    assert standing.may_charge
    assert Credit(money=5 - 0.05 * 0.5) == standing.left


def test_a_charging_car_is_stopped_a_minute_before_its_money_ends() -> None:
    state = replace(
        AT_REST,
        charging=True,
        energy_added_kwh=0.0,
        power_kw=10.0,
        seen_at=CHEAP - HOUR / 2,
        energy_seen_at=CHEAP - HOUR / 2,
    )

    standing = Prepaid(in_money("3.51"), Ring()).standing(seat(), state, CHEAP)

    # Half an hour at 0.30 is gone, and 0.05 kWh may be, at the price of now: EUR 2.00 are left, for an hour at 0.20.
    assert standing.stop_at is not None
    assert timedelta(hours=1) - timedelta(seconds=60) == standing.stop_at - CHEAP
    assert standing.may_charge


@pytest.mark.parametrize(
    ("euros", "curve", "may_charge", "unpriced"),
    [
        ("10", None, True, False),
        ("0.1", None, False, False),
        ("10", TariffCurve("EUR"), False, True),
        ("10", TariffCurve("GBP", night().slots), False, True),
        ("10", TariffCurve("EUR", tuple(replace(slot, firm=False) for slot in night().slots)), False, True),
    ],
    ids=["enough", "too little for half a kWh", "no price", "another currency", "a forecast"],
)
def test_nothing_is_started_for_money_without_half_a_kilowatt_hour_of_it_at_a_known_price(
    euros: str, curve: TariffCurve | None, may_charge: bool, unpriced: bool
) -> None:
    prepaid = Prepaid(in_money(euros), Ring(curve=night() if curve is None else curve))

    standing = prepaid.standing(seat(), AT_REST, EVENING)
    charging = prepaid.standing(seat(), replace(AT_REST, charging=True), EVENING)

    assert (may_charge, unpriced) == (standing.may_charge, standing.unpriced)
    assert may_charge == charging.may_charge


def with_another_car(euros: str = "") -> tuple[Seat, MemoryStore, Tap]:
    """Return Ada's seat with a second car of hers, a credit of 10 kWh or of money, and that car as it draws on it."""
    mine = seat()
    second = replace(mine.car, vehicle=replace(mine.car.vehicle, id=BEN))
    store = in_money(euros) if euros else MemoryStore()
    if not euros:
        store.book(Booking(DRIVER, EVENING, Decimal(10)))
    state = replace(AT_REST, vehicle_id=BEN, charging=True, energy_added_kwh=0.0, energy_seen_at=EVENING, power_kw=5.0)
    store.enlist([ADA, BEN], EVENING)
    store.save_session(ChargeSession(BEN, EVENING))
    store.record_sighting(state, EVENING)
    plan = ChargePlan(PlanOutcome.MET, (ChargeWindow(EVENING, EVENING + HOUR, 5.0),), 5.0)
    store.keep_promise(Promise(BEN, EVENING, 50.0, None, plan, mine.driver.tariff_id, "EUR"))
    return (
        replace(mine, driver=replace(mine.driver, cars=(mine.car, second))),
        store,
        Tap(second.vehicle, state, (), plan),
    )


def test_what_is_planned_for_one_car_is_not_left_for_the_other_ones_plan() -> None:
    both, store, other = with_another_car()
    now = EVENING + HOUR / 2
    counter = replace(AT_REST, energy_added_kwh=0.0)

    standing = Prepaid(store, Ring()).standing(both, counter, now)

    assert 2.5 == other.planned_kwh(now)
    assert standing.left is not None
    assert standing.left.energy_kwh == pytest.approx(10 - 2 * 0.05 - 2.5 - 2.5)
    assert 0.0 == other.planned_kwh(EVENING + 2 * HOUR)


def test_two_cars_that_charge_are_stopped_as_the_credit_ends_for_both() -> None:
    both, store, _ = with_another_car()
    mine = replace(AT_REST, charging=True, energy_added_kwh=0.0, energy_seen_at=EVENING, power_kw=10.0)

    standing = Prepaid(store, Ring()).standing(both, mine, EVENING)

    assert standing.stop_at is not None
    assert timedelta(hours=9.9 / 15) - timedelta(seconds=60) == standing.stop_at - EVENING


def test_two_cars_share_money_too() -> None:
    both, store, other = with_another_car("3.03")
    mine = replace(AT_REST, charging=True, energy_added_kwh=0.0, energy_seen_at=EVENING, power_kw=10.0)

    standing = Prepaid(store, Ring()).standing(both, mine, EVENING)

    assert 1.5 == pytest.approx(other.planned_cost(EVENING, night()))
    assert standing.left is not None
    assert standing.left.money == pytest.approx(3.0 - 1.5)
    assert standing.stop_at is not None
    assert abs(standing.stop_at - (EVENING + timedelta(hours=3 / 0.3 / 15) - timedelta(seconds=60))) < timedelta(
        seconds=1
    )


def test_a_car_that_begins_to_charge_wakes_the_others_that_share_its_credit() -> None:
    both, store, _ = with_another_car()
    for lease in store.claim(EVENING, 10, HOUR):
        store.complete(lease, EVENING + 9 * HOUR)
    begun = later(AT_REST, charging=True)

    Prepaid(store, Ring()).book(both, AT_REST, begun, Observation(ChargeSession(ADA, EVENING)))

    assert [BEN] == [lease.vehicle_id for lease in store.claim(EVENING + 2 * HOUR, 10, HOUR)]
