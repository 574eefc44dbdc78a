"""Each car's own share of a day, by which the starts of a fleet are spread."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from scheduler.domain.roster import Seat


def share_of_day(seat: Seat, now: datetime) -> float:
    """Return a number in [0, 1) that is the car's own for this local day, the same in every process."""
    day = now.astimezone(seat.driver.timezone).date().isoformat()
    digest = sha256(f"{seat.vehicle_id} {day}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
