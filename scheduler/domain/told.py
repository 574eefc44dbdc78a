"""What a car told by itself, without being asked: webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.vehicle import VehicleState


@dataclass(frozen=True, slots=True)
class Told:
    """
    All that is known of a car, laid together from what it told and what looks showed.

    `told_at` is when the last delivery arrived, on our clock; None while only looks have been laid in. `parts` is the
    memory of whoever lays it together, a text that nobody else reads; it holds no name, no id and no position.
    """

    state: VehicleState
    told_at: datetime | None
    parts: str
