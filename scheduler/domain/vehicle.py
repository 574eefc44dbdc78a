"""A car: what it is (`Vehicle`) and what it was seen to be doing (`VehicleState`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

VehicleId = NewType("VehicleId", str)
"""Our own name for a car, from the driver's file (`ada-id3`). Safe in a log; the maker's and Smartcar's ids are not."""


class Powertrain(StrEnum):
    """What moves the car. Only cars with a plug can be scheduled."""

    BEV = "BEV"
    PHEV = "PHEV"


@dataclass(frozen=True, slots=True)
class Vehicle:
    """
    A car as its driver's file describes it.

    `usable_kwh` is what the driver can use, not the gross capacity of the data sheet. `max_power_kw` is at the plug, on
    alternating current. `efficiency` is the share of the energy at the plug that reaches the battery (0-1). Smartcar's ids
    are empty while the car is not connected.
    """

    id: VehicleId
    name: str
    make: str
    model: str
    powertrain: Powertrain
    smartcar_vehicle_id: str
    smartcar_user_id: str
    usable_kwh: float
    max_power_kw: float
    efficiency: float


DATES = ("seen_at", "soc_seen_at", "charging_seen_at", "energy_seen_at")
"""The fields of a state that say when, and not what."""


@dataclass(frozen=True, slots=True)
class VehicleState:
    """
    What a car reported, and when it was true.

    `seen_at` is the moment the car itself recorded its plug, `charging_seen_at` the same for charging (None: `seen_at`),
    `soc_seen_at` for the state of charge and `energy_seen_at` for the energy added: never the moment we asked. A cable
    reported on Monday and charging reported today are one state with two dates. None for a value means the car does not
    say; it never means no, zero or unplugged.
    """

    vehicle_id: VehicleId
    seen_at: datetime
    soc_pct: float | None = None
    soc_seen_at: datetime | None = None
    plugged_in: bool | None = None
    charging: bool | None = None
    fully_charged: bool | None = None
    fast_charger: bool | None = None
    limit_pct: float | None = None
    power_kw: float | None = None
    energy_added_kwh: float | None = None
    odometer_km: float | None = None
    charging_seen_at: datetime | None = None
    energy_seen_at: datetime | None = None
    at_home: bool | None = None

    @property
    def charging_at(self) -> datetime:
        """The moment at which `charging` and `fully_charged` were true."""
        return self.charging_seen_at or self.seen_at

    @property
    def last_word_at(self) -> datetime:
        """The latest of its dates."""
        return max(self.seen_at, self.charging_at, self.soc_seen_at or self.seen_at)

    def same_facts(self, other: VehicleState) -> bool:
        """Whether *other* reports the same, however much later."""
        dates = {name: getattr(other, name) for name in DATES}
        return replace(self, **dates) == other
