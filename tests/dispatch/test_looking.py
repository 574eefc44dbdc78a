"""When a turn has to look at the car, and when its last word will do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from scheduler.dispatch.looking import LookPlan, Sight, look_is_due, next_look
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.planning.plugging import PlugInHabit

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
CAR = VehicleId("ada-id3")
LOOKS = LookPlan(
    unplugged=timedelta(hours=2),
    waiting=timedelta(hours=6),
    charging=timedelta(hours=1),
    confirm=(timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30)),
    patience=timedelta(minutes=65),
    unreachable=(timedelta(minutes=1),),
)
WAITING = Sight(VehicleState(CAR, NOW, 46, NOW, plugged_in=True, charging=False), NOW)
CHARGING = replace(WAITING, state=replace(WAITING.state, charging=True))
UNPLUGGED = replace(WAITING, state=replace(WAITING.state, plugged_in=False))
USUAL = replace(LOOKS, habit=PlugInHabit(np.full((7, 96), 4.0), UTC))
"""A habit by which this is always the time at which the car is usually plugged in."""


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def told(sight: Sight, at: datetime = NOW) -> Sight:
    return replace(sight, told_at=at)


def start(status: CommandStatus, sent_at: datetime | None = NOW, settled_at: datetime | None = None) -> Command:
    command = Command(CommandId("c"), CAR, Verb.START, Reason.PLAN, NOW, minutes(90), status, sent_at)
    return replace(command, settled_at=settled_at)


def test_a_car_that_was_never_seen_is_looked_at() -> None:
    assert look_is_due(NOW, None, [], LOOKS)


def test_a_waiting_car_is_started_by_its_last_word_until_the_pause_is_over() -> None:
    assert not look_is_due(minutes(359), WAITING, [], LOOKS)
    assert look_is_due(minutes(360), WAITING, [], LOOKS)


def test_a_charging_car_is_not_stopped_by_an_old_word() -> None:
    assert not look_is_due(minutes(10), CHARGING, [], LOOKS)
    assert look_is_due(minutes(11), CHARGING, [], LOOKS)


def test_a_car_that_tells_by_itself_is_left_in_peace_for_hours() -> None:
    assert minutes(120) == next_look(UNPLUGGED, [], LOOKS)
    assert minutes(360) == next_look(told(UNPLUGGED), [], LOOKS)


def test_a_car_that_fell_silent_is_looked_at_as_if_it_had_never_told_anything() -> None:
    assert minutes(120) == next_look(told(UNPLUGGED, minutes(-24 * 60)), [], LOOKS)


def test_the_outcome_of_a_command_is_looked_for_on_its_ladder() -> None:
    accepted = start(CommandStatus.ACCEPTED)

    assert not look_is_due(minutes(1), WAITING, [accepted], LOOKS)
    assert look_is_due(minutes(2), WAITING, [accepted], LOOKS)
    assert minutes(30) == next_look(replace(WAITING, at=minutes(12)), [accepted], LOOKS)
    assert minutes(70) == next_look(replace(WAITING, at=minutes(40)), [accepted], LOOKS)


def test_nobody_looks_for_an_outcome_before_the_make_reports() -> None:
    looks, accepted = replace(LOOKS, by_make=True), start(CommandStatus.ACCEPTED)

    assert minutes(16) == next_look(WAITING, [accepted], looks, timedelta(minutes=15))
    assert minutes(30) == next_look(replace(WAITING, at=minutes(16)), [accepted], looks, timedelta(minutes=15))


def test_after_a_crash_in_the_middle_of_a_call_the_car_is_looked_at() -> None:
    assert look_is_due(minutes(1), WAITING, [start(CommandStatus.SENDING)], LOOKS)


def test_a_command_that_was_written_but_never_sent_needs_no_look() -> None:
    assert not look_is_due(minutes(1), WAITING, [start(CommandStatus.QUEUED, None)], LOOKS)


def test_a_refusal_is_followed_by_a_look_and_one_only() -> None:
    refused = start(CommandStatus.FAILED, settled_at=minutes(1))

    assert look_is_due(minutes(2), WAITING, [refused], LOOKS)
    assert not look_is_due(minutes(3), replace(WAITING, at=minutes(2)), [refused], LOOKS)


def test_a_clock_that_was_put_back_makes_every_word_old() -> None:
    assert look_is_due(minutes(-1), WAITING, [], LOOKS)


def test_a_car_is_looked_at_sooner_when_it_is_usually_plugged_in() -> None:
    assert minutes(30) <= next_look(UNPLUGGED, [], USUAL) <= minutes(45)
    assert not look_is_due(minutes(29), UNPLUGGED, [], USUAL)
    assert look_is_due(minutes(45), UNPLUGGED, [], USUAL)


def test_a_guess_asks_no_car_more_often_than_its_make_reports() -> None:
    assert minutes(60) <= next_look(UNPLUGGED, [], USUAL, timedelta(minutes=60)) <= minutes(90)


def test_a_habit_moves_no_look_at_a_car_that_is_plugged_in_or_tells_by_itself() -> None:
    assert minutes(360) == next_look(WAITING, [], USUAL)
    assert minutes(60) == next_look(CHARGING, [], USUAL)
    assert minutes(360) == next_look(told(UNPLUGGED), [], USUAL)
