"""The second API where the official SDK does not look: what is not granted, not planned, not there, or slow."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from scheduler.clock import ManualClock
from scheduler.vehicles.simulator.fault import Fault, FaultKind

Make = Callable[..., Any]
CAR = "/v2.0/vehicles/sim-vehicle-ada"
ALL = ["read_vehicle_info", "read_battery", "read_charge", "control_charge"]


class Granted:
    """Calls the second API with a fresh grant for Ada's car."""

    def __init__(self, caller: Any, permissions: list[str] | None = None) -> None:
        self.caller, self.world = caller, caller.world
        code = self.world.connect(["ada"], "sim-user-ada", permissions or ALL, "http://localhost/")
        client = self.world.scenario.client
        basic = b64encode(f"{client.application_id}:{client.legacy_secret}".encode()).decode()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost/"}
        pair = caller.call("POST", "/oauth/token", data=form, headers={"authorization": f"Basic {basic}"})
        self.headers = {"authorization": f"Bearer {pair.json()['access_token']}"}

    def get(self, path: str = "") -> Any:
        return self.caller.call("GET", CAR + path, headers=self.headers)

    def post(self, path: str, body: Any) -> Any:
        return self.caller.call("POST", CAR + path, json=body, headers=self.headers)


def error(answer: httpx.Response) -> tuple[int, str, str | None]:
    body = answer.json()
    assert body["statusCode"] == answer.status_code
    return answer.status_code, body["type"], body["code"]


def test_a_read_reaches_the_maker_also_where_nobody_subscribed(caller: Make) -> None:
    ada = Granted(caller(scenario={"store": "subscribed"}))

    assert {"isPluggedIn": True, "state": "NOT_CHARGING"} == ada.get("/charge").json()


def test_attributes_are_there_with_and_without_a_slash(caller: Make) -> None:
    ada = Granted(caller())

    assert ada.get().json() == ada.get("/").json()


@pytest.mark.parametrize("body", [None, [], {}, {"action": "PAUSE"}, {"action": None}])
def test_an_action_that_is_none_is_refused(caller: Make, body: Any) -> None:
    assert (400, "VALIDATION", "INVALID_INPUT_FORMAT") == error(Granted(caller()).post("/charge", body))


@pytest.mark.parametrize("limit", [0.49, 1.01, "0.8", True, None])
def test_a_limit_that_cannot_be_is_refused(caller: Make, limit: Any) -> None:
    assert (400, "VALIDATION", "INVALID_INPUT_FORMAT") == error(
        Granted(caller()).post("/charge/limit", {"limit": limit})
    )


@pytest.mark.parametrize("body", [None, {}, {"requests": 3}, {"requests": [{}]}])
def test_a_batch_that_asks_for_nothing_is_refused(caller: Make, body: Any) -> None:
    assert (400, "VALIDATION", "INVALID_INPUT_FORMAT") == error(Granted(caller()).post("/batch", body))


def test_a_part_of_a_batch_that_was_not_granted_or_planned_fails_alone(caller: Make) -> None:
    ada = Granted(caller(scenario={"plan": {"hides": ("Charge",)}}))

    parts = ada.post("/batch", {"requests": [{"path": path} for path in ("/battery", "/charge", "/vin", "/")]}).json()

    assert [200, 430, 403, 200] == [part["code"] for part in parts["responses"]]
    assert (430, "BILLING", "INVALID_PLAN") == error(ada.get("/charge"))


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [("/vin", 403, "PERMISSION"), ("/permissions?limit=x", 400, "VALIDATION"), ("/fuel", 404, "RESOURCE_NOT_FOUND")],
)
def test_what_cannot_be_read_is_refused_flat(caller: Make, path: str, status: int, kind: str) -> None:
    assert (status, kind) == error(Granted(caller()).get(path))[:2]


def test_another_drivers_car_is_not_covered(caller: Make, spec: Make) -> None:
    fleet = caller(cars=(spec("ada"), spec("ben")))
    ada = Granted(fleet)

    answer = fleet.call("GET", "/v2.0/vehicles/sim-vehicle-ben/battery", headers=ada.headers)

    assert (404, "RESOURCE_NOT_FOUND", "VEHICLE_NOT_FOUND") == error(answer)


def test_a_slow_command_lets_its_caller_wait(caller: Make, clock: ManualClock) -> None:
    ada = Granted(caller())
    ada.world.fault(Fault(kind=FaultKind.STREAMED, seconds=200))
    before = clock.now()

    answer = ada.post("/charge", {"action": "START"})

    assert (200, "success", 200) == (
        answer.status_code, answer.json()["status"], (clock.now() - before).total_seconds(),
    )  # fmt: skip


def test_reads_and_commands_can_be_cut(caller: Make) -> None:
    ada = Granted(caller())
    ada.world.fault(Fault(kind=FaultKind.CUT, times=3))

    with pytest.raises(httpx.RemoteProtocolError):
        ada.get("/battery")
    with pytest.raises(httpx.RemoteProtocolError):
        ada.post("/charge", {"action": "START"})
    with pytest.raises(httpx.RemoteProtocolError):
        ada.post("/batch", {"requests": [{"path": "/battery"}]})


def test_revoked_tokens_are_worthless_in_both_faces(caller: Make) -> None:
    ada = Granted(caller())

    ada.world.revoke_tokens()

    assert (401, "AUTHENTICATION", None) == error(ada.get("/battery"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2.0/compatibility?vin=x"),
        ("GET", "/v2.0/management/connections/"),
        ("DELETE", "/v2.0/vehicles/sim-vehicle-ada/webhooks/wh-1"),
    ],
)
def test_the_applications_own_paths_want_its_credentials(caller: Make, method: str, path: str) -> None:
    assert 401 == error(caller().call(method, path))[0]


def test_connections_are_deleted_by_name_only_never_all(caller: Make) -> None:
    basic = b64encode(b"default:simulated-management-token").decode()
    ada = caller()

    answer = ada.call("DELETE", "/v2.0/management/connections/", headers={"authorization": f"Basic {basic}"})

    assert (400, "VALIDATION", "MISSING_PARAMETER") == error(answer)
    assert ada.world.consents.connections


def test_a_webhook_that_is_not_there_cannot_be_subscribed(caller: Make) -> None:
    assert 404 == error(Granted(caller()).post("/webhooks/wh-9", None))[0]
