"""Growing pauses after failures, shared by everybody who asks the same host: nobody storms a feed that says no."""

from __future__ import annotations

from datetime import timedelta

FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3600.0
LONGEST_ASKED_S = 24 * 3600.0
"""A `Retry-After` beyond a day is a mistake of the other side; we come back once a day."""


class Breaker:
    """
    Open (nobody asks) until the pause after a failure is over; then one look is let through, which closes or prolongs it.

    Pauses double from a minute to an hour, are never shorter than what the other side asked for, and differ by *jitter*
    (0-1) so that many households do not come back at once. Times are monotonic seconds.
    """

    def __init__(self, jitter: float = 0.0) -> None:
        self._jitter = jitter
        self._failures = 0
        self._open_until_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """Return how long nobody may ask; 0 when it is allowed."""
        return max(0.0, self._open_until_s - now_s)

    def failed(self, now_s: float, retry_after: timedelta | None = None) -> None:
        """Note a failure: open for the next pause."""
        pause_s = min(FIRST_PAUSE_S * 2**self._failures, LONGEST_PAUSE_S) * (1 + self._jitter / 4)
        asked_s = 0.0 if retry_after is None else min(retry_after.total_seconds(), LONGEST_ASKED_S)
        self._failures = min(self._failures + 1, 10)
        self._open_until_s = max(self._open_until_s, now_s + max(pause_s, asked_s))

    def answered(self) -> None:
        """Note a usable answer: closed, and pauses start small again."""
        self._failures, self._open_until_s = 0, 0.0
