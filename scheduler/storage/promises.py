"""What drivers were promised: every plan that differed from the one before it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from scheduler.domain.promise import Promise
from scheduler.domain.vehicle import VehicleId
from scheduler.storage.database import Rows
from scheduler.storage.records import from_record, to_record
from scheduler.storage.schema import PROMISE


class PromiseRows(Rows):
    """Append-only; never dropped."""

    def promise(self, vehicle_id: VehicleId, at: datetime | None = None) -> Promise | None:
        """Return the promise in force now, or the one that was in force *at* a past moment."""
        query = select(PROMISE.c.promise).where(PROMISE.c.vehicle_id == vehicle_id)
        if at is None:
            # The one written last, whatever it says of its time: the wall clock may have been set back since.
            query = query.order_by(PROMISE.c.id.desc())
        else:
            query = query.where(PROMISE.c.made_at <= at).order_by(PROMISE.c.made_at.desc(), PROMISE.c.id.desc())
        with self._database.reading() as connection:
            record: str | None = connection.execute(query.limit(1)).scalar()
        return None if record is None else from_record(Promise, record)

    def keep_promise(self, promise: Promise) -> bool:
        """Append the promise when its plan, goal or notes differ from the last one's; say whether it did."""
        record = to_record(promise)
        with self._database.writing() as connection:
            last = self.promise(promise.vehicle_id)
            if last and (last.plan, last.goal, last.notes) == (promise.plan, promise.goal, promise.notes):
                return False
            row = {"vehicle_id": promise.vehicle_id, "made_at": promise.made_at, "promise": record}
            connection.execute(insert(PROMISE).values(row))
            return True

    def promises(self, vehicle_id: VehicleId, since: datetime) -> list[Promise]:
        """Return the promises made at or after *since*, oldest first."""
        query = (
            select(PROMISE.c.promise)
            .where(PROMISE.c.vehicle_id == vehicle_id, PROMISE.c.made_at >= since)
            .order_by(PROMISE.c.made_at, PROMISE.c.id)
        )
        with self._database.reading() as connection:
            return [from_record(Promise, row.promise) for row in connection.execute(query)]
