"""The calls that are left: of each car by the month, from the ledger, and of the application by the minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.dispatch.budget import Allowance, CallLimits, Need, allowance, kept_for_more, month_of
from scheduler.domain.vehicle import VehicleId
from scheduler.ports import Clock, Journal, Store

EXHAUSTED = "exhausted"
"""The kind under which the ledger keeps that Smartcar refused a call because none was left: not a call itself."""

ASKED_AGAIN = timedelta(days=1)
"""A car whose calls are gone is asked once a day: nobody knows when the billing month begins."""


class Purse:
    """
    Says what may be called, and when. The month is durable; the bucket is refilled from the ledger after a restart.

    Of an almost empty bucket looks leave a fifth and planned starts a tenth to those who need it more.
    """

    def __init__(self, clock: Clock, store: Store, journal: Journal, limits: CallLimits) -> None:
        self._clock, self._store, self._journal, self._limits = clock, store, journal, limits
        size = limits.burst or 0
        recent = store.calls(None, clock.now() - timedelta(minutes=size / limits.per_minute))
        self._tokens, self._filled_at = max(float(size - recent), 0.0), clock.monotonic()
        self._next_turn_s = 0.0

    def allowance(self, vehicle_id: VehicleId) -> Allowance:
        """Return what is left for a car this month."""
        now = self._clock.now()
        refused = self._store.calls(vehicle_id, now - ASKED_AGAIN, EXHAUSTED) > 0
        since = month_of(now)
        used = self._store.calls(vehicle_id, since) - self._store.calls(vehicle_id, since, EXHAUSTED)
        return allowance(used, self._limits, now, refused=refused)

    def free_at(self, vehicle_id: VehicleId, need: Need, now: datetime) -> datetime:
        """Return from when a call of this need may be made: *now* itself, or later. It takes nothing."""
        left = self.allowance(vehicle_id)
        if not left.covers(need):
            return min(left.ends, now + ASKED_AGAIN)
        wait_s = self._wait_s(need)
        if wait_s <= 0:
            return now
        # Those who wait are called one after the other, as the bucket fills, and not all at its first drop.
        at_s = max(self._clock.monotonic() + wait_s, self._next_turn_s + 60 / self._limits.per_minute)
        self._next_turn_s = at_s
        return now + timedelta(seconds=at_s - self._clock.monotonic())

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

    def _wait_s(self, need: Need) -> float:
        if self._limits.burst is None:
            return 0.0
        self._fill()
        wanted = 1 + kept_for_more(need, self._limits.burst // 5)
        return (wanted - self._tokens) * 60 / self._limits.per_minute

    def _fill(self) -> None:
        if self._limits.burst is None:
            return
        now_s = self._clock.monotonic()
        gained = (now_s - self._filled_at) * self._limits.per_minute / 60
        self._tokens, self._filled_at = min(self._tokens + gained, float(self._limits.burst)), now_s
