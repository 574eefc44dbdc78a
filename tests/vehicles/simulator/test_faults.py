"""Every fault fires when it should, does what it says to the car and to the caller, and is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from scheduler.clock import ManualClock
from scheduler.vehicles.simulator.fault import Fault, FaultKind, Target
from scheduler.vehicles.simulator.refusal import CODES, STATUSES, refusal, refusal_by_status

Make = Callable[..., Any]
SIGNALS = "/v3/vehicles/sim-vehicle-ada/signals"


def struck(ada: Any, **facts: Any) -> Any:
    ada.take_token()
    return ada.world.fault(Fault(**facts))


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_an_error_answers_and_the_car_does_nothing(caller: Make, status: int) -> None:
    ada = caller()
    queued = struck(ada, kind=FaultKind.ERROR, status=status)

    answer = ada.command("start")

    assert (status, False, 1) == (answer.status_code, ada.world.truth("ada").charging, queued.fired)
    assert answer.json()["errors"][0]["type"] == refusal_by_status(status).type


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_of_the_taxonomy_can_be_answered(caller: Make, code: str) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.ERROR, code=code)

    error = ada.command("start").json()["errors"][0]

    expected = refusal(code)
    assert (str(expected.status), expected.type, expected.code) == (error["status"], error["type"], error["code"])


def test_an_error_after_the_effect_leaves_the_car_charging(caller: Make) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.ERROR, status=504, acts=True)

    assert 504 == ada.command("start").status_code
    assert ada.world.truth("ada").charging


def test_a_throttle_says_when_to_come_back(caller: Make) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.ERROR, status=429, retry_after_s=90)

    answer = ada.get(SIGNALS)

    assert ("90", "VEHICLE") == (answer.headers["retry-after"], answer.json()["errors"][0]["code"])


def test_accepted_and_ignored(caller: Make) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.IGNORED)

    assert 200 == ada.command("start").status_code
    assert not ada.world.truth("ada").charging
    assert "ignored" == ada.world.car("ada").commands[0].effect


def test_accepted_and_acted_upon_late(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.LATE, seconds=900)

    status, at_once = ada.command("start").status_code, ada.world.truth("ada").charging
    clock.advance(901)

    assert (200, False, True) == (status, at_once, ada.world.truth("ada").charging)


def test_acting_late_finds_the_car_as_it_then_is(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.LATE, seconds=900)

    ada.command("start")
    ada.world.unplug("ada")
    clock.advance(901)
    ada.world.plug("ada")

    assert not ada.world.truth("ada").charging


@pytest.mark.parametrize("acts", [False, True])
def test_a_cut_connection_leaves_the_outcome_open(caller: Make, acts: bool) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.CUT, acts=acts)

    with pytest.raises(httpx.RemoteProtocolError):
        ada.command("start")

    assert acts == ada.world.truth("ada").charging


def test_a_cut_read_has_no_answer(caller: Make) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.CUT, on="read")

    with pytest.raises(httpx.RemoteProtocolError):
        ada.get(SIGNALS)

    assert 200 == ada.get(SIGNALS).status_code


def test_a_slow_command_is_answered_202_and_tells_its_success_later(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.STREAMED, seconds=200)
    before = clock.now()

    answer = ada.command("start")

    assert (202, "SUCCESS") == (answer.status_code, answer.json()["data"]["attributes"]["status"])
    assert "content-length" not in answer.headers
    assert 200 == (clock.now() - before).total_seconds()
    assert ada.world.truth("ada").charging


def test_a_slow_command_may_say_202_and_then_an_error(caller: Make) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.STREAMED, seconds=200, code="ASLEEP")

    answer = ada.command("start")

    assert (202, "409", "ASLEEP") == (
        answer.status_code, answer.json()["errors"][0]["status"], answer.json()["errors"][0]["code"],
    )  # fmt: skip
    assert not ada.world.truth("ada").charging


def test_latency_makes_a_call_slow_and_nothing_else(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    queued = struck(ada, kind=FaultKind.LATENCY, seconds=40, on="read")
    before = clock.now()

    assert 200 == ada.get(SIGNALS).status_code
    assert (40, 1) == ((clock.now() - before).total_seconds(), queued.fired)


def test_a_fault_strikes_the_calls_it_is_meant_for(caller: Make, spec: Make) -> None:
    fleet = caller(cars=(spec("ada"), spec("ben")))
    queued = struck(fleet, kind=FaultKind.ERROR, status=502, car="ben", on="stop")

    first = [fleet.command("stop").status_code, fleet.get(SIGNALS).status_code]
    fleet.user_id = "sim-user-ben"
    second = [fleet.command(verb, "sim-vehicle-ben").status_code for verb in ("start", "stop", "stop")]

    assert [409, 200] == first
    assert [200, 502, 200] == second
    assert queued.spent(fleet.world.now())


def test_a_fault_may_last_a_time_instead_of_a_number(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    queued = struck(ada, kind=FaultKind.ERROR, status=502, for_s=300)

    during = [ada.get(SIGNALS).status_code for _ in range(3)]
    clock.advance(300)

    assert [502] * 3 == during
    assert (200, 3) == (ada.get(SIGNALS).status_code, queued.fired)


def test_tokens_and_connections_fail_too(caller: Make) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.ERROR, status=500, on="connections")
    ada.world.fault(Fault(kind=FaultKind.ERROR, status=500, on=Target.TOKEN))

    assert 500 == ada.get("/v3/connections").status_code
    answer = ada.call("POST", "/oauth2/token")
    assert (500, "internal") == (answer.status_code, answer.json()["error"])


def test_faults_can_be_taken_back(caller: Make) -> None:
    ada = caller()
    struck(ada, kind=FaultKind.ERROR, status=500)

    ada.world.clear_faults()

    assert 200 == ada.get(SIGNALS).status_code


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "error"},
        {"kind": "error", "status": 418},
        {"kind": "error", "code": "BORED"},
        {"kind": "silent"},
        {"kind": "gremlins"},
        {"kind": "cut", "unknown": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault(**facts)


def test_a_client_that_gives_up_waiting_does_not_stop_the_command(spec: Make) -> None:
    import asyncio
    from datetime import UTC, datetime

    from scheduler.clock import LoopClock, VirtualLoop, run_virtually
    from scheduler.vehicles.simulator.app import SimulatorTransport
    from scheduler.vehicles.simulator.scenario import Scenario
    from scheduler.vehicles.simulator.world import World

    loop = VirtualLoop()
    world = World(Scenario(cars=(spec(),)), LoopClock(datetime(2026, 2, 2, tzinfo=UTC), loop))

    async def night() -> bool:
        async with httpx.AsyncClient(transport=SimulatorTransport(world), base_url="http://sim", timeout=30) as client:
            form = {
                "grant_type": "client_credentials",
                "client_id": "client_simulated",
                "client_secret": "simulated-secret",
            }
            token = (await client.post("/oauth2/token", data=form)).json()["access_token"]
            world.fault(Fault(kind=FaultKind.LATENCY, seconds=100, on=Target.START))
            headers = {"authorization": f"Bearer {token}", "sc-user-id": "sim-user-ada"}
            with pytest.raises(httpx.ReadTimeout):
                await client.post("/v3/vehicles/sim-vehicle-ada/commands/charge/start", headers=headers)
            at_once = world.truth("ada").charging
            await asyncio.sleep(100)
            return not at_once and world.truth("ada").charging

    assert run_virtually(night(), loop)
