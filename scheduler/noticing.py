"""
Tells drivers what only they can mend: each concern once when it begins, and once when it is over.

    a car's concerns now   against   what was told of it     the difference is sent, and noted once it was taken

What was told is read from the ledger's events, so a restart repeats nothing. This runs beside the turns and stops none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from scheduler.domain.driver import DriverId
from scheduler.domain.errors import NoticeFailed
from scheduler.domain.event import Event
from scheduler.domain.notice import Concern, Notice
from scheduler.domain.roster import Roster, Seat
from scheduler.domain.vehicle import VehicleId
from scheduler.operations import CarView, Operations
from scheduler.planning.concerns import concerns
from scheduler.ports import Clock, Journal, Ledger, Notifier

EVERY = timedelta(minutes=1)

PAUSES = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""An address that cannot be reached is tried again after these; the last repeats."""

MOST_A_DAY = 20
"""Of one car: who is told more than that in a day listens no more. What still holds when the day is over is told then."""

EVENTS_AT_ONCE = 500


class Noticing:
    """Holds what was told, which is learned again from the ledger, and which address does not answer, which may be lost."""

    def __init__(
        self,
        clock: Clock,
        ledger: Ledger,
        journal: Journal,
        notifier: Notifier,
        operations: Operations,
        roster: Callable[[], Roster],
    ) -> None:
        self._clock, self._ledger, self._journal, self._notifier = clock, ledger, journal, notifier
        self._operations, self._roster = operations, roster
        self._events: dict[VehicleId, _Past] = {}
        self._failed: dict[DriverId, tuple[int, datetime]] = {}

    async def tell(self) -> None:
        """Send what is new to every driver who has an address. Whatever fails is tried again in a later call."""
        for seat in self._roster().seats:
            if seat.driver.notify is not None:
                # A look at one car takes milliseconds; in a fleet the others' turns come in between.
                await self._clock.sleep(0)
                await self._tell(seat)

    async def _tell(self, seat: Seat) -> None:
        view = next(car for car in self._operations.cars(seat.vehicle_id) if car.vehicle_id == seat.vehicle_id)
        past = self._past(seat.vehicle_id)
        now = self._clock.now()
        held = concerns(seat, view.sentence, view.plan_in_force, view.consent, view.calls_left, past.recent, now)
        begun = [(each, sentence, False) for each, sentence in held.items() if each not in past.told]
        ended = [(each, view.sentence, True) for each in Concern if each in past.told and each not in held]
        for concern, sentence, over in begun + ended:
            if self._may_send(seat):
                await self._send(seat, view, concern, sentence, over=over)

    async def _send(self, seat: Seat, view: CarView, concern: Concern, sentence: str, *, over: bool) -> None:
        address, driver_id = seat.driver.notify, seat.driver.id
        assert address is not None
        notice = Notice(driver_id, seat.vehicle_id, concern, sentence, self._clock.now(), over, view.simulated)
        try:
            await self._notifier.send(address, notice)
        except NoticeFailed as error:
            failures = self._failed.get(driver_id, (0, notice.at))[0] + 1
            pause = PAUSES[min(failures, len(PAUSES)) - 1]
            self._failed[driver_id] = failures, self._clock.now() + pause
            if failures == 1:
                self._journal.note("driver.untold", seat.vehicle_id, reason=str(error))
        else:
            self._failed.pop(driver_id, None)
            self._journal.note("driver.told", seat.vehicle_id, kind=concern.value, over=over)

    def _may_send(self, seat: Seat) -> bool:
        now, sent = self._clock.now(), self._past(seat.vehicle_id).told_at
        if len(sent) == MOST_A_DAY and now - sent[0] < timedelta(days=1):
            return False
        _, again_at = self._failed.get(seat.driver.id, (0, now))
        return now >= again_at

    def _past(self, vehicle_id: VehicleId) -> _Past:
        """Return what the car's events tell, read on from where they were read to."""
        past = self._events.setdefault(vehicle_id, _Past())
        while events := self._ledger.events(past.seq, EVENTS_AT_ONCE, vehicle_id):
            for event in events:
                past.take(event)
        return past


class _Past:
    """What was told of one car, and its last events."""

    def __init__(self) -> None:
        self.seq = 0
        self.told: set[Concern] = set()
        self.told_at: deque[datetime] = deque(maxlen=MOST_A_DAY)
        self.recent: deque[Event] = deque(maxlen=100)

    def take(self, event: Event) -> None:
        self.seq = event.seq
        self.recent.append(event)
        kind = event.facts.get("kind")
        if event.name == "driver.told":
            self.told_at.append(event.at)
            (self.told.discard if event.facts.get("over") else self.told.add)(Concern(str(kind)))
