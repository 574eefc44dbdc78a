"""Prepaid credit: exact, in order, only ever added to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from scheduler.domain.credit import Booking, Meter
from scheduler.domain.driver import DriverId
from scheduler.ports import Store
from scheduler.storage import open_store
from tests.storage.samples import ADA, HOUR, NOW

DRIVER = DriverId("ada")
BOUGHT = Booking(DRIVER, NOW, Decimal("20.000"))
USED = Booking(DRIVER, NOW + HOUR, Decimal("-0.123"), ADA, NOW, Meter.COUNTER, Decimal("0.050"))
SPENT = replace(USED, money=Decimal("-0.0033"), currency="EUR")


def test_the_balance_is_the_exact_sum_and_every_entry_comes_back_as_it_was(store: Store) -> None:
    store.book(BOUGHT)
    for _ in range(100):
        store.book(USED)
    store.book(Booking(DriverId("ben"), NOW, Decimal(5)))

    assert "7.700" == str(store.balance(DRIVER).value)
    assert [BOUGHT, *[USED] * 100] == store.bookings(DRIVER)
    assert Decimal(0) == store.balance(DriverId("cleo")).value


def test_money_is_summed_apart_and_the_last_purchase_says_which_unit_counts(store: Store) -> None:
    paid = Booking(DRIVER, NOW, money=Decimal("10.0000"), currency="EUR", reference="till 7")
    store.book(BOUGHT)
    store.book(paid)
    for _ in range(100):
        store.book(SPENT)

    assert "EUR 9.67" == str(store.balance(DRIVER))
    assert Decimal("9.6700") == store.balance(DRIVER).value
    assert [BOUGHT, paid, *[SPENT] * 100] == store.bookings(DRIVER)
    assert [SPENT] * 100 == store.stay_bookings(ADA, NOW)


def test_a_purchase_is_found_by_its_name_and_made_once_for_a_driver(store: Store) -> None:
    named = replace(BOUGHT, reference="till 7")
    store.book(named)
    store.book(replace(named, driver_id=DriverId("ben")))

    assert named == store.purchase(DRIVER, "till 7")
    assert store.purchase(DRIVER, "till 8") is None


def test_a_ledger_of_the_version_before_opens_with_what_was_bought_and_used(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    first = open_store(path)
    for entry in (BOUGHT, USED):
        first.book(entry)
    first.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        for index in ("credit_by_reference", "credit_by_stay"):
            connection.execute(f"DROP INDEX {index}")
        for column in ("money", "currency", "reference"):
            connection.execute(f"ALTER TABLE credit DROP COLUMN {column}")
        connection.execute("UPDATE alembic_version SET version_num = '0005'")

    store = open_store(path)

    assert [BOUGHT, USED] == store.bookings(DRIVER)
    assert "19.877 kWh" == str(store.balance(DRIVER))
    store.book(replace(SPENT, reference=""))
    store.close()


def test_an_entry_falls_with_its_transaction(store: Store) -> None:
    def failing() -> None:
        with store.transaction():
            store.book(BOUGHT)
            raise KeyError("after the booking")

    with pytest.raises(KeyError):
        failing()

    assert [] == store.bookings(DRIVER)
