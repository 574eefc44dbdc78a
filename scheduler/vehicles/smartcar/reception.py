"""
The door at which Smartcar's deliveries come in: checked, written down, and only then acknowledged.

    POST -> VERIFY?   answered, and nothing else          -> signature? 401 -> shape? 400
         -> TEST, unknown car, came before?  200, ignored
         -> one commit: the event, what is known of the car now, its turn woken -> 200

The answer takes milliseconds; Smartcar waits 15 s and tries three times more. What cannot be written down is not
acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from scheduler.domain.vehicle import VehicleId
from scheduler.ports import Clock, Store
from scheduler.vehicles.smartcar.consent_book import ConsentBook
from scheduler.vehicles.smartcar.memory import Memory
from scheduler.vehicles.smartcar.webhook import (
    Challenge,
    ChargingEvent,
    DeliveryInvalid,
    Envelope,
    OtherDelivery,
    VehicleReport,
    VehicleTrouble,
    challenge_answer,
    delivery_in,
    signature_is_valid,
)

LONGEST_BODY = 1_000_000
"""Bytes. The largest delivery seen has 20 kB."""

CHALLENGE = re.compile(r"[A-Za-z0-9._~+/=-]{1,256}")
"""
What is answered. A challenge is signed under the same key as deliveries are: one that looked like a delivery would get a
stranger the signature under it. No text of these characters is a JSON object.
"""

CONSENT_TROUBLES = frozenset({"CONNECTED_SERVICES_ACCOUNT", "PERMISSION"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What Smartcar gets: a status, and a JSON object."""

    status: int
    body: Mapping[str, str]


class Reception:
    """
    Takes deliveries in. *key* is the application management token; *cars* says which car of ours is which of Smartcar's;
    *nudge* makes the woken turn come at once.
    """

    def __init__(
        self,
        key: str,
        clock: Clock,
        store: Store,
        consents: ConsentBook,
        cars: Callable[[], Mapping[str, VehicleId]],
        nudge: Callable[[], None],
    ) -> None:
        self._key, self._clock, self._store, self._consents = key, clock, store, consents
        self._cars, self._nudge = cars, nudge
        self._memory = Memory(store)

    def receive(self, body: bytes, signature: str | None) -> Answer:
        """Return the answer to one POST. Raises `StoreUnavailable`, which is no acknowledgement."""
        if not self._key:
            return Answer(503, {"error": "no application management token is set up here"})
        signed = signature_is_valid(self._key, body, signature)
        try:
            delivery = delivery_in(body, self._clock.now())
        except DeliveryInvalid as error:
            return Answer(400, {"error": str(error)}) if signed else _unsigned()
        if isinstance(delivery, Challenge):
            if not CHALLENGE.fullmatch(delivery.challenge):
                return Answer(400, {"error": "this is no challenge of Smartcar's"})
            return Answer(200, {"challenge": challenge_answer(self._key, delivery.challenge)})
        if not signed:
            return _unsigned()
        return Answer(200, {"result": "ignored" if isinstance(delivery, OtherDelivery) else self._taken(delivery)})

    def _taken(self, delivery: VehicleReport | VehicleTrouble | ChargingEvent) -> str:
        vehicle_id = self._cars().get(delivery.envelope.vehicle_id)
        if delivery.envelope.test or vehicle_id is None:
            return "ignored"
        now = self._clock.now()
        with self._store.transaction():
            if not self._store.delivered(_event(delivery.envelope), now):
                return "known"
            if isinstance(delivery, VehicleTrouble):
                self._tell_trouble(vehicle_id, delivery)
                return "taken"
            if isinstance(delivery, VehicleReport):
                self._memory.told(vehicle_id, delivery, now)
            self._store.wake([vehicle_id], now)
        self._nudge()
        return "taken"

    def _tell_trouble(self, vehicle_id: VehicleId, delivery: VehicleTrouble) -> None:
        for trouble in delivery.troubles:
            if trouble.concerns_us and trouble.type in CONSENT_TROUBLES:
                if trouble.resolved:
                    self._consents.find(vehicle_id)
                else:
                    self._consents.lose(vehicle_id, trouble.message or f"Smartcar says {trouble.type.lower()}")


def _unsigned() -> Answer:
    return Answer(401, {"error": "the signature is not that of the application management token"})


def _event(envelope: Envelope) -> str:
    """Return the event's name in the ledger: a digest, since Smartcar's ids stand nowhere in it."""
    return sha256(envelope.event_id.encode()).hexdigest()
