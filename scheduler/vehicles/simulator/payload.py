"""What a webhook is sent, in every shape that was seen. facts/smartcar.md section 6.1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from scheduler.vehicles.simulator.car import Car
from scheduler.vehicles.simulator.envelope import what_it_is
from scheduler.vehicles.simulator.refusal import Refusal
from scheduler.vehicles.simulator.report import Known
from scheduler.vehicles.simulator.scenario import Shape, WebhookSpec
from scheduler.vehicles.simulator.signals import Signal, signals
from scheduler.vehicles.simulator.wire import iso, v2_error

FIRST_DELIVERY = "FIRST_DELIVERY"


def verify(spec: WebhookSpec, challenge: str, now: datetime) -> dict[str, Any]:
    """Return the challenge that an address has to answer. It is not signed, and its date is text."""
    meta = {**_meta(spec, f"verify/{challenge}"), "deliveredAt": iso(now)}
    return {"eventId": _id(challenge), "eventType": "VERIFY", "data": {"challenge": challenge}, "meta": meta}


def vehicle_state(
    spec: WebhookSpec, car: Car, known: Known, *, triggers: Sequence[str], hidden: Sequence[str], test: bool = False
) -> dict[str, Any]:
    """
    Return what tells of *known*; *triggers* are the signals that changed, none for a first delivery.

    All signals ride along, less the groups the plan hides. The event's id is the report's: telling it again changes nothing.
    """
    said = [each for each in signals(car, known) if each.group not in hidden]
    event = _event(spec, car, f"state/{known.reported_at.isoformat()}/{test}", "VEHICLE_STATE")
    event["data"]["signals"] = [_signal(spec.shape, each, known) for each in said]
    told = [_trigger(spec.shape, each) for each in said if each.code in triggers] or [{"type": FIRST_DELIVERY}]
    (event["data"] if spec.shape is Shape.DOCUMENTED else event)["triggers"] = told
    event["meta"] |= {"mode": "TEST" if test else "LIVE", "signalCount": len(said)}
    if spec.shape is not Shape.OLD:
        event["meta"]["sequence"] = _epoch_ms(known.heard_at)
    return event


def vehicle_error(spec: WebhookSpec, car: Car, refusal: Refusal, *, resolved: bool, now: datetime) -> dict[str, Any]:
    """Return what tells that Smartcar cannot read a car, or can again."""
    event = _event(spec, car, f"error/{refusal.code}/{resolved}/{now.isoformat()}", "VEHICLE_ERROR")
    error = {key: value for key, value in v2_error(refusal, "").items() if key not in ("statusCode", "requestId")}
    event["data"]["errors"] = [{**error, "state": "RESOLVED" if resolved else "ERROR", "signals": []}]
    event["meta"]["mode"] = "LIVE"
    return event


def delivery(event: dict[str, Any], number: int, now: datetime) -> dict[str, Any]:
    """Return *event* as it is sent for the *number*-th time: another delivery of the same event."""
    delivered = {"deliveryId": _id(f"{event['eventId']}/{number}"), "deliveredAt": _epoch_ms(now)}
    return {**event, "meta": {**event["meta"], **delivered}}


def changed(car: Car, before: Known, after: Known, codes: Sequence[str]) -> list[str]:
    """Return those of *codes* whose signals tell something else after than before."""
    old, new = ({each.code: (each.body, each.error) for each in signals(car, known)} for known in (before, after))
    return [code for code in codes if code in new and old[code] != new[code]]


def _event(spec: WebhookSpec, car: Car, what: str, kind: str) -> dict[str, Any]:
    user: dict[str, Any] = {"id": car.spec.user_id, "externalId": None}
    vehicle = {"id": car.spec.vehicle_id, **what_it_is(car)}
    if spec.shape is Shape.OLD:
        del user["externalId"], vehicle["mode"], vehicle["powertrainType"]
    key = f"{spec.id}/{car.spec.id}/{what}"
    return {
        "eventId": _id(key),
        "eventType": kind,
        "data": {"user": user, "vehicle": vehicle},
        "meta": _meta(spec, key),
    }


def _meta(spec: WebhookSpec, key: str) -> dict[str, Any]:
    return {"version": "4.0", "webhookId": spec.id, "webhookName": spec.name, "deliveryId": _id(f"{key}/0")}


def _signal(shape: Shape, said: Signal, known: Known) -> dict[str, Any]:
    told: dict[str, Any] = {"code": said.code, "name": said.name, "group": said.group}
    if said.body is not None:
        told["body"] = said.body
    if said.error is not None:
        told["status"] = {"value": "ERROR", "error": {"type": said.error.type, "code": said.error.code}}
    elif shape is not Shape.OLD:
        told["status"] = {"value": "SUCCESS"}
    if said.body is None:
        return {**told, "meta": {}} if shape is Shape.OLD else told
    meta = {"oemUpdatedAt": _epoch_ms(known.reported_at), "retrievedAt": _epoch_ms(known.heard_at)}
    return {**told, "meta": meta}


def _trigger(shape: Shape, said: Signal) -> dict[str, Any]:
    named = {"name": said.name, "code": said.code, "group": said.group}
    if shape is Shape.OLD:
        return named
    if shape is Shape.DOCUMENTED:
        return {"type": "SIGNAL_UPDATED", "signal": f"{said.group}.{said.name}"}
    return {"type": "SIGNAL_UPDATED", "signal": named}


def _id(what: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"simulated/{what}"))


def _epoch_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
