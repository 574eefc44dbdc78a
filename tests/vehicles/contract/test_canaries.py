"""Tokens, secrets, VINs and Smartcar's ids appear in no error, no log and no repr, however a call ends."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from scheduler.clock import VirtualLoop, run_virtually
from scheduler.domain.errors import VehicleError
from scheduler.vehicles.smartcar.channel import Request
from scheduler.vehicles.smartcar.gateway import SmartcarGateway
from tests.vehicles.contract.smartcar_double import (
    CANARIES,
    ID3,
    LIMIT_PATH,
    SIGNALS_PATH,
    START_PATH,
    STOP_PATH,
    TOKEN,
    USER_ID,
    VEHICLE_ID,
    VIN,
    Answer,
    SmartcarDouble,
    gateway_to,
    settings,
)

SPEAKING = {
    "type": "VEHICLE_STATE",
    "code": f"CHARGE_FAULT_{VEHICLE_ID}",
    "title": f"{VIN} of {USER_ID}",
    "detail": f"{VEHICLE_ID} with {TOKEN}-1",
    "description": f"{VIN} {TOKEN}-1",
    "suggestedUserMessage": f"Your car {VIN} ({VEHICLE_ID}) of {USER_ID} sent {TOKEN}-1",
}
ENDINGS = [
    *(
        Answer(status, {"errors": [{**SPEAKING, "status": str(status)}]})
        for status in (400, 401, 403, 404, 409, 430, 500)
    ),
    *(Answer(status, {**SPEAKING, "statusCode": status}) for status in (400, 401, 409, 429, 501, 502)),
    Answer(202, {"data": {"attributes": {"status": "FAILURE", "error": SPEAKING}}}),
    Answer(200, f"<html>{VIN} {VEHICLE_ID} {USER_ID} {TOKEN}-1</html>"),
    Answer(401, {"error": "invalid_token", "error_description": f"{TOKEN}-1 for {USER_ID}"}),
    Answer(error=httpx.ReadTimeout(f"GET {SIGNALS_PATH} {TOKEN}-1")),
    Answer(error=httpx.ConnectError(f"POST {START_PATH}")),
    Answer(error=httpx.RemoteProtocolError(f"{TOKEN}-1")),
    Answer(error=httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}-1'")),
]
CALLS: list[tuple[str, Callable[[SmartcarGateway], Awaitable[Any]]]] = [
    (SIGNALS_PATH, lambda gateway: gateway.state(ID3)),
    (START_PATH, lambda gateway: gateway.start(ID3)),
    (STOP_PATH, lambda gateway: gateway.stop(ID3)),
    (LIMIT_PATH, lambda gateway: gateway.set_limit(ID3, 80)),
    ("/v3/connections", lambda gateway: gateway.connections()),
    ("/oauth2/token", lambda gateway: gateway.start(ID3)),
]


@pytest.mark.parametrize("answer", ENDINGS)
@pytest.mark.parametrize(("path", "use"), CALLS)
def test_no_canary_sings_however_a_call_ends(
    path: str,
    use: Callable[[SmartcarGateway], Awaitable[Any]],
    answer: Answer,
    caplog: pytest.LogCaptureFixture,
    capsys: Any,
) -> None:
    double = SmartcarDouble()
    double.answer(path, answer)
    caplog.set_level(logging.DEBUG)

    async def story() -> VehicleError:
        gateway = gateway_to(double)
        with pytest.raises(VehicleError) as caught:
            await use(gateway)
        return caught.value

    error = run_virtually(story(), VirtualLoop())

    told = [str(error), repr(error), repr(vars(error)), caplog.text, *capsys.readouterr()]
    told += ["".join(traceback.format_exception(error)), repr(error.__cause__), repr(error.__context__)]
    assert [] == [canary for canary in CANARIES if any(canary in text for text in told)]


def test_what_holds_secrets_does_not_print_them() -> None:
    request = Request("GET", SIGNALS_PATH, {"Authorization": f"Bearer {TOKEN}"}, json={"vin": VIN}, form={"a": USER_ID})

    told = repr(request) + repr(settings()) + settings().model_dump_json()

    assert [] == [canary for canary in CANARIES if canary in told]
