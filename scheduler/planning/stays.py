"""
How long a car stays, learned from past stays: the odds that it has gone, quarter hour by quarter hour, never one guess.

    chance that      1 |                       ______       evening arrivals of one driver: a few short stops,
    it has gone        |                  ____/             nothing during the night, then the way to work
                       |______-----------'
                     0 |----------------------------> since arrival

A past stay counts by how alike it is: the hour of arrival, the kind of day (and of the day after), how much there was to
charge, the driver himself, the others at the same site, and all others. A driver nobody knows yet is taken for the others;
where there are no others, the car may leave at any moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.interval import as_utc

Floats = NDArray[np.float64]
Indexes = NDArray[np.intp]

STEP = timedelta(minutes=5)
AHEAD = timedelta(hours=48)
"""A stay beyond two days is rare at home (3 % of 21,000 Norwegian ones), and nothing is lost by planning within them."""

HOUR_SPREAD_H = 1.0
CHARGE_TIME_SPREAD = 0.7
"""Of the logarithm: who needs twice as long counts three fifths. Little to charge often means a short stop."""

OWN_DAYS = 180.0
"""Habits change: a driver's own stay counts e times less after half a year."""

OTHERS_COUNT = 3.0
"""What all others together count, in own stays that are exactly alike."""

ANY_COUNT = 0.2
ANY_LENGTH = timedelta(hours=6)
"""What is not known counts too: a fifth of a stay that ends at any moment. So no wait is free of risk, and a driver of whom
little is known is charged at once."""

SITE_COUNT = 20.0
OTHERS_LATEST = 5000
SAME_KIND, OTHER_KIND = 0.7, 0.25
BLUR_STEPS = 13
"""Departures are blurred by half an hour either way. All of these were tried on half of the Norwegian stays, and none moves
the captured share by more than 2 points when it is halved or doubled; the blur is worth 3."""


@dataclass(frozen=True, slots=True)
class Stay:
    """
    One past stay of a car: plugged in at `arrived_at`, gone at `left_at`.

    `charge_time` is how long full power would have needed for what was to be charged. `site` may be empty.
    """

    driver: str
    arrived_at: datetime
    left_at: datetime
    charge_time: timedelta
    site: str = ""


@dataclass(frozen=True, slots=True)
class DepartureOdds:
    """`gone[n]` is the chance that the car has left by `n` steps after a moment. It never falls and may end below 1."""

    gone: Floats

    def still_here(self, after: timedelta) -> DepartureOdds:
        """Return the odds from *after* on, the car being still here then; where that cannot be, it may leave any moment."""
        steps = min(int(after / STEP), len(self.gone) - 1)
        before = float(self.gone[steps])
        if before >= 1:
            return DepartureOdds(np.ones_like(self.gone))
        rest = (self.gone[steps:] - before) / (1 - before)
        return DepartureOdds(np.concatenate([rest, np.full(steps, rest[-1])]))


class StayHistory:
    """
    Past stays of everybody, asked again and again. Only stays that had ended by then have a say, so that a history may
    hold the future too: a replay of a year learns what could have been learned.
    """

    def __init__(self, stays: Sequence[Stay], zone: tzinfo) -> None:
        """*zone*: the wall clock by which people live."""
        ended = sorted(stays, key=lambda stay: stay.left_at)
        self._zone = zone
        arrived = [stay.arrived_at.astimezone(zone) for stay in ended]
        left = [stay.left_at.astimezone(zone) for stay in ended]
        self._left_h = np.array([_hours(stay.left_at) for stay in ended])
        self._arrived_h = np.array([_hours(stay.arrived_at) for stay in ended])
        self._wall_h = np.array([_wall_hour(wall) for wall in arrived])
        self._leaving_h = np.array([_wall_hour(wall) for wall in left])
        self._nights = np.array([(out.date() - come.date()).days for come, out in zip(arrived, left, strict=True)])
        self._weekday = np.array([wall.weekday() for wall in arrived], dtype=np.intp)
        self._need = np.array([_need(stay.charge_time) for stay in ended])
        self._site = np.array([stay.site for stay in ended], dtype=np.str_)
        self._driver = np.array([stay.driver for stay in ended], dtype=np.str_)
        self._own = {driver: np.flatnonzero(self._driver == driver) for driver in set(self._driver.tolist())}

    def odds(self, driver: str, arrived_at: datetime, charge_time: timedelta, site: str = "") -> DepartureOdds:
        """Return when this car may leave, from its arrival on, by what was known then."""
        wall = arrived_at.astimezone(self._zone)
        known = int(np.searchsorted(self._left_h, _hours(arrived_at), side="right"))
        own = self._own.get(driver, np.array([], dtype=np.intp))
        own = own[: int(np.searchsorted(own, known))]
        others = np.arange(max(known - OTHERS_LATEST, 0), known)
        others = others[self._driver[others] != driver]
        own_weights = self._alike(own, wall, charge_time)
        own_weights *= np.exp((self._arrived_h[own] - _hours(arrived_at)) / (24 * OWN_DAYS))
        other_weights = self._others(others, self._alike(others, wall, charge_time), site)
        lengths = self._lengths(np.concatenate([own, others]), _wall_hour(wall))
        return _blurred(lengths, np.concatenate([own_weights, other_weights]))

    def _alike(self, past: Indexes, wall: datetime, charge_time: timedelta) -> Floats:
        """Return how much each past stay is like one that begins at *wall*, from 0 to 1."""
        apart = np.abs(self._wall_h[past] - _wall_hour(wall))
        apart = np.minimum(apart, 24 - apart)
        kinds = np.array([0, 0, 0, 0, 1, 2, 3])  # by whether this day and the next are working days
        days = self._weekday[past]
        same_kind = np.where(kinds[days] == kinds[wall.weekday()], SAME_KIND, OTHER_KIND)
        scale = np.square(apart / HOUR_SPREAD_H)
        scale += np.square((self._need[past] - _need(charge_time)) / CHARGE_TIME_SPREAD)
        weights: Floats = np.where(days == wall.weekday(), 1.0, same_kind) * np.exp(-scale / 2)
        return weights

    def _others(self, past: Indexes, alike: Floats, site: str) -> Floats:
        """Return the others' weights: in all `OTHERS_COUNT`, the more from the same site, the more is known of it."""
        total = alike.sum()
        if total <= 0:
            return alike
        here = np.where(self._site[past] == site, alike, 0.0)
        share = here.sum() / (here.sum() + SITE_COUNT)
        mixed: Floats = OTHERS_COUNT * (share * here / max(here.sum(), 1e-300) + (1 - share) * alike / total)
        return mixed

    def _lengths(self, past: Indexes, wall_h: float) -> Floats:
        """Return how long a stay from *wall_h* on would last, in hours: a night ends by the clock, a stop lasts a while."""
        lasted = self._left_h[past] - self._arrived_h[past]
        until = self._nights[past] * 24 + self._leaving_h[past] - wall_h
        lengths: Floats = np.where((self._nights[past] > 0) & (until > 0), until, lasted)
        return lengths


def _blurred(lengths_h: Floats, weights: Floats) -> DepartureOdds:
    """Return the odds of stays of those lengths, and of `ANY_COUNT` stays of any length."""
    steps = AHEAD // STEP
    half = BLUR_STEPS // 2
    ends = np.minimum((lengths_h / (STEP / timedelta(hours=1))).astype(np.intp) + 1, steps + half + 1)
    gone = np.cumsum(np.bincount(ends, weights=weights, minlength=steps + half + 2))
    padded = np.concatenate([np.zeros(half), gone[: steps + half + 1]])
    sums = np.cumsum(np.concatenate([[0.0], padded]))
    alike = (sums[BLUR_STEPS:] - sums[:-BLUR_STEPS]) / BLUR_STEPS
    any_length = ANY_COUNT * (1 - np.exp(-np.arange(steps + 1) / (ANY_LENGTH / STEP)))
    return DepartureOdds((alike + any_length) / (weights.sum() + ANY_COUNT)).still_here(timedelta(0))


def _hours(moment: datetime) -> float:
    return as_utc(moment).timestamp() / 3600


def _wall_hour(wall: datetime) -> float:
    return wall.hour + wall.minute / 60


def _need(charge_time: timedelta) -> float:
    """Return the logarithm of a charge time, none being taken for a few minutes."""
    return float(np.log(max(charge_time / timedelta(hours=1), 0.05)))
