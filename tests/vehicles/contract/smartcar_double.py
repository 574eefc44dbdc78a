"""A hand-written Smartcar: an ASGI app that answers what a test put on its list, in whatever shape, and remembers."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx

from scheduler.clock import ManualClock
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.vehicles.smartcar.gateway import SmartcarGateway
from scheduler.vehicles.smartcar.settings import SmartcarSettings

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
ORIGIN = "http://127.0.0.1:8713"
# Words that must appear in no log, no error and no repr, wherever they come from.
TOKEN = "canary-token-5f2c"
SECRET = "canary-secret-77aa"
VEHICLE_ID = "canary-vehicle-36ab27d0"
USER_ID = "canary-user-90ffe1b2"
VIN = "WVWZZZE1ZNP000001"
CANARIES = (TOKEN, SECRET, VEHICLE_ID, USER_ID, VIN)

ID3 = Vehicle(
    VehicleId("ada-id3"), "Ada's ID.3", "VOLKSWAGEN", "ID.3", Powertrain.BEV, VEHICLE_ID, USER_ID, 58.0, 11.0, 0.9
)


@dataclass(frozen=True)
class Answer:
    """What to send. `body` may be a JSON value, text, or bytes; an exception is raised instead of an answer."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None
    meanwhile: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Asked:
    """What came in."""

    method: str
    path: str
    raw_path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


class SmartcarDouble:
    """
    Answers each path from its own list; the last entry repeats. Tokens are counted: `canary-token-5f2c-1`, `-2`, ...

    `refused` holds the tokens that are answered with 401.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, deque[Answer]] = defaultdict(deque)
        self.refused: set[str] = set()
        self.tokens = 0

    def answer(self, path: str, *answers: Answer) -> None:
        self.answers[path] = deque(answers)

    def asked_for(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        asked = Asked(
            scope["method"],
            scope["path"],
            scope["raw_path"].decode(),
            parse_qs(scope["query_string"].decode()),
            headers,
            body,
        )
        self.asked.append(asked)
        answer = self._answer(asked)
        if answer.meanwhile is not None:
            await answer.meanwhile()
        if answer.error is not None:
            raise answer.error
        content = answer.body if isinstance(answer.body, bytes) else _content(answer.body)
        given = {"content-type": "application/json", **answer.headers}
        raw = [(name.encode(), value.encode()) for name, value in given.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization", "").removeprefix("Bearer ") in self.refused:
            return Answer(401, {"errors": [{"status": "401", "type": "AUTHENTICATION", "code": "UNAUTHORIZED"}]})
        listed = self.answers.get(asked.path)
        if listed:
            return listed.popleft() if len(listed) > 1 else listed[0]
        if asked.path == "/oauth2/token":
            self.tokens += 1
            return Answer(body={"access_token": f"{TOKEN}-{self.tokens}", "token_type": "Bearer", "expires_in": 3600})
        return Answer(404, {"errors": [{"status": "404", "type": "RESOURCE_NOT_FOUND", "code": "INVALID_PATH"}]})


def _content(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def settings(**more: Any) -> SmartcarSettings:
    return SmartcarSettings.at(ORIGIN, client_id="client_1", client_secret=SECRET, **more)


def gateway_to(double: SmartcarDouble, clock: ManualClock | None = None) -> SmartcarGateway:
    return SmartcarGateway(settings(), clock or ManualClock(NOW), lambda: httpx.ASGITransport(app=double))


def signal(code: str, body: Any, at: Any = "2026-02-01T21:55:00Z", **more: Any) -> dict[str, Any]:
    """Return one element of the REST interface, SUCCESS unless *more* says otherwise."""
    attributes = {"code": code, "name": "Name", "group": "Group", "status": {"value": "SUCCESS"}, "body": body, **more}
    return {"id": code, "type": "signal", "attributes": attributes, "meta": {"oemUpdatedAt": at}}


SIGNALS_PATH = f"/v3/vehicles/{VEHICLE_ID}/signals"
START_PATH = f"/v3/vehicles/{VEHICLE_ID}/commands/charge/start"
STOP_PATH = f"/v3/vehicles/{VEHICLE_ID}/commands/charge/stop"
LIMIT_PATH = f"/v3/vehicles/{VEHICLE_ID}/commands/charge/set-limit"
