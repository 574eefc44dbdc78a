"""
What Smartcar sends to our webhook: pure. Verification, signature, and every variant of the payloads seen.

    VERIFY           unsigned   answered with the HMAC of its challenge     Challenge
    VEHICLE_STATE    signed     signals, and what triggered it              VehicleReport
    VEHICLE_ERROR    signed     what Smartcar cannot read                   VehicleTrouble
    eventBased (v2)  signed     charging started, stopped, completed        ChargingEvent
    anything else    signed     acknowledged and passed over                OtherDelivery

The signature covers the raw body and no time: against replay there is only the event's id (`deliveries.py`).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from scheduler.domain.errors import InvalidValue
from scheduler.vehicles.smartcar.complaints import presentable
from scheduler.vehicles.smartcar.reply import at
from scheduler.vehicles.smartcar.signals import CODES_USED, Signal, moment, signals_in


class DeliveryInvalid(InvalidValue):
    """A delivery is not what Smartcar sends. The message names what is missing, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Smartcar asks whether this address is ours: answer `{"challenge": challenge_answer(token, challenge)}`."""

    challenge: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    What every delivery tells of itself. `event_id` stays the same over retries; `delivered_at` does not.

    `test`: sent from the dashboard's test mode, to be acknowledged and not acted on. `sequence` orders what has equal
    dates; 0 where an older payload has none. The ids are not printed with it.
    """

    event_id: str = field(repr=False)
    vehicle_id: str = field(repr=False)
    user_id: str | None = field(default=None, repr=False)
    delivered_at: datetime | None = None
    sequence: int = 0
    test: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class VehicleReport:
    """
    Signals of one car, by code, in the form `signals.state_of` takes.

    `triggers` are the codes of the signals that changed. `first`: the webhook was switched on, these are current values.
    """

    envelope: Envelope
    signals: Mapping[str, Signal]
    triggers: frozenset[str] = frozenset()
    first: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """One error of a delivery. `codes` are the signals it is about; empty: all of the car. `message` may be shown."""

    type: str
    code: str
    resolved: bool = False
    message: str | None = None
    codes: frozenset[str] = frozenset()

    @property
    def concerns_us(self) -> bool:
        """
        Whether it is about a signal we use.

        False alarms are known: signals of the vehicle's user account raise PERMISSION errors every day while everything
        works (wbyoung/smartcar#51); nobody should connect again for those.
        """
        return not self.codes or bool(self.codes & CODES_USED)


@dataclass(frozen=True, slots=True)
class VehicleTrouble:
    """What Smartcar could not read of one car, or can read again."""

    envelope: Envelope
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class ChargingEvent:
    """v2's word that charging began or ended, at `at`: a reason to look, not a state."""

    envelope: Envelope
    charging: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class OtherDelivery:
    """A kind of delivery that holds nothing for us."""


Delivery = Challenge | VehicleReport | VehicleTrouble | ChargingEvent | OtherDelivery

_CHARGING_EVENTS = {"CHARGING_STARTED": True, "CHARGING_STOPPED": False, "CHARGING_COMPLETED": False}


def challenge_answer(management_token: str, challenge: str) -> str:
    """Return the hex HMAC-SHA256 of *challenge* under the application management token."""
    return hmac.new(management_token.encode(), challenge.encode(), sha256).hexdigest()


def signature_is_valid(management_token: str, body: bytes, signature: str | None) -> bool:
    """Whether *signature* (`SC-Signature`) is that of the raw *body*. Takes the same time however wrong it is."""
    expected = hmac.new(management_token.encode(), body, sha256).hexdigest()
    given = (signature or "").strip().lower().encode()
    return bool(management_token) and hmac.compare_digest(expected.encode(), given)


def delivery_in(body: bytes, now: datetime) -> Delivery:
    """
    Return what *body* delivers. Raises `DeliveryInvalid`.

    Check the signature first; a `Challenge` alone comes unsigned. Dates after *now* count as *now*.
    """
    payload = _parsed(body)
    kind = _text(payload.get("eventType")) or _text(payload.get("eventName"))
    match kind.upper():
        case "VERIFY":
            return _challenge(payload)
        case "VEHICLE_STATE":
            return _report(payload, _envelope(payload), now)
        case "VEHICLE_ERROR":
            return _trouble(payload, _envelope(payload))
        case "EVENTBASED":
            return _charging_event(payload)
    return OtherDelivery()


def _parsed(body: bytes) -> dict[str, object]:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise DeliveryInvalid("a webhook delivery must be a JSON object")
    return payload


def _challenge(payload: object) -> Challenge:
    challenge = at(payload, "data", "challenge") or at(payload, "payload", "challenge")
    if not isinstance(challenge, str):
        raise DeliveryInvalid("a webhook verification must hold data.challenge")
    return Challenge(challenge)


def _envelope(payload: object) -> Envelope:
    vehicle_id, user_id = at(payload, "data", "vehicle", "id"), at(payload, "data", "user", "id")
    if not isinstance(vehicle_id, str) or not vehicle_id:
        raise DeliveryInvalid("a webhook delivery must hold data.vehicle.id")
    sequence = at(payload, "meta", "sequence")
    return Envelope(
        event_id=_event_id(at(payload, "eventId"), at(payload, "data")),
        vehicle_id=vehicle_id,
        user_id=user_id if isinstance(user_id, str) else None,
        delivered_at=moment(at(payload, "meta", "deliveredAt")),
        sequence=sequence if isinstance(sequence, int) else 0,
        test=_text(at(payload, "meta", "mode")).upper() == "TEST",
        simulated=_text(at(payload, "data", "vehicle", "mode")).lower() == "simulated",
    )


def _report(payload: object, envelope: Envelope, now: datetime) -> VehicleReport:
    triggers = at(payload, "triggers")
    if not isinstance(triggers, list):
        triggers = at(payload, "data", "triggers")
    entries = triggers if isinstance(triggers, list) else []
    return VehicleReport(
        envelope=envelope,
        signals=signals_in(at(payload, "data", "signals"), now),
        triggers=frozenset(code for entry in entries if (code := _signal_code(entry))),
        first=any("FIRST_DELIVERY" in (_upper(entry), _upper(at(entry, "type"))) for entry in entries),
    )


def _trouble(payload: object, envelope: Envelope) -> VehicleTrouble:
    errors = at(payload, "data", "errors")
    ids = (envelope.vehicle_id, envelope.user_id or "")
    troubles = []
    for error in errors if isinstance(errors, list) else ():
        signals = at(error, "signals")
        codes = (_signal_code(entry) for entry in signals) if isinstance(signals, list) else ()
        troubles.append(
            Trouble(
                type=_upper(at(error, "type")),
                code=_upper(at(error, "code")),
                resolved=_upper(at(error, "state")) == "RESOLVED",
                message=presentable(at(error, "suggestedUserMessage"), ids),
                codes=frozenset(code for code in codes if code),
            )
        )
    return VehicleTrouble(envelope, tuple(troubles))


def _charging_event(payload: object) -> ChargingEvent | OtherDelivery:
    vehicle_id = at(payload, "payload", "vehicleId")
    charging = _CHARGING_EVENTS.get(_upper(at(payload, "payload", "eventType")))
    if charging is None:
        return OtherDelivery()
    if not isinstance(vehicle_id, str) or not vehicle_id:
        raise DeliveryInvalid("a webhook event must hold payload.vehicleId")
    event_id = _event_id(at(payload, "payload", "eventId"), at(payload, "payload"))
    envelope = Envelope(event_id, vehicle_id, test=_upper(at(payload, "mode")) == "TEST")
    return ChargingEvent(envelope, charging, moment(at(payload, "payload", "eventTime")))


def _signal_code(entry: object) -> str | None:
    """
    Return the code an entry of `triggers` or `signals` names, in lower case.

    Seen: `"Charge.IsCharging"`, `"charge-ischarging"`, `{"code", "name", "group"}`, and either of them under `signal`.
    """
    named = at(entry, "signal") or entry
    code = at(named, "code") if isinstance(named, dict) else named
    if isinstance(code, str) and code.upper() != "FIRST_DELIVERY":
        return code.replace(".", "-").lower()
    group, name = at(named, "group"), at(named, "name")
    return f"{group}-{name}".lower() if isinstance(group, str) and isinstance(name, str) else None


def _event_id(given: object, content: object) -> str:
    """Return the event's id. Without one its content stands for it, which a retry repeats (its envelope changes)."""
    if isinstance(given, str) and given:
        return given
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _upper(value: object) -> str:
    return _text(value).upper()
