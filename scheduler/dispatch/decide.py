"""
What to tell the car now. Pure and level-triggered: it compares what should be with what is, and returns one command or
none. A lost wake-up, a crash or a slow car costs one turn and nothing else.

Order of say: nothing to a car that is not plugged in or stands at a fast charger; then the person who told smartcharge to
hold; then a prepaid credit that is used up; then who told it to stop or start; then a hand on the car; then the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from math import ceil

from scheduler.domain.command import Command, CommandStatus, Reason, Verb
from scheduler.domain.plan import ChargePlan, PlanOutcome
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.domain.vehicle import VehicleState

PAUSES = {
    Verb.START: tuple(timedelta(minutes=minutes) for minutes in (1, 3, 10, 20, 30)),
    Verb.STOP: tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)),
}
"""Waits after the first, second ... failed try of a verb; the last repeats. Calls are counted per month, some makes allow
15 start/stops until the car is driven (facts/smartcar.md section 5), and a missed START costs more than a missed STOP."""

MOST_TRIES = {Verb.START: 15, Verb.STOP: 6}
"""How often in a row a verb is tried in one plug-in. Fifteen STARTs are six hours; six STOPs are two and a half."""

LIMIT_AFTER = 2
"""After so many starts or stops in vain the car's own limit is tried, once: some cars wake by it, and charging ends there."""

RAISED_AT_MOST = 3
"""How often a limit of ours is raised again in one plug-in where the car does not show it."""

LEAST_LIMIT_PCT, MOST_LIMIT_PCT = 50, 100
"""What Smartcar can set (facts/smartcar.md section 3.5)."""

PAUSE_AT_RISK = timedelta(minutes=2)
"""The longest wait between two STARTs where the plan has no slack left before the departure, for the first few of them."""

TRIES_AT_RISK = 5
"""A car that ignored five STARTs in ten minutes is asked by the ladder again: it takes a person now."""

AFTER_REFUSAL = timedelta(days=1)
"""When something is said again that was refused for good or tried in vain: a new day is a new fact, as is a new plug-in or
a new consent."""

STOP_EXPIRES = timedelta(hours=1)
LIMIT_EXPIRES = timedelta(minutes=10)

FAILED = frozenset({CommandStatus.FAILED, CommandStatus.CONTRADICTED, CommandStatus.REFUSED})


@dataclass(frozen=True, slots=True)
class Situation:
    """
    All that counts for one decision.

    `commands` are this session's, oldest first. `soc_pct` is the state of charge now, `target_pct` what a manual start
    charges to. `ready_by` is the next departure; None where there is none. `spread` is how much later than its window
    this car starts today, so that no herd of cars starts on the hour; 0 for a household. `wanted_since`: since when the
    plan has wanted charging without a break, however often it was made anew meanwhile; None: since the window's start.
    `sets_limit`: whether this make's own limit can be set. `may_charge`: False where a prepaid credit is used up.
    `limit_is_ours`: the car's own limit is one that we have set. `away`: it stands at a charger that is to be left alone.
    """

    now: datetime
    state: VehicleState
    session: ChargeSession | None
    plan: ChargePlan
    override: Override = Override.NONE
    commands: tuple[Command, ...] = ()
    soc_pct: float | None = None
    target_pct: float = 100.0
    reserve_pct: float = 0.0
    ready_by: datetime | None = None
    full: bool = False
    spread: timedelta = timedelta(0)
    wanted_since: datetime | None = None
    sets_limit: bool = False
    may_charge: bool = True
    limit_is_ours: bool = False
    away: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """
    One command or none. `retry_at`: something should be said, but not before then. `target_reached`: a manual start
    has done its work and ends. `limit_pct` goes with a `LIMIT`.
    """

    verb: Verb | None = None
    reason: Reason = Reason.PLAN
    expires_at: datetime | None = None
    retry_at: datetime | None = None
    target_reached: bool = False
    limit_pct: int | None = None


NOTHING = Decision()


def decide(situation: Situation) -> Decision:
    """Return what to tell the car now, if anything."""
    if situation.session is None or situation.state.fast_charger or situation.away:
        return NOTHING
    if situation.override is Override.START and _at_target(situation):
        return Decision(target_reached=True)
    wanted = _wanted(situation)
    # A car that does not say whether it charges counts as one that does not: in doubt it is started, never stopped.
    if wanted is None or wanted == bool(situation.state.charging):
        return NOTHING
    verb = Verb.START if wanted else Verb.STOP
    if verb is Verb.START and situation.full:
        return _own_limit_raised(situation)
    if any(command.status.open and command.verb is not Verb.LIMIT for command in situation.commands):
        return NOTHING
    retry_at = _retry_at(situation, verb)
    reason = _reason(situation, verb)
    if retry_at is None and reason is Reason.PLAN:
        retry_at = _spread_until(situation)
    if retry_at is not None and retry_at > situation.now:
        return Decision(retry_at=retry_at)
    limit_pct = _limit_instead(situation, verb)
    if limit_pct is not None:
        return Decision(Verb.LIMIT, reason, situation.now + LIMIT_EXPIRES, limit_pct=limit_pct)
    return Decision(verb, reason, _expires_at(situation, verb))


def _at_target(situation: Situation) -> bool:
    return situation.soc_pct is not None and situation.soc_pct >= situation.target_pct


def _wanted(situation: Situation) -> bool | None:
    """Return whether the car should charge; None where that is not ours to say."""
    session = situation.session
    if session is None or situation.override is Override.HOLD:
        return None
    if not situation.may_charge:
        return False
    if situation.override is Override.START:
        return True
    if situation.override is Override.STOP:
        return False
    if session.hand is not Hand.NONE:
        return None
    return situation.plan.wants_charging_at(situation.now)


def _retry_at(situation: Situation, verb: Verb) -> datetime | None:
    """Return when a verb that failed may be tried again; None where the last try did not fail."""
    failures = failed_in_a_row(situation.commands, verb)
    settled_at = failures[0].settled_at if failures else None
    # A moment still to come is from before the clock was set back: nobody waits for it to come again.
    if settled_at is None or settled_at > situation.now:
        return None
    if failures[0].status is CommandStatus.REFUSED or len(failures) >= MOST_TRIES[verb]:
        return settled_at + AFTER_REFUSAL
    pauses = PAUSES[verb]
    pause = pauses[min(len(failures), len(pauses)) - 1]
    if verb is Verb.START and len(failures) <= TRIES_AT_RISK and _at_risk(situation):
        pause = min(pause, PAUSE_AT_RISK)
    return max(settled_at + pause, failures[0].retry_at or settled_at)


def failed_in_a_row(commands: Sequence[Command], verb: Verb) -> list[Command]:
    """
    Return the failures of *verb* since it last worked or its opposite was sent, newest first; *commands* are oldest first.

    A limit that was set in between changes nothing.
    """
    switches = (each for each in reversed(commands) if each.verb is not Verb.LIMIT)
    return list(takewhile(lambda each: each.verb is verb and each.status in FAILED, switches))


def _own_limit_raised(situation: Situation) -> Decision:
    """Return what lets a full car charge on: its limit raised, where we have set it for a lower target; else nothing."""
    limit_pct, pct = situation.state.limit_pct, _settable(situation.target_pct)
    if not situation.limit_is_ours or limit_pct is None or round(limit_pct) >= pct:
        return NOTHING
    tried = [each for each in situation.commands if each.verb is Verb.LIMIT and each.limit_pct == pct]
    if any(each.status.open or each.status is CommandStatus.REFUSED for each in tried) or len(tried) >= RAISED_AT_MOST:
        return NOTHING
    expires_at = situation.now + LIMIT_EXPIRES
    return Decision(Verb.LIMIT, _reason(situation, Verb.START), expires_at, limit_pct=pct)


def _settable(pct: float) -> int:
    return min(max(ceil(pct), LEAST_LIMIT_PCT), MOST_LIMIT_PCT)


def _limit_instead(situation: Situation, verb: Verb) -> int | None:
    """
    Return what to set the car's own limit to where *verb* was in vain; None where that was tried, cannot be, or is so.

    It is the target: a car that does not stop ends there, and one that does not start may wake. Never below the target:
    the driver would be stranded by our own hand. A car that is to wake and stands at the target gets one percent more.
    """
    failures = failed_in_a_row(situation.commands, verb)
    limits = [each for each in situation.commands if each.verb is Verb.LIMIT]
    tried = any(each.queued_at >= failures[-1].queued_at for each in limits) if failures else False
    if not situation.sets_limit or len(failures) < LIMIT_AFTER or tried:
        return None
    if any(each.status is CommandStatus.REFUSED for each in limits):
        return None
    pct = _settable(situation.target_pct)
    if situation.state.limit_pct is None or round(situation.state.limit_pct) != pct:
        return pct
    if verb is Verb.STOP:
        return None
    return pct + 1 if pct < MOST_LIMIT_PCT else pct - 1


def _spread_until(situation: Situation) -> datetime | None:
    """Return when a planned start may be sent, where starts are spread: inside its window, never the last one."""
    window = situation.plan.window_at(situation.now)
    if window is None or not situation.spread or situation.ready_by is None:
        return None
    # A plan made anew in mid-window begins now; counted from there, the start would be put off for ever.
    until = (situation.wanted_since or window.start) + situation.spread
    last = situation.plan.windows[-1]
    return until if until < window.end and last.end + situation.spread <= situation.ready_by else None


def _at_risk(situation: Situation) -> bool:
    """Whether the plan charges right up to the departure, or falls short of it."""
    if situation.plan.outcome is PlanOutcome.SHORT_OF_TIME:
        return True
    windows = situation.plan.windows
    return situation.ready_by is not None and bool(windows) and windows[-1].end >= situation.ready_by


def _reason(situation: Situation, verb: Verb) -> Reason:
    if verb is Verb.STOP and not situation.may_charge:
        return Reason.CREDIT
    if situation.override in (Override.START, Override.STOP):
        return Reason.MANUAL
    if verb is Verb.START:
        if situation.soc_pct is not None and situation.soc_pct < situation.reserve_pct:
            return Reason.RESERVE
        return Reason.PLAN if situation.plan.cost_known else Reason.SAFE
    if not any(command.sent_at is not None for command in situation.commands):
        return Reason.PLUG_IN
    return Reason.TARGET_REACHED if _at_target(situation) else Reason.OUTSIDE_WINDOW


def _expires_at(situation: Situation, verb: Verb) -> datetime:
    window = situation.plan.window_at(situation.now)
    if verb is Verb.START and situation.override is Override.NONE and window is not None:
        return window.end
    return situation.now + STOP_EXPIRES
