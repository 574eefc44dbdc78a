"""From signals to a state: units, dates, failed signals, signals that contradict each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.vehicles.smartcar.signals import NothingReported, moment, vehicle_state

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
EARLY = "2026-02-01T20:00:00.000Z"
LATE = "2026-02-01T21:00:00.000Z"
PLUG = "charge-ischargingcableconnected"
SIMPLE = "charge-ischarging"
DETAILED = "charge-detailedchargingstatus"
SOC = "tractionbattery-stateofcharge"


def signal(code: str, body: Any, at: Any = LATE, status: Any = "SUCCESS") -> dict[str, Any]:
    attributes = {"code": code, "status": {"value": status}, "body": body}
    return {"id": code, "type": "signal", "attributes": attributes, "meta": {"oemUpdatedAt": at}}


def failed(code: str, kind: str, error: str, body: Any, at: Any = LATE) -> dict[str, Any]:
    element = signal(code, body, at, "ERROR")
    element["attributes"]["status"]["error"] = {"type": kind, "code": error}
    return element


def read(*elements: Any) -> VehicleState:
    return vehicle_state({"data": list(elements)}, VehicleId("ada-id3"), NOW)


def test_reads_every_signal_that_matters_into_the_units_of_the_house() -> None:
    state = read(
        signal(SOC, {"value": 45, "unit": "percent"}),
        signal(PLUG, {"value": True}),
        signal(SIMPLE, {"value": True}),
        signal(DETAILED, {"value": "CHARGING"}),
        signal("charge-isfastchargerpresent", {"value": False}),
        signal(
            "charge-chargelimits", {"values": [{"type": "GLOBAL", "limit": 80}], "activeLimit": 80, "unit": "percent"}
        ),
        signal("charge-wattage", {"value": 4683, "unit": "watts"}),
        signal("charge-energyadded", {"value": 25.5, "unit": "kWh"}),
        signal("odometer-traveleddistance", {"value": 12000.5, "unit": "km"}),
    )

    seen_at = datetime(2026, 2, 1, 21, 0, tzinfo=UTC)
    expected = VehicleState(
        VehicleId("ada-id3"),
        seen_at,
        45.0,
        seen_at,
        True,
        True,
        False,
        False,
        80.0,
        4.683,
        25.5,
        12000.5,
        energy_seen_at=seen_at,
    )
    assert expected == state


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-09-22T12:34:51.000Z", datetime(2026, 9, 22, 12, 34, 51, tzinfo=UTC)),
        ("2026-09-22T14:34:51+02:00", datetime(2026, 9, 22, 12, 34, 51, tzinfo=UTC)),
        ("2026-09-22T12:34:51", datetime(2026, 9, 22, 12, 34, 51, tzinfo=UTC)),
        (1769937933, datetime(2026, 2, 1, 9, 25, 33, tzinfo=UTC)),
        (1769937933000, datetime(2026, 2, 1, 9, 25, 33, tzinfo=UTC)),
        (0, None),
        (-5, None),
        (True, None),
        (None, None),
        ("yesterday", None),
        (float("nan"), None),
        (10**400, None),
        (1e300, None),
    ],
)
def test_reads_all_three_forms_of_a_date(stamp: object, expected: datetime | None) -> None:
    assert expected == moment(stamp)


def test_the_plug_and_the_charging_keep_dates_of_their_own() -> None:
    state = read(signal(PLUG, {"value": True}, at=EARLY), signal(SIMPLE, {"value": False}, at=LATE))

    assert datetime(2026, 2, 1, 20, 0, tzinfo=UTC) == state.seen_at
    assert datetime(2026, 2, 1, 21, 0, tzinfo=UTC) == state.charging_at == state.last_word_at


def test_charging_without_a_date_is_as_old_as_the_plug() -> None:
    state = read(signal(PLUG, {"value": True}, at=EARLY), signal(SIMPLE, {"value": False}, at=0))

    assert datetime(2026, 2, 1, 20, 0, tzinfo=UTC) == state.charging_at


def test_the_charge_keeps_a_date_of_its_own() -> None:
    state = read(signal(PLUG, {"value": True}, at=LATE), signal(SOC, {"value": 45, "unit": "percent"}, at=EARLY))

    assert datetime(2026, 2, 1, 21, 0, tzinfo=UTC) == state.seen_at
    assert datetime(2026, 2, 1, 20, 0, tzinfo=UTC) == state.soc_seen_at


def test_a_date_ahead_of_our_clock_counts_as_now() -> None:
    state = read(signal(PLUG, {"value": True}, at="2026-02-01T22:07:00Z"))

    assert NOW == state.seen_at


def test_an_undated_plug_takes_the_age_of_the_charge_beside_it() -> None:
    state = read(signal(PLUG, {"value": True}, at=0), signal(SOC, {"value": 45, "unit": "percent"}, at=EARLY))

    assert datetime(2026, 2, 1, 20, 0, tzinfo=UTC) == state.seen_at


def test_a_state_without_any_date_is_too_old_for_any_decision() -> None:
    element = signal(PLUG, {"value": True})
    element["meta"] = {"retrievedAt": LATE, "ingestedAt": LATE}

    assert NOW - read(element).seen_at > timedelta(days=365)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"value": 45, "unit": "percent"}, 45.0),
        ({"value": 1, "unit": "percent"}, 1.0),
        ({"value": 0, "unit": "percent"}, 0.0),
        ({"value": 0.45, "unit": "FRACTION"}, 45.0),
        ({"value": 45}, 45.0),
        ({"value": 0.77}, None),
        ({"value": 45, "unit": "litres"}, None),
        ({"value": 101, "unit": "percent"}, None),
        ({"value": -1, "unit": "percent"}, None),
        ({"value": None, "unit": "percent"}, None),
        ({"value": True, "unit": "percent"}, None),
        ({"value": "45", "unit": "percent"}, None),
        ({"value": float("nan"), "unit": "percent"}, None),
        ({"value": 10**400, "unit": "percent"}, None),
    ],
)
def test_the_charge_is_taken_by_its_unit_and_never_guessed(body: dict[str, Any], expected: float | None) -> None:
    assert expected == read(signal(PLUG, {"value": True}), signal(SOC, body)).soc_pct


@pytest.mark.parametrize("unit", ["kWh", "kwhr", "kWhr", "kilowatt_hours", None])
def test_every_name_of_the_kilowatt_hour_is_one(unit: str | None) -> None:
    state = read(signal(PLUG, {"value": True}), signal("charge-energyadded", {"value": 7.5, "unit": unit}))

    assert 7.5 == state.energy_added_kwh


def test_miles_become_kilometres() -> None:
    state = read(signal(PLUG, {"value": True}), signal("odometer-traveleddistance", {"value": 100, "unit": "miles"}))

    assert 160.9344 == state.odometer_km


def test_codes_statuses_and_values_may_be_written_in_any_case() -> None:
    elements = [
        signal("Charge-IsChargingCableConnected", {"value": True}, status="success"),
        signal("charge-DetailedChargingStatus", {"value": "fully_charged"}),
    ]
    state = read(*elements)

    assert (True, False, True) == (state.plugged_in, state.charging, state.fully_charged)


def test_a_failed_signal_does_not_cost_the_others() -> None:
    state = read(
        failed("charge-wattage", "VEHICLE_STATE", "NOT_CHARGING", {"value": None, "unit": "watt"}),
        signal(PLUG, {"value": True}),
    )

    assert (True, None) == (state.plugged_in, state.power_kw)


def test_a_failed_signal_keeps_its_last_value_with_the_date_it_was_true() -> None:
    state = read(
        failed(PLUG, "UPSTREAM", "NO_RESPONSE", {"value": True}, at=EARLY), signal(SIMPLE, {"value": False}, at=LATE)
    )

    assert state.plugged_in is True
    assert datetime(2026, 2, 1, 20, 0, tzinfo=UTC) == state.seen_at


def test_a_failed_signal_without_a_date_says_nothing() -> None:
    state = read(failed(PLUG, "UPSTREAM", "NO_RESPONSE", {"value": False}, at=None), signal(SIMPLE, {"value": False}))

    assert state.plugged_in is None


def test_an_incapable_signal_has_no_body_and_is_absent() -> None:
    incapable = failed(PLUG, "COMPATIBILITY", "VEHICLE_NOT_CAPABLE", None)
    del incapable["attributes"]["body"]
    incapable["meta"] = {"ingestedAt": LATE}

    state = read(incapable, signal(SOC, {"value": 45, "unit": "percent"}))

    assert (None, None) == (state.plugged_in, state.charging)


def test_who_delays_at_the_charging_station_is_not_charging() -> None:
    state = read(signal(SIMPLE, {"value": True}), signal(DETAILED, {"value": "NOT_CHARGING"}))

    assert state.charging is False


def test_the_later_of_two_contradicting_signals_counts() -> None:
    newer_simple = read(signal(SIMPLE, {"value": True}, at=LATE), signal(DETAILED, {"value": "NOT_CHARGING"}, at=EARLY))
    newer_detailed = read(signal(SIMPLE, {"value": False}, at=EARLY), signal(DETAILED, {"value": "CHARGING"}, at=LATE))

    assert (True, True) == (newer_simple.charging, newer_detailed.charging)
    assert datetime(2026, 2, 1, 21, 0, tzinfo=UTC) == newer_simple.seen_at == newer_detailed.seen_at


def test_a_newer_word_on_charging_drops_an_older_fully_charged() -> None:
    elements = [signal(SIMPLE, {"value": True}, at=LATE), signal(DETAILED, {"value": "FULLY_CHARGED"}, at=EARLY)]

    assert (True, False) == (read(*elements).charging, read(*elements).fully_charged)


def test_a_newer_not_charging_leaves_open_whether_the_car_is_full() -> None:
    state = read(signal(SIMPLE, {"value": False}, at=LATE), signal(DETAILED, {"value": "CHARGING"}, at=EARLY))

    assert (False, None) == (state.charging, state.fully_charged)


def test_a_detailed_status_nobody_documented_says_nothing_certain() -> None:
    state = read(signal(SIMPLE, {"value": False}), signal(DETAILED, {"value": "PAUSED_BY_STATION"}))

    assert (False, None) == (state.charging, state.fully_charged)


def test_who_charges_is_plugged_in() -> None:
    assert read(signal(SIMPLE, {"value": True})).plugged_in is True


def test_a_missing_cable_signal_is_not_an_unplugged_car() -> None:
    assert read(signal(SIMPLE, {"value": False})).plugged_in is None


def test_a_newer_missing_cable_ends_an_older_charging() -> None:
    state = read(signal(PLUG, {"value": False}, at=LATE), signal(SIMPLE, {"value": True}, at=EARLY))

    assert (False, False) == (state.plugged_in, state.charging)


def test_a_cable_said_to_be_out_while_the_car_charges_is_in() -> None:
    state = read(signal(PLUG, {"value": False}, at=LATE), signal(SIMPLE, {"value": True}, at=LATE))

    assert (True, True) == (state.plugged_in, state.charging)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"values": [], "activeLimit": 80, "unit": "percent"}, 80.0),
        ({"values": [{"type": "global", "limit": 70}], "activeLimit": None, "unit": "percent"}, 70.0),
        ({"values": [{"type": "LOCATION", "limit": 70}], "activeLimit": None, "unit": "percent"}, None),
        ({"activeLimit": 0.8, "unit": "fraction"}, 80.0),
        ({"values": [], "activeLimit": None}, None),
        ({"values": None, "activeLimit": 0}, None),
        ({"values": ["odd"], "activeLimit": None}, None),
        ({"activeLimit": 80, "unit": "amperes"}, None),
    ],
)
def test_the_limit_in_force_is_found_in_every_shape(body: dict[str, Any], expected: float | None) -> None:
    assert expected == read(signal(PLUG, {"value": True}), signal("charge-chargelimits", body)).limit_pct


@pytest.mark.parametrize("payload", [{"data": []}, {"data": None}, {}, [], None, {"data": ["odd", 7, None, {}]}])
def test_an_empty_store_is_an_error_of_its_own(payload: object) -> None:
    with pytest.raises(NothingReported, match="webhook"):
        vehicle_state(payload, VehicleId("ada-id3"), NOW)


def test_a_plan_that_hides_the_charge_group_still_tells_the_charge() -> None:
    state = read(signal(SOC, {"value": 45, "unit": "percent"}))

    assert (45.0, None, None) == (state.soc_pct, state.plugged_in, state.charging)


def test_of_two_signals_with_one_code_the_later_counts_in_either_order() -> None:
    older, newer = signal(PLUG, {"value": True}, at=EARLY), signal(PLUG, {"value": False}, at=LATE)

    assert (False, False) == (read(older, newer).plugged_in, read(newer, older).plugged_in)


def test_the_elements_of_a_webhook_are_read_too() -> None:
    element = {"code": PLUG, "body": {"value": True}, "meta": {"oemUpdatedAt": 1769937933000}}

    state = read(element)

    assert (True, datetime(2026, 2, 1, 9, 25, 33, tzinfo=UTC)) == (state.plugged_in, state.seen_at)
