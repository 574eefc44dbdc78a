"""
What became of each car's consent, and the ids of Smartcar's that it brought: sealed, one file a car, and in memory.

A car's ids stand here once its driver has connected it through us; those in a driver's file count until then. A car that
was disconnected here has none, whatever the file says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.driver import Driver
from scheduler.domain.errors import VehicleError
from scheduler.domain.make import rules_for
from scheduler.domain.roster import Roster
from scheduler.domain.vehicle import Vehicle, VehicleId
from scheduler.ports import Clock, Journal
from scheduler.vehicles.smartcar.grants import GrantId
from scheduler.vehicles.smartcar.sealed_directory import SealedDirectory
from scheduler.vehicles.smartcar.vault import SealBroken

UNLISTED = "Smartcar lists no connection of this car"


@dataclass(frozen=True, slots=True)
class Ids:
    """What Smartcar calls a car and its user, and the grant that holds v2's tokens for it. None of it is printed."""

    vehicle_id: str = field(default="", repr=False)
    user_id: str = field(default="", repr=False)
    grant: GrantId = field(default=GrantId(""), repr=False)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One car. `ids` is None where those of the driver's file count. `given_at`: None where nobody knows."""

    status: ConsentStatus
    since: datetime
    given_at: datetime | None = None
    ids: Ids | None = None
    reason: str = ""
    reminded: bool = False


class ConsentBook:
    """
    Remembers, and says once when something changes. *files* None keeps nothing over a restart: for a rehearsal.

    *lasts*: how long a consent lasts where the table of makes does not know it; None: it has no end that is known. What
    cannot be written down counts until the restart, and is told by the call that could not.
    """

    def __init__(
        self, files: SealedDirectory | None, clock: Clock, journal: Journal, lasts: timedelta | None = None
    ) -> None:
        self._files, self._clock, self._journal, self._lasts = files, clock, journal, lasts
        self._entries: dict[VehicleId, _Entry] = {}
        self._unread: set[VehicleId] = set()
        for name in files.names() if files is not None else ():
            self._entries[VehicleId(name)] = self._read(name)

    def identified(self, drivers: Iterable[Driver]) -> Roster:
        """Return the drivers with the ids that count; a car with none has empty ones."""
        return Roster(
            replace(driver, cars=tuple(replace(car, vehicle=self._identified(car.vehicle)) for car in driver.cars))
            for driver in drivers
        )

    def of(self, vehicle: Vehicle) -> Consent:
        """Return the consent for *vehicle*, as it is identified."""
        entry = self._entries.get(vehicle.id)
        if entry is None:
            status = ConsentStatus.GIVEN if vehicle.smartcar_vehicle_id else ConsentStatus.NEVER
            return Consent(vehicle.id, status)
        lasts = rules_for(vehicle.make).reconsent_every or self._lasts
        ends_at = entry.given_at + lasts if entry.given_at is not None and lasts is not None else None
        return Consent(vehicle.id, entry.status, entry.since, ends_at, entry.reason)

    def grant_of(self, vehicle: Vehicle) -> GrantId:
        """Return the grant with the car's tokens (v2). One that is named after the car where none was written down."""
        entry = self._entries.get(vehicle.id)
        return entry.ids.grant if entry is not None and entry.ids is not None else GrantId(vehicle.id)

    def grants(self) -> set[GrantId]:
        """Return the grants that some car needs."""
        return {entry.ids.grant for entry in self._entries.values() if entry.ids is not None and entry.ids.grant}

    def give(self, vehicle_id: VehicleId, ids: Ids) -> None:
        """Write down a consent that was just given. Raises `VehicleUnreachable` where it cannot be written."""
        now = self._clock.now()
        self._put(vehicle_id, _Entry(ConsentStatus.GIVEN, now, now, ids))
        self._journal.note("consent.given", vehicle_id)

    def end(self, vehicle_id: VehicleId) -> None:
        """Forget the car's ids, those of the driver's file as well. Raises `VehicleUnreachable` as `give` does."""
        self._put(vehicle_id, _Entry(ConsentStatus.ENDED, self._clock.now(), ids=Ids()))
        self._journal.note("consent.ended", vehicle_id)

    def lose(self, vehicle_id: VehicleId, reason: str) -> None:
        """Note that a consent is good for nothing any more, and say it unless it is known."""
        entry = self._entries.get(vehicle_id, _Entry(ConsentStatus.GIVEN, self._clock.now()))
        if entry.status is not ConsentStatus.GIVEN:
            return
        self._note(vehicle_id, replace(entry, status=ConsentStatus.LOST, since=self._clock.now(), reason=reason))
        self._journal.note("vehicle.consent_lost", vehicle_id, reason=reason)

    def find(self, vehicle_id: VehicleId) -> None:
        """Note that a consent is good: a call was answered."""
        entry = self._entries.get(vehicle_id)
        if entry is not None and entry.status is ConsentStatus.LOST:
            self._note(vehicle_id, replace(entry, status=ConsentStatus.GIVEN, since=self._clock.now(), reason=""))
            self._journal.note("consent.given", vehicle_id)

    def listed(self, vehicle_id: VehicleId, given_at: datetime | None) -> None:
        """
        Note that Smartcar lists a connection of the car, given at a moment.

        That is no proof that calls are answered, so a consent that was lost otherwise is good again only if it was given
        since.
        """
        entry = self._entries.get(vehicle_id) or _Entry(ConsentStatus.GIVEN, given_at or self._clock.now())
        if entry.reason == UNLISTED or (given_at is not None and given_at > entry.since):
            self.find(vehicle_id)
            entry = self._entries.get(vehicle_id, entry)
        if given_at is not None and (entry.given_at is None or given_at > entry.given_at):
            self._note(vehicle_id, replace(entry, given_at=given_at, reminded=False))

    def unlisted(self, vehicle_id: VehicleId) -> None:
        """Note that Smartcar lists no connection of the car."""
        self.lose(vehicle_id, UNLISTED)

    def remind(self, vehicle: Vehicle) -> None:
        """Say it once when a consent is about to end by itself."""
        entry, now = self._entries.get(vehicle.id), self._clock.now()
        if entry is not None and not entry.reminded and self.of(vehicle).ends_soon(now):
            self._note(vehicle.id, replace(entry, reminded=True))
            self._journal.note("consent.ending", vehicle.id, words=self.of(vehicle).words(now))

    def _identified(self, vehicle: Vehicle) -> Vehicle:
        entry = self._entries.get(vehicle.id)
        if entry is None or entry.ids is None:
            return vehicle
        return replace(vehicle, smartcar_vehicle_id=entry.ids.vehicle_id, smartcar_user_id=entry.ids.user_id)

    def _note(self, vehicle_id: VehicleId, entry: _Entry) -> None:
        """
        Write down what can be learned again: a full disk must not take a car's turn.

        Not over a file that does not open: under the right key it holds the car's ids.
        """
        self._entries[vehicle_id] = entry
        if vehicle_id not in self._unread:
            with suppress(VehicleError):
                self._put(vehicle_id, entry)

    def _put(self, vehicle_id: VehicleId, entry: _Entry) -> None:
        if self._files is not None:
            self._files.write(vehicle_id, json.dumps(asdict(entry), default=datetime.isoformat).encode())
        self._entries[vehicle_id] = entry
        self._unread.discard(vehicle_id)

    def _read(self, name: str) -> _Entry:
        assert self._files is not None
        try:
            plain = self._files.read(name)
        except SealBroken as broken:
            self._unread.add(VehicleId(name))
            return _Entry(ConsentStatus.LOST, self._clock.now(), reason=str(broken))
        fields = json.loads(plain or b"{}")
        ids, given_at = fields["ids"], fields["given_at"]
        return _Entry(
            ConsentStatus(fields["status"]),
            datetime.fromisoformat(fields["since"]),
            datetime.fromisoformat(given_at) if given_at else None,
            Ids(ids["vehicle_id"], ids["user_id"], GrantId(ids["grant"])) if ids is not None else None,
            fields["reason"],
            fields["reminded"],
        )
