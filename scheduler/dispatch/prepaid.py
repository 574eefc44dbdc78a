"""
A prepaid car's account, kept in the transaction of its turn: what was seen to flow is booked with the sighting that shows it.

    report 1 --------- report 2 ----- now ----- crossing
      |   booked          |   predicted   | may still flow |

So a kill between any two lines loses nothing and counts nothing twice: the next turn books from the last sighting that was
written down, with which everything up to it was booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from scheduler.dispatch.make_limits import DRIVEN_KM, is_away
from scheduler.dispatch.metering import (
    LEAD,
    delivered,
    flowed_since_report,
    meter_of,
    power_kw,
    share_uncertain,
    uncertainty_kwh,
)
from scheduler.dispatch.observe import Observation
from scheduler.domain.command import Command
from scheduler.domain.credit import Booking, Meter, kwh_of, uncertain_kwh
from scheduler.domain.roster import Seat
from scheduler.domain.vehicle import VehicleState
from scheduler.ports import Ledger

LEAST_KWH = 0.5
"""Less than this is no reason to start a car; what a stop in time left over is less."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the credit allows a car now. `stop_at`: when it has to be told to stop, should it charge on as it does."""

    may_charge: bool = True
    stop_at: datetime | None = None
    left_kwh: float | None = None

    def turn_by(self, retry_at: datetime | None, now: datetime) -> datetime | None:
        """Return the earlier of a retry and the end of the credit, of which one that has come has been acted upon."""
        stop_at = self.stop_at if self.stop_at is not None and self.stop_at > now else None
        return min((moment for moment in (retry_at, stop_at) if moment is not None), default=None)


UNLIMITED = Standing()


class Prepaid:
    """Books what prepaid cars use and says whether they may go on. Cars of other drivers are none of its business."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def book(
        self,
        seat: Seat,
        before: VehicleState | None,
        state: VehicleState,
        seen: Observation,
        commands: Sequence[Command] = (),
    ) -> None:
        """
        Book what flowed since the look before. To be called in the transaction that records the sighting.

        *commands* are those of the stay. What a battery gained on a drive is not ours.
        """
        session = seen.session or seen.closed
        if not seat.driver.prepaid or before is None or session is None or is_away(seat, state):
            return
        if seen.plugged_in and (is_away(seat, before) or _was_driven(before, state)):
            before = replace(before, soc_pct=None)
        flowed = delivered(before, state, seat.car.vehicle, session.plugged_in_at, commands)
        if flowed is None or not kwh_of(flowed.kwh):
            return
        self._ledger.book(
            Booking(
                seat.driver.id,
                state.last_word_at,
                -kwh_of(flowed.kwh),
                seat.vehicle_id,
                session.plugged_in_at,
                flowed.meter,
                kwh_of(flowed.uncertainty_kwh),
            )
        )

    def standing(self, seat: Seat, state: VehicleState, now: datetime) -> Standing:
        """Return what the driver's credit allows the car at *now*, as far as its meter may be off on the safe side."""
        if not seat.driver.prepaid:
            return UNLIMITED
        vehicle, meter = seat.car.vehicle, meter_of(state)
        sure_kwh = float(self._ledger.balance_kwh(seat.driver.id) - self._uncertain_kwh(seat, meter))
        left_kwh = sure_kwh / (1 + share_uncertain(meter)) - flowed_since_report(state, vehicle, now)
        if not state.charging:
            return Standing(left_kwh >= LEAST_KWH, None, max(left_kwh, 0.0))
        stop_at = now + timedelta(hours=left_kwh / power_kw(state, vehicle)) - LEAD
        return Standing(now < stop_at, stop_at, max(left_kwh, 0.0))

    def _uncertain_kwh(self, seat: Seat, meter: Meter) -> Decimal:
        """Return how far what was booked of this stay may be off, should *meter* go on to be read."""
        session, reading = self._ledger.session(seat.vehicle_id), uncertainty_kwh(meter, seat.car.vehicle)
        stay = self._ledger.bookings(seat.driver.id, session.plugged_in_at) if session is not None else []
        used = [
            (each.meter, each.uncertainty_kwh) for each in stay if each.meter and each.vehicle_id == seat.vehicle_id
        ]
        return uncertain_kwh([*used, (meter, kwh_of(reading))])


def _was_driven(before: VehicleState, state: VehicleState) -> bool:
    """Whether a car's odometer tells that it moved between two looks; one that tells none is taken to have stood still."""
    if before.odometer_km is None or state.odometer_km is None:
        return False
    return state.odometer_km > before.odometer_km + DRIVEN_KM
