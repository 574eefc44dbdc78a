"""The strings above the stage, under `/simulator/`: the physical truth, a person's hand, and faults. Smartcar has none of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.domain.errors import InvalidValue
from scheduler.expectation import plainly
from scheduler.vehicles.simulator.car import Car
from scheduler.vehicles.simulator.chronicle import UnknownCar
from scheduler.vehicles.simulator.courier import Courier
from scheduler.vehicles.simulator.fault import Fault, QueuedFault
from scheduler.vehicles.simulator.report import asleep_at
from scheduler.vehicles.simulator.scenario import WebhookSpec
from scheduler.vehicles.simulator.score import Judgement, score
from scheduler.vehicles.simulator.wire import iso
from scheduler.vehicles.simulator.world import World


class _Hand(BaseModel):
    """What may be said beside an act; each has its default in `World`."""

    model_config = ConfigDict(extra="forbid")


class _Plug(_Hand):
    power_kw: float | None = None
    fast: bool = False
    at_home: bool = True


class _Drive(_Hand):
    uses_pct: float = 15.0
    hours: float = 1.0
    distance_km: float = 40.0
    plugs_in: bool = True


class _Limit(_Hand):
    percent: float


class _Sending(_Hand):
    what: str
    car: str
    code: str = "UNREACHABLE"


_ACTS: dict[str, type[_Hand]] = {
    "plug": _Plug,
    "unplug": _Hand,
    "drive": _Drive,
    "start": _Hand,
    "stop": _Hand,
    "limit": _Limit,
    "disconnect": _Hand,
}


class Control:
    """The routes under `/simulator/`."""

    def __init__(self, world: World, courier: Courier | None) -> None:
        self._world, self._courier = world, courier

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/", self.index),
            Route("/simulator/cars", _guarded(self.cars)),
            Route("/simulator/cars/{name}", _guarded(self.car)),
            Route("/simulator/cars/{name}/{act}", _guarded(self.hand), methods=["POST"]),
            Route("/simulator/faults", _guarded(self.faults), methods=["GET", "POST", "DELETE"]),
            Route("/simulator/quotas", _guarded(self.quotas)),
            Route("/simulator/score", _guarded(self.score), methods=["GET", "POST"]),
            Route("/simulator/webhooks", _guarded(self.make_webhook), methods=["POST"]),
            Route("/simulator/webhooks/{webhook_id}/send", _guarded(self.send), methods=["POST"]),
            Route("/simulator/webhooks/{webhook_id}/disable", _guarded(self.disable), methods=["POST"]),
            Route("/simulator/tokens/revoke", _guarded(self.revoke), methods=["POST"]),
            Route("/simulator/health", self.health),
        ]

    async def index(self, request: Request) -> Response:
        """Say what this is to somebody who opens it in a browser."""
        return JSONResponse(
            {"simulated": True, "what": "Smartcar simulator of smartcharge", "truth": "/simulator/cars"}
        )

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "now": iso(self._world.now()), "cars": len(self._world.cars)})

    async def cars(self, request: Request) -> Response:
        cars = [truth_of(self._world.car(name), self._world.now()) for name in self._world.cars]
        return JSONResponse({"now": iso(self._world.now()), "cars": cars})

    async def car(self, request: Request) -> Response:
        return JSONResponse(truth_of(self._world.car(request.path_params["name"]), self._world.now()))

    async def hand(self, request: Request) -> Response:
        """Do as a person: `plug`, `unplug`, `drive`, `start`, `stop`, `limit` or `disconnect`, with the act's facts as JSON."""
        name, act = request.path_params["name"], request.path_params["act"]
        if act not in _ACTS:
            raise UnknownCar(f"nobody can {act} a car here; there is {', '.join(_ACTS)}")
        facts = _ACTS[act].model_validate_json(await request.body() or b"{}").model_dump()
        getattr(self._world, "set_limit" if act == "limit" else act)(name, **facts)
        return JSONResponse(truth_of(self._world.car(name), self._world.now()))

    async def faults(self, request: Request) -> Response:
        """List, queue or clear what goes wrong."""
        if request.method == "POST":
            queued = self._world.fault(Fault.model_validate_json(await request.body()))
            return JSONResponse(_fault(queued, self._world.now()), 201)
        if request.method == "DELETE":
            self._world.clear_faults()
        return JSONResponse({"faults": [_fault(queued, self._world.now()) for queued in self._world.faults]})

    async def quotas(self, request: Request) -> Response:
        """Tell what is left of the application's and every car's calls; None: as many as anybody likes."""
        now, quotas = self._world.now(), self._world.quotas
        bucket = quotas.bucket_left(now) if quotas.spec and quotas.spec.bucket else None
        left = {car_id: quotas.calls_left(car_id, now) for car_id in self._world.cars}
        return JSONResponse({"bucket_left": bucket, "calls_left": left})

    async def score(self, request: Request) -> Response:
        """Score whoever commands the cars, by the truth and by what the judge brings along."""
        judgement = Judgement.model_validate_json(await request.body() or b"{}")
        return JSONResponse(score(self._world, judgement))

    async def make_webhook(self, request: Request) -> Response:
        """Set up a webhook as in the dashboard."""
        spec = WebhookSpec.model_validate_json(await request.body())
        self._world.make_webhook(spec)
        return JSONResponse(spec.model_dump(mode="json"), 201)

    async def disable(self, request: Request) -> Response:
        """Disable a webhook; its address is challenged again, and told everything anew."""
        webhook_id = request.path_params["webhook_id"]
        if webhook_id not in self._world.webhooks.webhooks:
            raise UnknownCar(f"there is no webhook {webhook_id!r}")
        self._world.record("webhook", act="disabled", webhook=webhook_id)
        return JSONResponse({"disabled": webhook_id})

    async def send(self, request: Request) -> Response:
        """Send a delivery out of order: `test`, `replay`, `forgery`, `error` or `resolved`."""
        if self._courier is None:
            raise InvalidValue("nobody carries deliveries here; start the simulator as a process, or give it a courier")
        sending = _Sending.model_validate_json(await request.body())
        webhook_id = request.path_params["webhook_id"]
        return JSONResponse({"taken": await self._courier.send(webhook_id, sending.what, sending.car, sending.code)})

    async def revoke(self, request: Request) -> Response:
        self._world.revoke_tokens()
        return JSONResponse({"revoked": True})


def truth_of(car: Car, now: datetime) -> dict[str, Any]:
    """Return all there is to know about a car at *now*, as JSON keeps it; what Smartcar knows of it is another matter."""
    truth, spec = car.truth(now), car.spec
    departure = car.next_departure(now)
    return {
        "id": spec.id,
        "vehicle_id": spec.vehicle_id,
        "make": spec.make,
        "model": spec.model,
        "soc_pct": truth.soc_pct,
        "plugged_in": truth.plugged_in,
        "charging": truth.charging,
        "fully_charged": truth.plugged_in and truth.at_limit,
        "driving": truth.driving,
        "at_home": truth.at_home,
        "asleep": asleep_at(car, now),
        "fast_charger": truth.fast_charger,
        "limit_pct": truth.limit_pct,
        "power_kw": car.battery.power_kw(truth.soc_pct, truth.plug_kw) if truth.charging else 0.0,
        "energy_kwh": truth.energy_kwh,
        "odometer_km": truth.odometer_km,
        "next_departure": iso(departure) if departure else None,
        "charging_intervals": [_plain(interval) for interval in car.charging_intervals(now)],
        "commands": [_plain(command) for command in car.commands],
    }


def _plain(record: Any) -> dict[str, Any]:
    return {key: iso(value) if isinstance(value, datetime) else value for key, value in asdict(record).items()}


def _fault(queued: QueuedFault, now: datetime) -> dict[str, Any]:
    facts = queued.fault.model_dump(mode="json", exclude_none=True)
    return {"number": queued.number, **facts, "fired": queued.fired, "spent": queued.spent(now)}


def _guarded(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Answer what cannot be done with a sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            return JSONResponse({"error": f"{place}: {plainly(first)}".removeprefix(": ")}, 422)
        except UnknownCar as error:
            return JSONResponse({"error": str(error)}, 404)
        except InvalidValue as error:
            return JSONResponse({"error": str(error)}, 409)

    return answer
