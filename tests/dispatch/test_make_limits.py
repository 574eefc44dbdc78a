"""What makes allow: GM's half a battery, Nissan's missing stop, Volkswagen's fifteen, BMW's eighty."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.dispatch.make_limits import MakeLimits, answered, driven_at, make_limits
from scheduler.dispatch.promising import within
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.make import rules_for
from scheduler.domain.plan import ChargeRules
from scheduler.domain.session import ChargeSession
from scheduler.domain.vehicle import VehicleId, VehicleState

NOW = datetime(2026, 2, 15, 0, 0, tzinfo=UTC)
CAR = VehicleId("ada")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sent(verb: Verb, ago: timedelta, status: CommandStatus = CommandStatus.CONFIRMED) -> Command:
    at = NOW - ago
    return Command(CommandId("c"), CAR, verb, Reason.PLAN, at, at + HOUR, status, at, at)


def limits(make: str, *commands: Command, driven: timedelta = DAY) -> MakeLimits:
    return make_limits(rules_for(make), commands, NOW - driven, NOW)


def at(hours_ago: float, odometer_km: float | None) -> VehicleState:
    return VehicleState(CAR, NOW - hours_ago * HOUR, 50, odometer_km=odometer_km)


@pytest.mark.parametrize("verb", [Verb.START, Verb.STOP])
def test_general_motors_takes_nothing_below_half_a_battery(verb: Verb) -> None:
    chevrolet = limits("CHEVROLET")

    assert "Chevrolet takes no command below 50 %" == chevrolet.objection(verb, 49.9)
    assert chevrolet.objection(verb, 50) is None
    assert chevrolet.objection(verb, None) is None


def test_nissan_is_started_and_never_stopped_and_so_planned_in_one_window() -> None:
    nissan = limits("NISSAN")

    assert nissan.objection(Verb.START, 30) is None
    assert "Nissan takes no stop now" == nissan.objection(Verb.STOP, 30)
    assert 1 == nissan.starts


def test_volkswagen_takes_fifteen_until_it_is_driven_and_the_last_is_a_start() -> None:
    fourteen = [sent(Verb.START, HOUR) for _ in range(14)]

    last = limits("Volkswagen", *fourteen)
    none = limits("Volkswagen", *fourteen, sent(Verb.START, HOUR))

    assert (1, 1) == (last.commands, last.starts)
    assert last.objection(Verb.START, 30) is None
    assert "Volkswagen takes no more commands until the car is driven" == last.objection(Verb.STOP, 30)
    assert none.objection(Verb.START, 30) is not None
    assert 15 == limits("Volkswagen", *fourteen, driven=HOUR / 2).commands


def test_commands_that_were_refused_or_never_sent_do_not_count() -> None:
    refused = [
        sent(Verb.START, HOUR, status)
        for status in (CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.SUPERSEDED)
    ]

    assert 15 == limits("Volkswagen", *refused).commands


def test_a_limit_is_neither_counted_nor_objected_to() -> None:
    assert 15 == limits("Volkswagen", sent(Verb.LIMIT, HOUR)).commands
    assert limits("CHEVROLET").objection(Verb.LIMIT, 40) is None


def test_what_the_car_answers_wins_over_the_table_for_a_day() -> None:
    no_start = replace(sent(Verb.START, HOUR, CommandStatus.REFUSED), detail="no start through Smartcar")
    no_stop = sent(Verb.STOP, HOUR, CommandStatus.REFUSED)
    yesterday = sent(Verb.STOP, 25 * HOUR, CommandStatus.REFUSED)
    tesla = limits("TESLA")

    assert "the car does not start: no start through Smartcar" == answered(tesla, [no_start], NOW).objection(
        Verb.START, 50
    )
    assert 0 == answered(tesla, [no_stop], NOW).stops
    assert tesla == answered(tesla, [yesterday, sent(Verb.START, HOUR, CommandStatus.FAILED)], NOW)


def test_bmw_takes_eighty_stops_in_thirty_days_that_roll() -> None:
    eighty = [sent(Verb.STOP, 10 * DAY) for _ in range(79)] + [sent(Verb.STOP, 31 * DAY), sent(Verb.START, DAY)]

    assert (1, 2) == (limits("BMW", *eighty).stops, limits("BMW", *eighty).starts)
    assert limits("BMW", *eighty, sent(Verb.STOP, HOUR)).objection(Verb.STOP, 30) is not None


def test_other_makes_have_no_limit() -> None:
    tesla = limits("TESLA", *[sent(Verb.STOP, HOUR) for _ in range(100)])

    assert (None, None, None) == (tesla.objection(Verb.STOP, 5), tesla.objection(Verb.START, 5), tesla.starts)


def test_a_drive_is_a_rise_of_the_odometer_and_without_one_the_plugging_in() -> None:
    session = ChargeSession(CAR, NOW - 2 * HOUR)

    assert NOW - 5 * HOUR == driven_at([at(9, 100), at(5, 140), at(3, 140.4)], session, NOW)
    assert NOW - 9 * HOUR == driven_at([at(9, 100), at(3, 100)], session, NOW)
    assert session.plugged_in_at == driven_at([at(9, None), at(3, None)], session, NOW)
    assert driven_at([], None, NOW) == NOW


def test_a_plan_counts_on_no_more_starts_than_the_make_leaves() -> None:
    rules = ChargeRules(11.0, 2)
    one_left = limits("Volkswagen", *[sent(Verb.START, HOUR) for _ in range(14)])
    nissan = within(rules, limits("NISSAN"), charging=False)

    assert ChargeRules(11.0, 1) == within(rules, one_left, charging=False)
    assert (1, True) == (nissan.max_starts, nissan.continuous)
    assert rules == within(rules, limits("TESLA"), charging=False)
    assert rules == within(rules, limits("BMW"), charging=False)
    assert 81 == within(ChargeRules(11.0, None), limits("BMW"), charging=False).max_starts
