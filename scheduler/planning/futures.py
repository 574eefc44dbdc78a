"""
What prices may be after those that are known: courses of past days, moved to the level to expect. Never one guess alone.

    past, by day     level | shape around it                 known until
    ... Thu  Fri  Sat  Sun  Mon                                   |
            '----------------' four days in a row as a course:    |--Tue--|--Wed--|--Thu--|--Fri--|
                '----------------' and another one                |       |       |       |       |

Days in a row stay in a row, so that a windy Sunday is followed by what followed it. The shape is the past day's; the level
is not: it is the mean of the last weeks, with what a Saturday or a Sunday usually takes off, and what the last known day
was above that fades from day to day. Causal by construction: nothing but *past* is looked at.

Measured on NL 2019-2023 (energy alone, 7.4 kW, any number of starts), share of the foresight saving: stays of 36 h 97 %,
weekends 97 %, 4.5 days 92 %. One mean course instead of the courses costs 2 points on 4.5 days, no fading level 2, no
weekdays 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
QUARTERS = 96
"""Of a day on the wall clock: a day of 25 hours tells two of them twice, one of 23 leaves four out."""

COURSES = 28
LEVEL_DAYS = 28
WEEKDAY_DAYS = 56
"""Twice as long as the level: in four weeks there are four Sundays."""

LEAST_DAYS = 14
"""Below this nobody can tell a Sunday from a windy day, and there is no forecast."""

FADING = 0.8
"""What is left of an unusual level after a day. From 0.7 to 0.9 the captured share differs by 0.3 points."""

WHOLE = 0.9
"""A day of which more than a tenth is unknown teaches nothing; a day of 23 hours is whole."""


@dataclass(frozen=True, slots=True)
class Futures:
    """Equally likely courses: `prices[course, slot]` for slots of `step` that begin at `moments`, in UTC."""

    moments: tuple[datetime, ...]
    step: timedelta
    prices: NDArray[np.float64]


def futures(past: Sequence[PriceSlot], window: Interval, zone: tzinfo) -> Futures | None:
    """
    Return what prices may be in *window* after *past* (ascending, firm), by the wall clock of *zone*.

    None where *past* holds too few whole days. Eight weeks are enough; what is older than that is not looked at.
    """
    first, days = _days(past, zone)
    whole = np.flatnonzero(np.isfinite(days).mean(axis=1) >= WHOLE) if len(days) else np.array([], dtype=np.intp)
    starts = tuple(window.start + n * QUARTER for n in range(-(-window.duration // QUARTER)))
    walls = [start.astimezone(zone) for start in starts]
    if len(whole) < LEAST_DAYS:
        return None
    last = first + timedelta(days=int(whole[-1]))
    ahead = np.array([(wall.date() - last).days for wall in walls])
    quarters = np.array([_quarter(wall) for wall in walls])
    levels = np.nanmean(days[whole], axis=1)
    shapes = np.nan_to_num(days[whole] - levels[:, None])
    weekdays = np.array([(first + timedelta(days=int(day))).weekday() for day in whole])
    level = _levels(levels, _kinds(weekdays), ahead, _kinds(np.array([wall.weekday() for wall in walls])))
    return Futures(starts, QUARTER, level + shapes[_sources(len(whole), ahead), quarters])


def _days(past: Sequence[PriceSlot], zone: tzinfo) -> tuple[date, NDArray[np.float64]]:
    """Return the first date, and the prices by day and quarter of the wall clock; NaN where nothing is known."""
    if not past:
        return datetime.min.replace(tzinfo=UTC).date(), np.empty((0, QUARTERS))
    since = past[-1].end - timedelta(days=WEEKDAY_DAYS + 1)
    quarters: list[int] = []
    prices: list[float] = []
    for slot in past:
        moment = max(slot.start, since)
        while moment < slot.end:  # hour by hour: the clocks change between two hours, and asking the zone takes long
            first_quarter = _cell(moment, zone)
            count = -(-min(slot.end - moment, HOUR) // QUARTER)
            quarters.extend(range(first_quarter, first_quarter + count))
            prices.extend([slot.price_per_kwh] * count)
            moment += HOUR
    first = min(quarters) // QUARTERS
    cells = np.array(quarters) - first * QUARTERS
    size = (int(cells.max()) // QUARTERS + 1) * QUARTERS
    counts = np.bincount(cells, minlength=size)
    total = np.bincount(cells, weights=prices, minlength=size)
    with np.errstate(invalid="ignore"):
        return date.fromordinal(first), (total / counts).reshape(-1, QUARTERS)


@lru_cache(maxsize=16_384)
def _cell(moment: datetime, zone: tzinfo) -> int:
    """Return the number of a quarter of the wall clock. Kept for two months of quarters and more: the zone answers slowly."""
    wall = moment.astimezone(zone)
    return wall.toordinal() * QUARTERS + _quarter(wall)


def _quarter(wall: datetime) -> int:
    return wall.hour * 4 + wall.minute // 15


def _kinds(weekdays: NDArray[np.int_]) -> NDArray[np.int_]:
    """Return 0 for working days, 1 for Saturdays, 2 for Sundays: what days of the market differ by."""
    kinds: NDArray[np.int_] = np.maximum(weekdays - 4, 0)
    return kinds


def _levels(
    levels: NDArray[np.float64], kinds: NDArray[np.int_], ahead: NDArray[np.int_], kinds_ahead: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Return the level to expect *ahead* days after the last whole day."""
    middle = levels.mean()
    adds = np.array([levels[kinds == kind].mean() - middle if (kinds == kind).any() else 0.0 for kind in range(3)])
    plain = levels - adds[kinds]
    usual = plain[-LEVEL_DAYS:].mean()
    expected: NDArray[np.float64] = usual + adds[kinds_ahead] + FADING**ahead * (plain[-1] - usual)
    return expected


def _sources(known: int, ahead: NDArray[np.int_]) -> NDArray[np.int_]:
    """Return, by course and slot, which of the *known* days lends its shape: days in a row, ending one day earlier each."""
    longest = max(int(ahead.max()), 1)
    courses = min(COURSES, max(known - longest + 1, 1))
    ends = known - 1 - np.arange(courses)
    sources: NDArray[np.int_] = np.maximum(ends[:, None] - longest + ahead[None, :], 0)
    return sources
