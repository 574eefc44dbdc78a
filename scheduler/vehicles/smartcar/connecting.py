"""
A driver's way through Smartcar's Connect and back: who asked, in which browser, and what came of it.

    smartcharge connect ada     link = sign(ada, expires)        printed, opened by the driver
    -> /connect/ada             cookie, state                    -> Connect -> /connect/callback
    -> which of Ada's cars is it? -> its ids into the book, its first turn at once
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit

from scheduler.domain.command import CommandStatus
from scheduler.domain.consent import Consent
from scheduler.domain.errors import ConsentLost, InvalidValue, StoreUnavailable, VehicleError
from scheduler.domain.make import rules_for
from scheduler.domain.roster import Roster, Seat
from scheduler.domain.vehicle import Vehicle, VehicleId
from scheduler.ports import Clock, Departing, Returned, Store
from scheduler.vehicles.smartcar.connections import Connection
from scheduler.vehicles.smartcar.consent import (
    HOME_SCOPE,
    LEAST_SCOPES,
    VIRTUAL_KEY_URL,
    Connected,
    StateRefused,
    connect_url,
    new_state,
    redirect_in,
    subject_of,
)
from scheduler.vehicles.smartcar.consent_book import ConsentBook, Ids
from scheduler.vehicles.smartcar.grants import GrantId
from scheduler.vehicles.smartcar.matching import matched
from scheduler.vehicles.smartcar.settings import SmartcarSettings

LISTED_AFTER_S = (0.0, 2.0, 5.0)
"""When Smartcar's list is asked for a car that was just connected: it may need a moment to show it."""

# What an invitation is signed with in a cookie's place: no cookie of ours is a word.
_INVITATION = "invitation"


class Account(Protocol):
    """What connecting needs of a gateway. Raises `VehicleError`s only."""

    async def connected(self, answer: Connected, grant: GrantId) -> list[Connection]:
        """Return the cars that a consent brought."""

    async def disconnect(self, vehicle: Vehicle) -> None:
        """End the consent for one car at Smartcar. Where there is none it is done already."""


class Connecting:
    """
    Begins and ends consents: the house's `ConsentDesk`.

    The key that signs states lives as long as this process: who was away over a restart begins again. Which states are
    spent is in the ledger. *changed* is called when cars have got or lost their ids; *forget* drops a grant's tokens,
    *subscribe* lets the webhook tell of a car; None where there is neither.
    """

    def __init__(
        self,
        settings: SmartcarSettings,
        clock: Clock,
        store: Store,
        book: ConsentBook,
        account: Account,
        roster: Callable[[], Roster],
        changed: Callable[[], None],
        forget: Callable[[GrantId], None] | None = None,
        subscribe: Callable[[Connection], Awaitable[None]] | None = None,
    ) -> None:
        self._settings, self._clock, self._store, self._book = settings, clock, store, book
        self._account, self._roster, self._changed, self._forget = account, roster, changed, forget
        self._subscribe = subscribe
        self._key = secrets.token_bytes(32)
        self._returned: dict[str, Returned] = {}

    def consent(self, vehicle_id: VehicleId) -> Consent:
        """Return what became of one car's consent."""
        return self._book.of(self._roster().seat(vehicle_id).car.vehicle)

    def link(self, name: str) -> str:
        """Return the address that leads a driver to Connect, good for ten minutes. InvalidValue where none is set up."""
        self._roster().named(name)
        connect_url(self._settings, "")
        home = urlsplit(self._settings.redirect_uri)
        invitation = new_state(self._key, f"{_INVITATION} {name}", _INVITATION, self._clock.now())
        query = urlencode({_INVITATION: invitation})
        return f"{home.scheme}://{home.netloc}/connect/{quote(name, safe='')}?{query}"

    def returned(self, name: str) -> Returned | None:
        """Return what came of the last way through Connect under this name; None since the daemon's start."""
        return self._returned.get(name)

    def begin(self, name: str, invitation: str | None) -> Departing:
        """
        Return the way to Connect. InvalidValue for an unknown name, and where Connect is not set up.

        None for an *invitation* is somebody on this machine; one that was made for another name, or is older than ten
        minutes, is refused.
        """
        seats = self._roster().named(name)
        if invitation is not None:
            invited = subject_of(self._key, invitation, _INVITATION, self._clock.now(), ())
            if invited != f"{_INVITATION} {name}":
                raise StateRefused("This link is for another car. Ask for one of your own.")
        cookie = secrets.token_urlsafe(32)
        state = new_state(self._key, name, cookie, self._clock.now())
        make = seats[0].car.vehicle.make if len(seats) == 1 else None
        home_only = any(seat.driver.home_only for seat in seats)
        scopes = (*LEAST_SCOPES, HOME_SCOPE) if home_only else LEAST_SCOPES
        return Departing(connect_url(self._settings, state, scopes=scopes, make=make, again=True), cookie)

    async def end(self, query: Mapping[str, str], cookie: str | None) -> Returned:
        """Return what Smartcar's redirect means. A state counts once, in the browser that began, for ten minutes."""
        answer, now = redirect_in(query), self._clock.now()
        try:
            name = subject_of(self._key, answer.state, cookie, now, ())
            if not self._store.delivered(sha256(answer.state.encode()).hexdigest(), now):
                raise StateRefused("This connection was made already.")
            seats = self._roster().named(name)
        except InvalidValue as refused:
            return Returned(now, done=False, sentence=str(refused))
        if not isinstance(answer, Connected):
            returned = Returned(now, done=False, sentence=_with_make(answer.sentence, seats))
        else:
            returned = await self._brought(name, seats, answer)
        self._returned[name] = returned
        return returned

    async def disconnect(self, name: str) -> tuple[str, ...]:
        """End the consents at Smartcar and forget them here; return what came of it, in sentences."""
        return tuple([await self._disconnected(seat) for seat in self._roster().named(name)])

    async def _brought(self, name: str, seats: tuple[Seat, ...], answer: Connected) -> Returned:
        """Find out which car it is, and write its ids down."""
        grant, before = GrantId(f"{name}-{self._clock.now():%Y%m%dT%H%M%S%f}"), self._book.grants()
        try:
            connections = await self._listed(answer, grant)
            found = matched(connections, seats, self._roster().seats)
            for vehicle_id, connection in found.items():
                self._book.give(vehicle_id, Ids(connection.vehicle_id, connection.user_id, grant))
        except (InvalidValue, VehicleError, StoreUnavailable) as error:
            self._forget_unless_needed({grant})
            return Returned(self._clock.now(), done=False, sentence=f"Your car is not connected yet: {error}.")
        self._forget_unless_needed({grant, *before})
        for vehicle_id, connection in found.items():
            self._reopen(vehicle_id)
            if self._subscribe is not None:
                # Without it the car is looked at instead; the doctor tells what is wrong with the webhook.
                with suppress(VehicleError):
                    await self._subscribe(connection)
        self._changed()
        self._store.wake(list(found), self._clock.now())
        here = [seat for seat in seats if seat.vehicle_id in found]
        titles = " and ".join(seat.title for seat in here)
        tesla = any(rules_for(seat.car.vehicle.make).make == "TESLA" for seat in here)
        # The name of the redirect's parameter is not certain, and a key that is in already does no harm.
        link = answer.virtual_key_url or (VIRTUAL_KEY_URL if tesla else None)
        return Returned(self._clock.now(), done=True, sentence=_with_make(f"{titles}: connected.", here), link=link)

    def _reopen(self, vehicle_id: VehicleId) -> None:
        """Let be tried again what was refused for good today: a new consent may have taken the reason away."""
        now = self._clock.now()
        for command in self._store.commands(vehicle_id, now - timedelta(days=1)):
            if command.status is CommandStatus.REFUSED:
                self._store.advance_command(command.id, CommandStatus.REFUSED, CommandStatus.FAILED, now)

    async def _listed(self, answer: Connected, grant: GrantId) -> list[Connection]:
        for pause_s in LISTED_AFTER_S:
            await self._clock.sleep(pause_s)
            connections = await self._account.connected(answer, grant)
            if connections or answer.user_id is None:
                break
        return connections

    async def _disconnected(self, seat: Seat) -> str:
        vehicle = seat.car.vehicle
        if not vehicle.smartcar_vehicle_id:
            return f"{seat.title} is not connected; nothing was changed."
        grant = self._book.grant_of(vehicle)
        try:
            await self._account.disconnect(vehicle)
        except ConsentLost:
            said = f"{seat.title} is disconnected here; Smartcar knew of no consent any more."
        except VehicleError as error:
            return f"{seat.title} is still connected, since Smartcar was not reached: {error}."
        else:
            said = f"{seat.title} is disconnected, here and at Smartcar; it is neither read nor commanded any more."
        self._book.end(vehicle.id)
        self._forget_unless_needed({grant})
        self._changed()
        return said

    def _forget_unless_needed(self, grants: Iterable[GrantId]) -> None:
        """Drop the tokens of those grants that no car needs any more."""
        for grant in set(grants) - self._book.grants():
            if self._forget is not None:
                self._forget(grant)


def _with_make(sentence: str, seats: Iterable[Seat]) -> str:
    """Return *sentence* and what to know of the makes that these cars are."""
    said = dict.fromkeys(words for seat in seats for words in rules_for(seat.car.vehicle.make).words())
    return " ".join([sentence, *said])
