"""What a look at the car means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler.dispatch.observe import is_full, metered, observe, soc_now
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.session import ChargeSession, Hand
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId, VehicleState

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)
CAR = VehicleId("ada-id3")
VEHICLE = Vehicle(CAR, "ID.3", "VOLKSWAGEN", "ID.3", Powertrain.BEV, "v", "u", 50.0, 10.0, 0.9)
SESSION = ChargeSession(CAR, plugged_in_at=NOW - timedelta(hours=3), start_soc_pct=40)
BEFORE = VehicleState(CAR, EARLIER, 46, EARLIER, plugged_in=True, charging=False)
STATE = VehicleState(CAR, NOW, 46, NOW, plugged_in=True, charging=False)
TEN_MINUTES = timedelta(minutes=10)


def sent(verb: Verb, status: CommandStatus = CommandStatus.CONFIRMED) -> Command:
    return Command(CommandId("c"), CAR, verb, Reason.PLAN, EARLIER, NOW, status, sent_at=EARLIER)


def old(verb: Verb) -> Command:
    return replace(sent(verb), sent_at=EARLIER - timedelta(minutes=1))


def test_the_first_sight_of_the_cable_opens_a_session() -> None:
    seen = observe(None, replace(BEFORE, plugged_in=False), STATE, [], TEN_MINUTES)

    assert ChargeSession(CAR, plugged_in_at=NOW, start_soc_pct=46) == seen.session
    assert seen.plugged_in


def test_the_first_sight_of_the_cable_gone_closes_the_session() -> None:
    seen = observe(SESSION, BEFORE, replace(STATE, plugged_in=False, soc_pct=None), [], TEN_MINUTES)

    assert seen.session is None
    assert replace(SESSION, unplugged_at=NOW, end_soc_pct=46) == seen.closed


def test_an_unplugged_car_stays_unplugged() -> None:
    gone = replace(STATE, plugged_in=False)

    assert (None, None) == (
        observe(None, None, gone, [], TEN_MINUTES).session,
        observe(None, None, gone, [], TEN_MINUTES).closed,
    )


def test_not_said_is_not_unplugged() -> None:
    silent = replace(STATE, plugged_in=None, charging=None)

    assert SESSION == observe(SESSION, BEFORE, silent, [], TEN_MINUTES).session
    assert observe(None, BEFORE, silent, [], TEN_MINUTES).session is None
    assert observe(None, BEFORE, replace(silent, charging=True), [], TEN_MINUTES).session is not None


def test_a_car_that_drove_between_two_looks_was_unplugged() -> None:
    emptier = observe(SESSION, BEFORE, replace(STATE, soc_pct=30), [], TEN_MINUTES)
    farther = observe(SESSION, replace(BEFORE, odometer_km=100), replace(STATE, odometer_km=130), [], TEN_MINUTES)

    assert NOW == emptier.session.plugged_in_at if emptier.session else False
    assert replace(SESSION, unplugged_at=EARLIER, end_soc_pct=46) == emptier.closed
    assert farther.plugged_in


def test_a_car_whose_odometer_stands_still_was_not_driven_however_much_its_cabin_took() -> None:
    warmed = replace(STATE, soc_pct=40, odometer_km=100)

    assert SESSION == observe(SESSION, replace(BEFORE, odometer_km=100), warmed, [], TEN_MINUTES).session


def test_a_car_that_was_away_is_plugged_in_since_its_last_word_where_its_cable_has_an_older_date() -> None:
    driven = replace(STATE, seen_at=SESSION.plugged_in_at, charging_seen_at=NOW, soc_pct=30)

    seen = observe(SESSION, BEFORE, driven, [], TEN_MINUTES)

    assert ChargeSession(CAR, plugged_in_at=NOW, start_soc_pct=30) == seen.session
    assert replace(SESSION, unplugged_at=EARLIER, end_soc_pct=46) == seen.closed


def test_an_unknown_charge_is_no_sign_of_a_drive() -> None:
    assert SESSION == observe(SESSION, BEFORE, replace(STATE, soc_pct=None), [], TEN_MINUTES).session


def test_charging_after_our_start_is_ours() -> None:
    seen = observe(SESSION, BEFORE, replace(STATE, charging=True), [sent(Verb.START)], TEN_MINUTES)

    assert Hand.NONE == seen.hand


def test_charging_soon_after_plug_in_is_automatic_the_first_time_only() -> None:
    fresh = replace(SESSION, plugged_in_at=NOW - timedelta(minutes=9))
    charging = replace(STATE, charging=True)

    assert Hand.NONE == observe(fresh, BEFORE, charging, [], TEN_MINUTES).hand
    again = replace(fresh, automatic_stopped=True)
    assert Hand.CHARGING == observe(again, BEFORE, charging, [sent(Verb.STOP)], TEN_MINUTES).hand


def test_charging_that_nobody_asked_for_is_the_drivers_hand() -> None:
    seen = observe(SESSION, BEFORE, replace(STATE, charging=True), [sent(Verb.STOP)], TEN_MINUTES)

    assert Hand.CHARGING == seen.hand
    assert seen.session is not None
    assert Hand.CHARGING == seen.session.hand


def test_an_end_that_nobody_asked_for_is_the_drivers_hand() -> None:
    seen = observe(SESSION, replace(BEFORE, charging=True), STATE, [sent(Verb.START)], TEN_MINUTES)

    assert Hand.STOPPED == seen.hand


def test_an_end_after_our_stop_or_at_full_is_not_a_hand() -> None:
    charging = replace(BEFORE, charging=True)

    assert Hand.NONE == observe(SESSION, charging, STATE, [sent(Verb.STOP)], TEN_MINUTES).hand
    assert Hand.NONE == observe(SESSION, charging, replace(STATE, limit_pct=46), [sent(Verb.START)], TEN_MINUTES).hand


def test_a_command_whose_outcome_is_open_explains_the_change() -> None:
    late = sent(Verb.STOP, CommandStatus.ACCEPTED)

    assert Hand.NONE == observe(SESSION, BEFORE, replace(STATE, charging=True), [late], TEN_MINUTES).hand


def test_a_hand_is_seen_once_and_stays() -> None:
    touched = replace(SESSION, hand=Hand.CHARGING)

    seen = observe(touched, replace(BEFORE, charging=True), STATE, [], TEN_MINUTES)

    assert (touched, Hand.NONE) == (seen.session, seen.hand)


def test_a_hand_that_starts_the_car_takes_the_place_of_one_that_stopped_it() -> None:
    stopped = replace(SESSION, hand=Hand.STOPPED)

    again = observe(stopped, BEFORE, replace(STATE, charging=True), [old(Verb.START)], TEN_MINUTES)

    assert (Hand.CHARGING, replace(SESSION, hand=Hand.CHARGING)) == (again.hand, again.session)


def test_what_a_person_asked_of_us_after_a_hand_is_no_hand() -> None:
    stopped = replace(SESSION, hand=Hand.STOPPED)

    seen = observe(stopped, BEFORE, replace(STATE, charging=True), [sent(Verb.START)], TEN_MINUTES)

    assert Hand.NONE is seen.hand


def test_charging_after_a_report_that_did_not_say_is_no_hand() -> None:
    silent = replace(BEFORE, charging=None)

    assert Hand.NONE is observe(SESSION, silent, replace(STATE, charging=True), [], TEN_MINUTES).hand


def test_a_car_is_full_at_its_limit_or_when_it_says_so() -> None:
    assert is_full(replace(STATE, fully_charged=True))
    assert is_full(replace(STATE, soc_pct=79.0, limit_pct=80))
    assert not is_full(replace(STATE, soc_pct=78.0, limit_pct=80))
    assert is_full(replace(STATE, soc_pct=99.5))
    assert not is_full(replace(STATE, soc_pct=None))


def test_the_charge_now_counts_what_has_flowed_since_it_was_seen() -> None:
    charging = replace(STATE, charging=True, power_kw=5.0)
    in_an_hour = NOW + timedelta(hours=1)

    assert 46 + 100 * 5 * 0.9 / 50 == soc_now(charging, VEHICLE, in_an_hour)
    assert 46 + 100 * 10 * 0.9 / 50 == soc_now(replace(charging, power_kw=None), VEHICLE, in_an_hour)
    assert 50 == soc_now(replace(charging, limit_pct=50), VEHICLE, in_an_hour)
    assert 46 == soc_now(STATE, VEHICLE, in_an_hour)
    assert soc_now(replace(STATE, soc_pct=None), VEHICLE, in_an_hour) is None


def test_what_flowed_is_the_rise_in_charge_over_the_efficiency_at_the_mean_price() -> None:
    curve = TariffCurve("EUR", (PriceSlot(EARLIER, NOW, 0.30),))
    later = replace(STATE, soc_pct=55)

    session = metered(SESSION, BEFORE, later, VEHICLE, curve)

    assert 5.0 == round(session.energy_kwh, 6)
    assert 1.5 == round(session.cost, 6)
    assert 0.0 == metered(SESSION, BEFORE, later, VEHICLE, None).cost
    assert 0.0 == metered(SESSION, BEFORE, later, VEHICLE, TariffCurve("EUR")).cost


def test_nothing_flowed_where_nothing_new_was_seen() -> None:
    assert SESSION == metered(SESSION, None, STATE, VEHICLE, None)
    assert SESSION == metered(SESSION, BEFORE, STATE, VEHICLE, None)
    assert SESSION == metered(SESSION, BEFORE, replace(STATE, soc_pct=60, soc_seen_at=EARLIER), VEHICLE, None)
    assert SESSION == metered(SESSION, replace(BEFORE, soc_pct=None), STATE, VEHICLE, None)
