"""Cars as they were measured: the ledger's past sightings of a car, read once for each plug-in. What is kept may be lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.domain.roster import Seat
from scheduler.domain.session import ChargeSession
from scheduler.domain.vehicle import Vehicle, VehicleId
from scheduler.planning.measured import as_measured
from scheduler.ports import Ledger

MEASURED_OVER = timedelta(days=60)
"""A car that charges once a week shows enough in two months; what is older was another winter's battery."""


class Measuring:
    """Tells what a seat's car draws, by what was seen before it was plugged in: so a plan never moves for it midway."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[VehicleId, tuple[Vehicle, datetime, Vehicle]] = {}

    def vehicle(self, seat: Seat, session: ChargeSession) -> Vehicle:
        """Return the seat's car with the power it was measured to draw, where enough was seen."""
        written, since = seat.car.vehicle, session.plugged_in_at
        kept = self._known.get(seat.vehicle_id)
        if kept is None or kept[:2] != (written, since):
            past = self._ledger.sightings(seat.vehicle_id, since - MEASURED_OVER)
            measured = as_measured(written, [seen for seen in past if seen.seen_at < since])
            kept = self._known[seat.vehicle_id] = (written, since, measured)
        return kept[2]
