"""The door to cars through Smartcar's v3 API: look, start, stop, set the limit, list what is connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

import stamina

from scheduler.domain.errors import InvalidValue, VehicleUnreachable
from scheduler.domain.vehicle import Vehicle, VehicleId, VehicleState
from scheduler.ports import Clock
from scheduler.vehicles.smartcar.channel import Channels, Dropped, NotSent, Request, TransportFactory
from scheduler.vehicles.smartcar.connections import Connection, connections_in, has_next_page
from scheduler.vehicles.smartcar.consent import Connected
from scheduler.vehicles.smartcar.dashboard_webhook import DashboardWebhook, webhooks_in
from scheduler.vehicles.smartcar.faults import Ask, fault_in
from scheduler.vehicles.smartcar.grants import GrantId
from scheduler.vehicles.smartcar.reply import Reply, at
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from scheduler.vehicles.smartcar.signals import Signal, signals_in, state_of
from scheduler.vehicles.smartcar.tokens import ApplicationToken

# Every try may cost a call of the month's few hundred: a second one, for calls that got no answer at all, and no third.
_READ_TRIES = 2
_PAGE_SIZE = 100
# A listing that never ends is a fault of the other side; 100,000 cars are more than a daemon has.
_MOST_PAGES = 1000


Laid = Callable[[VehicleId, Mapping[str, Signal]], VehicleState]


class SmartcarGateway:
    """
    `VehicleGateway` over v3, with one application token for all cars.

    Raises `VehicleError`s only; none holds a token or an id. Calls are not counted here: one method call is one billed
    call (`connections` is free), except that a look whose connection failed is tried twice. A command is sent once,
    and once more only after a 401, which says that it was not carried out.

    *laid* lays what a look showed over what webhooks told of the car, and returns what both add up to.
    """

    def __init__(
        self,
        settings: SmartcarSettings,
        clock: Clock,
        transport: TransportFactory | None = None,
        laid: Laid | None = None,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._laid: Laid = laid or _alone
        self._channels = Channels(settings, transport)
        self._token = ApplicationToken(settings, self._channels, clock)

    async def state(self, vehicle: Vehicle) -> VehicleState:
        """Return what the car last reported. Smartcar answers from its store: the answer may be old, and says so."""
        reply = await self._read(f"{_path(vehicle)}/signals", vehicle=vehicle)
        return self._laid(vehicle.id, signals_in(at(reply.body, "data"), self._clock.now()))

    async def start(self, vehicle: Vehicle) -> None:
        """Ask the car to charge. A car that charges already is a success."""
        await self._command(vehicle, Ask.START, "charge/start")

    async def stop(self, vehicle: Vehicle) -> None:
        """Ask the car to stop charging. A car that does not charge, or has no cable, is a success."""
        await self._command(vehicle, Ask.STOP, "charge/stop")

    async def set_limit(self, vehicle: Vehicle, limit_pct: int) -> None:
        """Set the car's own charge limit, 50 to 100 whole percent."""
        if not 50 <= limit_pct <= 100:
            raise InvalidValue(f"a charge limit must be 50 to 100 %, got {limit_pct}")
        await self._command(vehicle, Ask.LIMIT, "charge/set-limit", {"data": {"attributes": {"percent": limit_pct}}})

    async def connected(self, answer: Connected, grant: GrantId) -> list[Connection]:
        """Return the cars of the user who has just consented. v3 needs no *grant*."""
        return [] if answer.user_id is None else await self.connections(user_id=answer.user_id)

    async def connections(self, vehicle: Vehicle | None = None, user_id: str | None = None) -> list[Connection]:
        """Return every connected car of the settings' mode, or the connections of one car or one user. Not billed."""
        found: list[Connection] = []
        params = {"filter[vehicle.mode]": self._settings.mode, "page[size]": str(_PAGE_SIZE)}
        if vehicle is not None:
            params["filter[vehicleId]"] = vehicle.smartcar_vehicle_id
        if user_id is not None:
            params["filter[userId]"] = user_id
        for page in range(1, _MOST_PAGES + 1):
            reply = await self._read("/v3/connections", {**params, "page[number]": str(page)})
            found += connections_in(reply.body)
            if not has_next_page(reply.body, len(found)):
                return found
        raise VehicleUnreachable(f"Smartcar's list of connections has no end after {_MOST_PAGES} pages")

    async def webhooks(self) -> list[DashboardWebhook]:
        """Return the application's webhooks. Not billed."""
        return webhooks_in((await self._read("/v3/webhooks", origin=self._settings.management_origin)).body)

    async def subscribe(self, connection: Connection) -> None:
        """Let every webhook that leads here tell of a car; where one does already nothing changes. Not billed."""
        for webhook in await self.webhooks():
            if webhook.leads_here:
                ids = {"webhookId": webhook.id, "userId": connection.user_id, "vehicleId": connection.vehicle_id}
                request = Request("POST", "/v3/subscriptions", json={"data": {"attributes": ids}})
                reply = await self._authorised(request, self._settings.management_origin)
                if reply.status != 409:
                    _check(reply, Ask.READ, None)

    async def disconnect(self, vehicle: Vehicle) -> None:
        """End the consent for one car at Smartcar. Where there is none it is done already."""
        for connection in await self.connections(vehicle):
            if connection.vehicle_id == vehicle.smartcar_vehicle_id:
                reply = await self._authorised(Request("DELETE", f"/v3/connections/{quote(connection.id, safe='')}"))
                if reply.status != 404:
                    _check(reply, Ask.READ, vehicle)

    async def aclose(self) -> None:
        """Close every connection. The gateway may be used again and opens new ones."""
        await self._channels.aclose()

    async def _read(
        self,
        path: str,
        params: dict[str, str] | None = None,
        vehicle: Vehicle | None = None,
        origin: str | None = None,
    ) -> Reply:
        headers = _headers(vehicle)
        request = Request("GET", path, headers, params or {})
        # Jitter would make a simulated night differ from its repetition; two tries are no herd.
        async for attempt in stamina.retry_context(
            on=(NotSent, Dropped), attempts=_READ_TRIES, timeout=None, wait_initial=1.0, wait_jitter=0.0
        ):
            with attempt:
                reply = await self._authorised(request, origin)
        _check(reply, Ask.READ, vehicle)
        return reply

    async def _command(self, vehicle: Vehicle, ask: Ask, name: str, body: object = None) -> None:
        path = f"{_path(vehicle)}/commands/{name}"
        reply = await self._authorised(Request("POST", path, _headers(vehicle), json=body, acts=True))
        _check(reply, ask, vehicle)

    async def _authorised(self, request: Request, origin: str | None = None) -> Reply:
        """Send *request* with the token; once more with another one where that was refused."""
        channel = self._channels.to(origin or self._settings.vehicle_origin)
        token = await self._token.value()
        reply = await channel.send(request.with_header("Authorization", f"Bearer {token}"))
        if reply.status == 401:
            token = await self._token.instead_of(token)
            reply = await channel.send(request.with_header("Authorization", f"Bearer {token}"))
        if reply.status != 401:
            self._token.accepted(token)
        return reply


def _alone(vehicle_id: VehicleId, signals: Mapping[str, Signal]) -> VehicleState:
    return state_of(signals, vehicle_id)


def _path(vehicle: Vehicle) -> str:
    return f"/v3/vehicles/{quote(vehicle.smartcar_vehicle_id, safe='')}"


def _headers(vehicle: Vehicle | None) -> dict[str, str]:
    """Return the headers beside the token: whose car it is, without which Smartcar answers 400, and metric units."""
    if vehicle is None:
        return {}
    return {"sc-user-id": vehicle.smartcar_user_id, "sc-unit-system": "metric"}


def _check(reply: Reply, ask: Ask, vehicle: Vehicle | None) -> None:
    ids = (vehicle.smartcar_vehicle_id, vehicle.smartcar_user_id) if vehicle else ()
    fault = fault_in(reply, ask, ids)
    if fault is not None:
        raise fault
