"""Amounts of prepaid energy as people write them, and to the watt-hour."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scheduler.domain.credit import kwh_of, kwh_written
from scheduler.domain.errors import InvalidValue


@pytest.mark.parametrize(
    ("written", "kwh"), [("20kWh", "20.000"), ("7.5", "7.500"), (" 0.001 KWH ", "0.001"), ("100000", "100000.000")]
)
def test_an_amount_is_read_as_it_is_written(written: str, kwh: str) -> None:
    assert kwh == str(kwh_written(written))


@pytest.mark.parametrize("written", ["", "0", "-5kWh", "20 EUR", "0.0001", "1e3", "100001", "NaN", "0.000"])
def test_nothing_less_or_far_too_much_is_refused_in_words(written: str) -> None:
    with pytest.raises(InvalidValue, match="expected an amount such as 20kWh"):
        kwh_written(written)


def test_a_measured_amount_is_kept_to_the_watt_hour() -> None:
    assert Decimal("1.235") == kwh_of(1.2346)
