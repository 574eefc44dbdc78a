"""The webhook's door: what is let in, what is written down before it is acknowledged, and what is left outside."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from scheduler.clock import ManualClock
from scheduler.domain.vehicle import VehicleId
from scheduler.vehicles.smartcar.consent_book import ConsentBook
from scheduler.vehicles.smartcar.memory import Memory
from scheduler.vehicles.smartcar.reception import Reception
from scheduler.vehicles.smartcar.signals import signals_in
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore

KEY = "canary-management-token"
NOW = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)
ADA = VehicleId("ada")
HOUR = timedelta(hours=1)


def signal(code: str, value: object, at: datetime = NOW, unit: str | None = None) -> dict[str, Any]:
    body = {"value": value} if unit is None else {"value": value, "unit": unit}
    return {
        "code": code,
        "body": body,
        "status": {"value": "SUCCESS"},
        "meta": {"oemUpdatedAt": int(at.timestamp() * 1000)},
    }


def report(event_id: str, *signals: dict[str, Any], sequence: int = 1, mode: str = "LIVE") -> dict[str, Any]:
    return {
        "eventId": event_id,
        "eventType": "VEHICLE_STATE",
        "data": {"vehicle": {"id": "smartcar-1"}, "user": {"id": "owner-1"}, "signals": list(signals)},
        "meta": {"sequence": sequence, "mode": mode},
    }


def plug(*, plugged_in: bool, at: datetime = NOW) -> dict[str, Any]:
    return signal("charge-ischargingcableconnected", plugged_in, at)


class Door:
    """A reception over a store in memory, with one car."""

    def __init__(self, key: str = KEY) -> None:
        self.clock, self.store, self.notes, self.nudges = ManualClock(NOW), MemoryStore(), Notes(), 0
        self.store.enlist([ADA], NOW)
        (lease,) = self.store.claim(NOW, 1, HOUR)
        self.store.complete(lease, NOW + 6 * HOUR)
        cars = {"smartcar-1": ADA}
        self.book = ConsentBook(None, self.clock, self.notes)
        self.reception = Reception(key, self.clock, self.store, self.book, lambda: cars, self._nudge)

    def _nudge(self) -> None:
        self.nudges += 1

    def brings(self, payload: object, key: str = KEY) -> tuple[int, dict[str, str]]:
        body = json.dumps(payload).encode()
        answer = self.reception.receive(body, hmac.new(key.encode(), body, sha256).hexdigest())
        return answer.status, dict(answer.body)

    def due(self) -> bool:
        return bool(self.store.claim(self.clock.now(), 1, HOUR))


def test_a_challenge_is_answered_although_it_comes_unsigned() -> None:
    door = Door()
    body = json.dumps({"eventType": "VERIFY", "data": {"challenge": "c-42"}}).encode()

    answer = door.reception.receive(body, None)

    assert (200, {"challenge": hmac.new(KEY.encode(), b"c-42", sha256).hexdigest()}) == (
        answer.status,
        dict(answer.body),
    )


def test_a_challenge_that_is_a_delivery_in_disguise_gets_no_signature() -> None:
    door = Door()
    disguised = json.dumps(report("e1", plug(plugged_in=True)))

    status, body = door.brings({"eventType": "VERIFY", "data": {"challenge": disguised}})

    assert 400 == status
    assert "challenge" not in body


def test_a_forged_delivery_is_refused_and_leaves_nothing_behind() -> None:
    door = Door()

    status, _ = door.brings(report("e1", plug(plugged_in=True)), key="somebody else's")

    assert 401 == status
    assert door.store.told(ADA) is None
    assert not door.due()


def test_a_plug_in_is_written_down_before_it_is_acknowledged_and_wakes_the_turn() -> None:
    door = Door()

    status, _ = door.brings(report("e1", plug(plugged_in=True), signal("charge-ischarging", False)))

    told = door.store.told(ADA)
    assert 200 == status
    assert told is not None
    assert (True, False, NOW) == (told.state.plugged_in, told.state.charging, told.told_at)
    assert 1 == door.nudges
    assert door.due()


def test_a_delivery_that_comes_twice_counts_once() -> None:
    door = Door()
    door.brings(report("e1", plug(plugged_in=True)))

    again = door.brings(report("e1", plug(plugged_in=True)))

    assert (200, {"result": "known"}) == again
    assert 1 == door.nudges


def test_of_two_deliveries_out_of_order_the_later_truth_counts() -> None:
    door = Door()
    door.brings(report("e2", plug(plugged_in=False, at=NOW - HOUR), sequence=2))

    door.brings(report("e1", plug(plugged_in=True, at=NOW - 2 * HOUR), sequence=1))

    told = door.store.told(ADA)
    assert told is not None
    assert told.state.plugged_in is False


def test_of_two_deliveries_of_one_moment_the_later_sequence_counts() -> None:
    door = Door()
    door.brings(report("e2", plug(plugged_in=False), sequence=2))

    door.brings(report("e1", plug(plugged_in=True), sequence=1))

    told = door.store.told(ADA)
    assert told is not None
    assert told.state.plugged_in is False


def test_the_test_mode_and_a_strangers_car_are_acknowledged_and_ignored() -> None:
    door = Door()
    stranger = report("e2", plug(plugged_in=True))
    stranger["data"]["vehicle"]["id"] = "smartcar-2"

    assert [200, 200] == [door.brings(report("e1", plug(plugged_in=True), mode="TEST"))[0], door.brings(stranger)[0]]

    assert door.store.told(ADA) is None
    assert door.store.delivered("anything else", NOW)
    assert not door.due()


def test_no_position_no_vin_and_no_id_of_smartcars_is_kept() -> None:
    door = Door()

    door.brings(
        report(
            "e-secret-1",
            plug(plugged_in=True),
            signal("vehicleidentification-vin", "1HGBH41JXMN109186"),
            signal("location-preciselocation", {"latitude": 52.51, "longitude": 13.41}),
        )
    )

    kept = repr(door.store._books)
    assert [] == [
        word for word in ("1HGBH41JXMN109186", "52.51", "smartcar-1", "owner-1", "e-secret-1") if word in kept
    ]


def test_a_look_never_makes_a_later_word_of_the_car_undone() -> None:
    door = Door()
    door.brings(report("e1", plug(plugged_in=True), signal("charge-ischarging", True)))
    older = [{"attributes": signal("charge-ischarging", False), "meta": {"oemUpdatedAt": "2026-02-01T16:00:00Z"}}]

    state = Memory(door.store).looked(ADA, signals_in(older, NOW))

    told = door.store.told(ADA)
    assert state.charging
    assert told is not None
    assert NOW == told.told_at


def test_without_a_management_token_nothing_is_taken_for_signed() -> None:
    door = Door(key="")

    assert 503 == door.brings(report("e1", plug(plugged_in=True)), key="")[0]


def test_what_is_no_delivery_is_refused_and_told_to_nobody_unsigned() -> None:
    door = Door()

    assert 400 == door.brings(["no", "delivery"])[0]
    assert 401 == door.brings(["no", "delivery"], key="other")[0]


def test_trouble_with_the_consent_is_told_and_a_permission_nobody_uses_is_not() -> None:
    door = Door()
    trouble = {
        "eventId": "t1",
        "eventType": "VEHICLE_ERROR",
        "data": {
            "vehicle": {"id": "smartcar-1"},
            "errors": [{"type": "CONNECTED_SERVICES_ACCOUNT", "code": "ACCOUNT_ISSUE", "state": "ERROR"}],
        },
    }
    needless = json.loads(json.dumps(trouble))
    needless["eventId"] = "t2"
    needless["data"]["errors"][0] |= {"type": "PERMISSION", "signals": ["vehicleuseraccount-role"]}

    again = trouble | {"eventId": "t3"}

    for delivery in (trouble, needless, again):
        door.brings(delivery)

    assert ["vehicle.consent_lost"] == door.notes.names


def test_trouble_with_the_consent_that_is_over_is_told_as_well() -> None:
    door = Door()

    for number, state in enumerate(("ERROR", "RESOLVED")):
        error = {"type": "PERMISSION", "state": state, "signals": ["charge-ischarging"]}
        data = {"vehicle": {"id": "smartcar-1"}, "errors": [error]}
        door.brings({"eventId": f"t{number}", "eventType": "VEHICLE_ERROR", "data": data})

    assert ["vehicle.consent_lost", "consent.given"] == door.notes.names
