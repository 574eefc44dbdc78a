"""What is known of one origin of prices: its energy curve, the last look, and whether it fails."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.errors import FeedError, FeedRejected, FeedUnavailable
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.prices.breaker import Breaker
from scheduler.prices.feeds.feed import Feed
from scheduler.prices.overlay import overlaid
from scheduler.prices.plan import Look, PollPlan
from scheduler.prices.reading import Reading

REJECTED_PAUSE = timedelta(days=1)
"""A feed that calls our request wrong is asked again when the configuration changes (a restart), else once a day."""


class OriginState:
    """
    The memory of one origin. What is known of the future stays known until its time has passed, or newer prices replace it.

    `failing` is the reason of the failure that goes on, or None; `hosts` are those it was last asked of.
    """

    def __init__(self, feed: Feed, key: str, zone: ZoneInfo, jitter: float) -> None:
        self.feed, self.key, self.zone = feed, key, zone
        self.curve: TariffCurve | None = None
        self.fetched_at: datetime | None = None
        self.failing: str | None = None
        self.hosts: frozenset[str] = frozenset()
        self._plan: PollPlan = feed.plan
        self._jitter = jitter
        self._pause = Breaker(jitter)
        self._look = Look()
        self._rejected_at: datetime | None = None
        self._late_day: date | None = None

    def restore(self, curve: TariffCurve, fetched_at: datetime, *, look: bool) -> None:
        """Take up the curve of an earlier run; with *look*, so that a restart does not ask again before its time."""
        self.curve, self.fetched_at = curve, fetched_at
        if look:
            self._note_look(fetched_at)

    def next_poll(self, now: datetime, monotonic_s: float) -> datetime:
        """Return when to look next: after a failure when its pause is over, else when the plan says."""
        if self._rejected_at is not None:
            return self._rejected_at + REJECTED_PAUSE
        if self.failing is not None:
            return now + timedelta(seconds=self._pause.wait_s(monotonic_s))
        return self._plan.due(now, self._look, self._jitter)

    def wanting(self, now: datetime) -> bool:
        """Whether a fallback is needed: this origin fails or is late, and what should be out is not known."""
        until = None if self.curve is None else self.curve.known_until(now)
        missing = until is None or until < self._plan.expected_until(now)
        return missing and (self.failing is not None or self._plan.late(now, until))

    def newly_late(self, now: datetime) -> bool:
        """Whether prices that should be out are missing, and nobody has said so today."""
        today = now.astimezone(self.zone).date()
        until = None if self.curve is None else self.curve.known_until(now)
        if self._late_day == today or not self._plan.late(now, until):
            return False
        self._late_day = today
        return True

    def accept(self, reading: Reading, now: datetime, keep_from: datetime) -> bool:
        """Take up an answer; say whether any price changed. Slots that ended before *keep_from* are dropped."""
        self.failing, self._rejected_at = None, None
        self._pause.answered()
        before = () if self.curve is None else self.curve.slots
        if reading.slots:
            known = tuple(slot for slot in before if slot.end > keep_from)
            self.curve = self._updated(reading, known)
            self.fetched_at = now
        self._note_look(now)
        return self.curve is not None and self.curve.slots != before

    def fail(self, error: FeedError, now: datetime, monotonic_s: float) -> bool:
        """Note a failure; say whether it is the first of its row."""
        began, self.failing = self.failing is None, str(error)
        self._rejected_at = now if isinstance(error, FeedRejected) else None
        self._pause.failed(monotonic_s, error.retry_after if isinstance(error, FeedUnavailable) else None)
        return began

    def _updated(self, reading: Reading, known: tuple[PriceSlot, ...]) -> TariffCurve:
        """Return the reading with what it leaves open filled by what was known; by date of publication where both have one."""
        published = None if self.curve is None else self.curve.published_at
        if reading.published_at is not None and published is not None and reading.published_at < published:
            assert self.curve is not None
            return TariffCurve(
                reading.currency, overlaid(reading.slots, known), self.curve.source, published, self.curve.simulated
            )
        return TariffCurve(
            reading.currency,
            overlaid(known, reading.slots),
            reading.source,
            reading.published_at or published,
            reading.simulated,
        )

    def _note_look(self, now: datetime) -> None:
        until = None if self.curve is None else self.curve.known_until(now)
        complete = until is not None and until >= self._plan.expected_until(now)
        since = self._look.complete_since if self._still_complete(until) else now
        self._look = Look(now, since if complete else None, until)

    def _still_complete(self, until: datetime | None) -> bool:
        return self._look.complete_since is not None and until == self._look.known_until
