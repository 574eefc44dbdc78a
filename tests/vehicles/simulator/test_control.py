"""The paths under /simulator/ show the truth and do what a person would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scheduler.clock import ManualClock

Make = Callable[..., Any]


def test_the_truth_is_newer_than_what_smartcar_knows(caller: Make, clock: ManualClock) -> None:
    ada = caller(reports_every_s=3600, reports_events_after_s=None)
    clock.advance(1)

    ada.call("POST", "/simulator/cars/ada/start")
    (truth,) = ada.call("GET", "/simulator/cars").json()["cars"]

    assert (True, False) == (truth["charging"], ada.value("charge-ischarging"))


def test_a_person_can_do_all_there_is_to_do(caller: Make) -> None:
    ada = caller()

    states = [
        ada.call("POST", f"/simulator/cars/{name}/{act}", json=facts).json()
        for name, act, facts in [
            ("ada", "unplug", {}),
            ("sim-vehicle-ada", "plug", {"power_kw": 3.7}),
            ("ada", "start", {}),
            ("ada", "stop", {}),
            ("ada", "limit", {"percent": 70}),
            ("ada", "drive", {"uses_pct": 5, "hours": 2}),
        ]
    ]

    assert [False, True, True, True, True, False] == [state["plugged_in"] for state in states]
    assert [False, False, True, False, False, False] == [state["charging"] for state in states]
    assert 3.7 == states[2]["power_kw"]
    assert (70, True) == (states[5]["limit_pct"], states[5]["driving"])


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/simulator/cars/eve/plug", None, 404, "no car 'eve'"),
        ("/simulator/cars/ada/wash", None, 404, "nobody can wash"),
        ("/simulator/cars/ada/plug", None, 409, "plugged in already"),
        ("/simulator/cars/ada/plug", {"volts": 1}, 422, "volts"),
        ("/simulator/faults", {"kind": "error"}, 422, "a status or a code"),
        ("/simulator/faults", {"kind": "cut", "car": "eve"}, 404, "no car 'eve'"),
        ("/simulator/faults", {"kind": "denied", "code": "bored"}, 422, "access_denied"),
        ("/simulator/webhooks", {"id": "wh-1", "callback_uri": "gopher://x"}, 422, "callback_uri"),
        ("/simulator/webhooks/wh-1/send", {"what": "test", "car": "ada"}, 409, "nobody carries"),
    ],
)
def test_what_cannot_be_done_is_answered_in_words(
    caller: Make, path: str, body: dict[str, Any] | None, status: int, words: str
) -> None:
    answer = caller().call("POST", path, json=body or {})

    assert status == answer.status_code
    assert words in answer.json()["error"]


def test_faults_are_queued_listed_and_cleared(caller: Make) -> None:
    ada = caller()
    ada.take_token()

    made = ada.call("POST", "/simulator/faults", json={"kind": "error", "status": 502, "times": 2})
    ada.get("/v3/vehicles/sim-vehicle-ada/signals")
    listed = ada.call("GET", "/simulator/faults").json()["faults"]
    cleared = ada.call("DELETE", "/simulator/faults").json()["faults"]

    assert (201, 0) == (made.status_code, made.json()["fired"])
    assert [(1, False)] == [(fault["fired"], fault["spent"]) for fault in listed]
    assert [] == cleared


def test_the_history_tells_what_every_command_did(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    ada.command("start")
    ada.command("start")
    clock.advance(1800)
    ada.command("stop")

    car = ada.call("GET", "/simulator/cars/ada").json()

    assert [("start", "acted", 200), ("start", "refused", 409), ("stop", "acted", 200)] == [
        (command["verb"], command["effect"], command["status"]) for command in car["commands"]
    ]
    (interval,) = car["charging_intervals"]
    assert (5, "command: started", "command: stopped") == (
        pytest.approx(interval["energy_kwh"]), interval["started_by"], interval["ended_by"],
    )  # fmt: skip


def test_tokens_can_be_revoked_from_outside(caller: Make) -> None:
    ada = caller()
    ada.take_token()

    ada.call("POST", "/simulator/tokens/revoke")

    assert 401 == ada.get("/v3/vehicles/sim-vehicle-ada/signals").status_code


def test_it_says_what_it_is(caller: Make) -> None:
    ada = caller()

    assert ada.call("GET", "/").json()["simulated"] is True
    assert "ok" == ada.call("GET", "/simulator/health").json()["status"]
