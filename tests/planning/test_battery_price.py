"""What a battery would cost where nobody says."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from scheduler.planning.battery_price import PACK_PER_KWH, replacement_cost

RATES = Path(__file__).parents[3] / "shared" / "data" / "fx_cnb" / "cnb_daily_2015_2026.csv.gz"
DAY = "2024-12-31"


def test_a_battery_costs_its_usable_energy_at_the_price_of_a_pack() -> None:
    assert 58 * 111.0 == replacement_cost(58, "EUR")


def test_what_a_pack_costs_in_other_money_is_not_guessed() -> None:
    assert None is replacement_cost(58, "XTS")


def test_the_prices_of_a_pack_are_one_price_by_the_rates_of_one_day() -> None:
    if not RATES.exists():
        pytest.skip("the shared data is not here")
    with gzip.open(RATES, "rt") as lines:
        fixing = next(row for row in csv.DictReader(lines) if row["date"] == DAY)
    koruna = {name.removeprefix("czk_per_").upper(): float(rate) for name, rate in fixing.items() if name != "date"}

    expected = {currency: koruna["USD"] * 115 / rate for currency, rate in (koruna | {"CZK": 1.0}).items()}

    assert pytest.approx(expected, rel=0.005) == PACK_PER_KWH
