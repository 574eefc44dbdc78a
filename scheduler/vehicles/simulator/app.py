"""The simulator as an ASGI application, and as a transport for a client in the same process."""

from __future__ import annotations

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from scheduler.vehicles.simulator.control import Control
from scheduler.vehicles.simulator.courier import Courier
from scheduler.vehicles.simulator.gate import Gate
from scheduler.vehicles.simulator.management import Management
from scheduler.vehicles.simulator.oauth import OAuth
from scheduler.vehicles.simulator.refusal import Refused, refusal
from scheduler.vehicles.simulator.v2 import V2
from scheduler.vehicles.simulator.v3 import V3
from scheduler.vehicles.simulator.wire import SimulatedOnly, refused
from scheduler.vehicles.simulator.world import World


def simulator_app(world: World, courier: Courier | None = None) -> ASGIApp:
    """
    Return *world* behind Smartcar's paths. It waits by the world's clock only, and starts no thread.

    With *courier*, which somebody runs, deliveries can be made to go wrong by hand.
    """
    gate = Gate(world)
    doors = (OAuth(world, gate), V3(world, gate), Management(world, gate), V2(world, gate), Control(world, courier))

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return refused(request, error.refusal, gate.request_id())

    async def on_no_route(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = "PATH" if request.url.path.startswith("/v2.0") else "INVALID_PATH"
        return refused(request, refusal(code, "There is no such path."), gate.request_id())

    app = Starlette(
        routes=[route for door in doors for route in door.routes],
        exception_handlers={Refused: on_refused, HTTPException: on_no_route},
    )
    app.router.redirect_slashes = False
    return SimulatedOnly(app)


class SimulatorTransport(httpx.AsyncBaseTransport):
    """
    An in-process transport that keeps the client's read time-out, which `httpx.ASGITransport` does not.

    As over a socket, a request that timed out goes on at the other side: a command may still act.
    """

    def __init__(self, world: World, courier: Courier | None = None) -> None:
        self._inner = httpx.ASGITransport(simulator_app(world, courier))
        self._running: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = asyncio.create_task(self._inner.handle_async_request(request))
        self._running.add(answer)
        answer.add_done_callback(self._forget)
        timeout_s = request.extensions.get("timeout", {}).get("read")
        try:
            return await asyncio.wait_for(asyncio.shield(answer), timeout_s)
        except TimeoutError:
            raise httpx.ReadTimeout("the simulated server took too long", request=request) from None

    def _forget(self, answer: asyncio.Task[httpx.Response]) -> None:
        self._running.discard(answer)
        if not answer.cancelled():
            answer.exception()
