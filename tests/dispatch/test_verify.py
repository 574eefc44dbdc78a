"""What a look says of a command that was sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler.dispatch.verify import verdict
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.vehicle import VehicleId, VehicleState

SENT = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
CAR = VehicleId("ada-id3")
START = Command(
    CommandId("c"), CAR, Verb.START, Reason.PLAN, SENT, SENT + timedelta(hours=2), CommandStatus.ACCEPTED, SENT
)
STOP = replace(START, verb=Verb.STOP)
HOUR = timedelta(hours=1)


def report(seconds: float, *, charging: bool | None, plugged_in: bool = True, full: bool = False) -> VehicleState:
    at = SENT + timedelta(seconds=seconds)
    return VehicleState(CAR, at, 50, at, plugged_in=plugged_in, charging=charging, fully_charged=full)


def status(command: Command, state: VehicleState, now: datetime = SENT + timedelta(minutes=5)) -> CommandStatus | None:
    found = verdict(command, state, now, HOUR)
    return found[0] if found else None


def test_a_report_from_after_the_sending_confirms() -> None:
    assert CommandStatus.CONFIRMED == status(START, report(5, charging=True))
    assert CommandStatus.CONFIRMED == status(STOP, report(5, charging=False))
    assert CommandStatus.CONFIRMED == status(START, report(5, charging=False, full=True))


def test_a_report_from_before_the_sending_proves_nothing() -> None:
    assert status(START, report(-5, charging=True)) is None
    assert status(STOP, report(0, charging=True)) is None


def test_what_the_cable_says_is_no_report_of_charging_nor_the_other_way_round() -> None:
    before, after = SENT - HOUR, SENT + timedelta(minutes=2)
    cable_since = replace(report(120, charging=False), charging_seen_at=before)
    charging_since = replace(report(-3600, charging=True), charging_seen_at=after)
    gone_before = replace(report(-3600, charging=None, plugged_in=False), charging_seen_at=after)

    assert status(START, cable_since) is None
    assert CommandStatus.CONFIRMED == status(START, charging_since)
    assert status(STOP, gone_before) is None


def test_the_opposite_counts_only_after_the_car_has_had_time_to_switch() -> None:
    assert status(START, report(30, charging=False)) is None
    assert CommandStatus.CONTRADICTED == status(START, report(60, charging=False))
    assert CommandStatus.CONTRADICTED == status(STOP, report(60, charging=True))


def test_silence_about_charging_proves_nothing_until_patience_ends() -> None:
    assert status(START, report(60, charging=None)) is None
    assert CommandStatus.CONTRADICTED == status(START, report(60, charging=None), SENT + HOUR)


def test_an_unplugged_car_has_stopped_and_cannot_have_started() -> None:
    assert CommandStatus.CONFIRMED == status(STOP, report(5, charging=False, plugged_in=False))
    assert CommandStatus.CONTRADICTED == status(START, report(5, charging=False, plugged_in=False))


def test_after_a_crash_a_sent_command_is_unknown_until_the_car_says_more() -> None:
    crashed = replace(START, status=CommandStatus.SENDING)

    assert CommandStatus.UNKNOWN == status(crashed, report(-5, charging=False))
    assert CommandStatus.CONFIRMED == status(crashed, report(5, charging=True))
    assert CommandStatus.UNKNOWN == status(replace(crashed, sent_at=None), report(5, charging=True))


def test_a_limit_is_confirmed_where_the_car_shows_it_and_contradicted_after_its_patience() -> None:
    limit = replace(START, verb=Verb.LIMIT, limit_pct=80)
    shown = replace(report(-600, charging=True), limit_pct=80.2)
    other = replace(report(60, charging=True), limit_pct=90)

    assert CommandStatus.CONFIRMED == status(limit, shown)
    assert status(limit, other) is None
    assert CommandStatus.CONTRADICTED == status(limit, other, SENT + HOUR)
    assert CommandStatus.UNKNOWN == status(replace(limit, status=CommandStatus.SENDING), other)


def test_a_command_that_was_never_sent_is_superseded() -> None:
    assert CommandStatus.SUPERSEDED == status(
        replace(START, status=CommandStatus.QUEUED, sent_at=None), report(5, charging=True)
    )


def test_after_the_clock_was_set_back_a_command_is_not_waited_for_until_its_time_comes_again() -> None:
    a_year_ago = SENT - timedelta(days=365)
    idle = VehicleState(CAR, a_year_ago, 50, a_year_ago, plugged_in=True, charging=False)

    assert CommandStatus.CONTRADICTED == status(START, idle, a_year_ago)
    assert CommandStatus.CONFIRMED == status(STOP, idle, a_year_ago)
