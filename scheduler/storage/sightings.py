"""What was seen of the cars, and what the looking cost in calls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.storage.database import Rows
from scheduler.storage.records import from_record, to_record
from scheduler.storage.schema import CALL, LAST_STATE, SIGHTING


class SightingRows(Rows):
    """The last state of each car, the changes that led there, and every billed call."""

    def last_state(self, vehicle_id: VehicleId) -> VehicleState | None:
        with self._database.reading() as connection:
            return _last_state(connection, vehicle_id)

    def last_look(self, vehicle_id: VehicleId) -> datetime | None:
        """Return when the car last answered or told something by itself, whatever the age of its words."""
        query = select(LAST_STATE.c.looked_at).where(LAST_STATE.c.vehicle_id == vehicle_id)
        with self._database.reading() as connection:
            looked_at: datetime | None = connection.execute(query).scalar()
        return looked_at

    def record_sighting(self, state: VehicleState, looked_at: datetime) -> None:
        """Keep *state* as the last one; append it to the history only when its facts differ from the one before."""
        record = to_record(state)
        with self._database.writing() as connection:
            before = _last_state(connection, state.vehicle_id)
            row = {"vehicle_id": state.vehicle_id, "looked_at": looked_at, "state": record}
            if before is None or not state.same_facts(before):
                connection.execute(insert(SIGHTING).values(seen_at=state.seen_at, **row))
            self._database.upsert(LAST_STATE, row)

    def sightings(self, vehicle_id: VehicleId, since: datetime) -> list[VehicleState]:
        """Return the changes that were true at or after *since*, by `seen_at`; of equals, as they were learned."""
        query = (
            select(SIGHTING.c.state)
            .where(SIGHTING.c.vehicle_id == vehicle_id, SIGHTING.c.seen_at >= since)
            .order_by(SIGHTING.c.seen_at, SIGHTING.c.id)
        )
        with self._database.reading() as connection:
            return [from_record(VehicleState, row.state) for row in connection.execute(query)]

    def count_call(self, vehicle_id: VehicleId, at: datetime, kind: str) -> None:
        """Count one billed call (`look`, `start`, `stop`); counted before it is made."""
        with self._database.writing() as connection:
            connection.execute(insert(CALL).values(vehicle_id=vehicle_id, at=at, kind=kind))

    def calls(self, vehicle_id: VehicleId | None, since: datetime, kind: str | None = None) -> int:
        """Return how many calls were counted at or after *since*: of one vehicle or of all, of one kind or of any."""
        query = select(func.count()).where(CALL.c.at >= since)
        if vehicle_id is not None:
            query = query.where(CALL.c.vehicle_id == vehicle_id)
        if kind is not None:
            query = query.where(CALL.c.kind == kind)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()


def _last_state(connection: Connection, vehicle_id: VehicleId) -> VehicleState | None:
    query = select(LAST_STATE.c.state).where(LAST_STATE.c.vehicle_id == vehicle_id)
    record: str | None = connection.execute(query).scalar()
    return None if record is None else from_record(VehicleState, record)
