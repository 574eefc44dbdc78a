"""
The doors of the house: what the rooms need of the world, as small protocols. `app.py` is the only file that names what
stands behind them; tests put working fakes there.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from scheduler.domain.command import Command, CommandId, CommandStatus
from scheduler.domain.consent import Consent
from scheduler.domain.credit import Amount, Booking
from scheduler.domain.driver import DriverId, NoticeAddress
from scheduler.domain.event import Event, Fact
from scheduler.domain.interval import Interval
from scheduler.domain.lease import Lease
from scheduler.domain.notice import Notice
from scheduler.domain.promise import Promise
from scheduler.domain.session import ChargeSession, Override
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.domain.told import Told
from scheduler.domain.vehicle import Vehicle, VehicleId, VehicleState


class Clock(Protocol):
    """The only way to learn the time."""

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC. It may jump."""

    def monotonic(self) -> float:
        """Return seconds that never jump and never go back: for durations, leases in one process, back-off."""

    def suspended_s(self) -> float:
        """Return how many seconds the machine has slept in all, during which `monotonic` stood still."""

    async def sleep(self, seconds: float) -> None:
        """Wait *seconds* of this clock's time."""


class VehicleGateway(Protocol):
    """One maker-neutral door to cars. Raises `VehicleError`s only. That a consent is lost it tells itself, once."""

    async def state(self, vehicle: Vehicle) -> VehicleState:
        """Return what the car last reported, with the moments at which it was true. Costs one call."""

    async def set_limit(self, vehicle: Vehicle, limit_pct: int) -> None:
        """Set the car's own charge limit, 50 to 100 whole percent; return once accepted."""

    async def start(self, vehicle: Vehicle) -> None:
        """Ask the car to charge; return once accepted. A car that charges already is a success."""

    async def stop(self, vehicle: Vehicle) -> None:
        """Ask the car to stop charging; return once accepted. A car that does not charge is a success."""


class PriceBook(Protocol):
    """The curves in force, as the driver pays them."""

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        """Return the last good curve of a tariff; None before the first."""


class Notifier(Protocol):
    """Tells a driver something away from the page. Raises `NoticeFailed` only."""

    async def send(self, address: NoticeAddress, notice: Notice) -> None:
        """Return once the address has taken the notice. It may arrive twice where an answer was lost."""

    async def aclose(self) -> None: ...


class Journal(Protocol):
    """Where the rooms speak: into the log, and into the durable sequence of events."""

    def note(self, name: str, vehicle_id: VehicleId | None = None, **facts: Fact) -> None:
        """Write down one event of the catalogue, now."""


class Dispatcher(Protocol):
    """Carries a claimed batch to somebody who reconciles it: in process, or on a queue of workers."""

    async def dispatch(self, batch: Sequence[Lease]) -> None: ...


class DueQueue(Protocol):
    """One `due` row per vehicle is the whole queue."""

    def enlist(self, vehicle_ids: Sequence[VehicleId], now: datetime) -> None:
        """Make the queue hold exactly these vehicles; new ones are due now, those no longer named leave it."""

    def claim(self, now: datetime, limit: int, lease_for: timedelta) -> list[Lease]:
        """
        Lease up to *limit* vehicles with `due_at <= now` whose lease has run out, oldest first, each with a new token.
        Atomic against other owners.
        """

    def renew(self, leases: Sequence[Lease], now: datetime, lease_for: timedelta) -> list[Lease]:
        """
        Return those leases whose token is still current, prolonged and with a new token; the others belong to somebody
        else now. Go on with what is returned: the old token is spent, so that of two owners of one batch only one goes on.
        """

    def complete(self, lease: Lease, due_at: datetime) -> bool:
        """
        End a turn: set the next due time (or the earlier `wake` that came meanwhile), free the lease, advance the token.
        False, and nothing changed, where the token is no longer current.
        """

    def wake(self, vehicle_ids: Sequence[VehicleId], at: datetime) -> None:
        """Make vehicles due no later than *at*, also while they are leased."""

    def reanchor(self, now: datetime, longest: timedelta) -> None:
        """After a clock step: no `due_at` and no `lease_until` lies further ahead than *now* + *longest*."""

    def oldest_due(self, now: datetime) -> timedelta:
        """Return how long the longest-waiting due vehicle has been waiting; zero when none is."""


class Ledger(Protocol):
    """What happened: append-only sightings, changed plans, commands, sessions, calls and events."""

    def transaction(self) -> AbstractContextManager[None]:
        """Group writes into one commit. Without it each call commits by itself. Nesting joins the outer one."""

    def last_state(self, vehicle_id: VehicleId) -> VehicleState | None: ...

    def last_look(self, vehicle_id: VehicleId) -> datetime | None:
        """Return when the car last answered or told something by itself, whatever the age of its words."""

    def record_sighting(self, state: VehicleState, looked_at: datetime) -> None:
        """Keep *state* as the last one; append it to the history only when its facts differ from the one before."""

    def sightings(self, vehicle_id: VehicleId, since: datetime) -> list[VehicleState]: ...

    def delivered(self, event: str, at: datetime) -> bool:
        """Write down that a delivery came; False, and nothing written, where the same event came before."""

    def told(self, vehicle_id: VehicleId) -> Told | None:
        """Return what is known of a car from what it told by itself; None before the first word."""

    def keep_told(self, told: Told) -> None:
        """Put *told* in the place of what was known of its car."""

    def session(self, vehicle_id: VehicleId) -> ChargeSession | None:
        """Return the session in which the car is plugged in now; None while it is unplugged."""

    def save_session(self, session: ChargeSession) -> None:
        """Insert or update by vehicle and `plugged_in_at`; one with `unplugged_at` is closed."""

    def sessions(self, vehicle_id: VehicleId, since: datetime) -> list[ChargeSession]: ...

    def override(self, vehicle_id: VehicleId) -> Override: ...

    def set_override(self, vehicle_id: VehicleId, override: Override, at: datetime) -> None: ...

    def promise(self, vehicle_id: VehicleId, at: datetime | None = None) -> Promise | None:
        """Return the promise in force now, or the one that was in force *at* a past moment."""

    def keep_promise(self, promise: Promise) -> bool:
        """Append the promise when its plan, goal or notes differ from the last one's; say whether it did."""

    def promises(self, vehicle_id: VehicleId, since: datetime) -> list[Promise]: ...

    def queue_command(self, command: Command, lease: Lease) -> bool:
        """
        Write the intent. False, and nothing written, where the lease's token is no longer current (fencing), or where
        another command of the vehicle is still open.
        """

    def advance_command(
        self,
        command_id: CommandId,
        expected: CommandStatus,
        status: CommandStatus,
        at: datetime,
        detail: str = "",
        retry_at: datetime | None = None,
    ) -> bool:
        """
        Move a command along its arrows by compare-and-set; False where it no longer stands at *expected*.

        `sending` sets `sent_at` and counts the attempt; a status that is not open sets `settled_at`. An empty *detail*
        and no *retry_at* keep the ones before. A move without an arrow (`ARROWS`) is InvalidValue.
        """

    def open_commands(self, vehicle_id: VehicleId) -> list[Command]: ...

    def commands(self, vehicle_id: VehicleId, since: datetime) -> list[Command]:
        """Return the vehicle's commands queued at or after *since*, in the order they were queued, whatever the clock did."""

    def count_call(self, vehicle_id: VehicleId, at: datetime, kind: str) -> None:
        """Count one billed call (`look`, `start`, `stop`, `limit`); counted before it is made."""

    def calls(self, vehicle_id: VehicleId | None, since: datetime, kind: str | None = None) -> int:
        """Return how many calls were counted at or after *since*: of one vehicle or of all, of one kind or of any."""

    def record_event(self, at: datetime, name: str, vehicle_id: VehicleId | None, facts: dict[str, Fact]) -> int: ...

    def events(self, after_seq: int = 0, limit: int = 100, vehicle_id: VehicleId | None = None) -> list[Event]:
        """Return events with a larger `seq`, oldest first; `after_seq=-1` returns the newest *limit* instead."""

    def book(self, booking: Booking) -> None:
        """Append an entry of prepaid credit."""

    def balance(self, driver_id: DriverId) -> Amount:
        """Return what a driver has left of what was bought, in the unit of the last purchase; below 0 where a car took more."""

    def purchase(self, driver_id: DriverId, reference: str) -> Booking | None:
        """Return the entry that a driver's purchase of that name made; None where there is none."""

    def bookings(self, driver_id: DriverId) -> list[Booking]:
        """Return a driver's entries of credit in the order they were made."""

    def stay_bookings(self, vehicle_id: VehicleId, plugged_in_at: datetime) -> list[Booking]:
        """Return what was booked of one stay, in the order it was."""

    def save_curve(self, tariff_id: TariffId, curve: TariffCurve, fetched_at: datetime) -> None:
        """Keep the curve in force; one row per tariff and distinct content, so that a past plan can be replayed."""

    def curve(self, tariff_id: TariffId, at: datetime | None = None) -> tuple[TariffCurve, datetime] | None:
        """Return the curve in force now, or at a past moment, with its fetch time."""

    def save_payload(self, source: str, fetched_at: datetime, body: bytes) -> None:
        """Keep a raw payload, compressed; the oldest beyond the configured number per source are dropped."""

    def payloads(self, source: str, window: Interval) -> list[tuple[datetime, bytes]]: ...

    def housekeep(self, now: datetime) -> None:
        """Drop what is past its keep time, checkpoint the log. Commands, sessions and changed plans are never dropped."""


@dataclass(frozen=True, slots=True)
class Departing:
    """A driver leaves for Connect: where to send the browser, and the cookie that it must bring back."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Returned:
    """
    What came of a driver's way through Connect, *at* our clock's time: a sentence for the driver, and whether a car is
    connected now. `link` is Tesla's virtual key, where it is still to be let in.
    """

    at: datetime
    done: bool
    sentence: str
    link: str | None = None


class ConsentDesk(Protocol):
    """Where drivers' consents are asked for, looked up and ended. *name* is a driver's or a car's, as in `Roster.named`."""

    def consent(self, vehicle_id: VehicleId) -> Consent:
        """Return what became of one car's consent."""

    def link(self, name: str) -> str:
        """Return the address that leads a driver to Connect, good for ten minutes. InvalidValue where none is set up."""

    def returned(self, name: str) -> Returned | None:
        """Return what came of the last way through Connect under this name; None since the daemon's start."""

    async def disconnect(self, name: str) -> tuple[str, ...]:
        """End the consents at Smartcar and forget them here; return what came of it, in sentences."""


class Store(DueQueue, Ledger, Protocol):
    """Everything durable, behind one door."""

    def close(self) -> None: ...
