"""What every error of Smartcar means: the taxonomy, in each of its shapes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from scheduler.domain.errors import (
    BudgetExhausted,
    ConsentLost,
    OutcomeUnknown,
    VehicleError,
    VehicleNotCapable,
    VehicleRefused,
    VehicleUnreachable,
)
from scheduler.vehicles.smartcar.complaints import complaint_in
from scheduler.vehicles.smartcar.faults import Ask, CredentialsRefused, ServerFailed, fault_in
from scheduler.vehicles.smartcar.reply import Reply

HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


def reply(status: int, body: Any = None, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Reply.of(status, content, {name.replace("_", "-"): value for name, value in headers.items()})


def v3(status: int, kind: str, code: str | None, **more: Any) -> Any:
    return {"errors": [{"status": str(status), "type": kind, "code": code, "title": "T", "detail": "D", **more}]}


def v2(status: int, kind: str, code: str | None, **more: Any) -> Any:
    return {"statusCode": status, "type": kind, "code": code, "description": "D", "resolution": {"type": None}, **more}


def nested(status: int, kind: str, code: str | None) -> Any:
    return {"data": {"attributes": {"status": "FAILURE", "error": {"status": status, "type": kind, "code": code}}}}


TAXONOMY: list[tuple[int, str, str | None, type[VehicleError]]] = [
    (401, "AUTHENTICATION", None, CredentialsRefused),
    (403, "AUTHENTICATION", "ACCESS_DENIED", ConsentLost),
    (403, "PERMISSION", None, ConsentLost),
    (430, "BILLING", "VEHICLE_REQUEST_LIMIT", BudgetExhausted),
    (430, "BILLING", "ACCOUNT_SUSPENDED", BudgetExhausted),
    (430, "BILLING", "INVALID_PLAN", VehicleNotCapable),
    (501, "COMPATIBILITY", "MAKE_NOT_COMPATIBLE", VehicleNotCapable),
    (501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE", VehicleNotCapable),
    (400, "CONNECTED_SERVICES_ACCOUNT", "ACCOUNT_ISSUE", ConsentLost),
    (400, "CONNECTED_SERVICES_ACCOUNT", "VIRTUAL_KEY_REQUIRED", ConsentLost),
    (429, "RATE_LIMIT", "SMARTCAR_API", VehicleUnreachable),
    (429, "RATE_LIMIT", "VEHICLE", VehicleUnreachable),
    (404, "RESOURCE_NOT_FOUND", "VEHICLE_NOT_FOUND", ConsentLost),
    (404, "RESOURCE_NOT_FOUND", "INVALID_PATH", VehicleUnreachable),
    (500, "SERVER", "RECORD_NOT_FOUND", VehicleRefused),
    (502, "UPSTREAM", "RATE_LIMIT", VehicleUnreachable),
    (502, "UPSTREAM", "KNOWN_ISSUE", ServerFailed),
    (400, "VALIDATION", "MISSING_PARAMETER", VehicleRefused),
    (409, "VEHICLE_STATE", "FULLY_CHARGED", VehicleRefused),
    (409, "VEHICLE_STATE", "CHARGE_FAULT", VehicleRefused),
    (409, "VEHICLE_STATE", "ASLEEP", VehicleRefused),
    (409, "VEHICLE_STATE", "UNREACHABLE", VehicleUnreachable),
    (409, "VEHICLE_STATE", "DEVICE_PAIRING_REQUIRED", VehicleNotCapable),
    (409, "VEHICLE_STATE", "LOW_BATTERY", VehicleRefused),
]


@pytest.mark.parametrize("shape", [v3, v2, nested])
@pytest.mark.parametrize("ask", list(Ask))
@pytest.mark.parametrize("row", TAXONOMY)
def test_the_taxonomy_holds_in_every_shape(
    shape: Any, ask: Ask, row: tuple[int, str, str | None, type[VehicleError]]
) -> None:
    status, kind, code, expected = row

    fault = fault_in(reply(status, shape(status, kind, code)), ask)

    assert expected is type(fault)


@pytest.mark.parametrize("shape", [v3, v2, nested])
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (500, "SERVER", "INTERNAL"),
        (502, "UPSTREAM", "NO_RESPONSE"),
        (502, "UPSTREAM", "INVALID_DATA"),
        (502, "UPSTREAM", "UNKNOWN_ISSUE"),
        (504, "UPSTREAM", "TIMEOUT"),
        (504, "GATEWAY", None),
    ],
)
def test_a_failure_on_the_way_leaves_a_command_unknown_and_a_look_to_be_tried_again(
    shape: Any, status: int, kind: str, code: str | None
) -> None:
    answer = reply(status, shape(status, kind, code))

    assert (ServerFailed, OutcomeUnknown) == (type(fault_in(answer, Ask.READ)), type(fault_in(answer, Ask.START)))


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (Ask.START, "CHARGING_IN_PROGRESS"),
        (Ask.STOP, "NOT_CHARGING"),
        (Ask.STOP, "CHARGING_PLUG_NOT_CONNECTED"),
        (Ask.START, "charging_in_progress"),
    ],
)
@pytest.mark.parametrize("shape", [v3, v2, nested])
def test_what_is_so_already_is_a_success(shape: Any, ask: Ask, code: str) -> None:
    assert fault_in(reply(409, shape(409, "VEHICLE_STATE", code)), ask) is None


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (Ask.START, "CHARGING_PLUG_NOT_CONNECTED"),
        (Ask.START, "NOT_CHARGING"),
        (Ask.LIMIT, "CHARGING_PLUG_NOT_CONNECTED"),
    ],
)
def test_what_stands_against_the_wish_is_a_refusal_with_its_code(ask: Ask, code: str) -> None:
    fault = fault_in(reply(409, v3(409, "VEHICLE_STATE", code)), ask)

    assert isinstance(fault, VehicleRefused)
    assert code == fault.code


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize(
    "body",
    [
        {"data": {"id": "c", "type": "command-execution", "attributes": {"status": "FAILURE"}}},
        {"data": {"status": "failure"}},
        {"status": "Failed"},
    ],
)
def test_a_failure_in_the_body_counts_before_the_http_status(status: int, body: Any) -> None:
    fault = fault_in(reply(status, body), Ask.START)

    assert isinstance(fault, VehicleRefused)
    assert "UNKNOWN" == fault.code


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"id": "c", "attributes": {"status": "SUCCESS"}}},
        {"data": {"attributes": {"status": "success"}}},
        {"data": {"status": "PENDING"}},
        {"data": {"attributes": {"status": "A_NEW_WORD"}}},
        {"status": "success", "message": "Successfully sent request to vehicle"},
        {"data": {"attributes": {}}, "errors": []},
        {"data": None, "error": None},
    ],
)
@pytest.mark.parametrize("status", [200, 202])
def test_anything_else_with_2xx_was_accepted(status: int, body: Any) -> None:
    assert fault_in(reply(status, body), Ask.START) is None


def test_an_empty_200_was_accepted_and_an_empty_202_is_unknown() -> None:
    assert fault_in(reply(200), Ask.STOP) is None
    assert isinstance(fault_in(reply(202), Ask.STOP), OutcomeUnknown)


@pytest.mark.parametrize("content", [b'{"data": {"attributes": {"stat', HTML, b"OK", b'"ok"'])
@pytest.mark.parametrize("status", [200, 202])
def test_a_body_that_is_not_json_leaves_a_command_unknown(status: int, content: bytes) -> None:
    assert isinstance(fault_in(reply(status, content), Ask.START), OutcomeUnknown)


def test_a_look_without_json_is_no_look() -> None:
    assert isinstance(fault_in(reply(200, HTML), Ask.READ), ServerFailed)


@pytest.mark.parametrize(
    ("status", "on_look", "on_command"),
    [
        (301, VehicleUnreachable, VehicleUnreachable),
        (400, VehicleUnreachable, VehicleUnreachable),
        (401, CredentialsRefused, CredentialsRefused),
        (403, VehicleUnreachable, VehicleUnreachable),
        (404, VehicleUnreachable, VehicleUnreachable),
        (429, VehicleUnreachable, VehicleUnreachable),
        (430, BudgetExhausted, BudgetExhausted),
        (500, ServerFailed, OutcomeUnknown),
        (501, ServerFailed, OutcomeUnknown),
        (502, ServerFailed, OutcomeUnknown),
        (503, ServerFailed, OutcomeUnknown),
        (504, ServerFailed, OutcomeUnknown),
    ],
)
@pytest.mark.parametrize("content", [HTML, b""])
def test_a_page_of_a_gateway_is_believed_only_in_what_it_can_know(
    status: int, on_look: type[VehicleError], on_command: type[VehicleError], content: bytes
) -> None:
    answer = reply(status, content)

    assert (on_look, on_command) == (type(fault_in(answer, Ask.READ)), type(fault_in(answer, Ask.STOP)))


@pytest.mark.parametrize(
    ("status", "expected"), [(400, VehicleRefused), (403, ConsentLost), (409, VehicleRefused), (501, VehicleNotCapable)]
)
def test_json_without_a_type_is_judged_by_its_status(status: int, expected: type[VehicleError]) -> None:
    assert expected is type(fault_in(reply(status, {"message": "no"}), Ask.START))


def test_the_status_in_the_body_is_believed_before_the_one_outside() -> None:
    assert isinstance(fault_in(reply(202, v3(504, "GATEWAY", None)), Ask.START), OutcomeUnknown)


@pytest.mark.parametrize("word", ["invalid_client", "invalid_grant", "unauthorized_client"])
def test_oauth_errors_are_about_credentials(word: str) -> None:
    answer = reply(401, {"error": word, "error_description": "..."})

    assert isinstance(fault_in(answer, Ask.READ), CredentialsRefused)


def test_a_gateway_with_an_error_key_is_not_oauth() -> None:
    assert isinstance(fault_in(reply(502, {"error": "Bad Gateway"}), Ask.READ), ServerFailed)


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [({"Retry_After": "37"}, 37.0), ({}, 60.0), ({"Retry_After": "soon"}, 60.0), ({"Retry_After": "-1"}, 60.0),
     ({"Retry_After": "0"}, 0.0), ({"Retry_After": "999999999"}, 86400.0), ({"Retry_After": "nan"}, 60.0)],
)  # fmt: skip
def test_the_wait_that_is_asked_for_is_kept(headers: dict[str, str], expected_s: float) -> None:
    fault = fault_in(reply(429, v3(429, "RATE_LIMIT", "VEHICLE"), **headers), Ask.START)

    assert isinstance(fault, VehicleUnreachable)
    assert timedelta(seconds=expected_s) == fault.retry_after


def test_a_maker_that_limits_is_left_in_peace_for_half_an_hour() -> None:
    fault = fault_in(reply(502, v3(502, "UPSTREAM", "RATE_LIMIT"), retry_after="5"), Ask.START)

    assert isinstance(fault, VehicleUnreachable)
    assert timedelta(minutes=30) == fault.retry_after


def test_the_message_for_drivers_is_shown() -> None:
    body = v3(409, "VEHICLE_STATE", "CHARGE_FAULT", suggestedUserMessage="Your charger\n gives no current.")

    assert "the car refused the start: Your charger gives no current." == str(fault_in(reply(409, body), Ask.START))


@pytest.mark.parametrize(
    "message",
    [
        "Vehicle 36ab27d0-fd9d-4455-823a-ce30af709ffc is asleep",
        "WVWZZZE1ZNP000001 is asleep",
        "parked at 52.520008, 13.404954",
        "write to ada@example.org",
        "ask usr-x about it",
        "eyJhbGciOiJSUzINiIsInRcCIkpXVCJabcdef",
        "\u200bhidden",
        17,
        "",
        None,
    ],
)
def test_a_message_that_may_name_somebody_is_not_repeated(message: object) -> None:
    body = v3(409, "VEHICLE_STATE", "ASLEEP", suggestedUserMessage=message)

    fault = fault_in(reply(409, body), Ask.START, ids=("usr-x",))

    assert "the car refused the start: VEHICLE_STATE / ASLEEP" == str(fault)


def test_a_code_that_is_no_word_is_not_repeated() -> None:
    fault = fault_in(reply(409, v3(409, "VEHICLE_STATE", "usr-x 17")), Ask.START)

    assert "the car refused the start: VEHICLE_STATE" == str(fault)


@pytest.mark.parametrize("errors", [["text"], [None], [[]], [{}], [{"status": True}], [{"status": "9999"}]])
def test_odd_entries_in_errors_are_still_errors(errors: list[Any]) -> None:
    complaint = complaint_in(reply(409, {"errors": errors}))

    assert complaint is not None
    assert ("UNKNOWN", "UNKNOWN", 409) == (complaint.type, complaint.code, complaint.status)


def test_an_answer_never_prints_its_body_or_headers() -> None:
    answer = reply(200, {"secret": "canary"}, sc_request_id="canary")

    assert "canary" not in repr(answer)
