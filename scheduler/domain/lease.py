"""The right to turn one vehicle's ring, for a while, by one owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.vehicle import VehicleId


@dataclass(frozen=True, slots=True)
class Lease:
    """
    One claimed `due` row. `token` is the fencing token: completing a turn advances it, so a late or doubled turn with an
    old token changes nothing.
    """

    vehicle_id: VehicleId
    token: int
    until: datetime
