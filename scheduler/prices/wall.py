"""
Local wall clocks, at the doors where the world speaks in them: naive stamps in payloads, and days in tariff files.

Two hours of the year make this hard. In spring an hour of the wall clock does not exist; in autumn one comes twice, and only
the order of the rows tells which is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval

_STRIDE = timedelta(hours=3)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment *day* begins in *zone*, in UTC: its first 00:00, or the first moment after a skipped one."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def local_day(day: date, zone: ZoneInfo) -> Interval:
    """Return *day* of *zone* as an interval: 23, 24 or 25 hours."""
    return Interval(midnight(day, zone), midnight(day + timedelta(days=1), zone))


def today_and_tomorrow(now: datetime, zone: ZoneInfo) -> Interval:
    """Return the stretch from the start of the local today to the end of the local tomorrow."""
    today = now.astimezone(zone).date()
    return Interval(midnight(today, zone), midnight(today + timedelta(days=2), zone))


def dates(window: Interval, zone: ZoneInfo) -> list[date]:
    """Return the dates of *zone* that *window* touches, ascending."""
    first = window.start.astimezone(zone).date()
    last = (window.end - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]


def is_midnight(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether a local day begins at *moment*."""
    return midnight(moment.astimezone(zone).date(), zone) == moment


def constant_offsets(window: Interval, zone: ZoneInfo) -> Iterator[tuple[Interval, timedelta]]:
    """Yield the parts of *window* in which the wall clock runs evenly, with its offset from UTC, ascending."""
    start, offset = window.start, _offset(window.start, zone)
    probe = start
    while probe < window.end:
        ahead = min(probe + _STRIDE, window.end)
        if _offset(ahead, zone) != offset:
            change = _change(probe, ahead, zone)
            if change < window.end:
                yield Interval(start, change), offset
                start, offset = change, _offset(change, zone)
        probe = ahead
    yield Interval(start, window.end), offset


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first whole second in `(before, after]` that has the offset of *after*."""
    wanted = _offset(after, zone)
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + timedelta(seconds=middle), zone) == wanted:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)


class WallClock:
    """Turns naive local stamps, in the order of their rows, into moments."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._last: datetime | None = None

    def moment(self, naive: datetime) -> datetime:
        """
        Return the moment of *naive* in UTC. Rows ascend, so the second 02:30 of an autumn night is the later one.

        A stamp in the hour that spring leaves out is refused: nobody can say what it means.
        """
        first = naive.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        second = naive.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        if first.astimezone(self._zone).replace(tzinfo=None) != naive:
            raise PayloadInvalid(
                f"the wall clock of {self._zone.key} never showed {naive.isoformat(' ')}, it was put forward that night"
            )
        moment = second if self._last is not None and first <= self._last else first
        self._last = moment
        return moment
