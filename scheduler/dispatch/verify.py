"""
What a look at the car says of a command that was sent. Pure.

Smartcar has no command id and no action state; "accepted" is not "acted" (facts/smartcar.md, headline 3). A report counts
only if the car itself recorded it after the command was sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.domain.command import Command, CommandStatus, Verb
from scheduler.domain.vehicle import VehicleState

SETTLING = timedelta(seconds=45)
"""A report that shows the opposite this soon after the sending may have been recorded while the car was still switching;
evcc leaves 60 s after a switch for the same reason (facts/engine.md section 3.1)."""


def verdict(
    command: Command, state: VehicleState, now: datetime, patience: timedelta
) -> tuple[CommandStatus, str] | None:
    """
    Return what became of *command*, with a sentence; None while it cannot be known yet.

    A command that was written but not sent (a crash in between) is superseded: the turn decides anew. *patience* is how
    long a car of this make may take to report.
    """
    if command.status is CommandStatus.QUEUED:
        return CommandStatus.SUPERSEDED, "written down but never sent"
    if command.sent_at is None:
        return CommandStatus.UNKNOWN, "no record of the moment it was sent"
    judged = _of_limit if command.verb is Verb.LIMIT else _of_switch
    return judged(command, command.sent_at, state, now, patience)


def _of_switch(
    command: Command, sent_at: datetime, state: VehicleState, now: datetime, patience: timedelta
) -> tuple[CommandStatus, str] | None:
    """Return what became of a start or a stop."""
    wanted = command.verb is Verb.START
    if sent_at > now:
        # Set back, the clock no longer tells reports from before the sending from those after it. What is counts.
        if state.charging is wanted:
            return CommandStatus.CONFIRMED, "the car is charging" if wanted else "the car is not charging"
        return CommandStatus.CONTRADICTED, "the clock was set back after it was sent"
    if state.plugged_in is False and state.seen_at > sent_at:
        return (
            (CommandStatus.CONTRADICTED, "the car was unplugged") if wanted else (CommandStatus.CONFIRMED, "unplugged")
        )
    if state.charging_at > sent_at:
        if state.charging is wanted:
            return CommandStatus.CONFIRMED, "the car is charging" if wanted else "the car is not charging"
        if wanted and state.fully_charged:
            return CommandStatus.CONFIRMED, "the car is full"
        if state.charging is not None and state.charging_at >= sent_at + SETTLING:
            return (
                CommandStatus.CONTRADICTED,
                "the car charges all the same" if not wanted else "the car does not charge",
            )
    if now >= sent_at + patience:
        return CommandStatus.CONTRADICTED, "the car has not reported since"
    if command.status is CommandStatus.SENDING:
        return CommandStatus.UNKNOWN, "it was being sent, and no answer to it was written down"
    return None


def _of_limit(
    command: Command, sent_at: datetime, state: VehicleState, now: datetime, patience: timedelta
) -> tuple[CommandStatus, str] | None:
    """Return what became of a limit: what the car shows now counts, whenever it was recorded; many never tell theirs."""
    if state.limit_pct is not None and round(state.limit_pct) == command.limit_pct:
        return CommandStatus.CONFIRMED, f"the car's own limit is {command.limit_pct} %"
    if now >= sent_at + patience:
        return CommandStatus.CONTRADICTED, "the car does not show the limit"
    if command.status is CommandStatus.SENDING:
        return CommandStatus.UNKNOWN, "it was being sent, and no answer to it was written down"
    return None
