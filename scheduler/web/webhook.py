"""The address at which Smartcar tells us what cars report. It knows nothing of what is told: that is handed on, raw."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PATH = "/webhooks/smartcar"

LONGEST_BODY = 1_000_000
"""Bytes. The largest delivery seen has 20 kB; the address may be open to the world."""

Receive = Callable[[bytes, str | None], tuple[int, Mapping[str, str]]]
"""From the raw body and its signature to a status and a JSON object, at once: Smartcar waits 15 s."""


def webhook(receive: Receive) -> list[Route]:
    """Return the route. What *receive* cannot write down is answered 503 and comes again."""

    async def delivered(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_BODY:
                return JSONResponse({"error": "a delivery is never this long"}, status_code=413)
        status, answer = receive(body, request.headers.get("sc-signature"))
        return JSONResponse(dict(answer), status_code=status)

    return [Route(PATH, delivered, methods=["POST"])]
