"""Smartcar's third API: tokens of the application, connections, vehicles, signals and commands. facts/smartcar.md section 3."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import NAMESPACE_URL, uuid5

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from scheduler.vehicles.simulator import bearer
from scheduler.vehicles.simulator.car import Car, Verb
from scheduler.vehicles.simulator.fault import Fault, FaultKind
from scheduler.vehicles.simulator.refusal import Refused, refusal
from scheduler.vehicles.simulator.report import Known
from scheduler.vehicles.simulator.signals import Signal, signal, signals
from scheduler.vehicles.simulator.wire import Cut, iso, v3_error
from scheduler.vehicles.simulator.world import CommandReply, UnknownCar, World

_LARGEST_PAGE = 100


class V3:
    """The paths of three hosts (iam, vehicle, management) side by side; they do not collide."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._answers = 0

    @property
    def routes(self) -> list[Route]:
        vehicle = "/v3/vehicles/{vehicle_id}"
        return [
            Route("/oauth2/token", self.token, methods=["POST"]),
            Route("/v3/connections", self.connections),
            Route("/v3/connections/{connection_id}", self.connection),
            Route(vehicle, self.vehicle),
            Route(f"{vehicle}/signals", self.signals),
            Route(f"{vehicle}/signals/{{code}}", self.signal),
            Route(f"{vehicle}/commands/charge/start", self.start, methods=["POST"]),
            Route(f"{vehicle}/commands/charge/stop", self.stop, methods=["POST"]),
            Route(f"{vehicle}/commands/charge/set-limit", self.set_limit, methods=["POST"]),
        ]

    def request_id(self) -> str:
        """Return the id of one answer: the same for the same seed and the same number of answers before it."""
        self._answers += 1
        return str(uuid5(NAMESPACE_URL, f"simulated/{self._world.scenario.seed}/{self._answers}"))

    # /oauth2

    async def token(self, request: Request) -> Response:
        """Client credentials, as a form or as JSON. The token is the application's; there is no refresh token."""
        fault = await self._world.read(None, "token")
        if fault is not None and (struck := self._struck(fault)) is not None:
            return struck
        form = await _form(request)
        client, headers = self._world.scenario.client, {"Cache-Control": "no-store"}
        if form is None or "grant_type" not in form:
            return _oauth_error("invalid_request", "grant_type is missing")
        if form["grant_type"] != "client_credentials":
            return _oauth_error("unsupported_grant_type", "only client_credentials")
        if (form.get("client_id"), form.get("client_secret")) != (client.id, client.secret):
            return _oauth_error("invalid_client", "client authentication failed", 401)
        token = bearer.token(client.secret, f"sim.app.{self._world.token_epoch}", self._world.now())
        body = {"access_token": token, "token_type": "Bearer", "expires_in": bearer.APPLICATION_LIFETIME_S}
        return JSONResponse(body, headers=headers)

    # /v3

    async def connections(self, request: Request) -> Response:
        """Every consent. Without a filter only live cars, of which there are none here: ask for simulated ones."""
        self._authorise(request)
        fault = await self._world.read(None, "connections")
        if fault is not None and (struck := self._struck(fault)) is not None:
            return struck
        query = request.query_params
        wanted_mode = query.get("filter[vehicle.mode]", "live")
        user = query.get("filter[userId]") or request.headers.get("sc-user-id")
        vehicle = query.get("filter[vehicleId]")
        found = [
            car
            for car in self._world.cars.values()
            if wanted_mode == "simulated"
            and user in (None, car.spec.user_id)
            and vehicle in (None, car.spec.vehicle_id)
        ]
        number, size = _page(query, "number", 1), _page(query, "size", 10)
        shown = found[(number - 1) * size : number * size]
        meta = {"pageNumber": number, "pageSize": size, "totalCount": len(found)}
        return JSONResponse(
            {
                "data": [self._connection(request, car) for car in shown],
                "meta": {**meta, "orderBy": "createdAt", "orderDirection": "DESC"},
                "links": _page_links(request, number, size, len(found)),
            }
        )

    async def connection(self, request: Request) -> Response:
        self._authorise(request)
        wanted = request.path_params["connection_id"]
        for car in self._world.cars.values():
            if _connection_id(car) == wanted:
                return JSONResponse({"data": self._connection(request, car), "links": {"self": str(request.url)}})
        raise Refused(refusal("INVALID_PATH", "There is no such connection."))

    async def vehicle(self, request: Request) -> Response:
        """Say what the vehicle is. Needs no user."""
        self._authorise(request)
        car = self._car(request)
        fault = await self._world.read(car.spec.id)
        if fault is not None and (struck := self._struck(fault)) is not None:
            return struck
        data = {"id": car.spec.vehicle_id, "type": "vehicle", "attributes": _what_it_is(car), "links": _self(request)}
        return JSONResponse({"data": data, "links": _self(request)})

    async def signals(self, request: Request) -> Response:
        """All the store holds of a vehicle: what it last said, whenever that was."""
        car = self._allowed_car(request)
        fault = await self._world.read(car.spec.id)
        if fault is not None and (struck := self._struck(fault)) is not None:
            return struck
        known = self._world.known(car.spec.id)
        data = [self._signal(request, each, known) for each in signals(car, known)]
        meta = {"pageNumber": 1, "pageSize": len(data), "totalCount": len(data)}
        links = {**_self(request), "first": None, "prev": None, "next": None, "last": None}
        included = {"vehicle": {"id": car.spec.vehicle_id, "type": "vehicle", "attributes": _what_it_is(car)}}
        return JSONResponse({"data": data, "meta": meta, "links": links, "included": included})

    async def signal(self, request: Request) -> Response:
        """One signal. A failed signal is a success of the call."""
        car = self._allowed_car(request)
        fault = await self._world.read(car.spec.id)
        if fault is not None and (struck := self._struck(fault)) is not None:
            return struck
        known = self._world.known(car.spec.id)
        found = signal(car, known, request.path_params["code"])
        if found is None:
            raise Refused(refusal("SIGNAL_NOT_FOUND", "There is no such signal."))
        return JSONResponse({"data": self._signal(request, found, known), "links": _self(request)})

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

    async def _command(self, request: Request, verb: Verb, percent: float | None = None) -> Response:
        car = self._allowed_car(request, "control_charge")
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
        body = {"errors": [v3_error(refused, self.request_id())]} if refused else self._executed(request, reply)
        yield json.dumps(body).encode()

    def _executed(self, request: Request, reply: CommandReply) -> dict[str, Any]:
        took_ms = round((reply.completed_at - reply.started_at).total_seconds() * 1000)
        attributes = {
            "status": "SUCCESS",
            "startedAt": iso(reply.started_at),
            "completedAt": iso(reply.completed_at),
            "durationMs": took_ms,
        }
        data = {"id": self.request_id(), "type": "command-execution", "attributes": attributes}
        return {"data": data, "links": _self(request)}

    def _struck(self, fault: Fault) -> Response | None:
        """Answer a read as *fault* has it; None where the read goes on."""
        if fault.kind is FaultKind.CUT:
            return Cut()
        refused = fault.refusal()
        if refused is not None:
            raise Refused(refused)
        return None

    def _authorise(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        secret, epoch = self._world.scenario.client.secret, self._world.token_epoch
        subject = bearer.subject_of(secret, token, self._world.now(), bearer.APPLICATION_LIFETIME_S)
        if scheme.lower() != "bearer" or subject != f"sim.app.{epoch}":
            raise Refused(refusal("UNAUTHORIZED", "The access token is missing, wrong, expired or revoked."))

    def _car(self, request: Request) -> Car:
        wanted = request.path_params["vehicle_id"]
        try:
            car = self._world.car(wanted)
        except UnknownCar:
            car = None
        if car is None or car.spec.vehicle_id != wanted:
            raise Refused(refusal("VEHICLE_NOT_FOUND", "There is no such vehicle."))
        return car

    def _allowed_car(self, request: Request, permission: str | None = None) -> Car:
        """Return the vehicle, if the token, the user and the driver's consent allow it."""
        self._authorise(request)
        user = request.headers.get("sc-user-id")
        if user is None and self._world.scenario.insists_on_user_id:
            raise Refused(refusal("MISSING_PARAMETER", "missing userId"))
        car = self._car(request)
        if user not in (None, car.spec.user_id):
            raise Refused(refusal("VEHICLE_NOT_FOUND", "This user has connected no such vehicle."))
        if permission is not None and permission not in car.spec.permissions:
            raise Refused(refusal("PERMISSION", f"The driver has not granted {permission}."))
        return car

    def _connection(self, request: Request, car: Car) -> dict[str, Any]:
        origin = str(request.base_url).rstrip("/")
        vehicle, user, opened = car.spec.vehicle_id, car.spec.user_id, iso(car.timeline[0].since)
        own = f"{origin}/v3/connections/{_connection_id(car)}"
        return {
            "id": _connection_id(car),
            "type": "connection",
            "attributes": {
                "permissions": list(car.spec.permissions),
                "vehicle": _what_it_is(car),
                "user": {"id": user, "externalId": None},
            },
            "relationships": {
                "vehicle": {
                    "data": {"id": vehicle, "type": "vehicle"},
                    "links": {"related": f"{origin}/v3/vehicles/{vehicle}"},
                },
                "user": {"data": {"id": user, "type": "user"}},
            },
            "meta": {"createdAt": opened, "updatedAt": opened},
            "links": {"self": own},
        }

    def _signal(self, request: Request, said: Signal, known: Known) -> dict[str, Any]:
        status: dict[str, Any] = {"value": "SUCCESS"}
        if said.error is not None:
            resolution = {"type": "UNKNOWN_RESOLUTION_TYPE"}
            error = {"type": said.error.type, "code": said.error.code, "title": said.name, "detail": said.error.detail}
            status = {"value": "ERROR", "error": {**error, "resolution": resolution}}
        origin, vehicle = str(request.base_url).rstrip("/"), request.path_params["vehicle_id"]
        meta = {"ingestedAt": iso(known.heard_at)}
        if said.body is not None:
            meta |= {"retrievedAt": iso(known.heard_at), "oemUpdatedAt": iso(known.reported_at)}
        return {
            "id": said.code,
            "type": "signal",
            "attributes": {
                "code": said.code, "name": said.name, "group": said.group, "status": status,
                **({} if said.body is None else {"body": said.body}),
            },
            "meta": meta,
            "links": {"self": f"{origin}/v3/vehicles/{vehicle}/signals/{said.code}"},
        }  # fmt: skip


def _what_it_is(car: Car) -> dict[str, Any]:
    spec = car.spec
    return {
        "make": spec.make,
        "model": spec.model,
        "year": spec.year,
        "powertrainType": spec.powertrain,
        "mode": "simulated",
    }


def _connection_id(car: Car) -> str:
    return f"sim-connection-{car.spec.id}"


def _self(request: Request) -> dict[str, str | None]:
    return {"self": str(request.url)}


def _page(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(f"page[{name}]", str(default))
    most = _LARGEST_PAGE if name == "size" else 1_000_000
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refused(refusal("INVALID_INPUT_FORMAT", f"Expected page[{name}] to be a number from 1 to {most}."))
    return int(text)


def _page_links(request: Request, number: int, size: int, total: int) -> dict[str, str | None]:
    last = max((total + size - 1) // size, 1)
    kept = [(key, value) for key, value in request.query_params.items() if not key.startswith("page[")]

    def page(wanted: int) -> str | None:
        if not 1 <= wanted <= last:
            return None
        query = urlencode([*kept, ("page[number]", str(wanted)), ("page[size]", str(size))])
        return f"{str(request.url).partition('?')[0]}?{query}"

    return {
        "self": str(request.url), "first": page(1), "prev": page(number - 1), "next": page(number + 1), "last": page(last),
    }  # fmt: skip


async def _form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form or of a JSON object; None where the body is neither."""
    body = await request.body()
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            fields = json.loads(body)
            return {key: str(value) for key, value in fields.items()} if isinstance(fields, dict) else None
        return dict(parse_qsl(body.decode()))
    except ValueError:
        return None


def _oauth_error(error: str, description: str, status: int = 400) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status)
