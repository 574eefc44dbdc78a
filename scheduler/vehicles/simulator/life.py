"""What happens to a car by the calendar: its driver's habits and its own charging timers, in local time."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from scheduler.vehicles.simulator.scenario import Timer, Trip, Weekday

_WEEKDAYS = tuple(Weekday)


class Happening(IntEnum):
    """What happens; at one moment the smaller number comes first."""

    RETURNS = 0
    LEAVES = 1
    TIMER_STOPS = 2
    TIMER_STARTS = 3


Order = tuple[datetime, int]
"""A place in time, fine enough to tell apart what happens at one moment."""


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """One thing that happens, at its moment in UTC; `trip` is the habit behind it, if it is one."""

    at: datetime
    what: Happening
    trip: Trip | None = None

    @property
    def order(self) -> Order:
        """Sort key, and the place in time up to which a car has lived."""
        return self.at, self.what


def after(moment: datetime) -> Order:
    """Return the place behind everything that happens at *moment*."""
    return moment, len(Happening)


@dataclass(frozen=True, slots=True)
class Life:
    """The calendar of one car. `seed` decides the jitter, by date, whoever asks and however often."""

    trips: Sequence[Trip]
    timers: Sequence[Timer]
    zone: ZoneInfo
    seed: str

    def next_event(self, since: Order) -> LifeEvent | None:
        """Return the first event whose `order` lies behind *since*; None for a car to which nothing happens."""
        today = since[0].astimezone(self.zone).date()
        # A return may lie a day and a jitter after its departure's date, and the next habit a week ahead.
        for first, last in ((-2, 1), (2, 9)):
            days = (today + timedelta(days=days) for days in range(first, last + 1))
            later = [event for day in days for event in self._events(day) if event.order > since]
            if later:
                return min(later, key=lambda event: event.order)
        return None

    def timer_runs(self, moment: datetime) -> bool:
        """Whether a timer lets the car charge at *moment*; True without timers."""
        if not self.timers:
            return True
        today = moment.astimezone(self.zone).date()
        spans = (self._span(timer, today + timedelta(days=days)) for timer in self.timers for days in (-1, 0))
        return any(span is not None and span[0] <= moment < span[1] for span in spans)

    def _events(self, day: date) -> Iterator[LifeEvent]:
        for index, trip in enumerate(self.trips):
            if _WEEKDAYS[day.weekday()] not in trip.days:
                continue
            chance = random.Random(f"{self.seed}/{index}/{day.isoformat()}")
            late_s, back_s = chance.random() * trip.jitter_min * 60, chance.uniform(-1, 1) * trip.jitter_min * 60
            back = day + timedelta(days=1) if trip.returns <= trip.leaves else day
            yield LifeEvent(self._moment(day, trip.leaves, late_s), Happening.LEAVES, trip)
            yield LifeEvent(self._moment(back, trip.returns, back_s), Happening.RETURNS, trip)
        for timer in self.timers:
            span = self._span(timer, day)
            if span is not None:
                yield LifeEvent(span[0], Happening.TIMER_STARTS)
                yield LifeEvent(span[1], Happening.TIMER_STOPS)

    def _span(self, timer: Timer, day: date) -> tuple[datetime, datetime] | None:
        if _WEEKDAYS[day.weekday()] not in timer.days:
            return None
        end = day + timedelta(days=1) if timer.stop <= timer.start else day
        return self._moment(day, timer.start, 0), self._moment(end, timer.stop, 0)

    def _moment(self, day: date, at: time, late_s: float) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC) + timedelta(seconds=round(late_s))
