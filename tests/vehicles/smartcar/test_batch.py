"""From v2's batch to a state: each item is an answer of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler.domain.errors import BudgetExhausted, VehicleError, VehicleRefused, VehicleUnreachable
from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.vehicles.smartcar.batch import state_in_batch

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
AGE = {"sc-data-age": "2026-02-01T21:30:00.000Z", "sc-unit-system": "metric"}
SEEN_AT = datetime(2026, 2, 1, 21, 30, tzinfo=UTC)
BATTERY = {"path": "/battery", "code": 200, "body": {"percentRemaining": 0.68, "range": 275}, "headers": AGE}
CHARGE = {"path": "/charge", "code": 200, "body": {"isPluggedIn": True, "state": "CHARGING"}, "headers": AGE}


def read(*items: Any) -> VehicleState:
    return state_in_batch({"responses": list(items)}, VehicleId("ada-id3"), NOW)


def failed(path: str, code: int, kind: str, word: str) -> dict[str, Any]:
    return {"path": path, "code": code, "body": {"statusCode": code, "type": kind, "code": word, "description": "D"}}


def test_a_batch_becomes_a_state_with_the_cars_own_dates() -> None:
    expected = VehicleState(VehicleId("ada-id3"), SEEN_AT, 68.0, SEEN_AT, True, True, False)

    assert expected == read(BATTERY, CHARGE)


@pytest.mark.parametrize(
    ("state", "charging", "full"),
    [
        ("CHARGING", True, False),
        ("not_charging", False, False),
        ("FULLY_CHARGED", False, True),
        ("PAUSED", None, None),
        (None, None, None),
    ],
)
def test_each_charging_state_is_read(state: Any, charging: bool | None, full: bool | None) -> None:
    seen = read(BATTERY, {**CHARGE, "body": {"isPluggedIn": True, "state": state}})

    assert (charging, full) == (seen.charging, seen.fully_charged)


def test_a_failed_item_costs_only_its_own_values() -> None:
    no_battery = read(failed("/battery", 501, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE"), CHARGE)
    no_charge = read(BATTERY, failed("/charge", 409, "VEHICLE_STATE", "ASLEEP"))

    assert (None, True, SEEN_AT) == (no_battery.soc_pct, no_battery.charging, no_battery.seen_at)
    assert (68.0, None, None) == (no_charge.soc_pct, no_charge.plugged_in, no_charge.charging)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([failed("/battery", 430, "BILLING", "VEHICLE_REQUEST_LIMIT")], BudgetExhausted),
        ([failed("/charge", 409, "VEHICLE_STATE", "ASLEEP")], VehicleRefused),
        ([], VehicleUnreachable),
        (["odd", None, {"path": "/battery"}, {"code": 200}], VehicleUnreachable),
        ([{**BATTERY, "body": {"percentRemaining": 68}}], VehicleUnreachable),
        ([{**BATTERY, "body": {"percentRemaining": True}}], VehicleUnreachable),
        ([{**CHARGE, "body": {"isPluggedIn": "yes"}}], VehicleUnreachable),
    ],
)
def test_where_nothing_was_read_the_first_failure_is_told(items: list[Any], expected: type[VehicleError]) -> None:
    with pytest.raises(expected):
        read(*items)


@pytest.mark.parametrize("payload", [None, [], {"responses": None}])
def test_what_is_no_batch_is_no_state(payload: object) -> None:
    with pytest.raises(VehicleUnreachable):
        state_in_batch(payload, VehicleId("ada-id3"), NOW)


def test_a_date_ahead_counts_as_now_and_a_missing_one_as_very_old() -> None:
    ahead = read({**CHARGE, "headers": {"SC-Data-Age": "2026-02-01T23:00:00Z"}})
    undated = read({**CHARGE, "headers": None})

    assert NOW == ahead.seen_at
    assert NOW - undated.seen_at > timedelta(days=365)


def test_who_charges_is_plugged_in_even_where_the_plug_is_not_told() -> None:
    assert read({**CHARGE, "body": {"state": "CHARGING"}}).plugged_in is True
    assert read({**CHARGE, "body": {"state": "NOT_CHARGING"}}).plugged_in is None
