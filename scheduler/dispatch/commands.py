"""
Speaking to a car: the intent is written before the call, the outcome after, and a crash in between is never sent again
blindly.

A stop of the daemon cancels calls in flight. Nothing here tidies up then: the row stays `sending`, and the next start looks
at the car.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from scheduler.dispatch.decide import MOST_TRIES, Decision, failed_in_a_row
from scheduler.dispatch.purse import Purse
from scheduler.dispatch.remedy import UNHEARD, remedy
from scheduler.dispatch.verify import verdict
from scheduler.domain.command import ARROWS, Command, CommandId, CommandStatus, Verb
from scheduler.domain.errors import (
    BudgetExhausted,
    ConsentLost,
    OutcomeUnknown,
    VehicleError,
    VehicleRefused,
    VehicleUnreachable,
)
from scheduler.domain.lease import Lease
from scheduler.domain.vehicle import Vehicle, VehicleState
from scheduler.ports import Clock, Journal, Store, VehicleGateway

SPOKEN = {
    CommandStatus.CONFIRMED: "command.confirmed",
    CommandStatus.CONTRADICTED: "command.contradicted",
    CommandStatus.UNKNOWN: "command.unknown",
    CommandStatus.SUPERSEDED: "command.superseded",
}


TOLD_AFTER = {Verb.START: 2, Verb.STOP: 3}
"""After how many tries in vain the driver is told, while there is time to do something by hand."""


@dataclass(slots=True)
class Door:
    """Whether anything new may be sent. Closed once, when the daemon stops."""

    open: bool = True


class Commands:
    """Sends commands and settles their outcomes, one vehicle at a time, under that vehicle's lease."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        gateway: VehicleGateway,
        journal: Journal,
        *,
        lease_for: timedelta,
        door: Door,
        purse: Purse,
    ) -> None:
        self._clock, self._store, self._gateway, self._journal = clock, store, gateway, journal
        self._lease_for, self._door, self._purse = lease_for, door, purse

    def settle(self, commands: list[Command], state: VehicleState, now: datetime, patience: timedelta) -> bool:
        """Record what *state* says of commands whose outcome is open; say whether any of them moved."""
        moved = False
        for command in commands:
            outcome = verdict(command, state, now, patience) if command.status.open else None
            if outcome is None or outcome[0] is command.status:
                continue
            status, detail = outcome
            standing = command.status
            if standing is CommandStatus.SENDING and status is not CommandStatus.UNKNOWN:
                # Whoever was sending it is gone: its outcome was unknown until this look.
                self._store.advance_command(command.id, standing, CommandStatus.UNKNOWN, now)
                standing = CommandStatus.UNKNOWN
            if self._store.advance_command(command.id, standing, status, now, detail):
                moved = True
                after_s = round((now - command.sent_at).total_seconds(), 1) if command.sent_at else None
                self._note(SPOKEN[status], command, detail=detail, after_s=after_s)
                if status is CommandStatus.CONTRADICTED and command.verb is not Verb.LIMIT:
                    self._tell_tries(command)
        return moved

    def queue(self, decision: Decision, lease: Lease, now: datetime) -> Command | None:
        """Write down the intent; None where the lease is no longer ours (somebody else turns this ring now)."""
        if decision.verb is None or decision.expires_at is None:
            return None
        for other in self._store.open_commands(lease.vehicle_id):
            if other.verb is Verb.LIMIT and CommandStatus.SUPERSEDED in ARROWS[other.status]:
                # Whether a car shows its limit is learned late or never, and a start does not wait for it.
                self._store.advance_command(other.id, other.status, CommandStatus.SUPERSEDED, now)
        command = Command(
            CommandId(uuid4().hex),
            lease.vehicle_id,
            decision.verb,
            decision.reason,
            now,
            decision.expires_at,
            limit_pct=decision.limit_pct,
        )
        if not self._store.queue_command(command, lease):
            return None
        self._note("command.queued", command)
        return command

    async def send(self, command: Command, vehicle: Vehicle, lease: Lease) -> Lease:
        """
        Send a queued command, record how it was received, and return the lease to go on with.

        Nothing is sent once the door is shut, where the command came too late, or where the lease is no longer ours.
        """
        now = self._clock.now()
        if not self._door.open:
            return lease
        if now >= command.expires_at:
            self._advance(
                command, CommandStatus.QUEUED, CommandStatus.EXPIRED, "command.expired", "its window has passed"
            )
            return lease
        held = self._claimed(command, lease, now)
        if held is None:
            return lease
        try:
            await self._said(command, vehicle)
        except OutcomeUnknown as error:
            self._advance(command, CommandStatus.SENDING, CommandStatus.UNKNOWN, "command.unknown", str(error))
        except VehicleError as error:
            self._failed(command, error)
        else:
            self._advance(command, CommandStatus.SENDING, CommandStatus.ACCEPTED, "command.accepted", "")
        return held

    async def _said(self, command: Command, vehicle: Vehicle) -> None:
        if command.limit_pct is not None:
            await self._gateway.set_limit(vehicle, command.limit_pct)
        elif command.verb is Verb.START:
            await self._gateway.start(vehicle)
        else:
            await self._gateway.stop(vehicle)

    def _failed(self, command: Command, error: VehicleError) -> None:
        """Record a call that did nothing, and say what a person has to do where it will not pass by itself."""
        if isinstance(error, BudgetExhausted):
            self._purse.refused(command.vehicle_id)
        to_do = remedy(error, command.verb)
        status = CommandStatus.FAILED if to_do is None else CommandStatus.REFUSED
        name = "command.postponed" if isinstance(error, VehicleUnreachable) else "command.refused"
        wait = error.retry_after if isinstance(error, VehicleUnreachable | VehicleRefused) else None
        facts = {"code": error.code} if isinstance(error, VehicleRefused) else {}
        retry_at = None if wait is None else self._clock.now() + wait
        self._advance(command, CommandStatus.SENDING, status, name, str(error), retry_at, **facts)
        if command.verb is Verb.LIMIT:
            return
        if to_do is None:
            self._tell_tries(command)
        elif not isinstance(error, ConsentLost):
            # A lost consent is told by the gateway, which knows whether it was known.
            self._note("command.given_up", command, detail=str(error), to_do=to_do)

    def _tell_tries(self, command: Command) -> None:
        """Say it when a car was told the same so often in vain that a person should know, and when it is told no more."""
        session = self._store.session(command.vehicle_id)
        since = session.plugged_in_at if session is not None else command.queued_at
        tries = len(failed_in_a_row(self._store.commands(command.vehicle_id, since), command.verb))
        to_do = UNHEARD[command.verb]
        if tries == TOLD_AFTER[command.verb]:
            self._note("command.ignored", command, tries=tries, to_do=to_do)
        if tries == MOST_TRIES[command.verb]:
            self._note("command.given_up", command, tries=tries, to_do=to_do)

    def _claimed(self, command: Command, lease: Lease, now: datetime) -> Lease | None:
        """Move the intent to `sending` in one commit with its count, under a lease that outlives the call."""
        with self._store.transaction():
            held = next(iter(self._store.renew([lease], now, self._lease_for)), None)
            if held is None:
                return None
            if not self._store.advance_command(command.id, CommandStatus.QUEUED, CommandStatus.SENDING, now):
                return None
            self._store.count_call(command.vehicle_id, now, command.verb.value)
            self._purse.take()
        return held

    def _advance(
        self,
        command: Command,
        expected: CommandStatus,
        status: CommandStatus,
        name: str,
        detail: str,
        retry_at: datetime | None = None,
        **facts: str,
    ) -> None:
        with self._store.transaction():
            if self._store.advance_command(command.id, expected, status, self._clock.now(), detail, retry_at):
                if detail:
                    facts["detail"] = detail
                self._note(name, command, **facts)

    def _note(self, name: str, command: Command, **facts: str | float | None) -> None:
        self._journal.note(name, command.vehicle_id, verb=command.verb.value, reason=command.reason.value, **facts)
