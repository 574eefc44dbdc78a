"""
When a car is usually plugged in, learned from its own past stays: at which times of the week a look is worth more.

    looks at an    |         |         |         |       |  |  |  |  |      |         |
    unplugged car  07:30 gone                            18:00, when it usually comes home

Of a given number of looks the ones that wait least for a plug-in come as the square root of its odds: four times as likely,
twice as often. So looks are moved, never added: over the hours in which the car is usually away they are as many as at one
pause all day, and over a day that is like no other as well. Where nothing is known of a time it is looked at as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.interval import as_utc
from scheduler.domain.session import ChargeSession

Floats = NDArray[np.float64]

QUARTER = timedelta(minutes=15)
DAY_QUARTERS = 96

KNOWN_OVER = timedelta(weeks=8)
"""Habits change: what is older says nothing. Eight weeks hold forty working days."""

LEAST_OFTEN, MOST_OFTEN = 0.5, 4.0
"""A habit makes looks at most so much rarer and more frequent. Half as often is what an unusual day may cost."""

SELDOM = 0.05
"""A time of the week at which the car is away so seldom is looked at as ever: nothing is known of how that goes on."""

ANY_COUNT = 1.0
"""What is not known counts too: one day on which the car may come home at any time it is away."""

SAME_KIND, OTHER_KIND = 0.7, 0.25
"""A day counts in full for the same weekday, less for one of its kind (working days, weekends), and little for another."""

BLUR = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
"""Nobody comes home by the minute: half an hour either way."""

DITHER = 0.3
"""A day's looks are by at most so much more or fewer than on the mean day."""

UNSEEN = timedelta(hours=2)
"""How long before it was seen a car may have been plugged in, where the last look without its cable was not written down."""


@dataclass(frozen=True, slots=True, eq=False)
class PlugInHabit:
    """`often[day, quarter]` is how many times as often a look is worth its call at that quarter of a local weekday."""

    often: Floats
    zone: tzinfo

    def next_look(self, after: datetime, pause: timedelta, least: timedelta) -> datetime:
        """
        Return when a look is due *after* the last one, where *pause* is due without a habit.

        Each stretch of time brings it nearer by its own measure. Two looks are never closer than *least*, unless *pause* is.
        They come a little earlier on some days than on others: always at the same minutes, nothing more would be learned.
        """
        most = max(pause / least, 1.0)
        moment, lacking = as_utc(after), pause / _dither(after)
        soonest = moment + min(least, pause)
        while True:
            often = min(self._often(moment), most)
            left = QUARTER - (moment - _quarter(moment))
            if lacking <= left * often:
                return max(moment + lacking / often, soonest)
            lacking -= left * often
            moment += left

    def _often(self, moment: datetime) -> float:
        return float(self.often[_of_week(moment, self.zone)])


def plug_in_habit(sessions: Sequence[ChargeSession], zone: tzinfo, now: datetime) -> PlugInHabit | None:
    """
    Return what *sessions*, a car's last ones in order, tell of when it is plugged in; None where they tell nothing.

    *zone* is the wall clock by which its driver lives. Between two sessions the car was away.
    """
    left = min((session.unplugged_at for session in sessions if session.unplugged_at is not None), default=now)
    first = _quarter(max(left, now - KNOWN_OVER))
    quarters = (_quarter(now) - first) // QUARTER + 1
    came, away = np.zeros(quarters), np.ones(quarters)
    for session in sessions:
        here = _share(session.plugged_in_at, session.unplugged_at or now, first, quarters)
        away -= np.minimum(here, away)
        unseen_since = min(session.gone_until or session.plugged_in_at - UNSEEN, session.plugged_in_at)
        came += _spread(unseen_since, session.plugged_in_at, first, quarters)
    if not came.any():
        return None
    days, times = _weeks(first, quarters, zone)
    # Cut by hand: numpy's own "same" is as long as the longer of the two, and a first hour is shorter than the blur.
    blurred = np.convolve(came, BLUR)[len(BLUR) // 2 :][:quarters]
    return PlugInHabit(_often(*_by_week(blurred, away, days, times)), zone)


def _by_week(came: Floats, away: Floats, days: NDArray[np.intp], times: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return, for each quarter of the week, the odds of a plug-in in a quarter away, and the share of days it is away."""
    sums = np.zeros((3, 7, DAY_QUARTERS))
    for total, part in zip(sums, (came, away, np.ones_like(away)), strict=True):
        np.add.at(total, (days, times), part)
    kinds = np.array([0, 0, 0, 0, 0, 1, 1])
    alike = np.where(kinds[:, None] == kinds[None, :], SAME_KIND, OTHER_KIND) + (1 - SAME_KIND) * np.eye(7)
    plugged, gone, lived = (alike @ total for total in sums)
    mean = plugged.sum() / max(gone.sum(), 1e-9)
    odds: Floats = (plugged + ANY_COUNT * mean) / (gone + ANY_COUNT)
    share: Floats = gone / np.maximum(lived, 1e-9)
    return odds, share


def _often(odds: Floats, away: Floats) -> Floats:
    """Return how often to look: as the root of the *odds*, and in all no more than ever."""
    root = np.sqrt(odds / max(float(odds.max()), 1e-12))

    def at(height: float) -> Floats:
        often: Floats = np.where(away < SELDOM, 1.0, np.clip(height * root, LEAST_OFTEN, MOST_OFTEN))
        return often

    # The first keeps the month's calls of a week that is like the others, the second those of weeks without a plug-in.
    low, high = 0.0, MOST_OFTEN / LEAST_OFTEN * 100
    for _ in range(50):
        middle = (low + high) / 2
        often = at(middle)
        affordable = (away * often).sum() <= away.sum() and often.sum() <= often.size
        low, high = (middle, high) if affordable else (low, middle)
    return at(low)


def _dither(moment: datetime) -> float:
    """Return how many times as many looks this day has: by the golden ratio, so that days differ most evenly."""
    share = moment.toordinal() * (5**0.5 - 1) / 2 % 1
    return 1 + DITHER * (2 * share - 1)


def _share(begin: datetime, end: datetime, first: datetime, quarters: int) -> Floats:
    """Return which share of each quarter since *first* lies between *begin* and *end*."""
    edges = np.arange(quarters + 1, dtype=np.float64)
    inside = np.clip(edges, (begin - first) / QUARTER, max((end - first) / QUARTER, (begin - first) / QUARTER))
    return np.diff(inside)


def _spread(begin: datetime, end: datetime, first: datetime, quarters: int) -> Floats:
    """Return one plug-in, spread evenly over when it may have been; a part before *first* is lost."""
    wide = max(end, begin + timedelta(minutes=1))
    return _share(begin, wide, first, quarters) * (QUARTER / (wide - begin))


def _weeks(first: datetime, quarters: int, zone: tzinfo) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    places = np.array([_of_week(first + number * QUARTER, zone) for number in range(quarters)], dtype=np.intp)
    return places[:, 0], places[:, 1]


def _of_week(moment: datetime, zone: tzinfo) -> tuple[int, int]:
    """Return the local weekday and the quarter of that day."""
    wall = moment.astimezone(zone)
    return wall.weekday(), wall.hour * 4 + wall.minute // 15


def _quarter(moment: datetime) -> datetime:
    """Return the beginning of the quarter of an hour in which *moment* lies."""
    utc = as_utc(moment)
    return utc - timedelta(minutes=utc.minute % 15, seconds=utc.second, microseconds=utc.microsecond)
