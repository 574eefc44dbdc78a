"""
What a car's make leaves us of commands, now. Pure. The rows are `domain/make.py`; facts/smartcar.md section 5.

A failed STOP costs money and a failed START strands a driver, so the last command that a make counts is kept for a START.
What the car itself answers wins over this: a limit that is not known here is met as a refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from scheduler.dispatch.decide import AFTER_REFUSAL
from scheduler.domain.command import Command, CommandStatus, Verb
from scheduler.domain.make import MakeRules
from scheduler.domain.roster import Seat
from scheduler.domain.session import ChargeSession
from scheduler.domain.vehicle import VehicleState

MONTH = timedelta(days=30)
DRIVEN_KM = 0.5
"""An odometer in whole miles or kilometres may be rounded two ways; less than this is no drive."""

NOT_COUNTED = frozenset({CommandStatus.FAILED, CommandStatus.REFUSED, CommandStatus.EXPIRED, CommandStatus.SUPERSEDED})
"""A command that was refused or never sent does not count with the make."""


@dataclass(frozen=True, slots=True)
class MakeLimits:
    """
    What is left. None: no limit is known. `least_soc_pct`: below it neither verb works. `commands`: starts and stops until
    the car is driven. `stops`: until the oldest of the last 30 days falls out; 0 too where the make has none, or the car
    has refused to stop. `start_refused` is why it refused to start, if it did.
    """

    make: str = ""
    least_soc_pct: float | None = None
    commands: int | None = None
    stops: int | None = None
    start_refused: str = ""

    def objection(self, verb: Verb, soc_pct: float | None) -> str | None:
        """Return why a command is not to be sent, as a sentence for people; None where it may be."""
        if verb is Verb.LIMIT:
            return None
        if verb is Verb.START and self.start_refused:
            return f"the car does not start: {self.start_refused}"
        if self.least_soc_pct is not None and soc_pct is not None and soc_pct < self.least_soc_pct:
            return f"{self.make} takes no command below {self.least_soc_pct:.0f} %"
        if verb is Verb.STOP and self.stops is not None and self.stops <= 0:
            return f"{self.make} takes no stop now"
        if self.commands is not None and self.commands <= (1 if verb is Verb.STOP else 0):
            return f"{self.make} takes no more commands until the car is driven"
        return None

    @property
    def starts(self) -> int | None:
        """How many starts a plan may count on, each with its stop; None for any number."""
        by_commands = None if self.commands is None else (self.commands + 1) // 2
        by_stops = None if self.stops is None else self.stops + 1
        bounds = [bound for bound in (by_commands, by_stops) if bound is not None]
        return min(bounds, default=None)


NO_LIMITS = MakeLimits()


def make_limits(make: MakeRules, commands: Sequence[Command], driven_at: datetime, now: datetime) -> MakeLimits:
    """Return what *make* leaves after *commands*, of which those since *driven_at* and of the last 30 days count."""
    sent = [
        each
        for each in commands
        if each.sent_at is not None and each.verb is not Verb.LIMIT and each.status not in NOT_COUNTED
    ]
    per_drive, per_month = make.commands_per_drive, make.stops_per_30_days
    since_drive = sum(each.sent_at is not None and each.sent_at >= driven_at for each in sent)
    stopped = sum(each.verb is Verb.STOP and each.sent_at is not None and each.sent_at > now - MONTH for each in sent)
    stops = None if per_month is None else max(per_month - stopped, 0)
    return MakeLimits(
        make.make.title(),
        make.min_command_soc_pct,
        None if per_drive is None else max(per_drive - since_drive, 0),
        stops if make.can_stop else 0,
    )


def answered(limits: MakeLimits, commands: Sequence[Command], now: datetime) -> MakeLimits:
    """Return *limits* as the car's own answers of this plug-in have it, oldest first: these win over any table."""
    standing = [
        each
        for each in commands
        if each.status is CommandStatus.REFUSED and each.settled_at and now - each.settled_at < AFTER_REFUSAL
    ]
    start = next((each.detail for each in reversed(standing) if each.verb is Verb.START), limits.start_refused)
    no_stop = any(each.verb is Verb.STOP for each in standing)
    return replace(limits, start_refused=start, stops=0 if no_stop else limits.stops)


def is_away(seat: Seat, state: VehicleState) -> bool:
    """Whether a car says that it is not at home, and its driver wants it left alone there."""
    return seat.driver.home_only and state.at_home is False


def left_alone(limits: MakeLimits) -> MakeLimits:
    """Return *limits* of a car at somebody else's charger: it is not started, and its promise says why."""
    return replace(limits, start_refused="it is not at home, and is left alone there")


def driven_at(sightings: Sequence[VehicleState], session: ChargeSession | None, now: datetime) -> datetime:
    """
    Return when the car was last driven: where the odometer, if it is told, rose last; else when it was plugged in.

    *sightings* are in time order. An odometer that stood still all that time was not driven since it began.
    """
    told = [state for state in sightings if state.odometer_km is not None]
    if len(told) < 2:
        return session.plugged_in_at if session is not None else now
    rises = [
        later.seen_at
        for earlier, later in pairwise(told)
        if (later.odometer_km or 0) > (earlier.odometer_km or 0) + DRIVEN_KM
    ]
    return rises[-1] if rises else told[0].seen_at
