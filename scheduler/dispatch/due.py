"""When a car's ring turns again: at the moments that matter. Pure. Whether that turn looks at the car, `looking.py` says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.dispatch.looking import LookPlan, Sight, next_look
from scheduler.domain.command import Command
from scheduler.domain.promise import Promise

EDGE = timedelta(seconds=1)
"""A turn at the very second of a window's edge may still be on its far side after rounding; look just behind it."""


def next_turn(
    now: datetime,
    sight: Sight,
    promise: Promise | None,
    commands: Sequence[Command],
    looks: LookPlan,
    retry_at: datetime | None = None,
    report_every: timedelta = timedelta(0),
    look_from: datetime | None = None,
) -> datetime:
    """
    Return the next moment at which this car's ring turns: always later than *now*.

    The earliest of: the next look (`looking.py`), which is not before *look_from*; the plan's next edge; the departure; and
    a retry that waits.
    """
    moments = [max(next_look(sight, commands, looks, report_every), look_from or now)]
    if promise is not None:
        edge = promise.plan.next_change(now)
        if edge is not None:
            moments.append(edge + EDGE)
        if promise.goal is not None and promise.goal.ready_by > now:
            moments.append(promise.goal.ready_by + EDGE)
    if retry_at is not None:
        moments.append(retry_at)
    return max(min(moments), now + EDGE)


def after_failure(now: datetime, failures: int, looks: LookPlan, retry_after: timedelta | None) -> datetime:
    """Return when to try a car again that gave no answer *failures* times in a row; never before *retry_after*."""
    ladder = looks.unreachable
    pause = ladder[min(failures, len(ladder)) - 1]
    return now + max(pause, retry_after or timedelta(0))
