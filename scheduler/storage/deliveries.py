"""What cars told by themselves: which deliveries came, so that none counts twice, and what is known from them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from scheduler.domain.told import Told
from scheduler.domain.vehicle import VehicleId
from scheduler.storage.database import Rows
from scheduler.storage.records import from_record, to_record
from scheduler.storage.schema import DELIVERY, TOLD


class DeliveryRows(Rows):
    """Deliveries by event, and one row of knowledge for each car."""

    def delivered(self, event: str, at: datetime) -> bool:
        """Write down that a delivery came; False, and nothing written, where the same event came before."""
        with self._database.writing() as connection:
            if connection.execute(select(DELIVERY.c.event).where(DELIVERY.c.event == event)).first() is not None:
                return False
            connection.execute(insert(DELIVERY).values(event=event, received_at=at))
            return True

    def told(self, vehicle_id: VehicleId) -> Told | None:
        """Return what is known of a car from what it told; None before the first word."""
        with self._database.reading() as connection:
            record: str | None = connection.execute(select(TOLD.c.told).where(TOLD.c.vehicle_id == vehicle_id)).scalar()
        return None if record is None else from_record(Told, record)

    def keep_told(self, told: Told) -> None:
        """Put *told* in the place of what was known of its car."""
        self._database.upsert(TOLD, {"vehicle_id": told.state.vehicle_id, "told": to_record(told)})
