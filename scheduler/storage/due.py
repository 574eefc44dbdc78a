"""
The due rows: one per vehicle, and together the whole queue.

        enlist            claim              renew              complete
    due ------> waiting --------> token n --------> token n+1 --------> waiting, due later, token n+2
                   ^                 |                  |
                   └-----------------┴------------------┘ lease_until passes: claimed anew

Every step advances the token, and every step asks for the token of the one before. So of two owners with the same batch
(doubled, or late) only the first goes on. A vehicle that leaves keeps its row and its token, so that an owner from before
its leaving is a stranger after its return.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, and_, bindparam, case, func, insert, literal, null, or_, select, update

from scheduler.domain.lease import Lease
from scheduler.domain.vehicle import VehicleId
from scheduler.storage.database import Rows
from scheduler.storage.schema import DUE, Moment


class DueRows(Rows):
    """`DueQueue` of scheduler/ports.py. Times are the caller's `now`: one clock for all owners of one store."""

    def enlist(self, vehicle_ids: Sequence[VehicleId], now: datetime) -> None:
        wanted = set(vehicle_ids)
        with self._database.writing() as connection:
            rows = connection.execute(select(DUE.c.vehicle_id, DUE.c.due_at)).all()
            known, listed = {row.vehicle_id for row in rows}, {row.vehicle_id for row in rows if row.due_at is not None}
            for statement, vehicles in (
                (insert(DUE).values(vehicle_id=bindparam("vehicle"), due_at=now, token=0), wanted - known),
                (_of(bindparam("vehicle"), due_at=now), (wanted & known) - listed),
                (_of(bindparam("vehicle"), due_at=null(), wake_at=null(), lease_until=null()), listed - wanted),
            ):
                if vehicles:
                    connection.execute(statement, [{"vehicle": vehicle} for vehicle in sorted(vehicles)])

    def claim(self, now: datetime, limit: int, lease_for: timedelta) -> list[Lease]:
        until = now + lease_for
        # SKIP LOCKED lets two claims on PostgreSQL take different rows at once; SQLite has one writer and no such words.
        oldest = (
            select(DUE.c.vehicle_id)
            .where(_waiting(now))
            .order_by(DUE.c.due_at, DUE.c.vehicle_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claimed = (
            update(DUE)
            .where(DUE.c.vehicle_id.in_(oldest))
            .values(
                token=DUE.c.token + 1,
                lease_until=until,
                wake_at=case((DUE.c.wake_at <= now, null()), else_=DUE.c.wake_at),
            )
            .returning(DUE.c.vehicle_id, DUE.c.token, DUE.c.due_at)
        )
        with self._database.reading() as connection:
            # Most sweeps find nobody; a look costs a quarter of an empty write transaction.
            if connection.execute(select(DUE.c.vehicle_id).where(_waiting(now)).limit(1)).first() is None:
                return []
        with self._database.writing() as connection:
            rows = sorted(connection.execute(claimed).all(), key=lambda row: (row.due_at, row.vehicle_id))
        return [Lease(row.vehicle_id, row.token, until) for row in rows]

    def renew(self, leases: Sequence[Lease], now: datetime, lease_for: timedelta) -> list[Lease]:
        until = now + lease_for
        with self._database.writing() as connection:
            return [
                replace(lease, token=lease.token + 1, until=until)
                for lease in leases
                if connection.execute(_of(lease.vehicle_id, lease_until=until).where(_held(lease))).rowcount == 1
            ]

    def complete(self, lease: Lease, due_at: datetime) -> bool:
        earlier = _earlier(DUE.c.wake_at, due_at)
        with self._database.writing() as connection:
            done = connection.execute(_of(lease.vehicle_id, due_at=earlier, lease_until=null()).where(_held(lease)))
            return done.rowcount == 1

    def wake(self, vehicle_ids: Sequence[VehicleId], at: datetime) -> None:
        if not vehicle_ids:
            return
        woken = (
            update(DUE)
            .where(DUE.c.vehicle_id == bindparam("vehicle"), DUE.c.due_at.is_not(None))
            .values(due_at=_earlier(DUE.c.due_at, at), wake_at=_earlier(DUE.c.wake_at, at))
        )
        with self._database.writing() as connection:
            connection.execute(woken, [{"vehicle": vehicle_id} for vehicle_id in vehicle_ids])

    def reanchor(self, now: datetime, longest: timedelta) -> None:
        limit = now + longest
        with self._database.writing() as connection:
            for column in (DUE.c.due_at, DUE.c.wake_at, DUE.c.lease_until):
                connection.execute(update(DUE).where(column > limit).values({column: limit}))

    def oldest_due(self, now: datetime) -> timedelta:
        """
        Return how long the longest-waiting due vehicle has been waiting; zero when none is.

        One under a live lease is not waiting. Once the lease has run out, it has waited since it fell due.
        """
        with self._database.reading() as connection:
            due_at: datetime | None = connection.execute(select(func.min(DUE.c.due_at)).where(_waiting(now))).scalar()
        return timedelta(0) if due_at is None else now - due_at


def _of(vehicle_id: object, **values: object) -> Update:
    """Return the update of one vehicle's row. It advances the token: whoever held it is a stranger now."""
    return update(DUE).where(DUE.c.vehicle_id == vehicle_id).values(token=DUE.c.token + 1, **values)


def _held(lease: Lease) -> ColumnElement[bool]:
    return and_(DUE.c.token == lease.token, DUE.c.due_at.is_not(None))


def _waiting(now: datetime) -> ColumnElement[bool]:
    return and_(DUE.c.due_at <= now, or_(DUE.c.lease_until.is_(None), DUE.c.lease_until <= now))


def _earlier(column: ColumnElement[datetime | None], at: datetime) -> ColumnElement[datetime | None]:
    """Return the earlier of the two; a null column counts as never."""
    return case((column < at, column), else_=literal(at, Moment))
