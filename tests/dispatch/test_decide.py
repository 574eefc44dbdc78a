"""What the car is told: as pictures of a situation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.dispatch.decide import AFTER_REFUSAL, MOST_TRIES, NOTHING, Situation, decide
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.domain.vehicle import VehicleId, VehicleState

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
CAR = VehicleId("ada-id3")
SESSION = ChargeSession(CAR, plugged_in_at=NOW - timedelta(hours=3))
WAITING = VehicleState(CAR, NOW, 46, NOW, plugged_in=True, charging=False)
CHARGING = replace(WAITING, charging=True)


def hours(start: float, end: float) -> ChargeWindow:
    return ChargeWindow(NOW + timedelta(hours=start), NOW + timedelta(hours=end), 11.0)


def plan(*windows: ChargeWindow, outcome: PlanOutcome = PlanOutcome.MET) -> ChargePlan:
    return ChargePlan(outcome, windows)


def command(verb: Verb, status: CommandStatus, minutes_ago: float = 5) -> Command:
    at = NOW - timedelta(minutes=minutes_ago)
    settled = None if status.open else at
    return Command(CommandId("c1"), CAR, verb, Reason.PLAN, at, at + timedelta(hours=1), status, at, settled)


BASE = Situation(NOW, WAITING, SESSION, plan(hours(-1, 2)), soc_pct=46, target_pct=80, reserve_pct=20)


def test_starts_a_waiting_car_inside_its_window_and_lets_the_start_expire_with_the_window() -> None:
    decision = decide(BASE)

    assert (Verb.START, Reason.PLAN) == (decision.verb, decision.reason)
    assert NOW + timedelta(hours=2) == decision.expires_at


def test_says_nothing_to_a_car_that_does_what_the_plan_wants() -> None:
    assert NOTHING == decide(replace(BASE, state=CHARGING))
    assert NOTHING == decide(replace(BASE, plan=plan(hours(1, 2))))


def test_stops_a_car_that_charges_outside_its_windows() -> None:
    started = (command(Verb.START, CommandStatus.CONFIRMED),)

    decision = decide(replace(BASE, state=CHARGING, plan=plan(hours(1, 2)), commands=started))

    assert (Verb.STOP, Reason.OUTSIDE_WINDOW) == (decision.verb, decision.reason)
    assert NOW + timedelta(hours=1) == decision.expires_at


def test_calls_a_stop_at_the_target_by_its_name() -> None:
    started = (command(Verb.START, CommandStatus.CONFIRMED),)

    decision = decide(replace(BASE, state=CHARGING, plan=ChargePlan.rest(), soc_pct=80, commands=started))

    assert (Verb.STOP, Reason.TARGET_REACHED) == (decision.verb, decision.reason)


def test_stops_a_car_that_started_by_itself_on_plug_in() -> None:
    decision = decide(replace(BASE, state=CHARGING, plan=plan(hours(1, 2))))

    assert (Verb.STOP, Reason.PLUG_IN) == (decision.verb, decision.reason)


def test_names_the_reserve_when_the_car_is_below_it() -> None:
    assert Reason.RESERVE == decide(replace(BASE, soc_pct=12)).reason


def test_says_that_a_start_at_unknown_prices_is_for_safety() -> None:
    unknown = replace(plan(hours(-1, 2)), cost_known=False)

    assert Reason.SAFE == decide(replace(BASE, plan=unknown)).reason


def test_leaves_an_unplugged_car_and_one_at_a_fast_charger_alone() -> None:
    assert NOTHING == decide(replace(BASE, session=None))
    assert NOTHING == decide(replace(BASE, state=replace(WAITING, fast_charger=True)))


@pytest.mark.parametrize("hand", [Hand.CHARGING, Hand.STOPPED])
def test_a_hand_on_the_car_wins_over_the_plan(hand: Hand) -> None:
    touched = replace(SESSION, hand=hand)

    assert NOTHING == decide(replace(BASE, session=touched))
    assert NOTHING == decide(replace(BASE, session=touched, state=CHARGING, plan=plan(hours(1, 2))))


def test_hold_sends_nothing_at_all() -> None:
    assert NOTHING == decide(replace(BASE, override=Override.HOLD))


def test_a_manual_stop_wins_over_the_plan_and_over_a_hand() -> None:
    touched = replace(SESSION, hand=Hand.CHARGING)

    decision = decide(replace(BASE, session=touched, state=CHARGING, override=Override.STOP))

    assert (Verb.STOP, Reason.MANUAL) == (decision.verb, decision.reason)


def test_a_car_at_somebody_elses_charger_is_left_alone() -> None:
    assert NOTHING == decide(replace(BASE, away=True))
    assert NOTHING == decide(replace(BASE, away=True, state=CHARGING, plan=ChargePlan.rest()))


@pytest.mark.parametrize("override", [Override.NONE, Override.START, Override.STOP])
@pytest.mark.parametrize("hand", [Hand.NONE, Hand.CHARGING])
def test_a_credit_that_is_used_up_stops_the_car_whoever_started_it(override: Override, hand: Hand) -> None:
    spent = replace(
        BASE, state=CHARGING, override=override, session=replace(SESSION, hand=hand), may_charge=False, commands=()
    )

    assert (Verb.STOP, Reason.CREDIT) == (decide(spent).verb, decide(spent).reason)
    assert NOTHING == decide(replace(spent, state=WAITING))
    assert NOTHING == decide(replace(spent, override=Override.HOLD))


def test_a_manual_start_charges_outside_the_windows_until_the_target() -> None:
    asked = replace(BASE, override=Override.START, plan=plan(hours(1, 2)))

    assert (Verb.START, Reason.MANUAL) == (decide(asked).verb, decide(asked).reason)
    assert NOW + timedelta(hours=1) == decide(asked).expires_at
    assert decide(replace(asked, soc_pct=80)).target_reached


def test_a_manual_start_goes_on_while_the_state_of_charge_is_unknown() -> None:
    assert Verb.START == decide(replace(BASE, override=Override.START, soc_pct=None)).verb


def test_an_unknown_charging_state_is_started_in_doubt_but_never_stopped() -> None:
    silent = replace(WAITING, charging=None)

    assert Verb.START == decide(replace(BASE, state=silent)).verb
    assert NOTHING == decide(replace(BASE, state=silent, override=Override.STOP))


def test_does_not_start_a_full_car() -> None:
    assert NOTHING == decide(replace(BASE, full=True))


@pytest.mark.parametrize("status", [CommandStatus.SENDING, CommandStatus.ACCEPTED, CommandStatus.UNKNOWN])
def test_waits_for_the_outcome_of_the_command_before(status: CommandStatus) -> None:
    assert NOTHING == decide(replace(BASE, commands=(command(Verb.START, status),)))


def test_a_failed_start_is_tried_again_after_growing_pauses() -> None:
    once = (command(Verb.START, CommandStatus.CONTRADICTED, minutes_ago=0.5),)
    often = (command(Verb.START, CommandStatus.FAILED),) * 9

    assert NOW + timedelta(minutes=0.5) == decide(replace(BASE, commands=once)).retry_at
    assert NOW + timedelta(minutes=25) == decide(replace(BASE, commands=often)).retry_at
    assert Verb.START == decide(replace(BASE, commands=(command(Verb.START, CommandStatus.FAILED),))).verb


def test_a_start_without_slack_is_not_kept_waiting() -> None:
    often = (command(Verb.START, CommandStatus.FAILED),) * 5
    tight = replace(BASE, commands=often, ready_by=NOW + timedelta(hours=2))
    short = replace(BASE, commands=often, plan=plan(hours(-1, 2), outcome=PlanOutcome.SHORT_OF_TIME))

    assert Verb.START == decide(tight).verb
    assert Verb.START == decide(short).verb


def test_without_slack_too_five_starts_in_vain_are_followed_by_the_ladder() -> None:
    tight = replace(
        BASE, commands=(command(Verb.START, CommandStatus.CONTRADICTED),) * 6, ready_by=NOW + timedelta(hours=2)
    )

    assert NOW + timedelta(minutes=25) == decide(tight).retry_at


@pytest.mark.parametrize("verb", [Verb.START, Verb.STOP])
def test_what_is_refused_for_good_is_said_again_after_a_day_and_not_before(verb: Verb) -> None:
    refused = replace(
        BASE,
        commands=(command(verb, CommandStatus.REFUSED, minutes_ago=5),),
        state=WAITING if verb is Verb.START else CHARGING,
        override=Override.START if verb is Verb.START else Override.STOP,
    )

    assert NOW - timedelta(minutes=5) + AFTER_REFUSAL == decide(refused).retry_at
    assert verb is decide(replace(refused, now=NOW - timedelta(minutes=5) + AFTER_REFUSAL)).verb


@pytest.mark.parametrize(("verb", "most"), MOST_TRIES.items())
def test_each_verb_is_tried_so_often_in_vain_and_then_not_before_the_next_day(verb: Verb, most: int) -> None:
    state, override = (WAITING, Override.START) if verb is Verb.START else (CHARGING, Override.STOP)
    in_vain = replace(BASE, state=state, override=override, now=NOW + timedelta(hours=12))
    failed = command(verb, CommandStatus.FAILED)

    assert verb is decide(replace(in_vain, commands=(failed,) * (most - 1))).verb
    assert NOW - timedelta(minutes=5) + AFTER_REFUSAL == decide(replace(in_vain, commands=(failed,) * most)).retry_at


IGNORED = (command(Verb.START, CommandStatus.CONTRADICTED, 30), command(Verb.START, CommandStatus.CONTRADICTED, 20))
RUNS_ON = (command(Verb.STOP, CommandStatus.CONTRADICTED, 30), command(Verb.STOP, CommandStatus.CONTRADICTED, 20))
RUNNING = replace(BASE, state=CHARGING, plan=ChargePlan.rest(), sets_limit=True, commands=RUNS_ON, target_pct=79.6)


@pytest.mark.parametrize(("limit_pct", "nudge"), [(None, 80), (70, 80), (80, 81), (100, 80)])
def test_a_car_that_ignores_two_starts_has_its_own_limit_set(limit_pct: float | None, nudge: int) -> None:
    ignored = replace(BASE, state=replace(WAITING, limit_pct=limit_pct), sets_limit=True, commands=IGNORED)

    decision = decide(ignored)

    assert (Verb.LIMIT, nudge) == (decision.verb, decision.limit_pct)
    assert 99 == decide(replace(ignored, state=replace(WAITING, limit_pct=100), target_pct=100)).limit_pct
    assert 50 == decide(replace(ignored, target_pct=30)).limit_pct


def test_a_car_that_does_not_stop_ends_at_its_target_by_its_own_limit() -> None:
    assert (Verb.LIMIT, 80) == (decide(RUNNING).verb, decide(RUNNING).limit_pct)
    assert Verb.STOP is decide(replace(RUNNING, state=replace(CHARGING, limit_pct=80))).verb
    assert Verb.STOP is decide(replace(RUNNING, commands=RUNS_ON[:1])).verb
    assert Verb.STOP is decide(replace(RUNNING, sets_limit=False)).verb


@pytest.mark.parametrize("status", [CommandStatus.ACCEPTED, CommandStatus.CONTRADICTED])
def test_the_limit_is_set_once_and_nobody_waits_for_it_to_be_seen(status: CommandStatus) -> None:
    tried = replace(RUNNING, commands=(*RUNS_ON, command(Verb.LIMIT, status, 16)))

    assert Verb.STOP is decide(tried).verb


def test_a_car_that_is_full_by_a_limit_of_ours_has_it_raised_for_a_higher_target() -> None:
    full = replace(
        BASE, full=True, sets_limit=True, limit_is_ours=True, target_pct=90, state=replace(WAITING, limit_pct=80)
    )
    raised = replace(command(Verb.LIMIT, CommandStatus.CONTRADICTED, 60), limit_pct=90)

    assert (Verb.LIMIT, 90) == (decide(full).verb, decide(full).limit_pct)
    assert (Verb.LIMIT, 90) == (decide(replace(full, commands=(raised,) * 2)).verb, 90)
    assert NOTHING == decide(replace(full, commands=(raised,) * 3))
    assert NOTHING == decide(replace(full, commands=(replace(raised, status=CommandStatus.REFUSED),)))
    assert NOTHING == decide(replace(full, commands=(replace(raised, status=CommandStatus.ACCEPTED),)))
    assert NOTHING == decide(replace(full, target_pct=80))
    assert NOTHING == decide(replace(full, limit_is_ours=False))
    assert NOTHING == decide(replace(full, state=WAITING))


def test_a_limit_that_was_refused_is_not_set_again() -> None:
    refused = command(Verb.LIMIT, CommandStatus.REFUSED, 300)

    assert Verb.STOP is decide(replace(RUNNING, commands=(refused, *RUNS_ON))).verb


def test_whoever_asked_for_a_longer_pause_is_given_it() -> None:
    asked = replace(command(Verb.START, CommandStatus.FAILED), retry_at=NOW + timedelta(minutes=40))

    assert asked.retry_at == decide(replace(BASE, commands=(asked,))).retry_at
    assert asked.retry_at == decide(replace(BASE, commands=(asked,), ready_by=NOW + timedelta(hours=2))).retry_at


def test_a_failure_of_the_other_verb_is_no_reason_to_wait() -> None:
    stopped = (command(Verb.STOP, CommandStatus.FAILED, minutes_ago=0.1),)

    assert Verb.START == decide(replace(BASE, commands=stopped)).verb


def test_a_failure_without_a_known_moment_is_no_reason_to_wait() -> None:
    unsettled = (replace(command(Verb.START, CommandStatus.FAILED), settled_at=None),)

    assert Verb.START == decide(replace(BASE, commands=unsettled)).verb


def test_a_failure_in_the_future_was_before_the_clock_was_set_back_and_is_not_waited_for() -> None:
    failed = (command(Verb.START, CommandStatus.FAILED, minutes_ago=-60 * 24 * 365),)

    assert Verb.START is decide(replace(BASE, commands=failed)).verb


def test_a_planned_start_is_spread_inside_its_window_while_there_is_slack() -> None:
    spread = replace(BASE, plan=plan(hours(0, 2)), spread=timedelta(minutes=7), ready_by=NOW + timedelta(hours=8))

    assert NOW + timedelta(minutes=7) == decide(spread).retry_at
    assert Verb.START == decide(replace(spread, now=NOW + timedelta(minutes=7))).verb


def test_a_reserve_a_manual_and_a_last_start_are_not_spread() -> None:
    spread = replace(BASE, plan=plan(hours(0, 2)), spread=timedelta(minutes=7), ready_by=NOW + timedelta(hours=8))

    assert Verb.START == decide(replace(spread, soc_pct=12)).verb
    assert Verb.START == decide(replace(spread, override=Override.START)).verb
    assert Verb.START == decide(replace(spread, ready_by=NOW + timedelta(hours=2))).verb
    assert Verb.START == decide(replace(spread, ready_by=None)).verb
    assert Verb.START == decide(replace(spread, plan=plan(hours(0, 0.1)))).verb
