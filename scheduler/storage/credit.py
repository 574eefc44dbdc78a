"""Prepaid credit: entries that are only ever added, in whole watt-hours, so that sums are exact in every database."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Row, func, insert, select

from scheduler.domain.credit import WATT_HOUR, Booking, Meter
from scheduler.domain.driver import DriverId
from scheduler.domain.errors import InvalidValue
from scheduler.storage.database import Rows
from scheduler.storage.schema import CREDIT


class CreditRows(Rows):
    """There is no way to change or drop an entry: a mistake is mended by another one."""

    def book(self, booking: Booking) -> None:
        """Append an entry. One of no energy, or finer than a watt-hour, is InvalidValue."""
        wh = booking.kwh / WATT_HOUR
        if not wh or wh != wh.to_integral_value():
            raise InvalidValue(f"an entry of credit is in whole watt-hours and not 0, got {booking.kwh} kWh")
        with self._database.writing() as connection:
            connection.execute(
                insert(CREDIT).values(
                    driver_id=booking.driver_id,
                    at=booking.at,
                    wh=int(wh),
                    vehicle_id=booking.vehicle_id,
                    plugged_in_at=booking.plugged_in_at,
                    meter=booking.meter.value if booking.meter else None,
                    uncertainty_wh=int(booking.uncertainty_kwh / WATT_HOUR),
                )
            )

    def balance_kwh(self, driver_id: DriverId) -> Decimal:
        """Return what a driver has left; below 0 where a car took more than was bought."""
        query = select(func.coalesce(func.sum(CREDIT.c.wh), 0)).where(CREDIT.c.driver_id == driver_id)
        with self._database.reading() as connection:
            return _kwh(int(connection.execute(query).scalar_one()))

    def bookings(self, driver_id: DriverId, plugged_in_at: datetime | None = None) -> list[Booking]:
        """Return a driver's entries in the order they were made: all, or those of the stay that began then."""
        query = select(CREDIT).where(CREDIT.c.driver_id == driver_id).order_by(CREDIT.c.id)
        if plugged_in_at is not None:
            query = query.where(CREDIT.c.plugged_in_at == plugged_in_at)
        with self._database.reading() as connection:
            return [_booking(row) for row in connection.execute(query)]


def _kwh(wh: int) -> Decimal:
    return (wh * WATT_HOUR).quantize(WATT_HOUR)


def _booking(row: Row[tuple[object, ...]]) -> Booking:
    return Booking(
        row.driver_id,
        row.at,
        _kwh(row.wh),
        row.vehicle_id,
        row.plugged_in_at,
        Meter(row.meter) if row.meter else None,
        _kwh(row.uncertainty_wh),
    )
