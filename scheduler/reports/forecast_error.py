"""
How far the expected prices were off, day by day beyond what was published: the mean course against what prices turned out.

    published at 13:00, known until midnight |--- 1 day ahead ---|--- 2 days ahead ---|--- 3 ...
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from scheduler.domain.interval import Interval
from scheduler.planning.futures import QUARTERS, futures
from scheduler.reports.market import PUBLISHED_AT, Market

DAYS_AHEAD = 4
"""What a car that stays from Friday to Monday night needs to know."""


@dataclass(frozen=True, slots=True)
class Missed:
    """What was forecast on one day for one lead: the sum of the absolute errors per kWh, and over how many quarters."""

    days_ahead: int
    absolute_per_kwh: float
    quarters: int


@dataclass(frozen=True, slots=True)
class ForecastError:
    """The mean absolute error per kWh: over all leads, and for the first, second ... day beyond the published prices."""

    per_kwh: float
    by_days_ahead: tuple[float, ...]


def missed(market: Market, day: date) -> tuple[Missed, ...]:
    """Return how far off the forecast was that could be made on *day* when prices were published; gaps are left out."""
    now = datetime.combine(day, PUBLISHED_AT, market.zone).astimezone(UTC)
    window = Interval(market.horizon(now), market.horizon(now) + timedelta(days=DAYS_AHEAD))
    ahead = futures(market.past(now), window, market.zone)
    if ahead is None:
        return ()
    expected = ahead.prices.mean(axis=0)
    actual = np.array(
        [
            market.cost_per_kw(quarter) / (ahead.step / timedelta(hours=1)) if market.complete(quarter) else np.nan
            for quarter in (Interval(moment, moment + ahead.step) for moment in ahead.moments)
        ]
    )
    off = np.abs(expected - actual)
    days = (off[begin : begin + QUARTERS] for begin in range(0, DAYS_AHEAD * QUARTERS, QUARTERS))
    return tuple(Missed(n, float(np.nansum(one)), int(np.isfinite(one).sum())) for n, one in enumerate(days, start=1))


def forecast_error(days: Iterable[Sequence[Missed]]) -> ForecastError | None:
    """Return the mean error over *days*; None where nothing could be forecast, or nothing of it is on file."""
    every = [one for day in days for one in day if one.quarters]
    if not every:
        return None
    leads = sorted({one.days_ahead for one in every})
    return ForecastError(_mean(every), tuple(_mean([one for one in every if one.days_ahead == lead]) for lead in leads))


def _mean(some: Sequence[Missed]) -> float:
    return sum(one.absolute_per_kwh for one in some) / sum(one.quarters for one in some)
