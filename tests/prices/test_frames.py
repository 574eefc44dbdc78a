"""Curves as pandas series and back: the two doors, and what happens on the way."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.prices.frames import QUARTER, from_series, gaps, to_series

START = datetime(2026, 3, 28, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)


def curve(*prices: float | None, step: timedelta = QUARTER) -> TariffCurve:
    slots = (
        PriceSlot(START + n * step, START + (n + 1) * step, price)
        for n, price in enumerate(prices)
        if price is not None
    )
    return TariffCurve("EUR", tuple(slots))


def test_a_curve_comes_back_as_it_went() -> None:
    there = curve(0.1, -0.2, None, 0.3)

    assert there.slots == from_series(to_series(there), "EUR").slots


def test_a_hole_is_nan_and_never_zero() -> None:
    series = to_series(curve(0.1, None, 0.3))

    assert [False, True, False] == series.isna().tolist()
    assert [Interval(START + QUARTER, START + 2 * QUARTER)] == gaps(series)


def test_a_coarser_grid_holds_time_weighted_means_and_nan_where_a_part_is_unknown() -> None:
    series = to_series(curve(0.1, 0.2, 0.3, 0.4, 0.1, None, 0.1, 0.1), step=HOUR)

    assert 0.25 == series.iloc[0]
    assert pd.isna(series.iloc[1])


def test_a_finer_grid_repeats_the_hour() -> None:
    series = to_series(curve(0.1, 0.2, step=HOUR))

    assert [0.1] * 4 + [0.2] * 4 == series.tolist()


def test_the_index_is_utc_across_the_clock_change() -> None:
    series = to_series(curve(*[0.1] * 92))

    assert "UTC" == str(series.index.tz)  # type: ignore[attr-defined]
    assert START + 92 * QUARTER == series.index[-1] + QUARTER


def test_a_curve_without_slots_is_an_empty_series() -> None:
    assert to_series(TariffCurve("EUR")).empty


def test_a_series_of_naive_times_is_refused() -> None:
    with pytest.raises(InvalidValue, match="aware times"):
        from_series(pd.Series([0.1], index=pd.DatetimeIndex(["2026-01-01"])), "EUR")
