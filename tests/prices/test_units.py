"""Units: from the digits of the wire to major units per kWh, exactly."""

from decimal import Decimal

import pytest

from scheduler.domain.errors import InvalidValue
from scheduler.prices.units import Unit, unit


@pytest.mark.parametrize(
    ("text", "currency", "amount", "per_kwh"),
    [
        ("EUR/MWh", "EUR", "101.23", 0.10123),
        ("Eur / MWh", "EUR", "-0.01", -0.00001),
        ("EUR/kWh", "EUR", "0.2134", 0.2134),
        ("p/kWh", "GBP", "7.7385", 0.077385),
        ("ct/kWh", "EUR", "9.726", 0.09726),
        ("SEK-ore/kWh", "SEK", "31.5", 0.315),
        ("AUD c/kWh", "AUD", "15.63436", 0.1563436),
        ("DKK/MWh", "DKK", "1234.5", 1.2345),
        ("EUR/Wh", "EUR", "0.0003", 0.3),
    ],
)
def test_a_unit_turns_the_wires_digits_into_the_nearest_float(
    text: str, currency: str, amount: str, per_kwh: float
) -> None:
    known = unit(text)

    assert (currency, per_kwh) == (known.currency, known.per_kwh(Decimal(amount)))


@pytest.mark.parametrize("text", ["", "EUR", "EUR/MW", "ABC/kWh", "öre/kWh", "EUR/kWh/h", "/kWh", "%/kWh"])
def test_a_unit_that_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="is not known"):
        unit(text)


def test_decimal_division_is_exact_where_binary_division_is_not() -> None:
    wire = [Decimal(hundredths) / 100 for hundredths in range(-50000, 50000, 7)]

    exact = [Unit("EUR", Decimal(1000)).per_kwh(amount) for amount in wire]

    assert [float(str(amount / 1000)) for amount in wire] == exact
