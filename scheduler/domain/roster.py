"""Who is served: all drivers and their cars, as one value that is swapped whole when the configuration changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from scheduler.domain.driver import Car, Driver
from scheduler.domain.errors import InvalidValue
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import VehicleId


@dataclass(frozen=True, slots=True)
class Seat:
    """One car with its driver."""

    driver: Driver
    car: Car

    @property
    def vehicle_id(self) -> VehicleId:
        return self.car.vehicle.id

    @property
    def title(self) -> str:
        """What people call it: "Ada's ID.3"."""
        return f"{self.driver.name}'s {self.car.vehicle.name}"


class Roster:
    """All seats, in the order of the files. Vehicle ids are unique."""

    def __init__(self, drivers: Iterable[Driver]) -> None:
        self.drivers = tuple(drivers)
        self._seats = {car.vehicle.id: Seat(driver, car) for driver in self.drivers for car in driver.cars}

    @property
    def seats(self) -> tuple[Seat, ...]:
        return tuple(self._seats.values())

    def __contains__(self, vehicle_id: VehicleId) -> bool:
        return vehicle_id in self._seats

    def seat(self, vehicle_id: VehicleId) -> Seat:
        """Return one car with its driver. An id that is not here is an error of ours: KeyError."""
        return self._seats[vehicle_id]

    def named(self, name: str) -> tuple[Seat, ...]:
        """Return the seats a person means by *name*: a driver's id (all their cars) or a vehicle's id."""
        seats = tuple(seat for seat in self.seats if name in (seat.driver.id, seat.vehicle_id))
        if not seats:
            known = sorted(
                {*(str(seat.driver.id) for seat in self.seats), *(str(seat.vehicle_id) for seat in self.seats)}
            )
            close = get_close_matches(name, known, n=1)
            hint = f', did you mean "{close[0]}"?' if close else f"; known are {', '.join(known) or 'none'}"
            raise InvalidValue(f'no driver or car is called "{name}"{hint}')
        return seats

    def on_tariff(self, tariff_ids: Iterable[TariffId]) -> tuple[VehicleId, ...]:
        """Return the cars whose drivers pay one of these tariffs."""
        wanted = set(tariff_ids)
        return tuple(seat.vehicle_id for seat in self.seats if seat.driver.tariff_id in wanted)
