"""
Noticing that the wall clock jumped or the machine slept.

An interval job sleeps an hour after a step back by an hour, and timers stand still in suspend (facts/engine.md section 1.3).
So a plain task compares the clocks, and on a jump everything is anchored anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from scheduler.ports import Clock, Journal

LOOK_EVERY_S = 15.0
JUMP_S = 5.0
"""Corrections smaller than this are time synchronisation at work."""


class ClockGuard:
    """Compares wall clock, monotonic clock and time asleep; calls *reanchor* after a jump of more than `JUMP_S`."""

    def __init__(self, clock: Clock, journal: Journal, reanchor: Callable[[], None]) -> None:
        self._clock, self._journal, self._reanchor = clock, journal, reanchor
        self._wall, self._steady, self._asleep_s = clock.now(), clock.monotonic(), clock.suspended_s()

    async def watch(self) -> None:
        """Look every `LOOK_EVERY_S`, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            self.look()

    def look(self) -> None:
        """Compare once."""
        wall, steady, asleep_s = self._clock.now(), self._clock.monotonic(), self._clock.suspended_s()
        passed = timedelta(seconds=steady - self._steady)
        slept_s = asleep_s - self._asleep_s
        stepped_s = (wall - self._wall - passed).total_seconds() - slept_s
        self._wall, self._steady, self._asleep_s = wall, steady, asleep_s
        if slept_s > JUMP_S:
            self._journal.note("clock.suspended", slept_s=round(slept_s, 1))
        if abs(stepped_s) > JUMP_S:
            self._journal.note("clock.stepped", step_s=round(stepped_s, 1))
        if slept_s > JUMP_S or abs(stepped_s) > JUMP_S:
            self._reanchor()
