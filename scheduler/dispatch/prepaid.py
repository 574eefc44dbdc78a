"""
A prepaid car's account, kept in the transaction of its turn: what was seen to flow is booked with the sighting that shows it.

    report 1 --------- report 2 ----- now ----- crossing
      |   booked          |   predicted   | may still flow |

So a kill between any two lines loses nothing and counts nothing twice: the next turn books from the last sighting that was
written down, with which everything up to it was booked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.dispatch.make_limits import is_away
from scheduler.dispatch.metering import LEAD, delivered, flowed_since_report, power_kw, uncertainty_kwh
from scheduler.dispatch.observe import Observation
from scheduler.domain.credit import Booking, kwh_of
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


UNLIMITED = Standing()


class Prepaid:
    """Books what prepaid cars use and says whether they may go on. Cars of other drivers are none of its business."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def book(self, seat: Seat, before: VehicleState | None, state: VehicleState, seen: Observation) -> None:
        """Book what flowed since the look before. To be called in the transaction that records the sighting."""
        session = seen.session or seen.closed
        if not seat.driver.prepaid or before is None or session is None or is_away(seat, state):
            return
        flowed = delivered(before, state, seat.car.vehicle)
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
        """Return what the driver's credit allows the car at *now*."""
        if not seat.driver.prepaid:
            return UNLIMITED
        vehicle, booked_kwh = seat.car.vehicle, float(self._ledger.balance_kwh(seat.driver.id))
        left_kwh = booked_kwh - uncertainty_kwh(state, vehicle) - flowed_since_report(state, vehicle, now)
        if not state.charging:
            return Standing(left_kwh >= LEAST_KWH, None, max(left_kwh, 0.0))
        stop_at = now + timedelta(hours=left_kwh / power_kw(state, vehicle)) - LEAD
        return Standing(now < stop_at, stop_at, max(left_kwh, 0.0))
