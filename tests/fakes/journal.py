"""A journal that remembers."""

from __future__ import annotations

from scheduler.domain.event import CATALOGUE, Fact
from scheduler.domain.vehicle import VehicleId


class Notes:
    """What was noted, in order. A name that is not in the catalogue fails the test."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, VehicleId | None, dict[str, Fact]]] = []

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.entries]

    def note(self, name: str, vehicle_id: VehicleId | None = None, **facts: Fact) -> None:
        assert name in CATALOGUE
        self.entries.append((name, vehicle_id, facts))
