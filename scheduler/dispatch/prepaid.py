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
from scheduler.dispatch.metering import LEAD, delivered
from scheduler.dispatch.observe import Observation
from scheduler.dispatch.tap import Tap
from scheduler.domain.command import Command
from scheduler.domain.credit import KWH, Booking, kwh_of, money_of, price_of
from scheduler.domain.roster import Seat
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import Vehicle, VehicleState
from scheduler.planning.credit import Credit
from scheduler.ports import PriceBook, Store

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

    def __init__(self, ledger: Store, prices: PriceBook) -> None:
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
        if seat.driver.prepaid and state.charging and not (before is not None and before.charging):
            # It draws on the others' credit too, which ends the earlier for that.
            others = [car.vehicle.id for car in seat.driver.cars if car.vehicle.id != seat.vehicle_id]
            self._ledger.wake(others, state.last_word_at)
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
        """
        Return what the driver's credit allows the car at *now*, as far as meters may be off on the safe side.

        The driver's other cars draw on the same credit: together they are stopped as it ends, and what is planned for them
        is not left for this one's plan.
        """
        if not seat.driver.prepaid:
            return UNLIMITED
        balance = self._ledger.balance(seat.driver.id)
        others = self._others(seat)
        taps = (self._tap(seat.car.vehicle, state), *(each for each in others if each.state.charging or each.stay))
        share = max(tap.share_uncertain for tap in taps)
        if not balance.energy:
            curve = self._curve(seat, balance.unit)
            return _in_money(float(balance.value), share, taps, others, curve, now)
        sure_kwh = float(balance.value - sum((tap.uncertain_kwh for tap in taps), Decimal(0))) / (1 + share)
        left_kwh = sure_kwh - sum(tap.flowed_kwh(now) for tap in taps)
        left = Credit(energy_kwh=max(left_kwh - sum(each.planned_kwh(now) for each in others), 0.0))
        if not state.charging:
            return Standing(left_kwh >= LEAST_KWH, None, left)
        stop_at = now + timedelta(hours=left_kwh / sum(tap.power_kw for tap in taps)) - LEAD
        return Standing(now < stop_at, stop_at, left)

    def _curve(self, seat: Seat, currency: str) -> TariffCurve:
        """Return what the driver pays; without any price where that is not in the currency of the credit."""
        curve = self._prices.curve(seat.driver.tariff_id)
        return curve if curve is not None and curve.currency == currency else TariffCurve(currency)

    def _others(self, seat: Seat) -> list[Tap]:
        """Return the driver's other cars that are plugged in, with the plans they follow."""
        others: list[Tap] = []
        for car in seat.driver.cars:
            state = self._ledger.last_state(car.vehicle.id) if car.vehicle.id != seat.vehicle_id else None
            if state is not None and self._ledger.session(car.vehicle.id) is not None:
                promise = self._ledger.promise(car.vehicle.id)
                tap = self._tap(car.vehicle, state)
                others.append(tap if promise is None else replace(tap, plan=promise.plan))
        return others

    def _tap(self, vehicle: Vehicle, state: VehicleState) -> Tap:
        """Return a car as it draws on the credit, with what was booked of its present stay."""
        session = self._ledger.session(vehicle.id)
        stay = self._ledger.stay_bookings(vehicle.id, session.plugged_in_at) if session is not None else []
        return Tap(vehicle, state, tuple(stay))


def _in_money(
    money: float, share: float, taps: Sequence[Tap], others: Sequence[Tap], curve: TariffCurve, now: datetime
) -> Standing:
    """
    Return what *money* allows the first of *taps*, beside the plans of *others*; a *share* more may flow than is metered.

    What a meter may be off by is valued at the dearest price of its stay and of now.
    """
    slot = curve.slot_at(now)
    price = slot.price_per_kwh if slot is not None and slot.firm else None
    sure = money - sum(float(tap.uncertain_kwh) * tap.dearest(price or 0.0) for tap in taps)
    left_money = sure / (1 + share) - sum(tap.flowed_cost(now, curve) for tap in taps)
    left = Credit(money=max(left_money - sum(each.planned_cost(now, curve) for each in others), 0.0))
    if not taps[0].state.charging:
        may_charge = price is not None and 0 < left_money >= LEAST_KWH * price
        return Standing(may_charge, None, left, price is None)
    stop_at = lasts_until(left_money, sum(tap.power_kw for tap in taps), curve, now) - LEAD
    return Standing(now < stop_at, stop_at, left, price is None)


def _was_driven(before: VehicleState, state: VehicleState) -> bool:
    """Whether a car's odometer tells that it moved between two looks; one that tells none is taken to have stood still."""
    if before.odometer_km is None or state.odometer_km is None:
        return False
    return state.odometer_km > before.odometer_km + DRIVEN_KM
