"""
Curves as pandas series, for everything that works on history: forecasts, reports, back-tests.

`to_series` and `from_series` are the only two doors. A series is indexed by the UTC start of each step of an even grid; NaN
means "not known", never 0. Time-weighted means go in, so that a half-hourly price on an hourly grid is its mean.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot, TariffCurve

QUARTER = timedelta(minutes=15)


def to_series(curve: TariffCurve, step: timedelta = QUARTER) -> pd.Series[float]:
    """
    Return the prices on an even grid of *step*, from the step in which the curve begins to the one in which it ends.

    A step of which a part is not known is NaN.
    """
    if not curve:
        return pd.Series(dtype="float64", index=pd.DatetimeIndex([], tz="UTC"))
    step_s = step.total_seconds()
    starts = np.array([slot.start.timestamp() for slot in curve.slots])
    ends = np.array([slot.end.timestamp() for slot in curve.slots])
    prices = np.array([slot.price_per_kwh for slot in curve.slots])
    first, last = np.floor(starts[0] / step_s), np.ceil(ends[-1] / step_s)
    edges = np.arange(first, last + 1) * step_s
    money = np.diff(_integral(edges, starts, ends, prices))
    known_s = np.diff(_integral(edges, starts, ends, np.ones_like(prices)))
    values = np.where(np.isclose(known_s, step_s), np.round(money / step_s, 10), np.nan)
    index = pd.to_datetime(edges[:-1], unit="s", utc=True).as_unit("us")
    return pd.Series(values, index=index, name=curve.currency)


def from_series(series: pd.Series[float], currency: str, step: timedelta = QUARTER, source: str = "") -> TariffCurve:
    """Return a series of step starts as a curve; NaN becomes a gap. The index must be aware and ascend."""
    index = series.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None or not index.is_monotonic_increasing:
        raise InvalidValue("a price series needs an ascending index of aware times")
    known = series.dropna()
    starts = pd.DatetimeIndex(known.index).tz_convert("UTC").to_pydatetime()
    prices = known.to_numpy(dtype="float64").tolist()
    slots = tuple(PriceSlot(start, start + step, price) for start, price in zip(starts, prices, strict=True))
    return TariffCurve(currency, slots, source)


def gaps(series: pd.Series[float], step: timedelta = QUARTER) -> list[Interval]:
    """Return the stretches between the first and the last step of which no price is known."""
    return list(from_series(series, "", step).gaps())


def _integral(
    edges: np.ndarray[tuple[int], np.dtype[np.float64]],
    starts: np.ndarray[tuple[int], np.dtype[np.float64]],
    ends: np.ndarray[tuple[int], np.dtype[np.float64]],
    rates: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the integral of a step function from its beginning to each edge; the function is 0 in its gaps."""
    knots = np.column_stack([starts, ends]).ravel()
    steps = np.column_stack([np.zeros_like(rates), rates * (ends - starts)]).ravel()
    result: np.ndarray[tuple[int], np.dtype[np.float64]] = np.interp(edges, knots, np.cumsum(steps))
    return result
