"""Which of a driver's cars is it that Smartcar has just connected? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scheduler.domain.errors import InvalidValue
from scheduler.domain.make import rules_for
from scheduler.domain.roster import Seat
from scheduler.domain.vehicle import VehicleId
from scheduler.vehicles.smartcar.connections import Connection


def matched(
    connections: Iterable[Connection], asked: Sequence[Seat], every: Iterable[Seat]
) -> dict[VehicleId, Connection]:
    """
    Return, by car, what was connected for it. *asked* are the cars it may be, *every* those of all drivers.

    The car that has the id already is it. Else one of the same make and model, else the only one of the make; of several
    alike those that are not connected come first. InvalidValue in words for the driver where none is, where several
    might be, and where another driver has that very car.
    """
    found: dict[VehicleId, Connection] = {}
    taken = {seat.car.vehicle.smartcar_vehicle_id: seat for seat in every}
    problems: list[str] = []
    for connection in connections:
        holder = taken.get(connection.vehicle_id)
        if holder is not None and holder.vehicle_id in {seat.vehicle_id for seat in asked}:
            found[holder.vehicle_id] = connection
        elif holder is not None:
            problems.append("that car is connected already, as somebody else's")
        else:
            fits = _fitting(connection, [seat for seat in asked if seat.vehicle_id not in found])
            if len(fits) == 1:
                found[fits[0].vehicle_id] = connection
            else:
                problems.append(_problem(connection, fits))
    if not found:
        raise InvalidValue(problems[0] if problems else "Smartcar does not list the car yet; try again in a minute")
    return found


def _fitting(connection: Connection, seats: Sequence[Seat]) -> Sequence[Seat]:
    make, model = rules_for(connection.make).make, connection.model.casefold()
    of_make = [seat for seat in seats if not connection.make or rules_for(seat.car.vehicle.make).make == make]
    of_model = [seat for seat in of_make if seat.car.vehicle.model.casefold() == model]
    best = of_model or of_make
    return [seat for seat in best if not seat.car.vehicle.smartcar_vehicle_id] or best


def _problem(connection: Connection, fits: Sequence[Seat]) -> str:
    if not fits:
        return f"no file here names a {connection.make.title()} {connection.model}".rstrip()
    cars = " or ".join(f"smartcharge connect {seat.vehicle_id}" for seat in fits)
    return f"it may be one of several cars; say which: {cars}"
