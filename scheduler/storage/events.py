"""Everything that happened, once, in a sequence without a gap."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, insert, select, update

from scheduler.domain.errors import InvalidValue
from scheduler.domain.event import CATALOGUE, Event, Fact
from scheduler.domain.vehicle import VehicleId
from scheduler.storage.database import Rows
from scheduler.storage.schema import EVENT, EVENT_COUNT


class EventRows(Rows):
    """Append-only. Old events are dropped by housekeeping, from the front."""

    def record_event(self, at: datetime, name: str, vehicle_id: VehicleId | None, facts: dict[str, Fact]) -> int:
        """Append one event of the catalogue; return its `seq`. A name that is not in the catalogue is InvalidValue."""
        if name not in CATALOGUE:
            raise InvalidValue(f"the event {name!r} is not in the catalogue of scheduler/domain/event.py")
        row = {"at": at, "name": name, "level": CATALOGUE[name].level, "vehicle_id": vehicle_id}
        try:
            row["facts"] = json.dumps(facts, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except ValueError as error:
            raise InvalidValue(f"the facts of {name} must be finite numbers, text, true, false or null") from error
        # The number is taken in the event's own transaction. A database sequence would keep it on a rollback: a gap.
        counted = update(EVENT_COUNT).values(seq=EVENT_COUNT.c.seq + 1).returning(EVENT_COUNT.c.seq)
        with self._database.writing() as connection:
            seq: int = connection.execute(counted).scalar_one()
            connection.execute(insert(EVENT).values(seq=seq, **row))
        return seq

    def events(self, after_seq: int = 0, limit: int = 100, vehicle_id: VehicleId | None = None) -> list[Event]:
        """Return events with a larger `seq`, oldest first; `after_seq=-1` returns the newest *limit* instead."""
        query = select(EVENT).limit(limit)
        if vehicle_id is not None:
            query = query.where(EVENT.c.vehicle_id == vehicle_id)
        if after_seq < 0:
            query = query.order_by(EVENT.c.seq.desc())
        else:
            query = query.where(EVENT.c.seq > after_seq).order_by(EVENT.c.seq)
        with self._database.reading() as connection:
            events = [_event(row) for row in connection.execute(query)]
        return events[::-1] if after_seq < 0 else events


def _event(row: Row[Any]) -> Event:
    facts = cast("dict[str, Fact]", json.loads(row.facts))
    return Event(row.seq, row.at, row.name, row.level, row.vehicle_id, facts)
