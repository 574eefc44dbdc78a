"""When to look at a car again. Pure. Every look is a call, and calls are counted; so few, and at the moments that matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.command import Command
from scheduler.domain.promise import Promise
from scheduler.domain.vehicle import VehicleState

EDGE = timedelta(seconds=1)
"""A turn at the very second of a window's edge may still be on its far side after rounding; look just behind it."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """
    The operator's pauses between looks.

    `confirm` is the ladder after a command was sent: the last rung repeats. `patience` is how long a car may take to show
    that it obeyed, before the command counts as contradicted.
    """

    unplugged: timedelta
    waiting: timedelta
    charging: timedelta
    confirm: tuple[timedelta, ...]
    patience: timedelta
    unreachable: tuple[timedelta, ...]


def next_turn(
    now: datetime,
    state: VehicleState,
    promise: Promise | None,
    commands: Sequence[Command],
    looks: LookPlan,
    retry_at: datetime | None = None,
) -> datetime:
    """
    Return the next moment at which this car's ring turns: always later than *now*.

    The earliest of: the pause that fits what the car does, the plan's next edge, the departure, the next rung of the
    confirmation ladder, and a retry that waits.
    """
    moments = [now + _pause(state, looks)]
    if promise is not None:
        edge = promise.plan.next_change(now)
        if edge is not None:
            moments.append(edge + EDGE)
        if promise.goal is not None and promise.goal.ready_by > now:
            moments.append(promise.goal.ready_by + EDGE)
    moments += [_confirmation(now, command, looks) for command in commands if command.status.open]
    if retry_at is not None:
        moments.append(retry_at)
    return max(min(moments), now + EDGE)


def after_failure(now: datetime, failures: int, looks: LookPlan, retry_after: timedelta | None) -> datetime:
    """Return when to try a car again that gave no answer *failures* times in a row; never before *retry_after*."""
    ladder = looks.unreachable
    pause = ladder[min(failures, len(ladder)) - 1]
    return now + max(pause, retry_after or timedelta(0))


def _pause(state: VehicleState, looks: LookPlan) -> timedelta:
    if state.charging:
        return looks.charging
    return looks.unplugged if state.plugged_in is False else looks.waiting


def _confirmation(now: datetime, command: Command, looks: LookPlan) -> datetime:
    sent_at = command.sent_at or command.queued_at
    rungs = (sent_at + rung for rung in looks.confirm)
    return next((rung for rung in rungs if rung > now), now + looks.confirm[-1])
