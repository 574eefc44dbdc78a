"""What Smartcar sends to our webhook: signatures, and every variant of the payloads that were seen."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from scheduler.vehicles.smartcar.webhook import (
    Challenge,
    ChargingEvent,
    Delivery,
    DeliveryInvalid,
    OtherDelivery,
    VehicleReport,
    VehicleTrouble,
    challenge_answer,
    delivery_in,
    signature_is_valid,
)

NOW = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
RECORDED = 1769937933000
CABLE = "charge-ischargingcableconnected"


def signal(code: str = CABLE, **more: Any) -> dict[str, Any]:
    meta = {"oemUpdatedAt": RECORDED, "retrievedAt": 1769937943244}
    return {"code": code, "body": {"value": True}, "status": {"value": "SUCCESS"}, "meta": meta, **more}


def state_delivery(**more: Any) -> dict[str, Any]:
    return {
        "eventId": "E1",
        "eventType": "VEHICLE_STATE",
        "data": {
            "user": {"id": "usr-1", "externalId": None},
            "vehicle": {"id": "veh-1", "make": "POLESTAR", "model": "2", "year": 2023, "mode": "live"},
            "signals": [signal()],
        },
        "triggers": [
            {"type": "SIGNAL_UPDATED", "signal": {"name": "IsCharging", "code": "charge-ischarging", "group": "Charge"}}
        ],
        "meta": {
            "version": "4.0",
            "deliveryId": "D1",
            "deliveredAt": 1769937943464,
            "mode": "LIVE",
            "sequence": 1769937943412,
        },
        **more,
    }


def read(payload: object) -> Delivery:
    return delivery_in(json.dumps(payload).encode(), NOW)


def report(payload: object) -> VehicleReport:
    delivery = read(payload)
    assert isinstance(delivery, VehicleReport)
    return delivery


def test_a_challenge_is_answered_as_the_official_sdk_answers_it() -> None:
    assert "9a56c39b545f1b3f765d28a636e6d13448bd93ce6a652bee84c72e77ef5ae93a" == challenge_answer("AMT", "abc")


@pytest.mark.parametrize(
    "payload",
    [
        {"eventId": "E", "eventType": "VERIFY", "data": {"challenge": "abc"}, "meta": {"version": "4.0"}},
        {"version": "2.0", "webhookId": "wh-1", "eventName": "verify", "payload": {"challenge": "abc"}},
    ],
)
def test_a_verification_carries_its_challenge_in_both_versions(payload: dict[str, Any]) -> None:
    assert Challenge("abc") == read(payload)


BODY = b'{"eventId":"E1"}'
GOOD = hmac.new(b"AMT", BODY, sha256).hexdigest()


@pytest.mark.parametrize("signature", [GOOD, GOOD.upper(), f" {GOOD} "])
def test_a_signature_over_the_raw_body_is_valid(signature: str) -> None:
    assert signature_is_valid("AMT", BODY, signature)


@pytest.mark.parametrize(
    ("token", "body", "signature"),
    [
        ("AMT", BODY, None),
        ("AMT", BODY, ""),
        ("AMT", BODY, GOOD[:-1]),
        ("AMT", BODY, GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1")),
        ("AMT", BODY, "ü" * 64),
        ("AMT", BODY + b" ", GOOD),
        ("other", BODY, GOOD),
        ("", BODY, hmac.new(b"", BODY, sha256).hexdigest()),
    ],
)
def test_any_other_signature_is_not(token: str, body: bytes, signature: str | None) -> None:
    assert not signature_is_valid(token, body, signature)


def test_a_state_is_read_with_its_envelope() -> None:
    delivery = report(state_delivery())

    envelope = delivery.envelope
    assert ("E1", "veh-1", "usr-1", 1769937943412) == (
        envelope.event_id,
        envelope.vehicle_id,
        envelope.user_id,
        envelope.sequence,
    )
    assert datetime(2026, 2, 1, 9, 25, 43, 464000, tzinfo=UTC) == envelope.delivered_at
    assert datetime(2026, 2, 1, 9, 25, 33, tzinfo=UTC) == delivery.signals[CABLE].recorded_at
    assert (False, False, False) == (envelope.test, envelope.simulated, delivery.first)


@pytest.mark.parametrize(
    ("trigger", "codes", "first"),
    [
        ({"type": "SIGNAL_UPDATED", "signal": {"code": "charge-ischarging"}}, {"charge-ischarging"}, False),
        ({"type": "SIGNAL_UPDATED", "signal": {"group": "Charge", "name": "IsCharging"}}, {"charge-ischarging"}, False),
        ({"type": "SIGNAL_UPDATED", "signal": "Charge.IsCharging"}, {"charge-ischarging"}, False),
        ({"code": "Charge-IsCharging", "name": "IsCharging", "group": "Charge"}, {"charge-ischarging"}, False),
        ({"name": "IsCharging", "group": "CHARGE"}, {"charge-ischarging"}, False),
        ("FIRST_DELIVERY", set(), True),
        ({"type": "FIRST_DELIVERY"}, set(), True),
        ({"type": "first_delivery", "signal": None}, set(), True),
        ({"type": "SIGNAL_UPDATED"}, set(), False),
        (None, set(), False),
        (7, set(), False),
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_a_trigger_is_read_in_every_form_and_place(trigger: Any, codes: set[str], first: bool, inside: bool) -> None:
    payload = state_delivery()
    payload.pop("triggers")
    (payload["data"] if inside else payload)["triggers"] = [trigger]

    delivery = report(payload)

    assert (codes, first) == (set(delivery.triggers), delivery.first)


@pytest.mark.parametrize("delivered_at", ["2026-02-01T09:25:43.464Z", 1769937943464])
def test_the_time_of_delivery_is_read_in_both_forms(delivered_at: Any) -> None:
    payload = state_delivery(meta={"deliveredAt": delivered_at})

    assert datetime(2026, 2, 1, 9, 25, 43, 464000, tzinfo=UTC) == report(payload).envelope.delivered_at


def test_older_payloads_without_the_optional_parts_are_read() -> None:
    payload = {
        "eventId": "E1",
        "eventType": "vehicle_state",
        "data": {
            "vehicle": {"id": "veh-1", "make": "Tesla"},
            "signals": [{"code": CABLE, "body": {"value": True}, "meta": {}}],
        },
    }

    delivery = report(payload)

    assert (None, None, 0) == (delivery.envelope.user_id, delivery.envelope.delivered_at, delivery.envelope.sequence)
    assert delivery.signals[CABLE].recorded_at is None


def test_an_incapable_signal_costs_no_other() -> None:
    payload = state_delivery()
    error = {"type": "COMPATIBILITY", "code": "VEHICLE_NOT_CAPABLE"}
    payload["data"]["signals"].append({"code": "charge-voltage", "status": {"value": "ERROR", "error": error}})

    assert [CABLE] == list(report(payload).signals)


def test_the_test_mode_and_simulated_cars_are_told() -> None:
    payload = state_delivery()
    payload["meta"]["mode"] = "TEST"
    payload["data"]["vehicle"]["mode"] = "simulated"

    envelope = report(payload).envelope

    assert (True, True) == (envelope.test, envelope.simulated)


def test_without_an_event_id_a_retry_is_still_the_same_event() -> None:
    first, retry, other = state_delivery(eventId=None), state_delivery(eventId=""), state_delivery(eventId=None)
    retry["meta"]["deliveryId"] = "D2"
    other["data"]["signals"][0]["body"]["value"] = False

    ids = [report(payload).envelope.event_id for payload in (first, retry, other)]

    assert ids[0] == ids[1] != ids[2]


def trouble_delivery(**error: Any) -> dict[str, Any]:
    known = {"type": "PERMISSION", "code": None, "state": "ERROR", "suggestedUserMessage": "Connect again."}
    return {
        "eventId": "E2",
        "eventType": "VEHICLE_ERROR",
        "data": {"vehicle": {"id": "veh-1"}, "user": {"id": "usr-1"}, "errors": [{**known, **error}]},
        "meta": {},
    }


@pytest.mark.parametrize(
    ("signals", "concerns_us"),
    [
        (["VehicleUserAccount.Role"], False),
        ([{"group": "VehicleUserAccount", "name": "Role"}], False),
        (["Charge.IsChargingCableConnected"], True),
        (["vehicleuseraccount-role", "tractionbattery-stateofcharge"], True),
        ([], True),
        (None, True),
    ],
)
def test_trouble_with_signals_nobody_uses_is_no_trouble(signals: Any, concerns_us: bool) -> None:
    delivery = read(trouble_delivery(signals=signals))

    assert isinstance(delivery, VehicleTrouble)
    (trouble,) = delivery.troubles
    assert ("PERMISSION", "Connect again.", concerns_us) == (trouble.type, trouble.message, trouble.concerns_us)


def test_trouble_that_is_over_says_so_and_a_message_with_an_id_is_dropped() -> None:
    delivery = read(trouble_delivery(state="resolved", suggestedUserMessage="usr-1 is back"))

    assert isinstance(delivery, VehicleTrouble)
    assert (True, None) == (delivery.troubles[0].resolved, delivery.troubles[0].message)


@pytest.mark.parametrize(
    ("kind", "charging"), [("CHARGING_STARTED", True), ("CHARGING_STOPPED", False), ("CHARGING_COMPLETED", False)]
)
def test_an_event_of_the_old_version_says_whether_the_car_charges(kind: str, charging: bool) -> None:
    event = {"eventId": "E3", "vehicleId": "veh-1", "eventType": kind, "eventTime": "2026-02-01T09:00:00Z"}

    delivery = read({"version": "2.0", "eventName": "eventBased", "mode": "live", "payload": event})

    assert isinstance(delivery, ChargingEvent)
    assert ("veh-1", charging) == (delivery.envelope.vehicle_id, delivery.charging)
    assert datetime(2026, 2, 1, 9, 0, tzinfo=UTC) == delivery.at


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"eventType": "A_NEW_KIND"},
        {"version": "2.0", "eventName": "schedule", "payload": {}},
        {"eventName": "eventBased", "payload": {"eventType": "A_NEW_EVENT"}},
        {"eventType": 7},
    ],
)
def test_a_kind_nobody_knows_holds_nothing_for_us(payload: Any) -> None:
    assert OtherDelivery() == read(payload)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"VERIFY"',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"eventType": "VERIFY"}',
        b'{"eventType": "VERIFY", "data": {"challenge": 7}}',
        b'{"eventType": "VEHICLE_STATE", "data": {}}',
        b'{"eventType": "VEHICLE_STATE", "data": {"vehicle": {"id": ""}}}',
        b'{"eventType": "VEHICLE_ERROR", "data": []}',
        b'{"eventName": "eventBased", "payload": {"eventType": "CHARGING_STARTED"}}',
    ],
)
def test_what_is_not_a_delivery_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(DeliveryInvalid, match="must"):
        delivery_in(body, NOW)


def test_no_delivery_prints_an_id() -> None:
    told = repr([report(state_delivery()), read(trouble_delivery()), Challenge("challenge-x")])

    assert [] == [word for word in ("veh-1", "usr-1", "challenge-x", "E1") if word in told]
