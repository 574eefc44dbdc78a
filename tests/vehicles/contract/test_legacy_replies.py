"""The v2 face against hand-written replies: bodies, paths, tokens, paging, and errors in their flat shape."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from scheduler.clock import ManualClock, VirtualLoop, run_virtually
from scheduler.domain.errors import (
    ConsentLost,
    InvalidValue,
    OutcomeUnknown,
    VehicleError,
    VehicleNotCapable,
    VehicleRefused,
)
from scheduler.domain.vehicle import Vehicle
from scheduler.vehicles.smartcar.grant_directory import GrantDirectory
from scheduler.vehicles.smartcar.grants import GrantId
from scheduler.vehicles.smartcar.legacy import LegacyGateway
from scheduler.vehicles.smartcar.vault import Vault
from tests.vehicles.contract.smartcar_double import (
    CANARIES,
    ID3,
    NOW,
    TOKEN,
    USER_ID,
    VEHICLE_ID,
    VIN,
    Answer,
    SmartcarDouble,
    settings,
)

CAR = f"/v2.0/vehicles/{VEHICLE_ID}"
ADA = GrantId("ada")
DONE = Answer(body={"status": "success", "message": "Successfully sent request to vehicle"})
Use = Callable[[LegacyGateway], Awaitable[Any]]


def grant_of(_: Vehicle) -> GrantId:
    return ADA


def pair(number: int) -> Answer:
    return Answer(
        body={"access_token": f"{TOKEN}-{number}", "refresh_token": f"canary-refresh-{number}", "expires_in": 7200}
    )


def with_gateway(directory: Path, double: SmartcarDouble, use: Use) -> Any:
    async def story() -> Any:
        double.answer("/oauth/token", pair(1), pair(2), pair(3))
        clock = ManualClock(NOW)
        store = GrantDirectory(directory, Vault({"k1": b"1" * 32}, "k1"), clock)
        gateway = LegacyGateway(
            settings(application_id="app-1", redirect_uri="http://127.0.0.1/back"),
            clock,
            store,
            grant_of,
            lambda: httpx.ASGITransport(app=double),
        )
        await gateway.grants.redeem(ADA, "canary-code")
        try:
            return await use(gateway)
        finally:
            await gateway.aclose()

    return run_virtually(story(), VirtualLoop())


def test_a_state_is_one_batch_of_two_paths(tmp_path: Path) -> None:
    double = SmartcarDouble()
    items = [
        {"path": "/battery", "code": 200, "body": {"percentRemaining": 0.4}, "headers": {}},
        {"path": "/charge", "code": 200, "body": {"isPluggedIn": True, "state": "NOT_CHARGING"}, "headers": {}},
    ]
    double.answer(f"{CAR}/batch", Answer(body={"responses": items}))

    state = with_gateway(tmp_path, double, lambda gateway: gateway.state(ID3))

    (asked,) = double.asked_for(f"{CAR}/batch")
    assert {"requests": [{"path": "/battery"}, {"path": "/charge"}]} == json.loads(asked.body)
    assert ("metric", f"Bearer {TOKEN}-1") == (asked.headers["sc-unit-system"], asked.headers["authorization"])
    assert (40.0, True, False) == (state.soc_pct, state.plugged_in, state.charging)


@pytest.mark.parametrize(
    ("path", "use", "body"),
    [
        ("charge", lambda gateway: gateway.start(ID3), {"action": "START"}),
        ("charge", lambda gateway: gateway.stop(ID3), {"action": "STOP"}),
        ("charge/limit", lambda gateway: gateway.set_limit(ID3, 80), {"limit": 0.8}),
    ],
)
def test_a_command_is_one_post_with_the_documented_body(tmp_path: Path, path: str, use: Use, body: Any) -> None:
    double = SmartcarDouble()
    double.answer(f"{CAR}/{path}", DONE)

    with_gateway(tmp_path, double, use)

    (asked,) = double.asked_for(f"{CAR}/{path}")
    assert ("POST", body) == (asked.method, json.loads(asked.body))


@pytest.mark.parametrize(
    ("body", "expected"), [({"limit": 0.8}, 80.0), ({"limit": None}, None), ({}, None), ({"limit": 80}, None)]
)
def test_a_limit_is_read_as_a_share_of_one(tmp_path: Path, body: Any, expected: float | None) -> None:
    double = SmartcarDouble()
    double.answer(f"{CAR}/charge/limit", Answer(body=body))

    assert expected == with_gateway(tmp_path, double, lambda gateway: gateway.limit(ID3))


def test_a_limit_out_of_range_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="50 to 100"):
        with_gateway(tmp_path, SmartcarDouble(), lambda gateway: gateway.set_limit(ID3, 49))


def test_a_refused_token_is_renewed_once_and_the_call_repeated(tmp_path: Path) -> None:
    double = SmartcarDouble()
    double.refused = {f"{TOKEN}-1"}
    double.answer(f"{CAR}/charge", DONE)

    with_gateway(tmp_path, double, lambda gateway: gateway.start(ID3))

    bearers = [asked.headers["authorization"] for asked in double.asked_for(f"{CAR}/charge")]
    assert [f"Bearer {TOKEN}-1", f"Bearer {TOKEN}-2"] == bearers


def test_a_token_that_was_accepted_may_be_renewed_again_when_it_is_refused_later(tmp_path: Path) -> None:
    double = SmartcarDouble()
    double.refused = {f"{TOKEN}-1"}
    double.answer(f"{CAR}/charge", DONE)

    async def use(gateway: LegacyGateway) -> None:
        await gateway.start(ID3)
        double.refused.add(f"{TOKEN}-2")
        await gateway.start(ID3)

    with_gateway(tmp_path, double, use)

    assert f"Bearer {TOKEN}-3" == double.asked_for(f"{CAR}/charge")[-1].headers["authorization"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(409, {"statusCode": 409, "type": "VEHICLE_STATE", "code": "FULLY_CHARGED"}), VehicleRefused),
        (Answer(403, {"statusCode": 403, "type": "PERMISSION", "code": None}), ConsentLost),
        (Answer(501, {"statusCode": 501, "type": "COMPATIBILITY", "code": "VEHICLE_NOT_CAPABLE"}), VehicleNotCapable),
        (Answer(504, "<html/>"), OutcomeUnknown),
        (Answer(error=httpx.ReadTimeout("late")), OutcomeUnknown),
    ],
)
def test_a_command_that_fails_says_what_to_do_next(
    tmp_path: Path, answer: Answer, expected: type[VehicleError]
) -> None:
    double = SmartcarDouble()
    double.answer(f"{CAR}/charge", answer)

    with pytest.raises(expected):
        with_gateway(tmp_path, double, lambda gateway: gateway.start(ID3))

    assert 1 == len(double.asked_for(f"{CAR}/charge"))


@pytest.mark.parametrize("code", ["NOT_CHARGING", "CHARGING_PLUG_NOT_CONNECTED"])
def test_a_stop_where_nothing_charges_is_a_success(tmp_path: Path, code: str) -> None:
    double = SmartcarDouble()
    double.answer(f"{CAR}/charge", Answer(409, {"statusCode": 409, "type": "VEHICLE_STATE", "code": code}))

    with_gateway(tmp_path, double, lambda gateway: gateway.stop(ID3))


def test_all_pages_of_vehicles_are_read(tmp_path: Path) -> None:
    double = SmartcarDouble()
    double.answer(
        "/v2.0/vehicles",
        Answer(body={"vehicles": ["v-1", "v-2"], "paging": {"count": 3, "offset": 0}}),
        Answer(body={"vehicles": ["v-3"], "paging": {"count": 3, "offset": 2}}),
    )

    assert ["v-1", "v-2", "v-3"] == with_gateway(tmp_path, double, lambda gateway: gateway.vehicles(ADA))
    assert [["0"], ["2"]] == [asked.query["offset"] for asked in double.asked_for("/v2.0/vehicles")]


@pytest.mark.parametrize("body", [{"vehicles": []}, {"vehicles": None}, {"vehicles": ["v-1"]}, {}])
def test_a_list_of_vehicles_without_paging_is_one_page(tmp_path: Path, body: Any) -> None:
    double = SmartcarDouble()
    double.answer("/v2.0/vehicles", Answer(body=body))

    assert (body.get("vehicles") or []) == with_gateway(tmp_path, double, lambda gateway: gateway.vehicles(ADA))


@pytest.mark.parametrize("answer", [Answer(body={"status": "success"}), Answer(404, {"statusCode": 404}), Answer(204)])
def test_a_disconnection_is_done_once_there_is_nothing_left(tmp_path: Path, answer: Answer) -> None:
    double = SmartcarDouble()
    double.answer(f"{CAR}/application", answer)

    with_gateway(tmp_path, double, lambda gateway: gateway.disconnect(ID3))

    assert ["DELETE"] == [asked.method for asked in double.asked_for(f"{CAR}/application")]


def test_no_canary_sings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    speaking = {
        "statusCode": 409,
        "type": "VEHICLE_STATE",
        "code": f"X_{VEHICLE_ID}",
        "description": f"{VIN} {TOKEN}-1",
        "suggestedUserMessage": f"{USER_ID} {VIN}",
    }
    double = SmartcarDouble()
    double.answer(f"{CAR}/charge", Answer(409, speaking))

    with pytest.raises(VehicleRefused) as refused:
        with_gateway(tmp_path, double, lambda gateway: gateway.start(ID3))

    told = str(refused.value) + repr(refused.value) + repr(vars(refused.value)) + caplog.text
    assert [] == [canary for canary in (*CANARIES, "canary-refresh", "canary-code") if canary in told]
