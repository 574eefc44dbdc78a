"""Smartcar's second API: a thin face on the same cars, good for the official SDK. facts/smartcar.md sections 2 and 8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.vehicles.simulator.car import Car, Verb
from scheduler.vehicles.simulator.gate import Gate
from scheduler.vehicles.simulator.refusal import Refusal, Refused, refusal
from scheduler.vehicles.simulator.report import Known
from scheduler.vehicles.simulator.signals import charging_status, position, range_km, vin
from scheduler.vehicles.simulator.v2_admin import V2Admin
from scheduler.vehicles.simulator.wire import Cut, iso, v2_error
from scheduler.vehicles.simulator.world import World

_VEHICLE = "/v2.0/vehicles/{vehicle_id}"
_KM_PER_MILE = 1.609344


@dataclass(frozen=True, slots=True)
class _Reading:
    permission: str
    group: str
    body: Callable[[Car, Known, float], dict[str, Any]]
    """Of a car, what is known of it, and how many kilometres the caller's unit has."""


class V2:
    """
    The paths of the API host, and with `V2Admin` of the old management host.

    Unlike v3's store, a read reaches the maker's cloud: it is as fresh as the car's last report, subscribed or not.
    """

    def __init__(self, world: World, gate: Gate) -> None:
        self._world, self._gate, self._admin = world, gate, V2Admin(world, gate)

    @property
    def routes(self) -> list[Route]:
        readings = [Route(f"{_VEHICLE}{path}", self._reader(path)) for path in _READINGS]
        return [
            Route("/v2.0/user", self.user),
            Route("/v2.0/vehicles", self.vehicles),
            Route(_VEHICLE, self._reader("")),
            Route(f"{_VEHICLE}/permissions", self.permissions),
            *readings,
            Route(f"{_VEHICLE}/charge", self.charge, methods=["POST"]),
            Route(f"{_VEHICLE}/charge/limit", self.set_limit, methods=["POST"]),
            Route(f"{_VEHICLE}/batch", self.batch, methods=["POST"]),
            Route(f"{_VEHICLE}/application", self.disconnect, methods=["DELETE"]),
            *self._admin.routes,
        ]

    async def user(self, request: Request) -> Response:
        return self._answer({"id": self._gate.grant(request).user_id})

    async def vehicles(self, request: Request) -> Response:
        """List the ids of the cars one grant covers."""
        grant = self._gate.grant(request)
        ids = [self._world.cars[car_id].spec.vehicle_id for car_id in self._world.consents.cars(grant)]
        limit, offset = _slice(request, 10)
        paging = {"count": len(ids), "offset": offset}
        return self._answer({"vehicles": ids[offset : offset + limit], "paging": paging})

    async def permissions(self, request: Request) -> Response:
        self._gate.granted_car(request, None)
        granted = self._gate.grant(request).permissions
        limit, offset = _slice(request, 25)
        paging = {"count": len(granted), "offset": offset}
        return self._answer({"permissions": list(granted[offset : offset + limit]), "paging": paging})

    def _reader(self, path: str) -> Callable[[Request], Any]:
        reading = _READINGS.get(path, _ATTRIBUTES)

        async def read(request: Request) -> Response:
            car = self._gate.granted_car(request, reading.permission)
            self._gate.spend(car)
            if (refused := self._not_planned(reading)) is not None:
                raise Refused(refused)
            if (instead := await self._gate.read(car)) is not None:
                return instead
            known = self._world.known(car.spec.id)
            return self._answer(reading.body(car, known, _unit_km(request)), _ages(request, known))

        return read

    async def batch(self, request: Request) -> Response:
        """Read several paths at once; each of them is a call, and fails for itself."""
        car = self._gate.granted_car(request, None)
        try:
            paths = [str(each["path"]) for each in (await request.json())["requests"]]
        except (ValueError, KeyError, TypeError):
            raise Refused(
                refusal("INVALID_INPUT_FORMAT", "Expected requests, a list of objects with a path.")
            ) from None
        self._gate.spend(car, len(paths))
        if (instead := await self._gate.read(car)) is not None:
            return instead
        return self._answer({"responses": [self._part(request, car, path) for path in paths]})

    def _part(self, request: Request, car: Car, path: str) -> dict[str, Any]:
        reading = _ATTRIBUTES if path == "/" else _READINGS.get(path)
        refused = None
        if reading is None:
            refused = refusal("PATH", "There is no such path.")
        elif reading.permission not in self._gate.grant(request).permissions:
            refused = refusal("PERMISSION", f"The driver has not granted {reading.permission}.")
        else:
            refused = self._not_planned(reading)
        if refused is not None or reading is None:
            assert refused is not None
            return {"path": path, "code": refused.status, "body": v2_error(refused, self._gate.request_id())}
        known = self._world.known(car.spec.id)
        headers = {name.lower(): value for name, value in _ages(request, known).items()}
        return {"path": path, "code": 200, "body": reading.body(car, known, _unit_km(request)), "headers": headers}

    def _not_planned(self, reading: _Reading) -> Refusal | None:
        if reading.group not in self._world.scenario.plan.hides:
            return None
        return refusal("INVALID_PLAN", f"The plan does not include {reading.group}.")

    async def charge(self, request: Request) -> Response:
        """Start or stop."""
        action = await _field(request, "action")
        if action not in ("START", "STOP"):
            raise Refused(refusal("INVALID_INPUT_FORMAT", "Expected action to be START or STOP."))
        return await self._command(request, "start" if action == "START" else "stop")

    async def set_limit(self, request: Request) -> Response:
        """Set the limit to a share from 0.5 to 1."""
        limit = await _field(request, "limit")
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0.5 <= limit <= 1:
            raise Refused(refusal("INVALID_INPUT_FORMAT", "Expected limit to be a number from 0.5 to 1."))
        return await self._command(request, "set-limit", round(limit * 100))

    async def _command(self, request: Request, verb: Verb, percent: float | None = None) -> Response:
        car = self._gate.granted_car(request, "control_charge")
        self._gate.spend(car)
        reply = await self._world.command(car.spec.id, verb, percent)
        if reply.fate.cut:
            return Cut()
        if reply.fate.streamed:
            # v2 knows no 202: it lets the caller wait.
            await self._world.clock.sleep(reply.fate.after_s)
        if reply.fate.refusal is not None:
            raise Refused(reply.fate.refusal)
        return self._answer({"status": "success", "message": "Successfully sent request to vehicle"})

    async def disconnect(self, request: Request) -> Response:
        """End the consent for one car."""
        self._world.disconnect(self._gate.granted_car(request, None).spec.id)
        return self._answer({"status": "success"})

    def _answer(self, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
        return JSONResponse(body, headers={"SC-Request-Id": self._gate.request_id(), **(headers or {})})


async def _field(request: Request, name: str) -> Any:
    try:
        return (await request.json())[name]
    except (ValueError, KeyError, TypeError):
        raise Refused(refusal("INVALID_INPUT_FORMAT", f"Expected a JSON object with {name}.")) from None


def _slice(request: Request, limit: int) -> tuple[int, int]:
    texts = request.query_params.get("limit", str(limit)), request.query_params.get("offset", "0")
    if not all(text.isdecimal() for text in texts):
        raise Refused(refusal("INVALID_INPUT_FORMAT", "Expected limit and offset to be whole numbers."))
    return min(int(texts[0]), 50), int(texts[1])


def _unit_km(request: Request) -> float:
    return _KM_PER_MILE if request.headers.get("sc-unit-system", "metric").lower() == "imperial" else 1.0


def _ages(request: Request, known: Known) -> dict[str, str]:
    unit = "imperial" if _unit_km(request) != 1 else "metric"
    return {"SC-Data-Age": iso(known.reported_at), "SC-Fetched-At": iso(known.heard_at), "SC-Unit-System": unit}


def _attributes(car: Car, _: Known, __: float) -> dict[str, Any]:
    return {"id": car.spec.vehicle_id, "make": car.spec.make, "model": car.spec.model, "year": car.spec.year}


def _battery(car: Car, known: Known, unit_km: float) -> dict[str, Any]:
    remaining = round(known.truth.soc_pct / 100, 4)
    return {"percentRemaining": remaining, "range": round(range_km(car, known) / unit_km, 2)}


def _nominal(car: Car, _: Known, __: float) -> dict[str, Any]:
    kwh = car.spec.gross_kwh
    capacity = {"nominal": kwh, "source": "SMARTCAR"}
    return {"availableCapacities": [{"capacity": kwh, "description": None}], "capacity": capacity, "url": None}


def _capacity(car: Car, _: Known, __: float) -> dict[str, Any]:
    return {"capacity": car.spec.gross_kwh}


def _charge(_: Car, known: Known, __: float) -> dict[str, Any]:
    return {"isPluggedIn": known.truth.plugged_in, "state": charging_status(known)}


def _limit(_: Car, known: Known, __: float) -> dict[str, Any]:
    return {"limit": round(known.truth.limit_pct / 100, 2)}


def _location(_: Car, known: Known, __: float) -> dict[str, Any]:
    latitude, longitude = position(known)
    return {"latitude": latitude, "longitude": longitude}


def _odometer(_: Car, known: Known, unit_km: float) -> dict[str, Any]:
    return {"distance": round(known.truth.odometer_km / unit_km, 1)}


def _vin(car: Car, _: Known, __: float) -> dict[str, Any]:
    return {"vin": vin(car)}


_ATTRIBUTES = _Reading("read_vehicle_info", "VehicleIdentification", _attributes)
_READINGS = {
    "/": _ATTRIBUTES,
    "/battery": _Reading("read_battery", "TractionBattery", _battery),
    "/battery/capacity": _Reading("read_battery", "TractionBattery", _capacity),
    "/battery/nominal_capacity": _Reading("read_battery", "TractionBattery", _nominal),
    "/charge": _Reading("read_charge", "Charge", _charge),
    "/charge/limit": _Reading("read_charge", "Charge", _limit),
    "/location": _Reading("read_location", "Location", _location),
    "/odometer": _Reading("read_odometer", "Odometer", _odometer),
    "/vin": _Reading("read_vin", "VehicleIdentification", _vin),
}
