"""The gateway against hand-written replies: what it sends, and what it makes of every way in which a call can end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from scheduler.clock import ManualClock, VirtualLoop, run_virtually
from scheduler.domain.errors import (
    BudgetExhausted,
    InvalidValue,
    OutcomeUnknown,
    VehicleError,
    VehicleRefused,
    VehicleUnreachable,
)
from scheduler.vehicles.smartcar.channel import Dropped, NotSent
from scheduler.vehicles.smartcar.faults import CredentialsRefused
from scheduler.vehicles.smartcar.gateway import SmartcarGateway
from tests.vehicles.contract.smartcar_double import (
    ID3,
    LIMIT_PATH,
    NOW,
    SIGNALS_PATH,
    START_PATH,
    STOP_PATH,
    TOKEN,
    USER_ID,
    VEHICLE_ID,
    Answer,
    SmartcarDouble,
    gateway_to,
    signal,
)

PLUGGED = {"data": [signal("charge-ischargingcableconnected", {"value": True})]}
DONE = {"data": {"id": "cmd-1", "type": "command-execution", "attributes": {"status": "SUCCESS"}}}


def with_gateway(double: SmartcarDouble, use: Callable[[SmartcarGateway], Awaitable[Any]], **more: Any) -> Any:
    async def story() -> Any:
        gateway = gateway_to(double, **more)
        try:
            return await use(gateway)
        finally:
            await gateway.aclose()

    return run_virtually(story(), VirtualLoop())


def ends_in(double: SmartcarDouble, use: Callable[[SmartcarGateway], Awaitable[Any]]) -> VehicleError:
    with pytest.raises(VehicleError) as caught:
        with_gateway(double, use)
    return caught.value


def test_a_look_names_the_user_asks_for_metric_units_and_carries_the_token() -> None:
    double = SmartcarDouble()
    double.answer(SIGNALS_PATH, Answer(body=PLUGGED))

    state = with_gateway(double, lambda gateway: gateway.state(ID3))

    (asked,) = double.asked_for(SIGNALS_PATH)
    assert ("GET", USER_ID, "metric", f"Bearer {TOKEN}-1") == (
        asked.method,
        asked.headers["sc-user-id"],
        asked.headers["sc-unit-system"],
        asked.headers["authorization"],
    )
    assert (True, datetime(2026, 2, 1, 21, 55, tzinfo=UTC)) == (state.plugged_in, state.seen_at)


@pytest.mark.parametrize(
    ("path", "use", "body"),
    [
        (START_PATH, lambda gateway: gateway.start(ID3), b""),
        (STOP_PATH, lambda gateway: gateway.stop(ID3), b""),
        (LIMIT_PATH, lambda gateway: gateway.set_limit(ID3, 80), {"data": {"attributes": {"percent": 80}}}),
    ],
)
def test_a_command_is_one_post_with_the_documented_body(path: str, use: Any, body: Any) -> None:
    double = SmartcarDouble()
    double.answer(path, Answer(body=DONE))

    with_gateway(double, use)

    (asked,) = double.asked_for(path)
    assert ("POST", USER_ID) == (asked.method, asked.headers["sc-user-id"])
    assert body == (json.loads(asked.body) if asked.body else b"")


@pytest.mark.parametrize("limit_pct", [49, 101])
def test_a_limit_out_of_range_is_not_sent(limit_pct: int) -> None:
    double = SmartcarDouble()

    with pytest.raises(InvalidValue, match="50 to 100"):
        with_gateway(double, lambda gateway: gateway.set_limit(ID3, limit_pct))

    assert [] == double.asked


def test_the_token_is_asked_for_with_client_credentials_in_the_body() -> None:
    double = SmartcarDouble()
    double.answer(SIGNALS_PATH, Answer(body=PLUGGED))

    with_gateway(double, lambda gateway: gateway.state(ID3))

    (asked,) = double.asked_for("/oauth2/token")
    assert b"grant_type=client_credentials&client_id=client_1&client_secret=canary-secret-77aa" == asked.body
    assert "application/x-www-form-urlencoded" == asked.headers["content-type"]


def test_a_late_result_of_202_is_what_counts() -> None:
    double = SmartcarDouble()
    late_refusal = {"errors": [{"status": "409", "type": "VEHICLE_STATE", "code": "CHARGE_FAULT"}]}
    double.answer(START_PATH, Answer(202, late_refusal, meanwhile=lambda: asyncio.sleep(200)))

    error = ends_in(double, lambda gateway: gateway.start(ID3))

    assert isinstance(error, VehicleRefused)
    assert "CHARGE_FAULT" == error.code


def test_a_202_that_succeeds_late_is_a_success() -> None:
    double = SmartcarDouble()
    double.answer(START_PATH, Answer(202, DONE, meanwhile=lambda: asyncio.sleep(200)))

    with_gateway(double, lambda gateway: gateway.start(ID3))

    assert 1 == len(double.asked_for(START_PATH))


def test_a_command_without_any_end_is_given_up_as_unknown() -> None:
    double = SmartcarDouble()
    double.answer(START_PATH, Answer(200, DONE, meanwhile=lambda: asyncio.sleep(86_400)))

    error = ends_in(double, lambda gateway: gateway.start(ID3))

    assert isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("late"),
        httpx.ReadError("cut"),
        httpx.WriteError("cut"),
        httpx.WriteTimeout("late"),
        httpx.RemoteProtocolError("cut"),
        httpx.DecodingError("cut"),
        httpx.CloseError("cut"),
    ],
)
def test_a_command_that_was_sent_and_not_answered_is_unknown_and_not_repeated(error: Exception) -> None:
    double = SmartcarDouble()
    double.answer(STOP_PATH, Answer(error=error))

    raised = ends_in(double, lambda gateway: gateway.stop(ID3))

    assert isinstance(raised, OutcomeUnknown)
    assert 1 == len(double.asked_for(STOP_PATH))


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ConnectTimeout("no"), httpx.PoolTimeout("no")])
def test_a_command_that_was_not_sent_is_unreachable_and_not_repeated(error: Exception) -> None:
    double = SmartcarDouble()
    double.answer(START_PATH, Answer(error=error))

    raised = ends_in(double, lambda gateway: gateway.start(ID3))

    assert isinstance(raised, NotSent)
    assert not isinstance(raised, OutcomeUnknown)
    assert 1 == len(double.asked_for(START_PATH))


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.RemoteProtocolError("cut"), httpx.ReadError("cut")])
def test_a_look_that_broke_off_is_tried_once_more(error: Exception) -> None:
    double = SmartcarDouble()
    double.answer(SIGNALS_PATH, Answer(error=error), Answer(body=PLUGGED))

    state = with_gateway(double, lambda gateway: gateway.state(ID3))

    assert state.plugged_in is True


def test_a_look_is_not_tried_a_third_time() -> None:
    double = SmartcarDouble()
    double.answer(SIGNALS_PATH, Answer(error=httpx.ReadError("cut")))

    error = ends_in(double, lambda gateway: gateway.state(ID3))

    assert isinstance(error, Dropped)
    assert 2 == len(double.asked_for(SIGNALS_PATH))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(error=httpx.ReadTimeout("late")),
        Answer(500, {"errors": [{"status": "500", "type": "SERVER", "code": "INTERNAL"}]}),
        Answer(502, "<html>Bad Gateway</html>"),
        Answer(429, {"errors": [{"status": "429", "type": "RATE_LIMIT", "code": "VEHICLE"}]}),
        Answer(200, "not json"),
        Answer(200, {"data": []}),
    ],
)
def test_a_look_that_was_answered_badly_or_waited_long_is_not_repeated(answer: Answer) -> None:
    double = SmartcarDouble()
    double.answer(SIGNALS_PATH, answer)

    error = ends_in(double, lambda gateway: gateway.state(ID3))

    assert isinstance(error, VehicleUnreachable)
    assert 1 == len(double.asked_for(SIGNALS_PATH))


def test_a_month_without_calls_left_is_told_from_a_car_out_of_reach() -> None:
    double = SmartcarDouble()
    double.answer(STOP_PATH, Answer(430, {"statusCode": 430, "type": "BILLING", "code": "VEHICLE_REQUEST_LIMIT"}))

    assert isinstance(ends_in(double, lambda gateway: gateway.stop(ID3)), BudgetExhausted)


def test_a_refused_token_is_renewed_once_and_the_call_repeated() -> None:
    double = SmartcarDouble()
    double.refused = {f"{TOKEN}-1"}
    double.answer(START_PATH, Answer(body=DONE))

    with_gateway(double, lambda gateway: gateway.start(ID3))

    bearers = [asked.headers["authorization"] for asked in double.asked_for(START_PATH)]
    assert [f"Bearer {TOKEN}-1", f"Bearer {TOKEN}-2"] == bearers


def test_a_storm_of_refusals_ends_after_one_renewal() -> None:
    double = SmartcarDouble()
    double.refused = {f"{TOKEN}-{number}" for number in range(1, 100)}

    async def use(gateway: SmartcarGateway) -> list[type]:
        looks = [gateway.state(ID3) for _ in range(30)]
        return [type(outcome) for outcome in await asyncio.gather(*looks, return_exceptions=True)]

    outcomes = with_gateway(double, use)

    assert [CredentialsRefused] * 30 == outcomes
    assert 2 == double.tokens


def test_a_token_that_was_accepted_may_be_renewed_again_when_it_is_refused_later() -> None:
    double = SmartcarDouble()
    double.refused = {f"{TOKEN}-1"}
    double.answer(SIGNALS_PATH, Answer(body=PLUGGED))

    async def use(gateway: SmartcarGateway) -> None:
        await gateway.state(ID3)
        double.refused.add(f"{TOKEN}-2")
        await gateway.state(ID3)

    with_gateway(double, use)

    assert 3 == double.tokens


def test_fifty_cars_due_at_once_ask_for_one_token() -> None:
    double = SmartcarDouble()
    double.answer(SIGNALS_PATH, Answer(body=PLUGGED))
    double.answer(
        "/oauth2/token", Answer(body={"access_token": TOKEN, "expires_in": 3600}, meanwhile=lambda: asyncio.sleep(5))
    )

    async def use(gateway: SmartcarGateway) -> int:
        return len(await asyncio.gather(*(gateway.state(ID3) for _ in range(50))))

    assert 50 == with_gateway(double, use)
    assert 1 == len(double.asked_for("/oauth2/token"))


def test_a_token_is_renewed_five_minutes_before_it_runs_out() -> None:
    double, clock = SmartcarDouble(), ManualClock(NOW)
    double.answer(SIGNALS_PATH, Answer(body=PLUGGED))

    async def use(gateway: SmartcarGateway) -> list[int]:
        counts = []
        for seconds in (0, 3299, 1):
            clock.advance(seconds)
            await gateway.state(ID3)
            counts.append(double.tokens)
        return counts

    assert [1, 1, 2] == with_gateway(double, use, clock=clock)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(401, {"error": "invalid_client", "error_description": "canary"}), CredentialsRefused),
        (Answer(400, {"error": "invalid_request"}), CredentialsRefused),
        (Answer(403, {"error": "access_denied"}), CredentialsRefused),
        (Answer(400, {"message": "no"}), CredentialsRefused),
        (Answer(430, {"message": "no"}), BudgetExhausted),
        (Answer(200, {"token_type": "Bearer"}), CredentialsRefused),
        (Answer(200, {"access_token": "two words"}), CredentialsRefused),
        (Answer(200, {"access_token": "new\nline"}), CredentialsRefused),
        (Answer(503, "<html/>"), VehicleUnreachable),
        (Answer(200, "<html/>"), VehicleUnreachable),
        (Answer(error=httpx.ConnectError("no")), VehicleUnreachable),
        (Answer(error=httpx.ReadTimeout("late")), VehicleUnreachable),
    ],
)
def test_without_a_token_no_car_is_asked(answer: Answer, expected: type[VehicleError]) -> None:
    double = SmartcarDouble()
    double.answer("/oauth2/token", answer)

    error = ends_in(double, lambda gateway: gateway.start(ID3))

    assert isinstance(error, expected)
    assert not isinstance(error, OutcomeUnknown)
    assert [] == double.asked_for(START_PATH)


def test_after_a_failed_token_nobody_asks_again_for_half_a_minute() -> None:
    double, clock = SmartcarDouble(), ManualClock(NOW)
    double.answer("/oauth2/token", Answer(503, "<html/>"))

    async def use(gateway: SmartcarGateway) -> list[int]:
        counts = []
        for seconds in (0, 29, 1):
            clock.advance(seconds)
            await asyncio.gather(gateway.start(ID3), gateway.start(ID3), return_exceptions=True)
            counts.append(len(double.asked_for("/oauth2/token")))
        return counts

    assert [1, 1, 2] == with_gateway(double, use, clock=clock)


def connection(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"con-{number}",
        "type": "connection",
        "attributes": {
            "permissions": ["control_charge", "read_charge"],
            "vehicle": {"make": "TESLA", "model": "Model S", "year": 2014, "mode": "live", "powertrainType": "BEV"},
            "user": {"id": f"usr-{number}"},
        },
        "relationships": {
            "vehicle": {"data": {"id": f"veh-{number}", "type": "vehicle"}},
            "user": {"data": {"id": f"usr-{number}", "type": "user"}},
        },
        **more,
    }


@pytest.mark.parametrize(
    ("meta", "links"),
    [
        ({"pageNumber": 1, "totalCount": 5}, {}),
        ({"page": 1}, {"next": "https://vehicle.api.smartcar.com/v3/connections?page[number]=2"}),
    ],
)
def test_all_pages_of_connections_are_read(meta: dict[str, Any], links: dict[str, Any]) -> None:
    double = SmartcarDouble()
    double.answer(
        "/v3/connections",
        Answer(body={"data": [connection(1), connection(2)], "meta": meta, "links": links}),
        Answer(body={"data": [connection(3), connection(4)], "meta": meta, "links": links}),
        Answer(body={"data": [connection(5)], "meta": meta, "links": {"next": None}}),
    )

    found = with_gateway(double, lambda gateway: gateway.connections())

    assert ["veh-1", "veh-2", "veh-3", "veh-4", "veh-5"] == [connection.vehicle_id for connection in found]
    pages = [asked.query["page[number]"] for asked in double.asked_for("/v3/connections")]
    assert [["1"], ["2"], ["3"]] == pages


def test_connections_without_ids_are_passed_over_and_an_empty_page_is_the_end() -> None:
    double = SmartcarDouble()
    odd = connection(1, relationships={})
    double.answer(
        "/v3/connections",
        Answer(body={"data": [odd, "odd", connection(2)], "links": {"next": "more"}}),
        Answer(body={"data": [], "links": {"next": "more"}}),
    )

    found = with_gateway(double, lambda gateway: gateway.connections())

    assert ["veh-2"] == [connection.vehicle_id for connection in found]


def test_a_list_without_an_end_is_given_up() -> None:
    double = SmartcarDouble()
    double.answer("/v3/connections", Answer(body={"data": [connection(1)], "links": {"next": "more"}}))

    assert "no end" in str(ends_in(double, lambda gateway: gateway.connections()))


def test_a_vehicle_id_cannot_leave_its_place_in_the_path() -> None:
    double = SmartcarDouble()

    ends_in(double, lambda gateway: gateway.start(replace(ID3, smartcar_vehicle_id="../../admin?x=1")))

    assert "/v3/vehicles/..%2F..%2Fadmin%3Fx%3D1/commands/charge/start" == double.asked[-1].raw_path


def test_a_closed_gateway_opens_again_when_it_is_used() -> None:
    double = SmartcarDouble()
    double.answer(SIGNALS_PATH, Answer(body=PLUGGED))

    async def use(gateway: SmartcarGateway) -> bool | None:
        await gateway.state(ID3)
        await gateway.aclose()
        return (await gateway.state(ID3)).plugged_in

    assert with_gateway(double, use) is True


def test_a_disconnection_ends_the_cars_own_connection_and_no_other() -> None:
    double = SmartcarDouble()
    mine = connection(1, relationships={"vehicle": {"data": {"id": VEHICLE_ID}}, "user": {"data": {"id": USER_ID}}})
    double.answer("/v3/connections", Answer(body={"data": [mine, connection(2)]}))
    double.answer("/v3/connections/con-1", Answer(204))

    with_gateway(double, lambda gateway: gateway.disconnect(ID3))

    assert [[VEHICLE_ID]] == [asked.query["filter[vehicleId]"] for asked in double.asked_for("/v3/connections")]
    assert ["DELETE"] == [asked.method for asked in double.asked if asked.path.startswith("/v3/connections/")]


@pytest.mark.parametrize("page", [Answer(body={"data": []}), Answer(body={"data": [connection(2)]})])
def test_a_car_that_is_not_connected_is_disconnected_already(page: Answer) -> None:
    double = SmartcarDouble()
    double.answer("/v3/connections", page)

    with_gateway(double, lambda gateway: gateway.disconnect(ID3))

    assert [] == [asked for asked in double.asked if asked.method == "DELETE"]
