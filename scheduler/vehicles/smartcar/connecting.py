"""A driver's way through Smartcar's Connect and back: who asked, in which browser, and what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from scheduler.domain.command import CommandStatus
from scheduler.domain.errors import InvalidValue
from scheduler.domain.roster import Roster
from scheduler.domain.vehicle import VehicleId
from scheduler.ports import Clock, Store
from scheduler.vehicles.smartcar.consent import Connected, StateRefused, connect_url, new_state, redirect_in, subject_of
from scheduler.vehicles.smartcar.settings import SmartcarSettings


@dataclass(frozen=True, slots=True)
class Departing:
    """Where to send the browser, and the cookie that it must bring back."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What to tell the driver. `link` is Tesla's virtual key, where it is still to be let in."""

    done: bool
    sentence: str
    link: str | None = None


class Connecting:
    """
    Begins and ends consents. The key that signs states lives as long as this process: who was away over a restart begins
    again. Which states are spent is in the ledger.
    """

    def __init__(self, settings: SmartcarSettings, clock: Clock, store: Store) -> None:
        self._settings, self._clock, self._store = settings, clock, store
        self._key = secrets.token_bytes(32)

    def begin(self, driver_id: str, roster: Roster) -> Departing:
        """Return the way to Connect for a driver. InvalidValue for an unknown one, and where Connect is not set up."""
        seats = roster.named(driver_id)
        cookie = secrets.token_urlsafe(32)
        state = new_state(self._key, str(seats[0].driver.id), cookie, self._clock.now())
        make = seats[0].car.vehicle.make if len(seats) == 1 else None
        return Departing(connect_url(self._settings, state, make=make, again=True), cookie)

    def end(self, query: Mapping[str, str], cookie: str | None, roster: Roster) -> Returned:
        """Return what Smartcar's redirect means. A state counts once, in the browser that began, for ten minutes."""
        answer, now = redirect_in(query), self._clock.now()
        try:
            driver_id = subject_of(self._key, answer.state, cookie, now, ())
            if not self._store.delivered(sha256(answer.state.encode()).hexdigest(), now):
                raise StateRefused("This connection was made already.")
            seats = roster.named(driver_id)
        except InvalidValue as refused:
            return Returned(done=False, sentence=str(refused))
        if not isinstance(answer, Connected):
            return Returned(done=False, sentence=answer.sentence)
        for seat in seats:
            self._reopen(seat.vehicle_id, now)
        self._store.wake([seat.vehicle_id for seat in seats], now)
        if answer.user_id is not None and all(answer.user_id != seat.car.vehicle.smartcar_user_id for seat in seats):
            return Returned(
                done=True,
                sentence="Your car is connected. Whoever runs this has to write Smartcar's new ids into your file.",
                link=answer.virtual_key_url,
            )
        return Returned(done=True, sentence="Your car is connected.", link=answer.virtual_key_url)

    def _reopen(self, vehicle_id: VehicleId, now: datetime) -> None:
        """Let be tried again what was refused for good today: a new consent may have taken the reason away."""
        for command in self._store.commands(vehicle_id, now - timedelta(days=1)):
            if command.status is CommandStatus.REFUSED:
                self._store.advance_command(command.id, CommandStatus.REFUSED, CommandStatus.FAILED, now)
