"""Prepaid credit: entries that are only ever added, in whole steps of their unit, so that sums are exact in every database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Row, func, insert, select

from scheduler.domain.credit import KWH, MONEY_STEP, WATT_HOUR, Amount, Booking, Meter
from scheduler.domain.driver import DriverId
from scheduler.domain.vehicle import VehicleId
from scheduler.storage.database import Rows
from scheduler.storage.schema import CREDIT


class CreditRows(Rows):
    """There is no way to change or drop an entry: a mistake is mended by another one."""

    def book(self, booking: Booking) -> None:
        """Append an entry."""
        with self._database.writing() as connection:
            connection.execute(
                insert(CREDIT).values(
                    driver_id=booking.driver_id,
                    at=booking.at,
                    wh=int(booking.kwh / WATT_HOUR),
                    vehicle_id=booking.vehicle_id,
                    plugged_in_at=booking.plugged_in_at,
                    meter=booking.meter.value if booking.meter else None,
                    uncertainty_wh=int(booking.uncertainty_kwh / WATT_HOUR),
                    money=int(booking.money / MONEY_STEP) if booking.currency else None,
                    currency=booking.currency or None,
                    reference=booking.reference or None,
                )
            )

    def balance(self, driver_id: DriverId) -> Amount:
        """Return what a driver has left, in the unit of the last purchase; below 0 where a car took more than was bought."""
        own = CREDIT.c.driver_id == driver_id
        unit = select(CREDIT.c.currency).where(own, CREDIT.c.vehicle_id.is_(None)).order_by(CREDIT.c.id.desc()).limit(1)
        with self._database.reading() as connection:
            currency = connection.execute(unit).scalar()
            step, column = (MONEY_STEP, CREDIT.c.money) if currency else (WATT_HOUR, CREDIT.c.wh)
            query = select(func.coalesce(func.sum(column), 0)).where(
                own, CREDIT.c.currency.is_not_distinct_from(currency)
            )
            return Amount((int(connection.execute(query).scalar_one()) * step).quantize(step), currency or KWH)

    def bookings(self, driver_id: DriverId) -> list[Booking]:
        """Return a driver's entries in the order they were made."""
        return self._entries(CREDIT.c.driver_id == driver_id)

    def stay_bookings(self, vehicle_id: VehicleId, plugged_in_at: datetime) -> list[Booking]:
        """Return what was booked of one stay, in the order it was."""
        return self._entries(CREDIT.c.vehicle_id == vehicle_id, CREDIT.c.plugged_in_at == plugged_in_at)

    def purchase(self, driver_id: DriverId, reference: str) -> Booking | None:
        """Return the entry that a driver's purchase of that name made; None where there is none."""
        return next(iter(self._entries(CREDIT.c.driver_id == driver_id, CREDIT.c.reference == reference)), None)

    def _entries(self, *where: ColumnElement[bool]) -> list[Booking]:
        with self._database.reading() as connection:
            return [_booking(row) for row in connection.execute(select(CREDIT).where(*where).order_by(CREDIT.c.id))]


def _booking(row: Row[tuple[object, ...]]) -> Booking:
    return Booking(
        row.driver_id,
        row.at,
        (row.wh * WATT_HOUR).quantize(WATT_HOUR),
        row.vehicle_id,
        row.plugged_in_at,
        Meter(row.meter) if row.meter else None,
        (row.uncertainty_wh * WATT_HOUR).quantize(WATT_HOUR),
        ((row.money or 0) * MONEY_STEP).quantize(MONEY_STEP),
        row.currency or "",
        row.reference or "",
    )
