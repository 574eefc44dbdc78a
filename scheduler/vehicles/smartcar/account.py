"""
Everything that a house has of one Smartcar account: the gateway of the version that is spoken, the consents and their
keys, and the drivers' cars under Smartcar's ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from scheduler.domain.driver import Driver
from scheduler.domain.errors import ConfigError, VehicleError
from scheduler.domain.vehicle import VehicleId
from scheduler.ports import Clock, Journal, Store, VehicleGateway
from scheduler.vehicles.smartcar.channel import TransportFactory
from scheduler.vehicles.smartcar.connecting import Connecting
from scheduler.vehicles.smartcar.connections import Connection
from scheduler.vehicles.smartcar.consent_book import ConsentBook
from scheduler.vehicles.smartcar.consented import Consented
from scheduler.vehicles.smartcar.gateway import SmartcarGateway
from scheduler.vehicles.smartcar.grant_directory import GrantDirectory
from scheduler.vehicles.smartcar.key_file import KeyFile
from scheduler.vehicles.smartcar.legacy import LegacyGateway
from scheduler.vehicles.smartcar.memory import Memory
from scheduler.vehicles.smartcar.sealed_directory import SealedDirectory
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from scheduler.vehicles.smartcar.vault import SealBroken, Vault


@dataclass(frozen=True, slots=True)
class Private:
    """Where consents and tokens lie, sealed, and the systemd credential with the key, where one was loaded."""

    directory: Path
    credential: Path | None = None

    def consents(self, vault: Vault) -> SealedDirectory:
        return SealedDirectory(self.directory / "consents", vault, "consent")

    def grants(self, vault: Vault, clock: Clock) -> GrantDirectory:
        return GrantDirectory(self.directory / "grants", vault, clock)

    async def reseal(self, vault: Vault, clock: Clock) -> int:
        """Put everything under the vault's current key; return how many were not. What does not open is left as it is."""
        consents, changed = self.consents(vault), 0
        for name in consents.names():
            with suppress(SealBroken):
                changed += consents.reseal(name)
        return changed + await self.grants(vault, clock).reseal()

    @property
    def key_file(self) -> KeyFile:
        return KeyFile(self.directory, self.credential)


class SmartcarAccount:
    """
    *private* None keeps no consent over a restart, for a rehearsal; v2 cannot do without. *changed* is called when cars
    have got or lost their ids. Raises ConfigError where the key is not fit to be used.
    """

    def __init__(
        self,
        settings: SmartcarSettings,
        clock: Clock,
        store: Store,
        journal: Journal,
        drivers: Iterable[Driver],
        private: Private | None,
        transport: TransportFactory | None,
        changed: Callable[[], None],
    ) -> None:
        self._drivers, self._changed, self._clock, self._private = tuple(drivers), changed, clock, private
        self._vault = vault = private.key_file.vault() if private is not None else None
        files = private.consents(vault) if private is not None and vault is not None else None
        lasts = timedelta(days=settings.consent_days) if settings.consent_days else None
        self.book = ConsentBook(files, clock, journal, lasts)
        self.roster = self.book.identified(self._drivers)
        # Without webhooks there is nothing to lay a look over.
        laid = Memory(store).looked if settings.management_token.get_secret_value() else None
        self._v3 = SmartcarGateway(settings, clock, transport, laid) if settings.version == "v3" else None
        self._v2: LegacyGateway | None = None
        if self._v3 is None:
            if private is None or vault is None:
                raise ConfigError("smartcar.version: v2 keeps tokens, and there is no directory to keep them in")
            self._v2 = LegacyGateway(settings, clock, private.grants(vault, clock), self.book.grant_of, transport)
        inner = self._v3 or self._v2
        assert inner is not None
        self.gateway: VehicleGateway = Consented(inner, self.book)
        self.connecting = Connecting(
            settings,
            clock,
            store,
            self.book,
            inner,
            lambda: self.roster,
            self._reseat,
            self._v2.grants.forget if self._v2 is not None else None,
            self._v3.subscribe if self._v3 is not None and laid is not None else None,
        )

    @property
    def callable(self) -> list[VehicleId]:
        """Return the cars that there is something to call Smartcar with."""
        return [seat.vehicle_id for seat in self.roster.seats if seat.car.vehicle.smartcar_vehicle_id]

    async def open(self) -> None:
        """Put what is sealed under the current key: the operator may have put a new one into the systemd credential."""
        if self._private is not None and self._vault is not None:
            await self._private.reseal(self._vault, self._clock)

    def cars(self) -> dict[str, VehicleId]:
        """Return which car of ours is which of Smartcar's."""
        vehicles = [seat.car.vehicle for seat in self.roster.seats]
        return {vehicle.smartcar_vehicle_id: vehicle.id for vehicle in vehicles if vehicle.smartcar_vehicle_id}

    def ids(self) -> list[str]:
        """Return what Smartcar calls the cars and their users: for whoever keeps it out of the log."""
        vehicles = [seat.car.vehicle for seat in self.roster.seats]
        return [name for each in vehicles for name in (each.smartcar_vehicle_id, each.smartcar_user_id) if name]

    async def examine(self) -> None:
        """
        Ask Smartcar which cars are connected (v3, not billed), and remind drivers whose consents are about to end.

        v2 has no such list: there a lost consent shows when its token is renewed.
        """
        if self._v3 is not None and self.cars():
            try:
                connections = await self._v3.connections()
            except VehicleError:
                # The turns of the cars tell that Smartcar is not to be reached.
                return
            self._compare(connections)
        for seat in self.roster.seats:
            self.book.remind(seat.car.vehicle)

    async def aclose(self) -> None:
        """Let a renewal of tokens end, which must not be lost, and close every connection."""
        inner = self._v3 or self._v2
        if inner is not None:
            await inner.aclose()

    def _compare(self, connections: Iterable[Connection]) -> None:
        given = {(each.vehicle_id, each.user_id): each.created_at for each in connections}
        for vehicle in (seat.car.vehicle for seat in self.roster.seats):
            ids = (vehicle.smartcar_vehicle_id, vehicle.smartcar_user_id)
            if ids in given:
                self.book.listed(vehicle.id, given[ids])
            elif vehicle.smartcar_vehicle_id:
                self.book.unlisted(vehicle.id)

    def _reseat(self) -> None:
        self.roster = self.book.identified(self._drivers)
        self._changed()
