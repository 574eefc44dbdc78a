"""The third API's paths answer in the shapes of facts/smartcar.md sections 1.3, 3 and 4.2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from scheduler.clock import ManualClock
from scheduler.vehicles.simulator.fault import Fault, FaultKind

Make = Callable[..., Any]
SIGNALS = "/v3/vehicles/sim-vehicle-ada/signals"
CREDENTIALS = {"grant_type": "client_credentials", "client_id": "client_simulated", "client_secret": "simulated-secret"}
SIMULATED = {"filter[vehicle.mode]": "simulated"}


def the_error(response: Any) -> dict[str, Any]:
    (error,) = response.json()["errors"]
    assert str(response.status_code) == error["status"]
    assert {"type", "code", "title", "detail", "resolution", "suggestedUserMessage", "links", "meta"} <= set(error)
    return dict(error)


# Tokens


@pytest.mark.parametrize("body", [{"data": CREDENTIALS}, {"json": CREDENTIALS}])
def test_a_token_lasts_an_hour_and_is_asked_for_by_form_or_json(caller: Make, body: dict[str, Any]) -> None:
    answer = caller().call("POST", "/oauth2/token", **body)

    assert 200 == answer.status_code
    assert {"access_token", "token_type", "expires_in"} == set(answer.json())
    assert ("Bearer", 3600) == (answer.json()["token_type"], answer.json()["expires_in"])


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        (CREDENTIALS | {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (CREDENTIALS | {"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
    ],
)
def test_a_wrong_token_request_is_refused_as_oauth_does(
    caller: Make, form: dict[str, str], status: int, error: str
) -> None:
    answer = caller().call("POST", "/oauth2/token", data=form)

    assert (status, error) == (answer.status_code, answer.json()["error"])
    assert answer.json()["error_description"]


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff\xfe"])
def test_a_token_request_that_is_neither_form_nor_json_is_refused(caller: Make, body: bytes) -> None:
    answer = caller().call("POST", "/oauth2/token", content=body, headers={"content-type": "application/json"})

    assert (400, "invalid_request") == (answer.status_code, answer.json()["error"])


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic abc", "Bearer sim.0.1", "Bearer ..."])
def test_without_a_good_token_nothing_is_said(caller: Make, header: str) -> None:
    answer = caller().call("GET", SIGNALS, headers={"authorization": header, "sc-user-id": "sim-user-ada"})

    assert (401, "AUTHENTICATION") == (answer.status_code, the_error(answer)["type"])


def test_a_token_dies_after_an_hour_and_when_it_is_revoked(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    ada.take_token()

    clock.advance(3599)
    last = ada.get(SIGNALS).status_code
    clock.advance(1)
    expired = ada.get(SIGNALS).status_code
    ada.take_token()
    ada.world.revoke_tokens()
    revoked = ada.get(SIGNALS).status_code
    ada.take_token()

    assert [200, 401, 401, 200] == [last, expired, revoked, ada.get(SIGNALS).status_code]


# Who may ask


def test_a_call_for_a_vehicle_needs_its_user(caller: Make) -> None:
    ada = caller()
    token = {"authorization": f"Bearer {ada.take_token()}"}

    missing = ada.call("GET", SIGNALS, headers=token)
    foreign = ada.call("GET", SIGNALS, headers={**token, "sc-user-id": "sim-user-eve"})

    assert ("VALIDATION", "MISSING_PARAMETER", "missing userId") == tuple(
        the_error(missing)[key] for key in ("type", "code", "detail")
    )
    assert (404, "VEHICLE_NOT_FOUND") == (foreign.status_code, the_error(foreign)["code"])


def test_the_user_can_be_left_out_where_the_scenario_says_so(caller: Make) -> None:
    ada = caller(scenario={"insists_on_user_id": False})

    answer = ada.call("GET", SIGNALS, headers={"authorization": f"Bearer {ada.take_token()}"})

    assert 200 == answer.status_code


def test_a_command_needs_the_drivers_leave(caller: Make) -> None:
    answer = caller(permissions=("read_charge",)).command("start")

    assert (403, "PERMISSION", None) == (
        answer.status_code, the_error(answer)["type"], the_error(answer)["code"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v3/vehicles/nobody/signals", "VEHICLE_NOT_FOUND"),
        ("/v3/vehicles/ada/signals", "VEHICLE_NOT_FOUND"),
        ("/v3/vehicles/sim-vehicle-ada/battery", "INVALID_PATH"),
        ("/v3/vehicles/sim-vehicle-ada/commands/charge/start", "INVALID_PATH"),
    ],
)
def test_what_is_not_there_is_not_found(caller: Make, path: str, code: str) -> None:
    answer = caller().get(path)

    assert code == the_error(answer)["code"]


# Connections and vehicles


def test_connections_name_the_vehicle_the_user_and_what_is_allowed(caller: Make) -> None:
    answer = caller().get("/v3/connections", params=SIMULATED).json()

    (connection,) = answer["data"]
    assert ("sim-connection-ada", "connection") == (connection["id"], connection["type"])
    assert {"data": {"id": "sim-vehicle-ada", "type": "vehicle"}} == {
        "data": connection["relationships"]["vehicle"]["data"]
    }
    assert "sim-user-ada" == connection["relationships"]["user"]["data"]["id"]
    assert "control_charge" in connection["attributes"]["permissions"]
    assert "simulated" == connection["attributes"]["vehicle"]["mode"]


def test_simulated_cars_are_not_among_the_live_ones(caller: Make) -> None:
    assert [] == caller().get("/v3/connections").json()["data"]


def test_connections_come_in_pages(caller: Make, spec: Make) -> None:
    fleet = caller(cars=tuple(spec(f"car-{number:02}") for number in range(23)))
    headers = {"authorization": f"Bearer {fleet.take_token()}"}

    found, url, pages = [], "/v3/connections?filter[vehicle.mode]=simulated", 0
    while url:
        page = fleet.call("GET", url, headers=headers).json()
        found += [connection["id"] for connection in page["data"]]
        url, pages = page["links"]["next"], pages + 1

    assert [f"sim-connection-car-{number:02}" for number in range(23)] == found
    assert 3 == pages
    assert {"pageNumber": 3, "pageSize": 10, "totalCount": 23} == {
        key: page["meta"][key] for key in ("pageNumber", "pageSize", "totalCount")
    }
    assert "page%5Bnumber%5D=2" in page["links"]["prev"]


@pytest.mark.parametrize("query", [{"page[size]": "0"}, {"page[size]": "101"}, {"page[number]": "x"}])
def test_a_page_that_cannot_be_is_refused(caller: Make, query: dict[str, str]) -> None:
    answer = caller().get("/v3/connections", params=query)

    assert ("VALIDATION", "INVALID_INPUT_FORMAT") == (the_error(answer)["type"], the_error(answer)["code"])


def test_connections_can_be_filtered(caller: Make, spec: Make) -> None:
    fleet = caller(cars=(spec("ada"), spec("ben")))
    headers = {"authorization": f"Bearer {fleet.take_token()}"}

    found = [
        [
            each["id"]
            for each in fleet.call("GET", "/v3/connections", params=SIMULATED | only, headers=headers).json()["data"]
        ]
        for only in ({"filter[userId]": "sim-user-ben"}, {"filter[vehicleId]": "sim-vehicle-ada"})
    ]

    assert [["sim-connection-ben"], ["sim-connection-ada"]] == found


def test_one_connection_can_be_read(caller: Make) -> None:
    ada = caller()

    assert "sim-connection-ada" == ada.get("/v3/connections/sim-connection-ada").json()["data"]["id"]
    assert 404 == ada.get("/v3/connections/other").status_code


def test_a_vehicle_says_what_it_is(caller: Make) -> None:
    ada = caller()

    answer = ada.call("GET", "/v3/vehicles/sim-vehicle-ada", headers={"authorization": f"Bearer {ada.take_token()}"})

    assert {
        "make": "VOLKSWAGEN", "model": "ID.3", "year": 2021, "powertrainType": "BEV", "mode": "simulated",
    } == answer.json()["data"]["attributes"]  # fmt: skip


# Signals


def test_all_signals_come_in_one_answer(caller: Make) -> None:
    answer = caller().get(SIGNALS).json()

    codes = {signal["id"] for signal in answer["data"]}
    assert {
        "tractionbattery-stateofcharge", "tractionbattery-nominalcapacity", "charge-ischarging", "charge-wattage",
        "charge-detailedchargingstatus", "charge-ischargingcableconnected", "charge-chargelimits", "charge-energyadded",
        "charge-isfastchargerpresent", "odometer-traveleddistance", "location-isathome", "vehicleidentification-vin",
    } <= codes  # fmt: skip
    assert len(codes) == answer["meta"]["totalCount"]


def test_a_signal_says_when_the_car_recorded_it(caller: Make, clock: ManualClock) -> None:
    ada = caller(reports_every_s=600)
    clock.advance(5000)

    signal = ada.signal("tractionbattery-stateofcharge")

    assert {"value": 50.0, "unit": "percent"} == signal["attributes"]["body"]
    assert {"value": "SUCCESS"} == signal["attributes"]["status"]
    reported_at = datetime.fromisoformat(signal["meta"]["oemUpdatedAt"])
    assert 1 <= (clock.now() - reported_at).total_seconds() <= 601
    assert signal["meta"]["retrievedAt"] > signal["meta"]["oemUpdatedAt"]


def test_signals_follow_the_charge(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    before = [ada.value("charge-ischarging"), ada.value("charge-detailedchargingstatus")]

    ada.command("start")
    clock.advance(3660)
    ada.take_token()

    assert [False, "NOT_CHARGING"] == before
    assert [True, "CHARGING", True, 10_000] == [
        ada.value(f"charge-{name}")
        for name in ("ischarging", "detailedchargingstatus", "ischargingcableconnected", "wattage")
    ]
    assert 9 == pytest.approx(ada.value("charge-energyadded"), abs=0.2)
    assert 68 == pytest.approx(ada.value("tractionbattery-stateofcharge"), abs=0.4)


def test_a_car_at_its_limit_is_fully_charged(caller: Make) -> None:
    ada = caller(opening={"soc_pct": 80, "limit_pct": 80})

    assert "FULLY_CHARGED" == ada.value("charge-detailedchargingstatus")
    assert {"type": "GLOBAL", "limit": 80, "condition": None} == ada.signal("charge-chargelimits")["attributes"][
        "body"
    ]["values"][0]


def test_a_failed_signal_does_not_fail_the_call(caller: Make) -> None:
    wattage = caller().signal("charge-wattage")["attributes"]

    assert ("ERROR", "VEHICLE_STATE", "NOT_CHARGING") == (
        wattage["status"]["value"], wattage["status"]["error"]["type"], wattage["status"]["error"]["code"],
    )  # fmt: skip
    assert wattage["body"]["value"] is None


def test_what_the_car_cannot_say_has_no_body_and_no_time(caller: Make) -> None:
    signal = caller(not_capable=("charge-wattage", "Location")).signal("charge-wattage")

    assert "COMPATIBILITY" == signal["attributes"]["status"]["error"]["type"]
    assert "body" not in signal["attributes"]
    assert ["ingestedAt"] == list(signal["meta"])


def test_an_unknown_signal_is_not_found(caller: Make) -> None:
    assert 404 == caller().get(f"{SIGNALS}/charge-happiness").status_code


# Commands


def test_a_command_that_worked_says_so(caller: Make) -> None:
    ada = caller()

    answer = ada.command("start")

    data = answer.json()["data"]
    assert (200, "command-execution", "SUCCESS") == (answer.status_code, data["type"], data["attributes"]["status"])
    assert {"startedAt", "completedAt", "durationMs"} <= set(data["attributes"])
    assert ada.world.truth("ada").charging


@pytest.mark.parametrize(("verb", "code"), [("start", "CHARGING_IN_PROGRESS"), ("stop", "NOT_CHARGING")])
def test_a_command_that_changes_nothing_is_refused_with_409(caller: Make, verb: str, code: str) -> None:
    ada = caller()
    ada.command(verb)

    answer = ada.command(verb)

    assert (409, "VEHICLE_STATE", code) == (answer.status_code, the_error(answer)["type"], the_error(answer)["code"])


def test_a_limit_is_set(caller: Make) -> None:
    ada = caller()

    answer = ada.command("set-limit", json={"data": {"attributes": {"percent": 80}}})

    assert 200 == answer.status_code
    assert 80 == ada.world.truth("ada").limit_pct


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"data":{"attributes":{"percent":49}}}', b'{"data":{"attributes":{"percent":80.5}}}',
             b'{"data":{"attributes":{"percent":true}}}', b'{"limit":0.8}'],
)  # fmt: skip
def test_a_limit_that_is_no_whole_number_from_50_to_100_is_refused(caller: Make, body: bytes) -> None:
    answer = caller().command("set-limit", content=body)

    assert (400, "INVALID_INPUT_FORMAT") == (answer.status_code, the_error(answer)["code"])


def test_a_command_takes_its_time(caller: Make, clock: ManualClock) -> None:
    ada = caller(scenario={"latency": {"read_s": (0, 0), "command_s": (4, 4)}})
    ada.take_token()
    before = clock.now()

    answer = ada.command("start")

    assert 4 == (clock.now() - before).total_seconds()
    assert 4000 == answer.json()["data"]["attributes"]["durationMs"]


def test_every_answer_says_that_it_is_simulated(caller: Make) -> None:
    ada = caller()

    answers = [
        ada.get(SIGNALS),
        ada.get("/v3/nothing"),
        ada.command("stop"),
        ada.call("POST", "/oauth2/token"),
        ada.get("/simulator/cars"),
    ]

    assert ["true"] * 5 == [answer.headers["x-simulated"] for answer in answers]


def test_charge_schedules_are_refused_as_by_most_makes(caller: Make) -> None:
    answer = caller().post("/v3/vehicles/sim-vehicle-ada/charge-schedules/daily", json={})

    assert (501, "COMPATIBILITY") == (answer.status_code, the_error(answer)["type"])


def test_a_mode_that_is_none_is_refused(caller: Make) -> None:
    answer = caller().get("/v3/connections", params={"filter[vehicle.mode]": "dream"})

    assert "INVALID_INPUT_FORMAT" == the_error(answer)["code"]


@pytest.mark.parametrize("path", ["/v3/connections", "/v3/vehicles/sim-vehicle-ada", f"{SIGNALS}/charge-ischarging"])
def test_every_read_can_be_cut(caller: Make, path: str) -> None:
    ada = caller()
    ada.take_token()
    ada.world.fault(Fault(kind=FaultKind.CUT))

    with pytest.raises(httpx.RemoteProtocolError):
        ada.get(path)


def test_tokens_can_be_cut_too(caller: Make) -> None:
    ada = caller()
    ada.world.fault(Fault(kind=FaultKind.CUT, times=2))

    for path in ("/oauth2/token", "/oauth/token"):
        with pytest.raises(httpx.RemoteProtocolError):
            ada.call("POST", path, data=CREDENTIALS)


@pytest.mark.parametrize("path", ["/v3/applications/other", "/v3/subscriptions/other", "/v3/webhooks/other"])
def test_what_the_application_does_not_have_is_not_found(caller: Make, path: str) -> None:
    assert "INVALID_PATH" == the_error(caller().get(path))["code"]


def test_the_application_is_found_by_its_id(caller: Make) -> None:
    ada = caller()
    application = ada.world.scenario.client.application_id

    assert application == ada.get(f"/v3/applications/{application}").json()["data"]["id"]
