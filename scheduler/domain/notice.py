"""What a driver must know without looking: that something begins which only a person can mend, and that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scheduler.domain.driver import DriverId
from scheduler.domain.vehicle import VehicleId


class Concern(StrEnum):
    """
    What a driver is told of, each once when it begins and once when it is over.

    `short`: the car cannot be ready as asked. `command`: it does not do what it is told, and a person can do something.
    `consent`: it may no longer be read. `consent_ending`: it soon may not. `calls`: none are left this month. `credit`: what
    was paid for is used up.
    """

    SHORT = "short"
    COMMAND = "command"
    CONSENT = "consent"
    CONSENT_ENDING = "consent_ending"
    CALLS = "calls"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told to one driver, *at* a moment. `over`: it was told before, and holds no longer."""

    driver_id: DriverId
    vehicle_id: VehicleId
    concern: Concern
    sentence: str
    at: datetime
    over: bool = False
    simulated: bool = False
