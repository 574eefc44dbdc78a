"""The plug-ins of each car, and what a person asked for beside the plan."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from scheduler.domain.session import ChargeSession, Override
from scheduler.domain.vehicle import VehicleId
from scheduler.storage.database import Rows
from scheduler.storage.records import from_record, to_record
from scheduler.storage.schema import OVERRIDE, SESSION


class SessionRows(Rows):
    """One row per vehicle and `plugged_in_at`; one override per vehicle."""

    def session(self, vehicle_id: VehicleId) -> ChargeSession | None:
        """Return the session that is open: the one in which the car is plugged in now. Of several the newest."""
        query = (
            select(SESSION.c.session)
            .where(SESSION.c.vehicle_id == vehicle_id, SESSION.c.unplugged_at.is_(None))
            .order_by(SESSION.c.plugged_in_at.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            record = connection.execute(query).scalar()
        return None if record is None else from_record(ChargeSession, record)

    def save_session(self, session: ChargeSession) -> None:
        """Insert or update by vehicle and `plugged_in_at`; one with `unplugged_at` is closed."""
        self._database.upsert(
            SESSION,
            {
                "vehicle_id": session.vehicle_id,
                "plugged_in_at": session.plugged_in_at,
                "unplugged_at": session.unplugged_at,
                "session": to_record(session),
            },
        )

    def sessions(self, vehicle_id: VehicleId, since: datetime) -> list[ChargeSession]:
        """Return the sessions that began at or after *since*, oldest first."""
        query = (
            select(SESSION.c.session)
            .where(SESSION.c.vehicle_id == vehicle_id, SESSION.c.plugged_in_at >= since)
            .order_by(SESSION.c.plugged_in_at)
        )
        with self._database.reading() as connection:
            return [from_record(ChargeSession, row.session) for row in connection.execute(query)]

    def override(self, vehicle_id: VehicleId) -> Override:
        query = select(OVERRIDE.c.override).where(OVERRIDE.c.vehicle_id == vehicle_id)
        with self._database.reading() as connection:
            return Override(connection.execute(query).scalar() or Override.NONE)

    def set_override(self, vehicle_id: VehicleId, override: Override, at: datetime) -> None:
        self._database.upsert(OVERRIDE, {"vehicle_id": vehicle_id, "override": override.value, "set_at": at})
