"""The door to cars through Smartcar's v2.0 API, as thin as can be: it may end on 2026-12-01."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import stamina

from scheduler.domain.errors import InvalidValue
from scheduler.domain.vehicle import Vehicle, VehicleState
from scheduler.ports import Clock
from scheduler.vehicles.smartcar.batch import STATE_PATHS, percent, state_in_batch
from scheduler.vehicles.smartcar.channel import Channels, Dropped, NotSent, Request, TransportFactory
from scheduler.vehicles.smartcar.connections import Connection
from scheduler.vehicles.smartcar.consent import Connected
from scheduler.vehicles.smartcar.faults import Ask, fault_in
from scheduler.vehicles.smartcar.grants import GrantId, GrantKeeper, GrantStore
from scheduler.vehicles.smartcar.reply import Reply, at
from scheduler.vehicles.smartcar.settings import SmartcarSettings

_PAGE_SIZE = 50


class LegacyGateway:
    """
    `VehicleGateway` over v2.0, with one grant per consent. *grant_of* names the grant of a car.

    Raises `VehicleError`s only. `state` costs two calls of the budget, one for each path of its batch; a command one.
    v2 reads reach through to the car, which may take minutes.
    """

    def __init__(
        self,
        settings: SmartcarSettings,
        clock: Clock,
        store: GrantStore,
        grant_of: Callable[[Vehicle], GrantId],
        transport: TransportFactory | None = None,
    ) -> None:
        self._settings, self._clock, self._grant_of = settings, clock, grant_of
        self._channels = Channels(settings, transport)
        self.grants = GrantKeeper(settings, self._channels, clock, store)

    async def state(self, vehicle: Vehicle) -> VehicleState:
        """Return what the car says now, or said last."""
        body = {"requests": [{"path": path} for path in STATE_PATHS]}
        path, headers = f"{_path(vehicle)}/batch", {"sc-unit-system": "metric"}
        timeout_s = self._settings.command_timeout_s
        reply = await self._read(
            Request("POST", path, headers, json=body, timeout_s=timeout_s), self._grant_of(vehicle), vehicle
        )
        return state_in_batch(reply.body, vehicle.id, self._clock.now(), _ids(vehicle))

    async def start(self, vehicle: Vehicle) -> None:
        """Ask the car to charge. A car that charges already is a success."""
        await self._command(vehicle, Ask.START, "charge", {"action": "START"})

    async def stop(self, vehicle: Vehicle) -> None:
        """Ask the car to stop charging. A car that does not charge, or has no cable, is a success."""
        await self._command(vehicle, Ask.STOP, "charge", {"action": "STOP"})

    async def set_limit(self, vehicle: Vehicle, limit_pct: int) -> None:
        """Set the car's own charge limit, 50 to 100 whole percent."""
        if not 50 <= limit_pct <= 100:
            raise InvalidValue(f"a charge limit must be 50 to 100 %, got {limit_pct}")
        await self._command(vehicle, Ask.LIMIT, "charge/limit", {"limit": limit_pct / 100})

    async def limit(self, vehicle: Vehicle) -> float | None:
        """Return the car's own charge limit in percent; None where the car does not say. Costs one call."""
        request = Request("GET", f"{_path(vehicle)}/charge/limit")
        reply = await self._read(request, self._grant_of(vehicle), vehicle)
        return percent(at(reply.body, "limit"))

    async def connected(self, answer: Connected, grant: GrantId) -> list[Connection]:
        """Redeem the code of a consent as *grant*, and return its cars; what each of them is takes a billed call."""
        if answer.code is None:
            return []
        if not self.grants.holds(grant):
            await self.grants.redeem(grant, answer.code)
        return [await self._described(vehicle_id, grant) for vehicle_id in await self.vehicles(grant)]

    async def vehicles(self, grant_id: GrantId) -> list[str]:
        """Return Smartcar's ids of all cars in one consent. Not billed."""
        found: list[str] = []
        while True:
            params = {"limit": str(_PAGE_SIZE), "offset": str(len(found))}
            reply = await self._read(Request("GET", "/v2.0/vehicles", params=params), grant_id, None)
            ids, total = at(reply.body, "vehicles"), at(reply.body, "paging", "count")
            page = [each for each in ids if isinstance(each, str)] if isinstance(ids, list) else []
            found += page
            if not page or not isinstance(total, int) or len(found) >= total:
                return found

    async def disconnect(self, vehicle: Vehicle) -> None:
        """End the consent for one car at Smartcar. Where there is none it is done already."""
        request = Request("DELETE", f"{_path(vehicle)}/application")
        reply = await self._authorised(request, self._grant_of(vehicle))
        if reply.status != 404:
            _check(reply, Ask.READ, vehicle)

    async def aclose(self) -> None:
        """Let a renewal of tokens end, which must not be lost, then close every connection."""
        await self.grants.settle()
        await self._channels.aclose()

    async def _described(self, vehicle_id: str, grant: GrantId) -> Connection:
        reply = await self._read(Request("GET", f"/v2.0/vehicles/{quote(vehicle_id, safe='')}"), grant, None)
        make, model, year = (at(reply.body, key) for key in ("make", "model", "year"))
        return Connection(
            "",
            vehicle_id,
            "",
            make if isinstance(make, str) else "",
            model if isinstance(model, str) else "",
            year if isinstance(year, int) else None,
            created_at=self._clock.now(),
        )

    async def _read(self, request: Request, grant_id: GrantId, vehicle: Vehicle | None) -> Reply:
        async for attempt in stamina.retry_context(
            on=(NotSent, Dropped), attempts=2, timeout=None, wait_initial=1.0, wait_jitter=0.0
        ):
            with attempt:
                reply = await self._authorised(request, grant_id)
        _check(reply, Ask.READ, vehicle)
        return reply

    async def _command(self, vehicle: Vehicle, ask: Ask, name: str, body: object) -> None:
        request = Request("POST", f"{_path(vehicle)}/{name}", json=body, acts=True)
        _check(await self._authorised(request, self._grant_of(vehicle)), ask, vehicle)

    async def _authorised(self, request: Request, grant_id: GrantId) -> Reply:
        """Send *request* with the grant's token; once more with another one where that was refused."""
        channel = self._channels.to(self._settings.api_origin)
        token = await self.grants.access_token(grant_id)
        reply = await channel.send(request.with_header("Authorization", f"Bearer {token}"))
        if reply.status == 401:
            token = await self.grants.instead_of(grant_id, token)
            reply = await channel.send(request.with_header("Authorization", f"Bearer {token}"))
        if reply.status != 401:
            self.grants.accepted(grant_id, token)
        return reply


def _path(vehicle: Vehicle) -> str:
    return f"/v2.0/vehicles/{quote(vehicle.smartcar_vehicle_id, safe='')}"


def _ids(vehicle: Vehicle | None) -> tuple[str, ...]:
    return (vehicle.smartcar_vehicle_id, vehicle.smartcar_user_id) if vehicle else ()


def _check(reply: Reply, ask: Ask, vehicle: Vehicle | None) -> None:
    fault = fault_in(reply, ask, _ids(vehicle))
    if fault is not None:
        raise fault
