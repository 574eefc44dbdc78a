"""Smartcar's third API as far as it is about the application: itself, webhooks, subscriptions. facts/smartcar.md section 3.6."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.vehicles.simulator.envelope import origin, own_link, page
from scheduler.vehicles.simulator.gate import Gate
from scheduler.vehicles.simulator.refusal import Refused, refusal
from scheduler.vehicles.simulator.webhooks import Subscription, Webhook
from scheduler.vehicles.simulator.world import World


class Management:
    """The paths of the management host. Webhooks are made in the dashboard, here under `/simulator/webhooks`."""

    def __init__(self, world: World, gate: Gate) -> None:
        self._world, self._gate = world, gate

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/v3/applications", self.applications),
            Route("/v3/applications/{application_id}", self.application),
            Route("/v3/webhooks", self.webhooks),
            Route("/v3/webhooks/{webhook_id}", self.webhook),
            Route("/v3/subscriptions", self.subscriptions),
            Route("/v3/subscriptions", self.subscribe, methods=["POST"]),
            Route("/v3/subscriptions/{subscription_id}", self.subscription),
            Route("/v3/subscriptions/{subscription_id}", self.unsubscribe, methods=["DELETE"]),
        ]

    async def applications(self, request: Request) -> Response:
        self._gate.authorise(request)
        return page(request, [self._application()], 25)

    async def application(self, request: Request) -> Response:
        self._gate.authorise(request)
        if request.path_params["application_id"] != self._world.scenario.client.application_id:
            raise Refused(refusal("INVALID_PATH", "There is no such application."))
        return JSONResponse({"data": self._application(), "links": own_link(request)})

    async def webhooks(self, request: Request) -> Response:
        self._gate.authorise(request)
        return page(request, [_webhook(each) for each in self._world.webhooks.webhooks.values()], 25)

    async def webhook(self, request: Request) -> Response:
        self._gate.authorise(request)
        webhook = self._world.webhooks.webhooks.get(request.path_params["webhook_id"])
        if webhook is None:
            raise Refused(refusal("INVALID_PATH", "There is no such webhook."))
        return JSONResponse({"data": _webhook(webhook), "links": own_link(request)})

    async def subscriptions(self, request: Request) -> Response:
        """List subscriptions. Without a filter only those of live cars, of which there are none here."""
        self._gate.authorise(request)
        query = request.query_params
        wanted = {name: query.get(f"filter[{name}]") for name in ("userId", "webhookId", "vehicleId")}
        found = [self._subscription(request, each) for each in self._world.webhooks.subscriptions.values()]
        if query.get("filter[vehicle.mode]", "live") != "simulated":
            found = []
        return page(
            request,
            [
                each
                for each in found
                if all(value in (None, each["attributes"][name]) for name, value in wanted.items())
            ],
            25,
        )

    async def subscription(self, request: Request) -> Response:
        self._gate.authorise(request)
        return JSONResponse({"data": self._subscription(request, self._one(request)), "links": own_link(request)})

    async def subscribe(self, request: Request) -> Response:
        """Subscribe a car to a webhook; its first delivery carries what is known."""
        self._gate.authorise(request)
        try:
            asked = (await request.json())["data"]["attributes"]
            webhook_id, user_id = asked["webhookId"], asked["userId"]
            car = self._world.car(asked["vehicleId"])
        except (ValueError, KeyError, TypeError):
            # An unknown car is a ValueError too: an InvalidValue.
            raise Refused(refusal("INVALID_INPUT_FORMAT", "Expected webhookId, userId and vehicleId.")) from None
        connection = self._world.consents.connections.get(car.spec.id)
        if webhook_id not in self._world.webhooks.webhooks or connection is None or connection.user_id != user_id:
            raise Refused(
                refusal("VEHICLE_NOT_FOUND", "There is no such webhook, or this user has connected no such car.")
            )
        if not self._world.subscribe(webhook_id, car.spec.id):
            raise Refused(refusal("SUBSCRIPTION_EXISTS", "The vehicle is subscribed already."))
        body = {"data": self._subscription(request, self._world.webhooks.subscriptions[webhook_id, car.spec.id])}
        return JSONResponse({**body, "meta": {"message": "subscription creation in progress"}}, 202)

    async def unsubscribe(self, request: Request) -> Response:
        self._gate.authorise(request)
        subscription = self._one(request)
        self._world.record("webhook", subscription.car_id, act="unsubscribed", webhook=subscription.webhook_id)
        return Response(status_code=204)

    def _one(self, request: Request) -> Subscription:
        for each in self._world.webhooks.subscriptions.values():
            if each.id == request.path_params["subscription_id"]:
                return each
        raise Refused(refusal("INVALID_PATH", "There is no such subscription."))

    def _application(self) -> dict[str, Any]:
        client = self._world.scenario.client
        attributes = {"name": "simulated application", "redirectUris": list(client.redirect_uris)}
        return {"id": client.application_id, "type": "application", "attributes": attributes}

    def _subscription(self, request: Request, each: Subscription) -> dict[str, Any]:
        spec = self._world.cars[each.car_id].spec
        attributes = {"webhookId": each.webhook_id, "userId": spec.user_id, "vehicleId": spec.vehicle_id}
        links = {"self": f"{origin(request)}/v3/subscriptions/{each.id}"}
        return {"id": each.id, "type": "subscription", "attributes": attributes, "links": links}


def _webhook(webhook: Webhook) -> dict[str, Any]:
    # Whether an address was verified is not told, as at Smartcar; a webhook that is not is not enabled.
    spec = webhook.spec
    attributes = {
        "name": spec.name,
        "callbackUri": spec.callback_uri,
        "isEnabled": webhook.verified,
        "autoSubscribe": spec.auto_subscribe,
    }
    return {"id": spec.id, "type": "webhook", "attributes": attributes}
