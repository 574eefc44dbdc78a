"""
One wish to switch a car, from intent to known outcome.

    queued -> sending -> accepted -> confirmed
       |         |           └-> contradicted   a later look shows the opposite
       |         ├-> unknown                    time-out, cut, 504, crash: look at the car, never send blindly
       |         ├-> failed                     could not be done now; may be tried again
       |         └-> refused                    will not be done, until something changes; then it counts as failed
       ├-> expired                              its window passed before it was sent
       └-> superseded                           the wish changed before it was sent, or a newer command took its place

`unknown` settles to confirmed or contradicted at the next look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from scheduler.domain.vehicle import VehicleId

CommandId = NewType("CommandId", str)


class Verb(StrEnum):
    """What a car can be told."""

    START = "start"
    STOP = "stop"
    LIMIT = "limit"
    """Set the car's own charge limit: where it does not do the other two."""


class CommandStatus(StrEnum):
    """Where a command stands. See the drawing above."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    FAILED = "failed"
    REFUSED = "refused"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"

    @property
    def open(self) -> bool:
        """Whether the outcome is still to be learned."""
        return self in OPEN_STATUSES


OPEN_STATUSES = frozenset({CommandStatus.QUEUED, CommandStatus.SENDING, CommandStatus.ACCEPTED, CommandStatus.UNKNOWN})

ARROWS: dict[CommandStatus, frozenset[CommandStatus]] = {
    CommandStatus.QUEUED: frozenset({CommandStatus.SENDING, CommandStatus.EXPIRED, CommandStatus.SUPERSEDED}),
    CommandStatus.SENDING: frozenset(
        {
            CommandStatus.ACCEPTED,
            CommandStatus.UNKNOWN,
            CommandStatus.FAILED,
            CommandStatus.REFUSED,
            CommandStatus.QUEUED,
        }
    ),
    CommandStatus.ACCEPTED: frozenset({CommandStatus.CONFIRMED, CommandStatus.CONTRADICTED, CommandStatus.SUPERSEDED}),
    CommandStatus.UNKNOWN: frozenset({CommandStatus.CONFIRMED, CommandStatus.CONTRADICTED, CommandStatus.SUPERSEDED}),
    CommandStatus.REFUSED: frozenset({CommandStatus.FAILED}),
}
"""
Where a status may move. One that is not a key is final. `sending -> queued` is a call that is known not to have acted
(rate limited, refused connection): it is postponed, and tried again on the same row. `refused -> failed` is what stood in
the way being gone, for all that is known: the driver has connected the car anew.
"""


class Reason(StrEnum):
    """Why a command is sent, in the words of the log and the page."""

    PLAN = "plan"
    RESERVE = "reserve"
    MANUAL = "manual"
    SAFE = "safe"
    PLUG_IN = "plug_in"
    TARGET_REACHED = "target_reached"
    OUTSIDE_WINDOW = "outside_window"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Command:
    """
    A row of the ledger. Never deleted; only its status moves, along the arrows above.

    After `expires_at` it is dropped rather than sent late. `detail` is a sentence for people, free of ids and secrets.
    `retry_at`: whoever refused it asked not to be asked again before; None where nothing was said. `limit_pct` is what a
    `LIMIT` sets, 50 to 100 whole percent; None for the other verbs.
    """

    id: CommandId
    vehicle_id: VehicleId
    verb: Verb
    reason: Reason
    queued_at: datetime
    expires_at: datetime
    status: CommandStatus = CommandStatus.QUEUED
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    attempts: int = 0
    detail: str = ""
    retry_at: datetime | None = None
    limit_pct: int | None = None
