"""
What can be made to go wrong, on purpose and countably: facts/smartcar.md section 7 and design/reliability.md.

A fault waits until a call comes that it is meant for, fires, and is spent after `times` or after `for_s`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from scheduler.document import Section
from scheduler.vehicles.simulator.refusal import CODES, STATUSES, Refusal, refusal, refusal_by_status


class FaultKind(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"
    """The answer takes `seconds` longer."""
    ERROR = "error"
    """An error with `status` or `code`; with `acts` the command works all the same."""
    IGNORED = "ignored"
    """A command is accepted, and nothing happens."""
    LATE = "late"
    """A command is accepted, and the car acts `seconds` later."""
    CUT = "cut"
    """The connection is cut without an answer; with `acts` after the command has worked."""
    STREAMED = "streamed"
    """202 at once, the body `seconds` later on the same connection; it says success, or `code` if one is given."""
    SILENT = "silent"
    """Nothing the car says arrives for `for_s`: Smartcar goes on answering with what it knew."""
    DENIED = "denied"
    """Connect ends with `code`, one of its own: access_denied, no_vehicles, ..."""
    LOST = "lost"
    """A webhook's delivery never arrives, and is not tried again."""
    DOUBLED = "doubled"
    """A webhook's delivery arrives twice at once."""


class Target(StrEnum):
    """Which calls a fault is meant for."""

    ANY = "any"
    COMMAND = "command"
    START = "start"
    STOP = "stop"
    SET_LIMIT = "set-limit"
    READ = "read"
    TOKEN = "token"  # noqa: S105 -- the name of a path
    CONNECTIONS = "connections"
    CONNECT = "connect"
    WEBHOOK = "webhook"
    """Our calls to others: struck only by faults that say so. LATENCY makes a delivery late, so that others overtake it."""


_COMMANDS = frozenset({"start", "stop", "set-limit"})
CONNECT_ERRORS = frozenset(
    {
        "access_denied",
        "invalid_subscription",
        "configuration_error",
        "no_vehicles",
        "vehicle_incompatible",
        "server_error",
    }
)
_MEANT_FOR: dict[FaultKind, frozenset[str]] = {
    FaultKind.IGNORED: _COMMANDS,
    FaultKind.LATE: _COMMANDS,
    FaultKind.STREAMED: _COMMANDS,
    FaultKind.DENIED: frozenset({"connect"}),
    FaultKind.LOST: frozenset({"webhook"}),
    FaultKind.DOUBLED: frozenset({"webhook"}),
    FaultKind.SILENT: frozenset(),
}


class Fault(Section):
    """
    One thing that is to go wrong, for one car (by its short id) or for every call.

    Without `for_s` it fires `times` times; with it, on every call from when it is queued until `for_s` have passed.
    """

    kind: FaultKind
    car: str | None = None
    on: Target = Target.ANY
    times: Annotated[int, Field(ge=1)] = 1
    for_s: Annotated[float, Field(gt=0)] | None = None
    seconds: Annotated[float, Field(ge=0)] = 0.0
    status: int | None = None
    code: str | None = None
    retry_after_s: Annotated[int, Field(ge=0)] | None = None
    acts: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.kind is FaultKind.DENIED and self.code not in CONNECT_ERRORS:
            raise ValueError(f"expected code to be one of {', '.join(sorted(CONNECT_ERRORS))}, got {self.code}")
        if self.kind is not FaultKind.DENIED and self.code is not None and self.code not in CODES:
            raise ValueError(f"expected a code of Smartcar's, got {self.code}")
        if self.status is not None and self.status not in STATUSES:
            raise ValueError(f"expected one of the statuses {', '.join(map(str, sorted(STATUSES)))}, got {self.status}")
        if self.kind is FaultKind.ERROR and self.status is None and self.code is None:
            raise ValueError("expected an error to have a status or a code")
        if self.kind is FaultKind.SILENT and self.for_s is None:
            raise ValueError("expected for_s: how long the car is silent")
        return self

    def refusal(self) -> Refusal | None:
        """Return the error this fault answers with; None where it answers with success."""
        if self.code is not None and self.kind is not FaultKind.DENIED:
            return refusal(self.code, retry_after_s=self.retry_after_s)
        return None if self.status is None else refusal_by_status(self.status, self.retry_after_s)


class QueuedFault:
    """A fault on its way, and how often it has fired."""

    def __init__(self, number: int, fault: Fault, queued_at: datetime) -> None:
        self.number, self.fault, self.queued_at, self.fired = number, fault, queued_at, 0

    def spent(self, now: datetime) -> bool:
        """Whether it will not fire again."""
        ends_at = self.ends_at
        return self.fired >= self.fault.times if ends_at is None else now >= ends_at

    @property
    def ends_at(self) -> datetime | None:
        return None if self.fault.for_s is None else self.queued_at + timedelta(seconds=self.fault.for_s)

    def meant_for(self, car: str | None, call: str) -> bool:
        """Whether it strikes this call: *call* is a verb, or a `Target` other than ANY and COMMAND."""
        fault = self.fault
        if fault.car is not None and fault.car != car:
            return False
        possible = _MEANT_FOR.get(fault.kind)
        if possible is not None and call not in possible:
            return False
        if call == Target.WEBHOOK:
            return possible is not None or fault.on is Target.WEBHOOK
        return fault.on in (Target.ANY, call) or (fault.on is Target.COMMAND and call in _COMMANDS)


class Faults:
    """Everything that is to go wrong, oldest first."""

    def __init__(self) -> None:
        self.queue: list[QueuedFault] = []

    def add(self, fault: Fault, at: datetime) -> None:
        self.queue.append(QueuedFault(len(self.queue), fault, at))

    def striking(self, car: str | None, call: str, now: datetime) -> list[QueuedFault]:
        """Return what strikes a call now: every latency, and the first fault of another kind."""
        live = [queued for queued in self.queue if queued.meant_for(car, call) and not queued.spent(now)]
        others = [queued for queued in live if queued.fault.kind is not FaultKind.LATENCY]
        return [queued for queued in live if queued.fault.kind is FaultKind.LATENCY or queued is others[0]]

    def silences(self, car: str, now: datetime) -> list[tuple[datetime, datetime]]:
        """Return the stretches in which nothing *car* says arrives; one that lasts *now* is counted as fired."""
        found = []
        for queued in self.queue:
            ends_at = queued.ends_at
            if queued.fault.kind is FaultKind.SILENT and queued.fault.car in (None, car) and ends_at is not None:
                found.append((queued.queued_at, ends_at))
                queued.fired += queued.queued_at <= now < ends_at
        return found
