"""
Whether a turn must look at the car, or may go by what is known already. Pure. Looks are counted by the month.

    a car is looked at   when the pause that fits what it does is over, counted from its last word
                         on the ladder after a command, until its outcome is known
                         after a call that failed, and after a crash in the middle of one
                         when it charges and its last word is old: a stop is not timed by a guess
                         without a cable, the more often the likelier it is plugged in just then
    otherwise            a window's edge, new prices or a person's wish go by the last word
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.command import Command, CommandStatus
from scheduler.domain.vehicle import VehicleState
from scheduler.planning.plugging import PlugInHabit

SPEAKS = timedelta(hours=24)
"""A car that told something by itself so recently is taken to tell the next thing too."""

REPORTED = timedelta(minutes=1)
"""How long after a make's interval its report is surely in Smartcar's store."""

LEAST = timedelta(minutes=30)
"""Smartcar advises against looking more often (facts/smartcar.md section 5): no guess of a plug-in is worth more."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """
    The operator's pauses between looks.

    `confirm` is the ladder after a command was sent: the last rung repeats. `patience` is how long a car may take to show
    that it obeyed, before the command counts as contradicted. `told` is the pause for a car that tells by itself what
    changes; `fresh` is how old the last word of a charging car may be. With `by_make` nobody looks for the outcome of a
    command before a car of its make usually reports. `habit` moves the looks at an unplugged car to when it is usually
    plugged in; None where that is not known, or not asked for.
    """

    unplugged: timedelta
    waiting: timedelta
    charging: timedelta
    confirm: tuple[timedelta, ...]
    patience: timedelta
    unreachable: tuple[timedelta, ...]
    told: timedelta = timedelta(hours=6)
    fresh: timedelta = timedelta(minutes=10)
    by_make: bool = False
    habit: PlugInHabit | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """
    What is known of a car. `at`: when it last answered or told something, on our clock. `told_at`: when it last told
    something by itself; None for never.
    """

    state: VehicleState
    at: datetime
    told_at: datetime | None = None


def look_is_due(
    now: datetime,
    sight: Sight | None,
    commands: Sequence[Command],
    looks: LookPlan,
    report_every: timedelta = timedelta(0),
) -> bool:
    """Whether the turn at *now* must look. *commands* are this session's; *report_every* is the make's interval."""
    # A last word that lies ahead of us: the clock was put back, and nothing can be said of its age.
    if sight is None or sight.at > now:
        return True
    if any(_needs_a_look(command, sight) for command in commands):
        return True
    if sight.state.charging and now - sight.at > looks.fresh:
        return True
    return now >= next_look(sight, commands, looks, report_every)


def next_look(
    sight: Sight, commands: Sequence[Command], looks: LookPlan, report_every: timedelta = timedelta(0)
) -> datetime:
    """Return when the car is to be looked at next, if it says nothing before."""
    moments = [_ordinary(sight, looks, report_every)]
    moments += [_rung(command, sight, looks, report_every) for command in commands if command.status.open]
    return min(moments)


def _needs_a_look(command: Command, sight: Sight) -> bool:
    if command.status is CommandStatus.SENDING:
        return True
    failed = command.status is CommandStatus.FAILED
    return failed and command.settled_at is not None and command.settled_at >= sight.at


def _ordinary(sight: Sight, looks: LookPlan, report_every: timedelta) -> datetime:
    state = sight.state
    pause = looks.charging if state.charging else looks.unplugged if state.plugged_in is False else looks.waiting
    if sight.told_at is not None and sight.at - sight.told_at < SPEAKS:
        return sight.at + max(pause, looks.told)
    if state.plugged_in is False and looks.habit is not None:
        return looks.habit.next_look(sight.at, pause, max(LEAST, report_every))
    return sight.at + pause


def _rung(command: Command, sight: Sight, looks: LookPlan, report_every: timedelta) -> datetime:
    sent_at = command.sent_at or command.queued_at
    least = report_every + REPORTED if looks.by_make else timedelta(0)
    rungs = (sent_at + max(rung, least) for rung in looks.confirm)
    return next((rung for rung in rungs if rung > sight.at), sight.at + looks.confirm[-1])
