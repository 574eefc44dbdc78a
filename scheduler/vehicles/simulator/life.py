"""When a car leaves and comes back by itself: a week's habits, laid over the calendar."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.vehicles.simulator.scenario import Trip, Weekday

_WEEKDAYS = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """A departure or a return, at its moment in UTC."""

    at: datetime
    leaves: bool
    trip: Trip

    @property
    def order(self) -> tuple[datetime, bool]:
        """Sort key, and the place in time up to which a car has lived."""
        return self.at, self.leaves


@dataclass(frozen=True, slots=True)
class Life:
    """The habits of one car. `seed` decides the jitter, by date, whoever asks and however often."""

    trips: Sequence[Trip]
    zone: ZoneInfo
    seed: str

    def next_event(self, after: tuple[datetime, bool]) -> LifeEvent | None:
        """
        Return the first event whose `order` lies behind *after*; None for a car without habits.

        Where a return and a departure fall on one moment, the return comes first.
        """
        today = after[0].astimezone(self.zone).date()
        # A return may lie a day and a jitter after its departure's date, and the next habit a week ahead.
        for first, last in ((-2, 1), (2, 9)):
            days = (today + timedelta(days=days) for days in range(first, last + 1))
            later = [event for day in days for event in self._events(day) if event.order > after]
            if later:
                return min(later, key=lambda event: event.order)
        return None

    def _events(self, day: date) -> Iterator[LifeEvent]:
        for index, trip in enumerate(self.trips):
            if _WEEKDAYS[day.weekday()] not in trip.days:
                continue
            chance = random.Random(f"{self.seed}/{index}/{day.isoformat()}")
            back = day + timedelta(days=1) if trip.returns <= trip.leaves else day
            yield LifeEvent(self._moment(day, trip.leaves, chance.random() * trip.jitter_min), True, trip)
            yield LifeEvent(self._moment(back, trip.returns, chance.uniform(-1, 1) * trip.jitter_min), False, trip)

    def _moment(self, day: date, at: time, jitter_min: float) -> datetime:
        local = datetime.combine(day, at, self.zone)
        return local.astimezone(UTC) + timedelta(seconds=round(jitter_min * 60))
