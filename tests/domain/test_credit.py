"""Amounts of prepaid energy as people write them, and to the watt-hour."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scheduler.domain.credit import Meter, kwh_of, kwh_written, uncertain_kwh
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


def test_a_stay_is_off_by_a_reading_once_and_by_each_piece_that_goes_by_power() -> None:
    readings = [(Meter.COUNTER, Decimal("0.05"))] * 3 + [
        (Meter.BATTERY, Decimal("0.8")),
        (Meter.BATTERY, Decimal("0.7")),
    ]
    pieces = [(Meter.POWER, Decimal("0.1"))] * 3 + [(Meter.TIME, Decimal("0.2"))]

    assert Decimal("0.85") == uncertain_kwh(readings)
    assert Decimal("1.35") == uncertain_kwh([*readings, *pieces])
    assert Decimal(0) == uncertain_kwh([])
