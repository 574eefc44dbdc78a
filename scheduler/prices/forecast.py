"""
Prices beyond those that are published, from past days: a guess that is marked as one, and never firm.

    shape       each past day's prices around its own mean, by the wall clock
    level       the mean of the last days, with what their weekday usually adds taken off
    forecast    level + what the weekday adds + the shapes of past days of its kind, recent ones counting more

Causal: only what was known then is used. Mean error on DE-LU 2023, 2024 and 2025, by the hour, EUR/MWh:

    one day ahead    24.4  24.8  24.3    last week's mean  27.8  28.4  26.7    as today  27.2  28.0  26.0
    two days ahead   26.1  26.5  26.0    last week's mean  29.2  30.0  28.0    as today  35.3  35.3  32.9
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot
from scheduler.prices.wall import dates, local_day

DAYS = 28
"""Four of each weekday: more would be another season."""

LEAST_DAYS = 7
"""Below a week there is no weekend to learn from, and no forecast."""

LEVEL_HALF_LIFE_DAYS = 3.0
SHAPE_HALF_LIFE_DAYS = 7.0
"""The best of those tried on DE-LU 2023 to 2025, flat around the optimum: 1.5 to 5 days differ by 3 % of the error."""

_QUARTER = timedelta(minutes=15)
_WHOLE = 0.9
"""A day of which more than a tenth is unknown teaches nothing."""

Profile = Mapping[time, float]
"""A price by the wall clock's quarter."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One past day, moved to the level of a day to come: what that day may be like, and how much it counts."""

    past: date
    weight: float
    prices: Profile


@dataclass(frozen=True, slots=True)
class _PastDay:
    day: date
    mean: float
    shape: Profile


def expected(history: Sequence[PriceSlot], window: Interval, zone: ZoneInfo) -> tuple[PriceSlot, ...]:
    """
    Return what prices to expect in *window* after *history*, by the quarter of *zone*'s clock, none of them firm.

    Nothing where the history is shorter than a week.
    """
    past = _past_days(history, zone)
    slots: list[PriceSlot] = []
    for day in dates(window, zone):
        profile = _mean(_scenarios(past, day))
        if profile:
            slots.extend(_slots(day, profile, zone))
    return tuple(slot for slot in slots if window.start <= slot.start and slot.end <= window.end)


def scenarios(history: Sequence[PriceSlot], day: date, zone: ZoneInfo) -> list[Scenario]:
    """Return what *day* may be like: past days of its kind, each with its own shape, at the level to expect."""
    return _scenarios(_past_days(history, zone), day)


def _scenarios(past: Sequence[_PastDay], day: date) -> list[Scenario]:
    if len(past) < LEAST_DAYS:
        return []
    last = past[-1].day
    kind = _kind(day)
    adds = {
        one: fmean([p.mean for p in past if _kind(p.day) == one] or [fmean(p.mean for p in past)]) for one in range(3)
    }
    middle = fmean(p.mean for p in past)
    weights = [0.5 ** ((last - p.day).days / LEVEL_HALF_LIFE_DAYS) for p in past]
    level = sum(w * (p.mean - adds[_kind(p.day)] + middle) for w, p in zip(weights, past, strict=True)) / sum(weights)
    level += adds[kind] - middle
    alike = [p for p in past if _kind(p.day) == kind] or list(past)
    return [
        Scenario(
            p.day,
            0.5 ** ((last - p.day).days / SHAPE_HALF_LIFE_DAYS),
            {wall: level + above for wall, above in p.shape.items()},
        )
        for p in alike
    ]


def _past_days(history: Sequence[PriceSlot], zone: ZoneInfo) -> list[_PastDay]:
    """Return the last `DAYS` whole days, oldest first."""
    quarters: dict[date, dict[time, float]] = defaultdict(dict)
    for slot in history:
        moment = slot.start
        while moment < slot.end:
            wall = moment.astimezone(zone)
            quarters[wall.date()][wall.time()] = slot.price_per_kwh
            moment += _QUARTER
    whole = [
        day for day in sorted(quarters) if len(quarters[day]) >= _WHOLE * (local_day(day, zone).duration / _QUARTER)
    ]
    return [_past_day(day, quarters[day]) for day in whole[-DAYS:]]


def _past_day(day: date, quarters: Profile) -> _PastDay:
    mean = fmean(quarters.values())
    return _PastDay(day, mean, {wall: price - mean for wall, price in quarters.items()})


def _mean(possible: Sequence[Scenario]) -> Profile:
    totals: dict[time, float] = defaultdict(float)
    weights: dict[time, float] = defaultdict(float)
    for scenario in possible:
        for wall, price in scenario.prices.items():
            totals[wall] += scenario.weight * price
            weights[wall] += scenario.weight
    return {wall: total / weights[wall] for wall, total in totals.items()}


def _slots(day: date, profile: Profile, zone: ZoneInfo) -> list[PriceSlot]:
    window = local_day(day, zone)
    starts = (window.start + n * _QUARTER for n in range(int(window.duration / _QUARTER)))
    walls = ((start, start.astimezone(zone).time()) for start in starts)
    return [
        PriceSlot(start, start + _QUARTER, round(profile[wall], 6), firm=False)
        for start, wall in walls
        if wall in profile
    ]


def _kind(day: date) -> int:
    """Return 0 for a working day, 1 for a Saturday, 2 for a Sunday: what the market's days differ by."""
    return max(0, day.weekday() - 4)
