"""What a prepaid car's turn books, and what its credit allows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from scheduler.dispatch.observe import Observation
from scheduler.dispatch.prepaid import UNLIMITED, Prepaid
from scheduler.domain.credit import Booking, Meter
from scheduler.domain.driver import Driver, DriverId
from scheduler.domain.roster import Seat
from scheduler.domain.session import ChargeSession
from scheduler.domain.vehicle import VehicleState
from tests.dispatch.test_turns import ADA, EVENING, Ring
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
    Prepaid(store).book(seat(**driver), before, state, Observation(session, plugged_in=opened))
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
    assert UNLIMITED == Prepaid(MemoryStore()).standing(free, AT_REST, EVENING)


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
    standing = Prepaid(store).standing(seat(), replace(AT_REST, **facts), EVENING)

    assert standing.left_kwh == pytest.approx(left_kwh, abs=0.001)


def test_what_went_by_power_makes_the_rest_as_much_less_sure() -> None:
    store = MemoryStore()
    charging = replace(AT_REST, soc_pct=None, charging=True, power_kw=11.0)
    store.save_session(ChargeSession(ADA, EVENING))
    store.book(Booking(DRIVER, EVENING, Decimal(10)))
    store.book(Booking(DRIVER, EVENING, Decimal(-5), ADA, EVENING, Meter.POWER, Decimal("0.5")))
    store.book(Booking(DRIVER, EVENING, Decimal(-1), ADA, EVENING - HOUR, Meter.POWER, Decimal("0.1")))

    standing = Prepaid(store).standing(seat(), charging, EVENING)

    assert standing.left_kwh == pytest.approx(3.5 / 1.1)
    assert standing.stop_at == EVENING + timedelta(hours=3.5 / 1.1 / 11) - timedelta(seconds=60)
