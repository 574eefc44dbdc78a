"""Connect, and the tokens of the second API: codes, pairs, grace, and the race for them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from scheduler.clock import ManualClock

Make = Callable[..., Any]
CALLBACK = "http://localhost:8712/connect/callback?from=sim"
APPLICATION = "00000000-5111-4000-8000-00000000ca85"
ASKED = {
    "response_type": "code", "client_id": APPLICATION, "redirect_uri": CALLBACK, "mode": "simulated", "state": "s-1",
    "scope": "required:read_charge control_charge",
}  # fmt: skip


def connect(caller: Any, **changes: str | None) -> dict[str, str]:
    answer = caller.call(
        "GET", "/oauth/authorize", params={k: v for k, v in (ASKED | changes).items() if v is not None}
    )
    assert 302 == answer.status_code
    return back(answer)


def back(answer: Any) -> dict[str, str]:
    location = urlsplit(answer.headers["location"])
    assert ("localhost:8712", "/connect/callback") == (location.netloc, location.path)
    return {key: values[0] for key, values in parse_qs(location.query).items()}


def tokens(caller: Any, secret: str = "simulated-legacy-secret", **form: str) -> Any:
    basic = b64encode(f"{APPLICATION}:{secret}".encode()).decode()
    return caller.call("POST", "/oauth/token", data=form, headers={"authorization": f"Basic {basic}"})


def exchange(caller: Any, code: str, redirect_uri: str = CALLBACK) -> Any:
    return tokens(caller, grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def refresh(caller: Any, token: str) -> Any:
    return tokens(caller, grant_type="refresh_token", refresh_token=token)


def works(caller: Any, access_token: str) -> bool:
    return bool(
        200 == caller.call("GET", "/v2.0/user", headers={"authorization": f"Bearer {access_token}"}).status_code
    )


# Consent


def test_simulated_consent_gives_itself_and_goes_back(caller: Make) -> None:
    answer = connect(caller())

    assert {"from", "code", "state", "user_id"} == set(answer)
    assert ("sim", "s-1", "sim-user-ada") == (answer["from"], answer["state"], answer["user_id"])


def test_an_application_may_name_itself_either_way(caller: Make) -> None:
    assert connect(caller(), client_id=None, application_id=APPLICATION)["code"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"response_type": "token"}, "response_type"),
        ({"client_id": "somebody"}, "no such application"),
        ({"client_id": None}, "no such application"),
        ({"redirect_uri": None}, "redirect_uri is missing"),
        ({"redirect_uri": "http://localhost:8712/other"}, "not registered"),
        ({"mode": "dream"}, "live, test or simulated"),
    ],
)
def test_what_connect_cannot_do_is_said_on_its_page_and_nobody_is_sent_back(
    caller: Make, changes: dict[str, str | None], words: str
) -> None:
    ada = caller(scenario={"client": {"redirect_uris": (CALLBACK,)}})

    answer = ada.call(
        "GET", "/oauth/authorize", params={k: v for k, v in (ASKED | changes).items() if v is not None}
    )  # fmt: skip

    assert 400 == answer.status_code
    assert words in answer.text
    assert "SIMULATED" in answer.text


def test_a_car_is_found_by_its_make_its_vin_or_its_user(caller: Make, spec: Make) -> None:
    fleet = caller(cars=(spec("ada"), spec("ben", make="TESLA"), spec("cleo", make="VOLVO")))
    fleet.user_id = "sim-user-cleo"
    vin = fleet.signal("vehicleidentification-vin", "sim-vehicle-cleo")["attributes"]["body"]["value"]

    users = [
        connect(fleet, **wish)["user_id"]
        for wish in ({"make": "TESLA"}, {"single_select_vin": vin}, {"user": "sim-user-ada"})
    ]

    assert ["sim-user-ben", "sim-user-cleo", "sim-user-ada"] == users


def test_who_is_not_connected_yet_comes_first(caller: Make, spec: Make) -> None:
    fleet = caller(cars=(spec("ada"), spec("ben", opening={"connected": False})))

    assert "sim-user-ben" == connect(fleet)["user_id"]


def test_an_account_without_a_car_is_sent_back_with_an_error(caller: Make) -> None:
    answer = connect(caller(), make="TRABANT")

    assert ("no_vehicles", "s-1") == (answer["error"], answer["state"])


@pytest.mark.parametrize("code", ["access_denied", "vehicle_incompatible", "server_error"])
def test_connect_can_be_made_to_fail(caller: Make, code: str) -> None:
    ada = caller()
    ada.call("POST", "/simulator/faults", json={"kind": "denied", "code": code})

    assert code == connect(ada)["error"]
    assert "code" in connect(ada)


def test_a_tesla_without_its_key_brings_the_link_back(caller: Make) -> None:
    ada = caller(make="TESLA", as_its_make=True, virtual_key=False)

    assert "https://www.tesla.com/_ak/smartcar.com" == connect(ada)["virtual_key_url"]


@pytest.mark.parametrize(("decision", "key"), [("approve", "code"), ("deny", "error")])
def test_a_person_decides_on_the_page_outside_of_simulated_mode(caller: Make, decision: str, key: str) -> None:
    ada = caller()

    page = ada.call("GET", "/oauth/authorize", params=ASKED | {"mode": "live", "scope": "<script>"})
    answer = ada.call(
        "POST", "/oauth/authorize", params=ASKED | {"mode": "live"}, data={"user": "sim-user-ada", "decision": decision}
    )

    assert "&lt;script&gt;" in page.text
    assert "VOLKSWAGEN ID.3" in page.text
    assert key in back(answer)


def test_consent_given_again_has_another_connection_for_the_same_car(caller: Make) -> None:
    ada = caller()
    mode = {"filter[vehicle.mode]": "simulated"}

    before = ada.get("/v3/connections", params=mode).json()["data"]
    connect(ada)
    after = ada.get("/v3/connections", params=mode).json()["data"]

    assert 1 == len(before) == len(after)
    assert before[0]["id"] != after[0]["id"]
    assert before[0]["relationships"]["vehicle"]["data"] == after[0]["relationships"]["vehicle"]["data"]
    assert ["read_charge", "control_charge"] == after[0]["attributes"]["permissions"]


@pytest.mark.parametrize("way", ["connection", "user", "driver"])
def test_consent_ends(caller: Make, way: str) -> None:
    ada = caller()

    match way:
        case "connection":
            answer = ada.call("DELETE", "/v3/connections/sim-connection-ada", headers=ada.headers)
        case "user":
            answer = ada.call("DELETE", "/v3/users/sim-user-ada", headers=ada.headers)
        case _:
            answer = ada.call("POST", "/simulator/cars/ada/disconnect")

    assert answer.is_success
    assert [] == ada.get("/v3/connections", params={"filter[vehicle.mode]": "simulated"}).json()["data"]
    assert 404 == ada.command("start").status_code


def test_consents_outlive_a_kill(world: Make, tmp_path: Path) -> None:
    before = world(state_dir=tmp_path)
    code = before.connect(["ada"], "sim-user-ada", ["read_charge"], CALLBACK)
    before.record("consent", act="exchanged", code=code)
    token = before.consents.newest_refresh()
    before.close()

    after = world(state_dir=tmp_path)

    assert after.consents.code_grant(code, CALLBACK, after.now()) is None
    grant = after.consents.refresh_grant(token, after.now())
    assert grant is not None
    assert ("read_charge",) == grant.permissions


# Codes and pairs


def test_a_code_is_good_once_for_ten_minutes_and_for_its_address(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    foreign, late, twice = (connect(ada)["code"] for _ in range(3))

    answers = [exchange(ada, foreign, "http://elsewhere/"), exchange(ada, twice), exchange(ada, twice)]
    clock.advance(601)
    answers.append(exchange(ada, late))

    assert [400, 200, 400, 400] == [answer.status_code for answer in answers]
    assert {"invalid_grant"} == {answer.json()["error"] for answer in answers if answer.status_code == 400}


@pytest.mark.parametrize(
    ("secret", "form", "status", "error"),
    [
        ("wrong", {"grant_type": "refresh_token"}, 401, "invalid_client"),
        ("simulated-legacy-secret", {}, 400, "invalid_request"),
        ("simulated-legacy-secret", {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ("simulated-legacy-secret", {"grant_type": "refresh_token"}, 400, "invalid_grant"),
    ],
)
def test_a_wrong_request_for_a_pair_is_refused(
    caller: Make, secret: str, form: dict[str, str], status: int, error: str
) -> None:
    answer = tokens(caller(), secret, **form)

    assert (status, error) == (answer.status_code, answer.json()["error"])


def test_an_access_token_lasts_two_hours(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    pair = exchange(ada, connect(ada)["code"]).json()

    clock.advance(7199)
    last = works(ada, pair["access_token"])
    clock.advance(1)

    assert 7200 == pair["expires_in"]
    assert (True, False) == (last, works(ada, pair["access_token"]))


def test_a_used_refresh_token_lives_a_minute_longer(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    old = exchange(ada, connect(ada)["code"]).json()["refresh_token"]

    first = refresh(ada, old)
    clock.advance(59)
    again = refresh(ada, old)
    clock.advance(1)
    dead = refresh(ada, old)

    assert [200, 200, 400] == [first.status_code, again.status_code, dead.status_code]
    assert 3 == len({old, first.json()["refresh_token"], again.json()["refresh_token"]})
    assert 200 == refresh(ada, first.json()["refresh_token"]).status_code


def test_where_the_newest_wins_a_second_use_kills_the_first_pair(caller: Make) -> None:
    ada = caller(scenario={"refresh_race": "newest"})
    old = exchange(ada, connect(ada)["code"]).json()["refresh_token"]

    loser, winner = (refresh(ada, old).json()["refresh_token"] for _ in range(2))

    assert [400, 200] == [refresh(ada, loser).status_code, refresh(ada, winner).status_code]


def test_a_refresh_token_dies_after_sixty_days(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    token = exchange(ada, connect(ada)["code"]).json()["refresh_token"]

    clock.advance(60 * 24 * 3600)

    assert 400 == refresh(ada, token).status_code


def test_a_thousand_renewals_lose_no_grant(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    token = exchange(ada, connect(ada)["code"]).json()["refresh_token"]

    for _ in range(1000):
        token = refresh(ada, token).json()["refresh_token"]
        clock.advance(600)

    assert 200 == refresh(ada, token).status_code


def test_a_form_for_an_application_that_is_none_decides_nothing(caller: Make) -> None:
    answer = caller().call(
        "POST",
        "/oauth/authorize",
        params=ASKED | {"client_id": "x"},
        data={"user": "sim-user-ada", "decision": "approve"},
    )

    assert 400 == answer.status_code


def test_consent_subscribes_to_webhooks_that_take_everybody(caller: Make, spec: Make) -> None:
    hooks = tuple(
        {"id": f"wh-{each}", "callback_uri": "http://127.0.0.1:9/", "auto_subscribe": each} for each in (True, False)
    )
    fleet = caller(cars=(spec("ben", opening={"connected": False}),), scenario={"webhooks": hooks})

    before = set(fleet.world.webhooks.subscriptions)
    connect(fleet)
    after = set(fleet.world.webhooks.subscriptions)
    fleet.world.disconnect("ben")

    assert (set(), {("wh-True", "ben")}, {}) == (before, after, fleet.world.webhooks.subscriptions)
