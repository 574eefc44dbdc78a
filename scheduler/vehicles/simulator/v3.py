"""Smartcar's third API as far as it is about cars: connections, vehicles, signals, commands. facts/smartcar.md section 3."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from scheduler.vehicles.simulator.car import Verb
from scheduler.vehicles.simulator.consents import Connection
from scheduler.vehicles.simulator.envelope import origin, own_link, page, what_it_is
from scheduler.vehicles.simulator.gate import Gate
from scheduler.vehicles.simulator.refusal import Refused, refusal
from scheduler.vehicles.simulator.report import Known
from scheduler.vehicles.simulator.signals import Signal, signals, stamps
from scheduler.vehicles.simulator.wire import Cut, iso, v3_error
from scheduler.vehicles.simulator.world import CommandReply, World

_VEHICLE = "/v3/vehicles/{vehicle_id}"


class V3:
    """The paths of the vehicle host."""

    def __init__(self, world: World, gate: Gate) -> None:
        self._world, self._gate = world, gate

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/v3/connections", self.connections),
            Route("/v3/connections/{connection_id}", self.connection),
            Route("/v3/connections/{connection_id}", self.disconnect, methods=["DELETE"]),
            Route("/v3/users/{user_id}", self.purge, methods=["DELETE"]),
            Route(_VEHICLE, self.vehicle),
            Route(f"{_VEHICLE}/signals", self.signals),
            Route(f"{_VEHICLE}/signals/{{code}}", self.signal),
            Route(f"{_VEHICLE}/commands/charge/start", self.start, methods=["POST"]),
            Route(f"{_VEHICLE}/commands/charge/stop", self.stop, methods=["POST"]),
            Route(f"{_VEHICLE}/commands/charge/set-limit", self.set_limit, methods=["POST"]),
            Route(f"{_VEHICLE}/charge-schedules/{{kind}}", self.schedule, methods=["POST"]),
        ]

    # Consent

    async def connections(self, request: Request) -> Response:
        """Every consent. Without a filter only live cars, of which there are none here: ask for simulated ones."""
        self._gate.authorise(request)
        self._gate.spend(None)
        if (instead := await self._gate.read(None, "connections")) is not None:
            return instead
        query = request.query_params
        mode, vehicle = query.get("filter[vehicle.mode]", "live"), query.get("filter[vehicleId]")
        user = query.get("filter[userId]") or request.headers.get("sc-user-id")
        if mode not in ("live", "simulated"):
            raise Refused(refusal("INVALID_INPUT_FORMAT", "Expected filter[vehicle.mode] to be live or simulated."))
        found = [
            self._connection(request, connection)
            for connection in self._world.consents.connections.values()
            if mode == "simulated"
            and user in (None, connection.user_id)
            and vehicle in (None, self._world.cars[connection.car_id].spec.vehicle_id)
            and "filter[user.externalId]" not in query
        ]
        return page(request, found, 10, orderBy="createdAt", orderDirection="DESC")

    async def connection(self, request: Request) -> Response:
        self._gate.authorise(request)
        connection = self._one_connection(request)
        return JSONResponse({"data": self._connection(request, connection), "links": own_link(request)})

    async def disconnect(self, request: Request) -> Response:
        self._gate.authorise(request)
        self._world.disconnect(self._one_connection(request).car_id)
        return Response(status_code=204)

    async def purge(self, request: Request) -> Response:
        """Forget a user and all the user has connected."""
        self._gate.authorise(request)
        for connection in list(self._world.consents.connections.values()):
            if connection.user_id == request.path_params["user_id"]:
                self._world.disconnect(connection.car_id)
        return Response(status_code=204)

    # Reads

    async def vehicle(self, request: Request) -> Response:
        """Say what the vehicle is. Needs no user."""
        self._gate.authorise(request)
        car = self._gate.car(request)
        self._gate.spend(car)
        if (instead := await self._gate.read(car)) is not None:
            return instead
        data = {"id": car.spec.vehicle_id, "type": "vehicle", "attributes": what_it_is(car), "links": own_link(request)}
        return JSONResponse({"data": data, "links": own_link(request)})

    async def signals(self, request: Request) -> Response:
        """All the store holds of a vehicle: what it last said, whenever that was."""
        car = self._gate.allowed_car(request)
        self._gate.spend(car)
        if (instead := await self._gate.read(car)) is not None:
            return instead
        data = [self._signal(request, each, known) for each, known in self._said(car.spec.id)]
        meta = {"pageNumber": 1, "pageSize": len(data), "totalCount": len(data)}
        links = {**own_link(request), "first": None, "prev": None, "next": None, "last": None}
        included = {"vehicle": {"id": car.spec.vehicle_id, "type": "vehicle", "attributes": what_it_is(car)}}
        return JSONResponse({"data": data, "meta": meta, "links": links, "included": included})

    async def signal(self, request: Request) -> Response:
        """One signal. A failed signal is a success of the call; one that the store does not hold is not found."""
        car = self._gate.allowed_car(request)
        self._gate.spend(car)
        if (instead := await self._gate.read(car)) is not None:
            return instead
        for each, known in self._said(car.spec.id):
            if each.code == request.path_params["code"]:
                return JSONResponse({"data": self._signal(request, each, known), "links": own_link(request)})
        raise Refused(refusal("SIGNAL_NOT_FOUND", "There is no such signal."))

    # Commands

    async def start(self, request: Request) -> Response:
        return await self._command(request, "start")

    async def stop(self, request: Request) -> Response:
        return await self._command(request, "stop")

    async def set_limit(self, request: Request) -> Response:
        """Set the limit to a whole number of per cent from 50 to 100."""
        try:
            percent = (await request.json())["data"]["attributes"]["percent"]
        except (ValueError, KeyError, TypeError):
            raise Refused(refusal("INVALID_INPUT_FORMAT", "Expected data.attributes.percent.")) from None
        if type(percent) is not int or not 50 <= percent <= 100:
            raise Refused(refusal("INVALID_INPUT_FORMAT", "Expected percent to be an integer from 50 to 100."))
        return await self._command(request, "set-limit", float(percent))

    async def schedule(self, request: Request) -> Response:
        """Refuse: few makes have charge schedules, and their bodies are not known (section 3.5)."""
        self._gate.allowed_car(request, "control_charge")
        raise Refused(refusal("VEHICLE_NOT_CAPABLE", "Simulated vehicles take no charge schedules."))

    async def _command(self, request: Request, verb: Verb, percent: float | None = None) -> Response:
        car = self._gate.allowed_car(request, "control_charge")
        self._gate.spend(car)
        reply = await self._world.command(car.spec.id, verb, percent)
        if reply.fate.cut:
            return Cut()
        if reply.fate.streamed:
            return StreamingResponse(self._late_body(request, reply), 202, media_type="application/json")
        if reply.fate.refusal is not None:
            raise Refused(reply.fate.refusal)
        return JSONResponse(self._executed(request, reply))

    async def _late_body(self, request: Request, reply: CommandReply) -> AsyncIterator[bytes]:
        """Yield nothing for as long as the car takes, then the body; its verdict may differ from the 202 before it."""
        await self._world.clock.sleep(reply.fate.after_s)
        refused = reply.fate.refusal
        body = {"errors": [v3_error(refused, self._gate.request_id())]} if refused else self._executed(request, reply)
        yield json.dumps(body).encode()

    # Resources

    def _executed(self, request: Request, reply: CommandReply) -> dict[str, Any]:
        attributes = {
            "status": "SUCCESS",
            "startedAt": iso(reply.started_at),
            "completedAt": iso(reply.completed_at),
            "durationMs": round((reply.completed_at - reply.started_at).total_seconds() * 1000),
        }
        data = {"id": self._gate.request_id(), "type": "command-execution", "attributes": attributes}
        return {"data": data, "links": own_link(request)}

    def _one_connection(self, request: Request) -> Connection:
        for connection in self._world.consents.connections.values():
            if connection.id == request.path_params["connection_id"]:
                return connection
        raise Refused(refusal("INVALID_PATH", "There is no such connection."))

    def _connection(self, request: Request, connection: Connection) -> dict[str, Any]:
        car = self._world.cars[connection.car_id]
        vehicle, user, since = car.spec.vehicle_id, connection.user_id, iso(connection.created_at)
        related = {"related": f"{origin(request)}/v3/vehicles/{vehicle}"}
        return {
            "id": connection.id,
            "type": "connection",
            "attributes": {
                "permissions": list(connection.permissions),
                "vehicle": what_it_is(car),
                "user": {"id": user, "externalId": None},
            },
            "relationships": {
                "vehicle": {"data": {"id": vehicle, "type": "vehicle"}, "links": related},
                "user": {"data": {"id": user, "type": "user"}},
            },
            "meta": {"createdAt": since, "updatedAt": since},
            "links": {"self": f"{origin(request)}/v3/connections/{connection.id}"},
        }

    def _said(self, name: str) -> list[tuple[Signal, Known]]:
        """Return the signals in Smartcar's store, less what the plan hides; none where nothing ever filled it."""
        known = self._world.stored(name)
        if known is None:
            return []
        hidden = self._world.scenario.plan.hides
        return [(each, known) for each in signals(self._world.car(name), known) if each.group not in hidden]

    def _signal(self, request: Request, said: Signal, known: Known) -> dict[str, Any]:
        status: dict[str, Any] = {"value": "SUCCESS"}
        if said.error is not None:
            resolution = {"type": "UNKNOWN_RESOLUTION_TYPE"}
            error = {"type": said.error.type, "code": said.error.code, "title": said.name, "detail": said.error.detail}
            status = {"value": "ERROR", "error": {**error, "resolution": resolution}}
        about = {"code": said.code, "name": said.name, "group": said.group, "status": status}
        own = f"{origin(request)}{request.url.path.partition('/signals')[0]}/signals/{said.code}"
        return {
            "id": said.code,
            "type": "signal",
            "attributes": about if said.body is None else {**about, "body": said.body},
            "meta": stamps(said, known),
            "links": {"self": own},
        }
