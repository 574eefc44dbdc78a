"""
When to ask a feed: publication is a probability, not a time.

    day-ahead   first try 13:05 (+ jitter), then every 10 min to 16:00, hourly after; one more look an hour after the day
                is complete (a second auction may revise it); from 16:00 on, "late"
    rolling     every few minutes, whatever is known
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.prices.wall import midnight

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

BOUNDARY_SPREAD = timedelta(seconds=15)
"""Within which households ask after a boundary; all at its second would be a crowd."""

CONFIRM = timedelta(hours=1)
"""A Nord Pool day was marked final an hour after its first publication (facts/feeds.md 1): look once more."""


@dataclass(frozen=True, slots=True)
class Look:
    """
    What is remembered of the last look at a feed: when it was, since when all that may be out is known, and up to when
    prices are known without a gap.
    """

    at: datetime | None = None
    complete_since: datetime | None = None
    known_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PollPlan:
    """
    When a feed's next answer may differ from the last one.

    `first_at` is the wall time in `zone` from which the next market day (midnight to midnight of `zone`) may be out; None
    makes the plan rolling: `every` after the last look. `steps` are (until, pause): until that wall time, look again
    after the pause; after the last one, `every`. From `late_at` a missing day is worth a word. `spread` bounds the jitter of
    the first try. A rolling plan with an `offset` looks that long after each full multiple of `every`.
    """

    zone: ZoneInfo
    first_at: time | None = None
    steps: tuple[tuple[time, timedelta], ...] = ()
    every: timedelta = timedelta(hours=1)
    late_at: time = time(16)
    spread: timedelta = timedelta(minutes=4)
    offset: timedelta | None = None

    def expected_until(self, now: datetime) -> datetime:
        """Return the end of the last market day that may be out at *now*."""
        local = now.astimezone(self.zone)
        days = 2 if self.first_at is not None and local.time() >= self.first_at else 1
        return midnight(local.date() + timedelta(days=days), self.zone)

    def late(self, now: datetime, known_until: datetime | None) -> bool:
        """Whether a market day that should be out by `late_at` is still missing."""
        if self.first_at is None or now.astimezone(self.zone).time() < self.late_at:
            return False
        return known_until is None or known_until < self.expected_until(now)

    def due(self, now: datetime, look: Look, jitter: float) -> datetime:
        """
        Return when to look next; a moment at or before *now* means at once. *jitter* is a stable fraction 0-1.

        Complete for now: at the next first try, or once more an hour after it became so. Not complete: after a pause,
        but never before today's first try where only tomorrow is missing.
        """
        if look.at is None:
            return now
        if self.first_at is None and self.offset is not None:
            past = (look.at - EPOCH - self.offset) // self.every
            return EPOCH + (past + 1) * self.every + self.offset + BOUNDARY_SPREAD * jitter
        if self.first_at is None:
            return look.at + self.every * (1 + (jitter - 0.5) / 10)
        if look.known_until is None or look.known_until < self.expected_until(now):
            again = look.at + self._pause(now) * (1 + (jitter - 0.5) / 5)
            first_try = self._first_try(now, 0, jitter)
            today_known = look.known_until is not None and look.known_until >= self._today_ends(now)
            return first_try if today_known and look.at < first_try else again
        following = self._first_try_after(look.at, jitter)
        since = look.complete_since
        if since is not None and look.at < since + CONFIRM and since.astimezone(self.zone).time() >= self.first_at:
            return min(since + CONFIRM, following)
        return following

    def _pause(self, now: datetime) -> timedelta:
        wall = now.astimezone(self.zone).time()
        return next((pause for until, pause in self.steps if wall < until), self.every)

    def _today_ends(self, now: datetime) -> datetime:
        return midnight(now.astimezone(self.zone).date() + timedelta(days=1), self.zone)

    def _first_try_after(self, moment: datetime, jitter: float) -> datetime:
        """Return the next first try: that day's until its time has come, else the following day's."""
        assert self.first_at is not None
        return self._first_try(moment, 0 if moment.astimezone(self.zone).time() < self.first_at else 1, jitter)

    def _first_try(self, now: datetime, days: int, jitter: float) -> datetime:
        assert self.first_at is not None
        day = now.astimezone(self.zone).date() + timedelta(days=days)
        return datetime.combine(day, self.first_at, self.zone).astimezone(UTC) + self.spread * jitter


def stable_fraction(*words: str) -> float:
    """Return a fraction 0-1 that is always the same for the same *words*: jitter without chance."""
    digest = hashlib.sha256("\0".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
