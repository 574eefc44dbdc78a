"""How an answer travels: JSON, errors in the shape of the face that was asked, and connections that break on purpose."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.vehicles.simulator.refusal import Refusal


class SimulatedOnly:
    """Wraps an application so that every answer says what it is: `X-Simulated: true`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []), (b"x-simulated", b"true"), (b"server", b"smartcharge-simulator"),
                ]  # fmt: skip
            await send(message)

        await self._app(scope, receive, say)


class Cut(Response):
    """No answer: the connection breaks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope.get("state", {}).get("transport")
        if transport is None:
            raise httpx.RemoteProtocolError("the simulated server disconnected without sending a response")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def iso(moment: datetime) -> str:
    """Return *moment* as Smartcar writes it: `2026-09-22T12:34:51.000Z`."""
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def v3_error(refusal: Refusal, request_id: str) -> dict[str, Any]:
    """Return one element of `errors`: facts/smartcar.md section 4.2. The status is text."""
    title = (refusal.code or refusal.type).replace("_", " ").capitalize()
    return {
        "status": str(refusal.status),
        "type": refusal.type,
        "code": refusal.code,
        "title": title,
        "detail": refusal.detail,
        "resolution": _resolution(refusal, "UNKNOWN_RESOLUTION_TYPE"),
        "suggestedUserMessage": refusal.detail,
        "links": {"about": _about(refusal)},
        "meta": {"debug": {"requestId": request_id}},
    }


def v2_error(refusal: Refusal, request_id: str) -> dict[str, Any]:
    """Return a flat error: facts/smartcar.md section 4.1."""
    return {
        "statusCode": refusal.status,
        "type": refusal.type,
        "code": None if refusal.type == "AUTHENTICATION" else refusal.code,
        "description": refusal.detail,
        "docURL": _about(refusal),
        "resolution": _resolution(refusal, None),
        "suggestedUserMessage": refusal.detail,
        "requestId": request_id,
    }


def refused(request: Request, refusal: Refusal, request_id: str) -> Response:
    """Answer *request* with *refusal* in the shape its path has."""
    path = request.url.path
    if path.startswith("/simulator"):
        body: dict[str, Any] = {"error": refusal.detail}
    elif path.startswith(("/oauth2", "/oauth")):
        body = {"error": (refusal.code or refusal.type).lower(), "error_description": refusal.detail}
    elif path.startswith("/v2.0"):
        body = v2_error(refusal, request_id)
    else:
        body = {"errors": [v3_error(refusal, request_id)]}
    headers = {"SC-Request-Id": request_id}
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(refusal.retry_after_s)
    return JSONResponse(body, refusal.status, headers)


def _resolution(refusal: Refusal, unknown: str | None) -> dict[str, Any]:
    resolution: dict[str, Any] = {"type": refusal.resolution or unknown}
    if refusal.resolution_url:
        resolution["url"] = refusal.resolution_url
    return resolution


def _about(refusal: Refusal) -> str:
    kind = refusal.type.lower().replace("_", "-")
    anchor = f"#{refusal.code.lower().replace('_', '-')}" if refusal.code else ""
    return f"https://smartcar.com/docs/errors/api-errors/{kind}-errors{anchor}"
