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

from scheduler.dispatch.crossing import lasts_until
from scheduler.dispatch.make_limits import DRIVEN_KM, is_away
from scheduler.dispatch.metering import (
    LEAD,
    delivered,
    flowed_since_report,
    meter_of,
    metered_at,
    power_kw,
    share_uncertain,
    uncertainty_kwh,
)
from scheduler.dispatch.observe import Observation
from scheduler.domain.command import Command
from scheduler.domain.credit import KWH, Amount, Booking, Meter, kwh_of, money_of, price_of, uncertain_kwh
from scheduler.domain.interval import Interval
from scheduler.domain.roster import Seat
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import VehicleState
from scheduler.planning.credit import Credit
from scheduler.ports import Ledger, PriceBook

LEAST_KWH = 0.5
"""Less than this is no reason to start a car; what a stop in time left over is less."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What the credit allows a car now. `stop_at`: when it has to be told to stop, should it charge on as it does.

    `left` is what it may still use, None for no limit; `unpriced`: it is money, and the price of now is not known.
    """

    may_charge: bool = True
    stop_at: datetime | None = None
    left: Credit | None = None
    unpriced: bool = False

    def turn_by(self, retry_at: datetime | None, now: datetime) -> datetime | None:
        """Return the earlier of a retry and the end of the credit, of which one that has come has been acted upon."""
        stop_at = self.stop_at if self.stop_at is not None and self.stop_at > now else None
        return min((moment for moment in (retry_at, stop_at) if moment is not None), default=None)


UNLIMITED = Standing()


class Prepaid:
    """Books what prepaid cars use and says whether they may go on. Cars of other drivers are none of its business."""

    def __init__(self, ledger: Ledger, prices: PriceBook) -> None:
        self._ledger, self._prices = ledger, prices

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
        unit = self._ledger.balance(seat.driver.id).unit
        entry = Booking(
            seat.driver.id,
            state.last_word_at,
            -kwh_of(flowed.kwh),
            seat.vehicle_id,
            session.plugged_in_at,
            flowed.meter,
            kwh_of(flowed.uncertainty_kwh),
        )
        if unit != KWH:
            money = money_of(price_of(flowed.kwh, flowed.during, self._curve(seat, unit)))
            entry = replace(entry, money=-money, currency=unit)
        self._ledger.book(entry)

    def standing(self, seat: Seat, state: VehicleState, now: datetime) -> Standing:
        """Return what the driver's credit allows the car at *now*, as far as its meter may be off on the safe side."""
        if not seat.driver.prepaid:
            return UNLIMITED
        balance, stay = self._ledger.balance(seat.driver.id), self._stay(seat)
        if not balance.energy:
            return self._in_money(seat, state, balance, stay, now)
        vehicle, meter = seat.car.vehicle, meter_of(state)
        sure_kwh = float(balance.value - _uncertain_kwh(seat, meter, stay))
        left_kwh = sure_kwh / (1 + share_uncertain(meter)) - flowed_since_report(state, vehicle, now)
        left = Credit(energy_kwh=max(left_kwh, 0.0))
        if not state.charging:
            return Standing(left_kwh >= LEAST_KWH, None, left)
        stop_at = now + timedelta(hours=left_kwh / power_kw(state, vehicle)) - LEAD
        return Standing(now < stop_at, stop_at, left)

    def _in_money(
        self, seat: Seat, state: VehicleState, balance: Amount, stay: Sequence[Booking], now: datetime
    ) -> Standing:
        """Return what money allows. What the meter may be off by is valued at the dearest price of the stay and of now."""
        vehicle, meter, curve = seat.car.vehicle, meter_of(state), self._curve(seat, balance.unit)
        slot = curve.slot_at(now)
        price = slot.price_per_kwh if slot is not None and slot.firm else None
        dearest = max([0.0, price or 0.0, *(float(each.money / each.kwh) for each in stay if each.kwh)])
        sure = float(balance.value) - float(_uncertain_kwh(seat, meter, stay)) * dearest
        spent, reported_at = flowed_since_report(state, vehicle, now), metered_at(state, meter)
        if spent:
            spent = price_of(spent, Interval(reported_at, now), curve)
        left_money = sure / (1 + share_uncertain(meter)) - spent
        left = Credit(money=max(left_money, 0.0))
        if not state.charging:
            may_charge = price is not None and 0 < left_money >= LEAST_KWH * price
            return Standing(may_charge, None, left, price is None)
        stop_at = lasts_until(left_money, power_kw(state, vehicle), curve, now) - LEAD
        return Standing(now < stop_at, stop_at, left, price is None)

    def _curve(self, seat: Seat, currency: str) -> TariffCurve:
        """Return what the driver pays; without any price where that is not in the currency of the credit."""
        curve = self._prices.curve(seat.driver.tariff_id)
        return curve if curve is not None and curve.currency == currency else TariffCurve(currency)

    def _stay(self, seat: Seat) -> list[Booking]:
        """Return what was booked of the car's present stay."""
        session = self._ledger.session(seat.vehicle_id)
        entries = self._ledger.bookings(seat.driver.id, session.plugged_in_at) if session is not None else []
        return [each for each in entries if each.vehicle_id == seat.vehicle_id]


def _uncertain_kwh(seat: Seat, meter: Meter, stay: Sequence[Booking]) -> Decimal:
    """Return how far what was booked of this stay may be off, should *meter* go on to be read."""
    used = [(each.meter, each.uncertainty_kwh) for each in stay if each.meter]
    return uncertain_kwh([*used, (meter, kwh_of(uncertainty_kwh(meter, seat.car.vehicle)))])


def _was_driven(before: VehicleState, state: VehicleState) -> bool:
    """Whether a car's odometer tells that it moved between two looks; one that tells none is taken to have stood still."""
    if before.odometer_km is None or state.odometer_km is None:
        return False
    return state.odometer_km > before.odometer_km + DRIVEN_KM
