"""Prepaid credit: exact, in order, only ever added to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scheduler.domain.credit import Booking, Meter
from scheduler.domain.driver import DriverId
from scheduler.domain.errors import InvalidValue
from scheduler.ports import Store
from tests.storage.samples import ADA, HOUR, NOW

DRIVER = DriverId("ada")
BOUGHT = Booking(DRIVER, NOW, Decimal("20.000"))
USED = Booking(DRIVER, NOW + HOUR, Decimal("-0.123"), ADA, NOW, Meter.COUNTER, Decimal("0.050"))


def test_the_balance_is_the_exact_sum_and_every_entry_comes_back_as_it_was(store: Store) -> None:
    store.book(BOUGHT)
    for _ in range(100):
        store.book(USED)
    store.book(Booking(DriverId("ben"), NOW, Decimal(5)))

    assert "7.700" == str(store.balance_kwh(DRIVER))
    assert [BOUGHT, *[USED] * 100] == store.bookings(DRIVER)
    assert Decimal(0) == store.balance_kwh(DriverId("cleo"))


@pytest.mark.parametrize("kwh", ["0", "0.0001"])
def test_an_entry_of_nothing_or_of_less_than_a_watt_hour_is_refused(store: Store, kwh: str) -> None:
    with pytest.raises(InvalidValue, match="whole watt-hours"):
        store.book(Booking(DRIVER, NOW, Decimal(kwh)))


def test_an_entry_falls_with_its_transaction(store: Store) -> None:
    def failing() -> None:
        with store.transaction():
            store.book(BOUGHT)
            raise KeyError("after the booking")

    with pytest.raises(KeyError):
        failing()

    assert [] == store.bookings(DRIVER)
