"""A car's door that works: it keeps what it was told, and fails as it is told to."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from datetime import datetime

from scheduler.domain.errors import VehicleError
from scheduler.domain.vehicle import Vehicle, VehicleId, VehicleState


class MemoryGateway:
    """
    One car per vehicle id. `start` and `stop` act at once on the state that `state` reports.

    `failures` are raised by the next calls, one each; None lets a call pass. `answer` is what every call of a verb raises.
    `ignores` are the verbs that are accepted and change nothing. `delay_s`: how long a command takes to act.
    """

    def __init__(self) -> None:
        self.cars: dict[VehicleId, VehicleState] = {}
        self.calls: list[tuple[str, VehicleId]] = []
        self.failures: deque[VehicleError | None] = deque()
        self.answer: dict[str, VehicleError] = {}
        self.ignores: set[str] = set()
        self.delay_s = 0.0

    def park(self, vehicle_id: VehicleId, now: datetime, soc_pct: float = 46, *, charging: bool = False) -> None:
        self.cars[vehicle_id] = VehicleState(vehicle_id, now, soc_pct, now, plugged_in=True, charging=charging)

    async def state(self, vehicle: Vehicle) -> VehicleState:
        self._called("look", vehicle)
        return self.cars[vehicle.id]

    async def start(self, vehicle: Vehicle) -> None:
        self._called("start", vehicle)
        await asyncio.sleep(self.delay_s)
        if "start" not in self.ignores:
            self.cars[vehicle.id] = replace(self.cars[vehicle.id], charging=True)

    async def stop(self, vehicle: Vehicle) -> None:
        self._called("stop", vehicle)
        await asyncio.sleep(self.delay_s)
        if "stop" not in self.ignores:
            self.cars[vehicle.id] = replace(self.cars[vehicle.id], charging=False)

    async def set_limit(self, vehicle: Vehicle, limit_pct: int) -> None:
        self._called("limit", vehicle)
        self.cars[vehicle.id] = replace(self.cars[vehicle.id], limit_pct=limit_pct)

    def _called(self, verb: str, vehicle: Vehicle) -> None:
        self.calls.append((verb, vehicle.id))
        failure = self.failures.popleft() if self.failures else self.answer.get(verb)
        if failure is not None:
            raise failure
