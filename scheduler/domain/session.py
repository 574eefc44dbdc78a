"""
One plug-in: from the first sight of the cable to the first sight of it gone.

A hand on the car wins until it is unplugged, so the hand belongs to the session and ends with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from scheduler.domain.vehicle import VehicleId


class Hand(StrEnum):
    """What the driver's own hand on the car asked for, in this session."""

    NONE = "none"
    CHARGING = "charging"
    STOPPED = "stopped"


class Override(StrEnum):
    """
    What a person asked of smartcharge: charge now, charge not at all, or send no command. Ends at the unplugging, or
    with `resume`. Kept beside the session, since it may be asked for before the car is plugged in.
    """

    NONE = "none"
    START = "start"
    STOP = "stop"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class ChargeSession:
    """
    What is remembered of one plug-in.

    `automatic_stopped`: the car started by itself on plug-in and has been told to stop; that is done once.
    `energy_kwh` and `cost` are what was seen to flow so far, at the plug, in the tariff's currency (floats: an estimate
    for reports, never a bill). `gone_until` is when the car was last known to be without this cable; None: not written
    down.
    """

    vehicle_id: VehicleId
    plugged_in_at: datetime
    start_soc_pct: float | None = None
    unplugged_at: datetime | None = None
    end_soc_pct: float | None = None
    hand: Hand = Hand.NONE
    automatic_stopped: bool = False
    energy_kwh: float = 0.0
    cost: float = 0.0
    gone_until: datetime | None = None

    def without_hand(self) -> ChargeSession:
        """Return the session as if no hand had touched the car."""
        return replace(self, hand=Hand.NONE)
