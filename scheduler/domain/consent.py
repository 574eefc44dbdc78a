"""Whether a car may be read and commanded: what its driver has given, and what became of it. No id and no token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.domain.vehicle import VehicleId

NOTICE = timedelta(days=3)
"""How long before a consent ends by itself its driver is asked to give it again."""


class ConsentStatus(StrEnum):
    """What became of a consent. `never`: the car was not connected yet. `ended`: it was disconnected here."""

    NEVER = "never"
    GIVEN = "given"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Consent:
    """
    One driver's consent for one car. `reason` is why it was lost.

    `since` is when it became so, None where nobody knows: ids written into a driver's file have no date. `ends_at` is when
    a given one ends by itself, None where none is known to.
    """

    vehicle_id: VehicleId
    status: ConsentStatus = ConsentStatus.GIVEN
    since: datetime | None = None
    ends_at: datetime | None = None
    reason: str = ""

    @property
    def open(self) -> bool:
        """Whether there is anything to call Smartcar with. A lost one is tried now and then: some come back by themselves."""
        return self.status in (ConsentStatus.GIVEN, ConsentStatus.LOST)

    def ends_soon(self, now: datetime) -> bool:
        """Whether it is time to give it again, `NOTICE` before it ends; also once it should have ended."""
        return self.status is ConsentStatus.GIVEN and self.ends_at is not None and now >= self.ends_at - NOTICE

    def words(self, now: datetime) -> str:
        """Return what a person should know of it, with the command that mends it; "" where all is well."""
        mend = f"smartcharge connect {self.vehicle_id}"
        if self.status is ConsentStatus.NEVER:
            return f"not connected: {mend}"
        if self.status is ConsentStatus.ENDED:
            return f"disconnected: {mend}"
        if self.status is ConsentStatus.LOST:
            return f"consent lost ({self.reason or 'no reason was given'}): {mend}"
        if self.ends_at is None or not self.ends_soon(now):
            return ""
        days = max((self.ends_at - now) // timedelta(days=1), 0)
        left = f"in {days} days" if days > 1 else "within a day" if self.ends_at > now else "at any time"
        return f"consent ends {left}: {mend}"
