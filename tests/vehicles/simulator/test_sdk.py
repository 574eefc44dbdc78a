"""The official SDK, over a real socket: the judge of the second face. facts/smartcar.md section 8."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from scheduler.clock import SystemClock
from scheduler.vehicles.simulator.fault import Fault
from scheduler.vehicles.simulator.process import serve
from scheduler.vehicles.simulator.scenario import LEAST_PERMISSIONS, QuotaSpec, Scenario
from scheduler.vehicles.simulator.world import World

smartcar = pytest.importorskip("smartcar", reason="the official SDK is not installed (a test dependency)")
pytestmark = pytest.mark.live

CALLBACK = "http://localhost:9/callback"


@pytest.fixture
def served(spec: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world of two cars of one user, behind a socket in a thread of its own, and the SDK pointed at it."""
    two = (spec(user_id="sim-user-ada"), spec("ben", user_id="sim-user-ada", make="TESLA"))
    world = World(Scenario(cars=two, quotas=QuotaSpec(bucket=None, calls_per_month=1000)), SystemClock())
    listening, ended, url = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    def announce(address: str) -> None:
        url.append(address)
        listening.set()

    thread = threading.Thread(
        target=lambda: loop.run_until_complete(serve(world, "127.0.0.1", 0, announce, stop=ended))
    )
    thread.start()
    assert listening.wait(5)
    for name, value in {
        "API_ORIGIN": url[0],
        "AUTH_ORIGIN": f"{url[0]}/oauth/token",
        "CONNECT_ORIGIN": url[0],
        "MANAGEMENT_API_ORIGIN": url[0],
        "VEHICLE_API_ORIGIN": url[0],
    }.items():
        monkeypatch.setattr(smartcar.config, name, value)
    yield world
    loop.call_soon_threadsafe(ended.set)
    thread.join(5)
    loop.close()


def auth(world: World, secret: str | None = None) -> Any:
    client = world.scenario.client
    return smartcar.AuthClient(client.application_id, secret or client.legacy_secret, CALLBACK, mode="simulated")


def code(world: World, scope: list[str] | None = None) -> str:
    url = auth(world).get_auth_url(scope or list(LEAST_PERMISSIONS), {"state": "s-1"})
    answer = httpx.get(url)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (302, ["s-1"], ["sim-user-ada"]) == (answer.status_code, query["state"], query["user_id"])
    return query["code"][0]


@pytest.fixture
def access(served: World) -> Any:
    return auth(served).exchange_code(code(served))


@pytest.fixture
def ada(access: Any) -> Any:
    return smartcar.Vehicle("sim-vehicle-ada", access.access_token)


def test_a_code_becomes_tokens_once(served: World) -> None:
    once = code(served)

    access = auth(served).exchange_code(once)

    assert 7200 == access.expires_in
    assert access.access_token
    assert access.refresh_token
    with pytest.raises(smartcar.SmartcarException) as refused:
        auth(served).exchange_code(once)
    assert "invalid_grant" == refused.value.type
    assert "Invalid code" in refused.value.message


def test_wrong_credentials_are_refused(served: World) -> None:
    with pytest.raises(smartcar.SmartcarException) as refused:
        auth(served, "wrong").exchange_code(code(served))

    assert "invalid_client" == refused.value.type


def test_tokens_are_renewed(served: World, access: Any) -> None:
    renewed = auth(served).exchange_refresh_token(access.refresh_token)

    assert access.refresh_token != renewed.refresh_token
    assert "sim-user-ada" == smartcar.get_user(renewed.access_token).id


def test_the_user_and_the_vehicles(access: Any) -> None:
    user, vehicles = smartcar.get_user(access.access_token), smartcar.get_vehicles(access.access_token)
    second = smartcar.get_vehicles(access.access_token, {"limit": 1, "offset": 1})

    assert "sim-user-ada" == user.id
    assert user.meta.request_id
    assert ["sim-vehicle-ada", "sim-vehicle-ben"] == vehicles.vehicles
    assert (["sim-vehicle-ben"], 2, 1) == (second.vehicles, second.paging.count, second.paging.offset)


def test_what_a_vehicle_is(ada: Any) -> None:
    attributes = ada.attributes()

    assert ("sim-vehicle-ada", "VOLKSWAGEN", "ID.3", 2021) == (
        attributes.id, attributes.make, attributes.model, attributes.year,
    )  # fmt: skip
    assert ada.vin().vin.startswith("SIM")


def test_battery_and_charge(ada: Any) -> None:
    battery, charge = ada.battery(), ada.charge()

    assert (0.5, 200) == (battery.percent_remaining, battery.range)
    assert (True, "NOT_CHARGING") == (charge.is_plugged_in, charge.state)
    assert battery.meta.data_age <= battery.meta.fetched_at <= SystemClock().now().isoformat()
    assert "metric" == battery.meta.unit_system
    assert 54 == ada.nominal_capacity().capacity["nominal"]
    assert 54 == ada.battery_capacity().capacity


def test_start_stop_and_limit(served: World, ada: Any) -> None:
    started = ada.start_charge()
    charging = served.truth("ada").charging
    limited = ada.set_charge_limit(0.8)
    stopped = ada.stop_charge()

    assert ["success"] * 3 == [each.status for each in (started, limited, stopped)]
    assert (True, False) == (charging, served.truth("ada").charging)
    assert 80 == served.truth("ada").limit_pct


@pytest.mark.parametrize(
    ("act", "verb", "expected"),
    [("start", "start_charge", "CHARGING_IN_PROGRESS"), ("unplug", "stop_charge", "CHARGING_PLUG_NOT_CONNECTED")],
)
def test_a_refusal_reaches_the_caller_whole(served: World, ada: Any, act: str, verb: str, expected: str) -> None:
    getattr(served, act)("ada")

    with pytest.raises(smartcar.SmartcarException) as refused:
        getattr(ada, verb)()

    error = refused.value
    assert (409, "VEHICLE_STATE", expected) == (error.status_code, error.type, error.code)
    assert error.request_id
    assert error.description
    assert error.suggested_user_message
    assert error.doc_url


def test_a_throttle_says_when_to_come_back(served: World, ada: Any) -> None:
    served.fault(Fault.model_validate({"kind": "error", "status": 429, "retry_after_s": 60}))

    with pytest.raises(smartcar.SmartcarException) as refused:
        ada.battery()

    assert (429, "RATE_LIMIT", "VEHICLE", "60") == (
        refused.value.status_code, refused.value.type, refused.value.code, refused.value.retry_after,
    )  # fmt: skip


def test_a_limit_that_cannot_be_is_refused(ada: Any) -> None:
    with pytest.raises(smartcar.SmartcarException) as refused:
        ada.set_charge_limit(0.3)

    assert (400, "VALIDATION") == (refused.value.status_code, refused.value.type)


def test_a_batch_answers_each_path_and_fails_for_itself(served: World, ada: Any) -> None:
    before = served.quotas.calls_left("ada", served.now())

    batch = ada.batch(["/battery", "/charge", "/charge/limit", "/fuel"])

    assert 0.5 == batch.battery().percent_remaining
    assert batch.charge().is_plugged_in
    with pytest.raises(smartcar.SmartcarException) as refused:
        batch.fuel()
    assert 404 == refused.value.status_code
    assert before is not None
    assert before - 4 == served.quotas.calls_left("ada", served.now())


def test_permissions_come_in_pages(ada: Any) -> None:
    everything, page = ada.permissions(), ada.permissions({"limit": 2, "offset": 1})

    assert list(LEAST_PERMISSIONS) == everything.permissions
    assert list(LEAST_PERMISSIONS[1:3]) == page.permissions
    assert len(LEAST_PERMISSIONS) == page.paging.count


def test_what_was_not_granted_is_refused(served: World) -> None:
    access = auth(served).exchange_code(code(served, ["required:read_charge"]))

    with pytest.raises(smartcar.SmartcarException) as refused:
        smartcar.Vehicle("sim-vehicle-ada", access.access_token).start_charge()

    assert (403, "PERMISSION", None) == (refused.value.status_code, refused.value.type, refused.value.code)


def test_location_and_odometer_in_both_units(access: Any) -> None:
    metric = smartcar.Vehicle("sim-vehicle-ada", access.access_token)
    imperial = smartcar.Vehicle("sim-vehicle-ada", access.access_token, {"unit_system": "imperial"})

    assert 12_000 == metric.odometer().distance
    assert 12_000 / 1.609344 == pytest.approx(imperial.odometer().distance, abs=0.1)
    assert metric.location().latitude


def test_a_disconnected_vehicle_is_gone(ada: Any, access: Any) -> None:
    assert "success" == ada.disconnect().status

    assert ["sim-vehicle-ben"] == smartcar.get_vehicles(access.access_token).vehicles
    with pytest.raises(smartcar.SmartcarException) as refused:
        ada.battery()
    assert 404 == refused.value.status_code


def test_a_wrong_token_is_refused(served: World) -> None:
    with pytest.raises(smartcar.SmartcarException) as refused:
        smartcar.Vehicle("sim-vehicle-ada", "nonsense").battery()

    assert (401, "AUTHENTICATION", None) == (refused.value.status_code, refused.value.type, refused.value.code)


def test_webhooks_can_be_subscribed_and_unsubscribed(served: World, ada: Any) -> None:
    from scheduler.vehicles.simulator.scenario import WebhookSpec

    served.make_webhook(WebhookSpec(id="wh-1", callback_uri="http://127.0.0.1:9/", auto_subscribe=False))

    subscribed = ada.subscribe("wh-1")
    kept = set(served.webhooks.subscriptions)
    unsubscribed = ada.unsubscribe(served.scenario.client.management_token, "wh-1")

    assert ("wh-1", "sim-vehicle-ada") == (subscribed.webhook_id, subscribed.vehicle_id)
    assert ({("wh-1", "ada")}, "success", {}) == (kept, unsubscribed.status, served.webhooks.subscriptions)


def test_compatibility_and_the_management_of_connections(served: World, ada: Any) -> None:
    client = served.scenario.client
    options = {"client_id": client.application_id, "client_secret": client.legacy_secret}

    compatible = smartcar.get_compatibility(ada.vin().vin, ["read_battery"], "DE", options)
    listed = smartcar.get_connections(client.management_token)
    deleted = smartcar.delete_connections(client.management_token, {"vehicle_id": "sim-vehicle-ben"})

    assert compatible.compatible
    assert "read_battery" == compatible.capabilities[0].permission
    assert {"sim-vehicle-ada", "sim-vehicle-ben"} == {each.vehicle_id for each in listed.connections}
    assert ["sim-vehicle-ben"] == [each.vehicle_id for each in deleted.connections]


def test_the_third_face_answers_the_sdk_where_it_need_not_name_its_user(served: World) -> None:
    token = httpx.post(
        f"{smartcar.config.API_ORIGIN}/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": served.scenario.client.id,
            "client_secret": served.scenario.client.secret,
        },
    ).json()["access_token"]

    vehicle = smartcar.smartcar.get_vehicle(token, "sim-vehicle-ada")
    with pytest.raises(smartcar.SmartcarException) as refused:
        smartcar.Vehicle("sim-vehicle-ada", token).get_signals()

    assert "VOLKSWAGEN" == vehicle["body"]["data"]["attributes"]["make"]
    assert "SDK_ERROR" == refused.value.type


def test_the_webhook_hash_is_the_sdks() -> None:
    assert "9a56c39b545f1b3f765d28a636e6d13448bd93ce6a652bee84c72e77ef5ae93a" == smartcar.hash_challenge("AMT", "abc")
    assert hmac.new(b"AMT", b"abc", hashlib.sha256).hexdigest() == smartcar.hash_challenge("AMT", "abc")
