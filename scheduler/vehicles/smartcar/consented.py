"""A gateway that minds whether drivers let us call at all: what it learns of that goes into the book."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from scheduler.domain.errors import ConsentLost
from scheduler.domain.vehicle import Vehicle, VehicleState
from scheduler.ports import VehicleGateway
from scheduler.vehicles.smartcar.consent_book import ConsentBook

T = TypeVar("T")


class Consented:
    """`VehicleGateway` over another one. A car without ids is `ConsentLost`, and Smartcar hears nothing of it."""

    def __init__(self, gateway: VehicleGateway, book: ConsentBook) -> None:
        self._gateway, self._book = gateway, book

    async def state(self, vehicle: Vehicle) -> VehicleState:
        return await self._minded(vehicle, self._gateway.state)

    async def start(self, vehicle: Vehicle) -> None:
        await self._minded(vehicle, self._gateway.start)

    async def stop(self, vehicle: Vehicle) -> None:
        await self._minded(vehicle, self._gateway.stop)

    async def set_limit(self, vehicle: Vehicle, limit_pct: int) -> None:
        await self._minded(vehicle, lambda minded: self._gateway.set_limit(minded, limit_pct))

    async def _minded(self, vehicle: Vehicle, call: Callable[[Vehicle], Awaitable[T]]) -> T:
        if not vehicle.smartcar_vehicle_id:
            raise ConsentLost("this car is not connected")
        try:
            answer = await call(vehicle)
        except ConsentLost as lost:
            self._book.lose(vehicle.id, str(lost))
            raise
        self._book.find(vehicle.id)
        return answer
