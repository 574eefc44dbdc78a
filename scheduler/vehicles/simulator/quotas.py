"""How often an application may call: a bucket for all, a throttle and a month for each car. facts/smartcar.md section 5."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from scheduler.vehicles.simulator.refusal import Refusal, refusal
from scheduler.vehicles.simulator.scenario import QuotaSpec


class Quotas:
    """
    What is left of *spec*; without one, everything always is.

    A month is a calendar month in UTC. A call counts once it is let in, whatever becomes of it: the sheet has it both ways.
    """

    def __init__(self, spec: QuotaSpec | None) -> None:
        self.spec = spec
        self._level = float(spec.bucket or 0) if spec else 0.0
        self._levelled_at: datetime | None = None
        self._last: dict[str, datetime] = {}
        self._months: dict[tuple[str, str], int] = {}

    def refusal(self, car_id: str | None, now: datetime, calls: int) -> Refusal | None:
        """Return why *calls* more are not let in now; None where they are. *car_id* None: no car is billed."""
        spec = self.spec
        if spec is None:
            return None
        if spec.bucket is not None and self.bucket_left(now) < calls:
            return refusal("SMARTCAR_API", "The application's bucket is empty.")
        if car_id is None:
            return None
        left = self.calls_left(car_id, now)
        if left is not None and left < calls:
            return refusal("VEHICLE_REQUEST_LIMIT", "This vehicle's calls of the month are used up.")
        last = self._last.get(car_id)
        if last is not None and now < (free_at := last + timedelta(seconds=spec.vehicle_every_s)):
            wait_s = ceil((free_at - now).total_seconds())
            return refusal("VEHICLE", "This vehicle is asked too often.", retry_after_s=wait_s)
        return None

    def count(self, car_id: str | None, at: datetime, calls: int) -> None:
        """Take *calls* from what is left."""
        self._level = self.bucket_left(at) - calls
        self._levelled_at = at
        if car_id is not None:
            self._last[car_id] = at
            month = (car_id, at.strftime("%Y-%m"))
            self._months[month] = self._months.get(month, 0) + calls

    def bucket_left(self, now: datetime) -> float:
        """Return how many calls the application may make at once now; 0 without a bucket."""
        spec = self.spec
        if spec is None or spec.bucket is None:
            return 0.0
        if self._levelled_at is None:
            return self._level
        minutes = (now - self._levelled_at).total_seconds() / 60
        return min(self._level + minutes * spec.refill_per_min, float(spec.bucket))

    def calls_left(self, car_id: str, now: datetime) -> int | None:
        """Return how many calls a car has left in its month; None without a limit."""
        if self.spec is None or self.spec.calls_per_month is None:
            return None
        return self.spec.calls_per_month - self._months.get((car_id, now.strftime("%Y-%m")), 0)
