"""The calls that are left: of each car by the month, from the ledger, and of the application by the minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from scheduler.dispatch.budget import Allowance, CallLimits, Need, allowance, kept_for_more, month_of
from scheduler.domain.vehicle import VehicleId
from scheduler.ports import Clock, Journal, Store

EXHAUSTED = "exhausted"
"""The kind under which the ledger keeps that Smartcar refused a call because none was left: not a call itself."""

ASKED_AGAIN = timedelta(days=1)
"""A car whose calls are gone is asked once a day: nobody knows when the billing month begins."""


GATHERED = timedelta(minutes=1)
"""How long a call that can wait does so, in a fleet larger than what is in the bucket, until all who ask now have asked."""

FORGOTTEN = timedelta(minutes=5)
"""Who does not come for their turn so long has no need of it any more."""

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody who waits for the bucket. `at`: when they are to ask again."""

    need: int
    by: datetime
    number: int
    at: datetime

    @property
    def order(self) -> tuple[int, datetime, int]:
        """The most needed first, then the earliest deadline, then who asked first."""
        return self.need, self.by, self.number


class Purse:
    """
    Says what may be called, and when. The month is durable; the bucket is refilled from the ledger after a restart.

    Of an almost empty bucket looks leave a fifth and planned starts a tenth to those who need it more. *fleet* is how many
    cars there are: where the bucket cannot serve them all at once, those who ask in the same minute are put in order first.
    """

    def __init__(
        self, clock: Clock, store: Store, journal: Journal, limits: CallLimits, fleet: Callable[[], int] = lambda: 0
    ) -> None:
        self._clock, self._store, self._journal, self._limits, self._fleet = clock, store, journal, limits, fleet
        size = limits.burst or 0
        recent = store.calls(None, clock.now() - timedelta(minutes=size / limits.per_minute))
        self._tokens, self._filled_at = max(float(size - recent), 0.0), clock.monotonic()
        self._waiting: dict[VehicleId, Turn] = {}
        self._asked = 0

    def allowance(self, vehicle_id: VehicleId) -> Allowance:
        """Return what is left for a car this month."""
        now = self._clock.now()
        refused = self._store.calls(vehicle_id, now - ASKED_AGAIN, EXHAUSTED) > 0
        since = month_of(now)
        used = self._store.calls(vehicle_id, since) - self._store.calls(vehicle_id, since, EXHAUSTED)
        return allowance(used, self._limits, now, refused=refused)

    def free_at(self, vehicle_id: VehicleId, need: Need, now: datetime, by: datetime | None = None) -> datetime:
        """
        Return from when a call of this need may be made: *now* itself, or later, to be asked again then. It takes nothing.

        *by* is when the call is of use at the latest; of those who wait for the bucket the most needed are served first, of
        equals the one with the earliest *by*, one without one last.
        """
        left = self.allowance(vehicle_id)
        if not left.covers(need):
            return min(left.ends, now + ASKED_AGAIN)
        if self._limits.burst is None:
            return now
        self._fill()
        known = self._waiting.pop(vehicle_id, None)
        self._waiting = {each: turn for each, turn in self._waiting.items() if now - turn.at < FORGOTTEN}
        self._asked += 1
        turn = Turn(-need, by or NEVER, known.number if known else self._asked, now)
        ahead = sum(other.order < turn.order for other in self._waiting.values())
        lacking = 1 + kept_for_more(need, self._limits.burst // 5) + ahead - self._tokens
        wait = timedelta(minutes=max(lacking, 0.0) / self._limits.per_minute)
        if known is None and self._fleet() > self._tokens and turn.by - now > GATHERED:
            # Everybody else who needs a call now asks within a moment. Served as they come, the last would be too late.
            wait = max(wait, GATHERED)
        if wait:
            self._waiting[vehicle_id] = replace(turn, at=now + wait)
        return now + wait

    def take(self) -> None:
        """Take one call out of the application's bucket."""
        self._fill()
        self._tokens = max(self._tokens - 1, 0.0)

    def look(self, vehicle_id: VehicleId) -> None:
        """Take a look's calls, and count them: before it is made."""
        for _ in range(self._limits.per_look):
            self.take()
            self._store.count_call(vehicle_id, self._clock.now(), "look")

    def refused(self, vehicle_id: VehicleId) -> None:
        """Note that Smartcar made no call because none is left (430): its count is the one that counts."""
        now = self._clock.now()
        if self._store.calls(vehicle_id, now - ASKED_AGAIN, EXHAUSTED) == 0:
            self._journal.note("budget.exhausted", vehicle_id)
        self._store.count_call(vehicle_id, now, EXHAUSTED)

    def _fill(self) -> None:
        if self._limits.burst is None:
            return
        now_s = self._clock.monotonic()
        gained = (now_s - self._filled_at) * self._limits.per_minute / 60
        self._tokens, self._filled_at = min(self._tokens + gained, float(self._limits.burst)), now_s
