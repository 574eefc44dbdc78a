"""
Half-open stretches of time in UTC.

    start            end
      |-----------------)          `start` belongs to the interval, `end` does not
      12:00           13:00        12:00:00 is in, 13:00:00 is out, so neighbours touch without overlap

Everything inside the house is aware UTC. Local wall time lives in `drivers.py`, in tariff files and on pages only:
within one zone Python calls the 23-hour day "1 day".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scheduler.domain.errors import InvalidValue


def as_utc(moment: datetime) -> datetime:
    """Return *moment* in UTC. A naive time is refused: nobody can say which moment it means."""
    if moment.tzinfo is None:
        raise InvalidValue(f"a time needs an offset or 'Z', got the naive {moment.isoformat()}")
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """`[start, end)`, both aware, in UTC, and never empty: `start < end`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            object.__setattr__(self, "start", as_utc(self.start))
            object.__setattr__(self, "end", as_utc(self.end))
        if self.end <= self.start:
            raise InvalidValue(
                f"an interval must end after it starts, got {self.start.isoformat()} to {self.end.isoformat()}"
            )

    @property
    def duration(self) -> timedelta:
        """Elapsed time, the same on days of 23 and 25 hours."""
        return self.end - self.start

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share time. Touching ends do not."""
        return self.start < other.end and other.start < self.end

    def clipped(self, other: Interval) -> Interval | None:
        """Return what both share, or None where they share nothing."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start, end) if start < end else None


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the union of *intervals*, ascending, with overlapping and touching ones joined."""
    union: list[Interval] = []
    for interval in sorted(intervals):
        if union and interval.start <= union[-1].end:
            union[-1] = Interval(union[-1].start, max(union[-1].end, interval.end))
        else:
            union.append(interval)
    return tuple(union)


def without(window: Interval, holes: Iterable[Interval]) -> Iterator[Interval]:
    """
    Yield the parts of *window* that no hole covers, ascending.

        window   |--------------------------)
        holes        |----)      |-----)
        yields   |---)    |------)     |----)
    """
    start = window.start
    for hole in merged(holes):
        if hole.end <= start:
            continue
        if hole.start >= window.end:
            break
        if hole.start > start:
            yield Interval(start, hole.start)
        start = hole.end
    if start < window.end:
        yield Interval(start, window.end)
