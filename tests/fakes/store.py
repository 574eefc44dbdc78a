"""
The whole `Store` port in memory: for every test that needs something durable and does not ask whether it survives.

It keeps the port's promises (leases with fencing tokens, compare-and-set on commands, changes only, transactions that undo
themselves) and passes the same contract as the real store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from scheduler.domain.command import ARROWS, Command, CommandId, CommandStatus
from scheduler.domain.credit import KWH, MONEY_STEP, WATT_HOUR, Amount, Booking
from scheduler.domain.driver import DriverId
from scheduler.domain.errors import InvalidValue
from scheduler.domain.event import CATALOGUE, Event, Fact
from scheduler.domain.interval import Interval
from scheduler.domain.lease import Lease
from scheduler.domain.promise import Promise
from scheduler.domain.session import ChargeSession, Override
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.domain.told import Told
from scheduler.domain.vehicle import VehicleId, VehicleState


@dataclass(frozen=True, slots=True)
class DueRow:
    """
    When a vehicle is due, who turns its ring, and what was asked for meanwhile.

    `due_at=None`: it has left the queue; its token goes on from there when it comes back. `woken_at` counts until a claim
    at or after it.
    """

    due_at: datetime | None
    token: int = 0
    lease_until: datetime | None = None
    woken_at: datetime | None = None

    def waited(self, now: datetime) -> timedelta | None:
        """Return how long the row has been waiting for an owner; None while it is not due or has one."""
        if self.due_at is None or self.due_at > now or (self.lease_until is not None and self.lease_until > now):
            return None
        return now - self.due_at


@dataclass(slots=True)
class Books:
    """All that is kept. Every value inside is immutable, so a copy one level deep is a snapshot."""

    due: dict[VehicleId, DueRow] = field(default_factory=dict)
    last: dict[VehicleId, tuple[VehicleState, datetime]] = field(default_factory=dict)
    sightings: list[VehicleState] = field(default_factory=list)
    sessions: dict[tuple[VehicleId, datetime], ChargeSession] = field(default_factory=dict)
    overrides: dict[VehicleId, Override] = field(default_factory=dict)
    promises: list[Promise] = field(default_factory=list)
    commands: dict[CommandId, Command] = field(default_factory=dict)
    calls: list[tuple[VehicleId, datetime, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    curves: dict[TariffId, tuple[tuple[datetime, datetime, TariffCurve], ...]] = field(default_factory=dict)
    deliveries: set[str] = field(default_factory=set)
    told: dict[VehicleId, Told] = field(default_factory=dict)
    credit: list[Booking] = field(default_factory=list)
    payloads: dict[str, tuple[tuple[datetime, bytes], ...]] = field(default_factory=lambda: defaultdict(tuple))

    def snapshot(self) -> Books:
        return Books(*(copy(getattr(self, name)) for name in self.__slots__))


def _earlier(at: datetime, other: datetime | None) -> datetime:
    return at if other is None else min(at, other)


class MemoryStore:
    """A `Store` that forgets when it is dropped. `keep_payloads` is the number kept per source."""

    def __init__(self, keep_payloads: int = 100) -> None:
        self._books = Books()
        self._keep_payloads = keep_payloads
        self._depth = 0
        self.closed = False

    # The queue.

    def enlist(self, vehicle_ids: Sequence[VehicleId], now: datetime) -> None:
        due = self._books.due
        for vehicle_id in due.keys() - set(vehicle_ids):
            if due[vehicle_id].due_at is not None:
                due[vehicle_id] = DueRow(None, due[vehicle_id].token + 1)
        for vehicle_id in vehicle_ids:
            if vehicle_id not in due:
                due[vehicle_id] = DueRow(now)
            elif due[vehicle_id].due_at is None:
                due[vehicle_id] = DueRow(now, due[vehicle_id].token + 1)

    def claim(self, now: datetime, limit: int, lease_for: timedelta) -> list[Lease]:
        waits = {vehicle_id: row.waited(now) for vehicle_id, row in self._books.due.items()}
        waiting = sorted((-wait, vehicle_id) for vehicle_id, wait in waits.items() if wait is not None)
        leases = []
        for _, vehicle_id in waiting[:limit]:
            row = self._books.due[vehicle_id]
            lease = Lease(vehicle_id, row.token + 1, now + lease_for)
            woken_at = row.woken_at if row.woken_at is not None and row.woken_at > now else None
            self._books.due[vehicle_id] = DueRow(row.due_at, lease.token, lease.until, woken_at)
            leases.append(lease)
        return leases

    def renew(self, leases: Sequence[Lease], now: datetime, lease_for: timedelta) -> list[Lease]:
        renewed = [
            Lease(lease.vehicle_id, lease.token + 1, now + lease_for) for lease in leases if self._current(lease)
        ]
        for lease in renewed:
            row = self._books.due[lease.vehicle_id]
            self._books.due[lease.vehicle_id] = replace(row, token=lease.token, lease_until=lease.until)
        return renewed

    def complete(self, lease: Lease, due_at: datetime) -> bool:
        if not self._current(lease):
            return False
        woken_at = self._books.due[lease.vehicle_id].woken_at
        self._books.due[lease.vehicle_id] = DueRow(_earlier(due_at, woken_at), lease.token + 1, None, woken_at)
        return True

    def wake(self, vehicle_ids: Sequence[VehicleId], at: datetime) -> None:
        for vehicle_id in vehicle_ids:
            row = self._books.due.get(vehicle_id)
            if row is not None and row.due_at is not None:
                woken_at = _earlier(at, row.woken_at)
                self._books.due[vehicle_id] = replace(row, due_at=_earlier(at, row.due_at), woken_at=woken_at)

    def reanchor(self, now: datetime, longest: timedelta) -> None:
        latest = now + longest
        for vehicle_id, row in self._books.due.items():
            times = (None if at is None else min(at, latest) for at in (row.due_at, row.lease_until, row.woken_at))
            due_at, lease_until, woken_at = times
            self._books.due[vehicle_id] = DueRow(due_at, row.token, lease_until, woken_at)

    def oldest_due(self, now: datetime) -> timedelta:
        waits = (row.waited(now) for row in self._books.due.values())
        return max((wait for wait in waits if wait is not None), default=timedelta(0))

    def _current(self, lease: Lease) -> bool:
        row = self._books.due.get(lease.vehicle_id)
        return row is not None and row.due_at is not None and row.token == lease.token

    # The ledger.

    @contextmanager
    def transaction(self) -> Iterator[None]:
        before = self._books.snapshot() if self._depth == 0 else None
        self._depth += 1
        try:
            yield
        except BaseException:
            if before is not None:
                self._books = before
            raise
        finally:
            self._depth -= 1

    def last_state(self, vehicle_id: VehicleId) -> VehicleState | None:
        last = self._books.last.get(vehicle_id)
        return last[0] if last else None

    def last_look(self, vehicle_id: VehicleId) -> datetime | None:
        last = self._books.last.get(vehicle_id)
        return last[1] if last else None

    def record_sighting(self, state: VehicleState, looked_at: datetime) -> None:
        before = self.last_state(state.vehicle_id)
        self._books.last[state.vehicle_id] = (state, looked_at)
        if before is None or not before.same_facts(state):
            self._books.sightings.append(state)

    def sightings(self, vehicle_id: VehicleId, since: datetime) -> list[VehicleState]:
        own = (s for s in self._books.sightings if s.vehicle_id == vehicle_id and s.seen_at >= since)
        return sorted(own, key=lambda state: state.seen_at)

    def delivered(self, event: str, at: datetime) -> bool:
        fresh = event not in self._books.deliveries
        self._books.deliveries.add(event)
        return fresh

    def told(self, vehicle_id: VehicleId) -> Told | None:
        return self._books.told.get(vehicle_id)

    def keep_told(self, told: Told) -> None:
        self._books.told[told.state.vehicle_id] = told

    def session(self, vehicle_id: VehicleId) -> ChargeSession | None:
        own = (s for s in self._books.sessions.values() if s.vehicle_id == vehicle_id and s.unplugged_at is None)
        return max(own, key=lambda session: session.plugged_in_at, default=None)

    def save_session(self, session: ChargeSession) -> None:
        self._books.sessions[session.vehicle_id, session.plugged_in_at] = session

    def sessions(self, vehicle_id: VehicleId, since: datetime) -> list[ChargeSession]:
        own = (s for s in self._books.sessions.values() if s.vehicle_id == vehicle_id and s.plugged_in_at >= since)
        return sorted(own, key=lambda session: session.plugged_in_at)

    def override(self, vehicle_id: VehicleId) -> Override:
        return self._books.overrides.get(vehicle_id, Override.NONE)

    def set_override(self, vehicle_id: VehicleId, override: Override, at: datetime) -> None:
        self._books.overrides[vehicle_id] = override

    def promise(self, vehicle_id: VehicleId, at: datetime | None = None) -> Promise | None:
        own = [promise for promise in self._books.promises if promise.vehicle_id == vehicle_id]
        if at is not None:
            own = sorted((promise for promise in own if promise.made_at <= at), key=lambda promise: promise.made_at)
        return own[-1] if own else None

    def keep_promise(self, promise: Promise) -> bool:
        last = self.promise(promise.vehicle_id)
        if last is not None and (last.plan, last.goal, last.notes) == (promise.plan, promise.goal, promise.notes):
            return False
        self._books.promises.append(promise)
        return True

    def promises(self, vehicle_id: VehicleId, since: datetime) -> list[Promise]:
        own = (p for p in self._books.promises if p.vehicle_id == vehicle_id and p.made_at >= since)
        return sorted(own, key=lambda promise: promise.made_at)

    def queue_command(self, command: Command, lease: Lease) -> bool:
        if command.status is not CommandStatus.QUEUED:
            raise InvalidValue(f"a command begins as queued, got {command.status.value}")
        if command.vehicle_id != lease.vehicle_id:
            raise InvalidValue(f"the lease is for {lease.vehicle_id}, the command for {command.vehicle_id}")
        if not self._current(lease) or self.open_commands(command.vehicle_id):
            return False
        self._books.commands[command.id] = command
        return True

    def advance_command(
        self,
        command_id: CommandId,
        expected: CommandStatus,
        status: CommandStatus,
        at: datetime,
        detail: str = "",
        retry_at: datetime | None = None,
    ) -> bool:
        if status not in ARROWS.get(expected, ()):
            raise InvalidValue(f"a command never moves from {expected.value} to {status.value}")
        command = self._books.commands.get(command_id)
        if command is None or command.status is not expected:
            return False
        command = replace(
            command, status=status, detail=detail or command.detail, retry_at=retry_at or command.retry_at
        )
        if status is CommandStatus.SENDING:
            command = replace(command, sent_at=at, attempts=command.attempts + 1)
        if not status.open:
            command = replace(command, settled_at=at)
        self._books.commands[command_id] = command
        return True

    def open_commands(self, vehicle_id: VehicleId) -> list[Command]:
        return [command for command in self._commands(vehicle_id) if command.status.open]

    def commands(self, vehicle_id: VehicleId, since: datetime) -> list[Command]:
        return [command for command in self._commands(vehicle_id) if command.queued_at >= since]

    def _commands(self, vehicle_id: VehicleId) -> list[Command]:
        return [command for command in self._books.commands.values() if command.vehicle_id == vehicle_id]

    def count_call(self, vehicle_id: VehicleId, at: datetime, kind: str) -> None:
        self._books.calls.append((vehicle_id, at, kind))

    def calls(self, vehicle_id: VehicleId | None, since: datetime, kind: str | None = None) -> int:
        return sum(
            at >= since and vehicle_id in (None, caller) and kind in (None, called)
            for caller, at, called in self._books.calls
        )

    def record_event(self, at: datetime, name: str, vehicle_id: VehicleId | None, facts: dict[str, Fact]) -> int:
        if name not in CATALOGUE:
            raise InvalidValue(f"the event {name!r} is not in the catalogue of scheduler/domain/event.py")
        event = Event(len(self._books.events) + 1, at, name, CATALOGUE[name].level, vehicle_id, dict(facts))
        self._books.events.append(event)
        return event.seq

    def events(self, after_seq: int = 0, limit: int = 100, vehicle_id: VehicleId | None = None) -> list[Event]:
        own = [event for event in self._books.events if vehicle_id is None or event.vehicle_id == vehicle_id]
        if after_seq < 0:
            return own[max(len(own) - limit, 0) :]
        return [event for event in own if event.seq > after_seq][:limit]

    def book(self, booking: Booking) -> None:
        self._books.credit.append(booking)

    def balance(self, driver_id: DriverId) -> Amount:
        own = self.bookings(driver_id)
        currency = next((each.currency for each in reversed(own) if each.vehicle_id is None), "")
        amounts = [each.amount.value for each in own if each.currency == currency]
        step = MONEY_STEP if currency else WATT_HOUR
        return Amount(sum(amounts, Decimal(0)).quantize(step), currency or KWH)

    def purchase(self, driver_id: DriverId, reference: str) -> Booking | None:
        return next((each for each in self.bookings(driver_id) if each.reference == reference), None)

    def bookings(self, driver_id: DriverId) -> list[Booking]:
        return [booking for booking in self._books.credit if booking.driver_id == driver_id]

    def stay_bookings(self, vehicle_id: VehicleId, plugged_in_at: datetime) -> list[Booking]:
        own = (booking for booking in self._books.credit if booking.vehicle_id == vehicle_id)
        return [booking for booking in own if booking.plugged_in_at == plugged_in_at]

    def save_curve(self, tariff_id: TariffId, curve: TariffCurve, fetched_at: datetime) -> None:
        kept = self._books.curves.get(tariff_id, ())
        if kept and kept[-1][2] == curve:
            self._books.curves[tariff_id] = (*kept[:-1], (kept[-1][0], fetched_at, curve))
        else:
            self._books.curves[tariff_id] = (*kept, (fetched_at, fetched_at, curve))

    def curve(self, tariff_id: TariffId, at: datetime | None = None) -> tuple[TariffCurve, datetime] | None:
        for first_fetched_at, fetched_at, curve in reversed(self._books.curves.get(tariff_id, ())):
            if at is None or first_fetched_at <= at:
                return curve, fetched_at if at is None or fetched_at <= at else first_fetched_at
        return None

    def save_payload(self, source: str, fetched_at: datetime, body: bytes) -> None:
        self._books.payloads[source] = (*self._books.payloads[source], (fetched_at, body))[-self._keep_payloads :]

    def payloads(self, source: str, window: Interval) -> list[tuple[datetime, bytes]]:
        return [(fetched_at, body) for fetched_at, body in self._books.payloads[source] if fetched_at in window]

    def housekeep(self, now: datetime) -> None:
        """Keep everything: no test lives past a keep time."""

    def close(self) -> None:
        self.closed = True
