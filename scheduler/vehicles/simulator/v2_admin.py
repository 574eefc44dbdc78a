"""What v2 has beside cars: compatibility, webhook subscriptions, and the old management of connections."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.vehicles.simulator.consents import Connection
from scheduler.vehicles.simulator.gate import Gate
from scheduler.vehicles.simulator.oauth import basic
from scheduler.vehicles.simulator.refusal import Refused, refusal
from scheduler.vehicles.simulator.signals import vin
from scheduler.vehicles.simulator.wire import iso
from scheduler.vehicles.simulator.world import World

_WEBHOOK = "/v2.0/vehicles/{vehicle_id}/webhooks/{webhook_id}"
_CONNECTIONS = "/v2.0/management/connections/"
_ENDPOINTS = {"read_battery": "/battery", "read_charge": "/charge", "control_charge": "/charge", "read_vin": "/vin"}


class V2Admin:
    """Those paths. They are the application's own: Basic with its credentials, or with the management token."""

    def __init__(self, world: World, gate: Gate) -> None:
        self._world, self._gate = world, gate

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/v2.0/compatibility", self.compatibility),
            Route(_WEBHOOK, self.subscribe, methods=["POST"]),
            Route(_WEBHOOK, self.unsubscribe, methods=["DELETE"]),
            Route(_CONNECTIONS, self.connections),
            Route(_CONNECTIONS, self.delete_connections, methods=["DELETE"]),
        ]

    async def compatibility(self, request: Request) -> Response:
        """Say whether a VIN can be connected: ours can."""
        client, query = self._world.scenario.client, request.query_params
        if basic(request) != (client.application_id, client.legacy_secret):
            raise Refused(refusal("UNAUTHORIZED", "The application's credentials are missing or wrong."))
        known = query.get("vin") in {vin(car) for car in self._world.cars.values()}
        capabilities = [
            {"permission": scope, "endpoint": _ENDPOINTS.get(scope, "/"), "capable": known, "reason": None}
            for scope in query.get("scope", "").split()
        ]
        reason = None if known else "VEHICLE_NOT_COMPATIBLE"
        return self._answer({"compatible": known, "reason": reason, "capabilities": capabilities})

    async def subscribe(self, request: Request) -> Response:
        car, webhook_id = self._gate.granted_car(request, None), self._webhook(request)
        self._world.subscribe(webhook_id, car.spec.id)
        return self._answer({"webhookId": webhook_id, "vehicleId": car.spec.vehicle_id})

    async def unsubscribe(self, request: Request) -> Response:
        """Unsubscribe a car; the bearer is the management token itself."""
        if request.headers.get("authorization") != f"Bearer {self._world.scenario.client.management_token}":
            raise Refused(refusal("UNAUTHORIZED", "The management token is missing or wrong."))
        car, webhook_id = self._gate.car(request), self._webhook(request)
        self._world.record("webhook", car.spec.id, act="unsubscribed", webhook=webhook_id)
        return self._answer({"status": "success"})

    async def connections(self, request: Request) -> Response:
        found = [self._connection(each) for each in self._wanted(request)]
        return self._answer({"connections": found, "paging": {"cursor": None}})

    async def delete_connections(self, request: Request) -> Response:
        """Delete the connections of one vehicle or one user; never all."""
        query = request.query_params
        if not (query.get("vehicle_id") or query.get("user_id")):
            raise Refused(refusal("MISSING_PARAMETER", "Expected vehicle_id or user_id."))
        found = self._wanted(request)
        body = {"connections": [self._connection(each) for each in found]}
        for each in found:
            self._world.disconnect(each.car_id)
        return self._answer(body)

    def _wanted(self, request: Request) -> list[Connection]:
        if basic(request) != ("default", self._world.scenario.client.management_token):
            raise Refused(refusal("UNAUTHORIZED", "The management token is missing or wrong."))
        vehicle, user = request.query_params.get("vehicle_id"), request.query_params.get("user_id")
        return [
            each
            for each in self._world.consents.connections.values()
            if user in (None, each.user_id) and vehicle in (None, self._world.cars[each.car_id].spec.vehicle_id)
        ]

    def _connection(self, each: Connection) -> dict[str, Any]:
        vehicle_id = self._world.cars[each.car_id].spec.vehicle_id
        return {"vehicleId": vehicle_id, "userId": each.user_id, "connectedAt": iso(each.created_at)}

    def _webhook(self, request: Request) -> str:
        webhook_id = str(request.path_params["webhook_id"])
        if webhook_id not in self._world.webhooks.webhooks:
            raise Refused(refusal("PATH", "There is no such webhook."))
        return webhook_id

    def _answer(self, body: dict[str, Any]) -> Response:
        return JSONResponse(body, headers={"SC-Request-Id": self._gate.request_id()})
