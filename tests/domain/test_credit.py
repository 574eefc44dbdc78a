"""Amounts of prepaid credit as people write them, exact, and what flowed at the price of its moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from scheduler.domain.credit import (
    Amount,
    Booking,
    Meter,
    amount_written,
    kwh_of,
    money_of,
    price_of,
    uncertain_kwh,
)
from scheduler.domain.driver import DriverId
from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot, TariffCurve

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("20kWh", "20.000 kWh"),
        ("7.5", "7.500 kWh"),
        (" 0.001 KWH ", "0.001 kWh"),
        ("100000", "100000.000 kWh"),
        ("10EUR", "EUR 10.00"),
        ("10.5 eur", "EUR 10.50"),
        ("GBP 7", "GBP 7.00"),
        ("eur0.01", "EUR 0.01"),
    ],
)
def test_an_amount_is_read_as_it_is_written(written: str, said: str) -> None:
    assert said == str(amount_written(written))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "0",
        "-5kWh",
        "20 EURO",
        "0.0001",
        "1e3",
        "100001",
        "NaN",
        "0.000",
        "EUR 5 EUR",
        "kWh 5",
        "0 EUR",
        "1.005 EUR",
    ],
)
def test_nothing_less_or_far_too_much_is_refused_in_words(written: str) -> None:
    with pytest.raises(InvalidValue, match=r"expected an amount such as 20kWh, 7\.5kWh or 10EUR"):
        amount_written(written)


@pytest.mark.parametrize(
    ("kwh", "money", "currency", "words"),
    [
        ("0", "0", "", "whole watt-hours"),
        ("0.0001", "0", "", "whole watt-hours"),
        ("0", "5", "", "whole watt-hours"),
        ("0", "0", "EUR", "whole watt-hours"),
        ("-1", "0.00001", "EUR", "money of an entry of credit is to 0.0001"),
    ],
)
def test_an_entry_of_nothing_or_finer_than_its_unit_is_refused(kwh: str, money: str, currency: str, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        Booking(DriverId("ada"), NOON, Decimal(kwh), money=Decimal(money), currency=currency)


def test_an_entry_counts_in_its_own_unit() -> None:
    used = Booking(DriverId("ada"), NOON, Decimal(-1), money=Decimal("-0.3"), currency="EUR")

    assert Amount(Decimal("-0.3"), "EUR") == used.amount
    assert Amount(Decimal(-1)) == Booking(DriverId("ada"), NOON, Decimal(-1)).amount


def prices(*per_kwh: float | None, firm: bool = True) -> TariffCurve:
    """Return an hour at each price from noon on; None is a gap."""
    hours = (
        PriceSlot(NOON + n * HOUR, NOON + (n + 1) * HOUR, price, firm)
        for n, price in enumerate(per_kwh)
        if price is not None
    )
    return TariffCurve("EUR", tuple(hours))


def test_energy_costs_what_the_price_was_as_it_flowed() -> None:
    from_half_past = Interval(NOON + HOUR / 2, NOON + 2 * HOUR)

    assert 0.3 * 1 + 0.1 * 2 == pytest.approx(price_of(3.0, from_half_past, prices(0.3, 0.1, 9.0)))
    assert -0.6 == pytest.approx(price_of(3.0, from_half_past, prices(-0.2, -0.2)))


def test_energy_at_a_price_that_is_not_known_costs_what_the_nearest_known_one_says() -> None:
    two_hours = Interval(NOON, NOON + 2 * HOUR)

    assert 0.3 == pytest.approx(price_of(1.0, two_hours, prices(0.3, None, 9.0, 9.0)))
    assert 0.3 == pytest.approx(price_of(1.0, two_hours, prices(None, 0.3)))
    assert 0.0 == price_of(1.0, two_hours, prices(0.3, 0.3, firm=False))


def test_money_is_kept_to_the_ten_thousandth_half_to_even() -> None:
    assert ["0.0312", "0.0314", "-0.5000"] == [str(money_of(each)) for each in (0.03125, 0.03135, -0.5)]


def test_a_measured_amount_is_kept_to_the_watt_hour() -> None:
    assert Decimal("1.235") == kwh_of(1.2346)


def test_a_stay_is_off_by_a_reading_once_and_by_each_piece_that_goes_by_power() -> None:
    readings = [(Meter.COUNTER, Decimal("0.05"))] * 3 + [
        (Meter.BATTERY, Decimal("0.8")),
        (Meter.BATTERY, Decimal("0.7")),
    ]
    pieces = [(Meter.POWER, Decimal("0.1"))] * 3 + [(Meter.TIME, Decimal("0.2"))]

    assert Decimal("0.85") == uncertain_kwh(readings)
    assert Decimal("1.35") == uncertain_kwh([*readings, *pieces])
    assert Decimal(0) == uncertain_kwh([])
