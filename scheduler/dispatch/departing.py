"""
When a car is to be ready whose driver states no departure: learned from its own past stays, at the risk the operator takes.

Each past stay is asked what would have been: with the offers of its arrival (`planning/departures.py`), at which price of
risk would it have left short? From these the price is set at which no more than the operator's share would have been. While
the stays are too few to tell, the car is charged at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isinf
from typing import NamedTuple

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.roster import Seat
from scheduler.domain.session import ChargeSession
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId
from scheduler.planning.departures import departure_menu, risk_price
from scheduler.planning.need import plug_energy_kwh
from scheduler.planning.stays import Stay, StayHistory
from scheduler.ports import Ledger

LEARNED_OVER = timedelta(days=365)
"""What is a year old still says how long a Sunday lasts; it counts little by then (`OWN_DAYS`)."""

ASKED = 60
"""So many of the last stays set the price of risk: three times what a share of 5 % takes, and half a second once a stay."""

LEAST_KWH = 0.5


@dataclass(frozen=True, slots=True)
class LearnedGoal:
    """A goal nobody stated, and the sentence that says so."""

    goal: ChargeGoal
    note: str


class _Asked(NamedTuple):
    """What a learned goal holds for: it stays until its time has come, or one of these changes."""

    plugged_in_at: datetime
    known_until: datetime | None
    target_pct: float


class Departing:
    """Learns from the ledger's sessions. What is kept here may be lost; it is learned again."""

    def __init__(self, ledger: Ledger, risk: float) -> None:
        """*risk*: the share of stays (0-1) that may leave short."""
        self._ledger, self._risk = ledger, risk
        self._goals: dict[VehicleId, tuple[_Asked, LearnedGoal]] = {}
        self._critical: dict[tuple[VehicleId, datetime], float] = {}

    def goal(
        self, seat: Seat, soc_pct: float | None, plugged_in_at: datetime, curve: TariffCurve, now: datetime
    ) -> LearnedGoal | None:
        """Return by when the car is to be at its daily limit; None where it is."""
        wishes = seat.car.preferences
        energy_kwh = plug_energy_kwh(seat.car.vehicle, soc_pct or 0.0, wishes.daily_limit_pct)
        if energy_kwh <= 0:
            return None
        asked = _Asked(plugged_in_at, curve.known_until(now), wishes.daily_limit_pct)
        kept = self._goals.get(seat.vehicle_id)
        if kept is None or kept[0] != asked or kept[1].goal.ready_by <= now:
            kept = self._goals[seat.vehicle_id] = (asked, self._learned(seat, energy_kwh, plugged_in_at, curve, now))
        return kept[1]

    def _learned(
        self, seat: Seat, energy_kwh: float, plugged_in_at: datetime, curve: TariffCurve, now: datetime
    ) -> LearnedGoal:
        power_kw, wishes = seat.car.vehicle.max_power_kw, seat.car.preferences
        past = [
            session
            for session in self._ledger.sessions(seat.vehicle_id, now - LEARNED_OVER)
            if session.unplugged_at is not None and session.unplugged_at <= plugged_in_at
        ]
        history = StayHistory([_stay(session, power_kw) for session in past], seat.driver.timezone)
        price = risk_price(self._critical_prices(seat, past, history), self._risk)
        odds = history.odds(seat.vehicle_id, plugged_in_at, timedelta(hours=energy_kwh / power_kw))
        menu = departure_menu(now, curve, odds.still_here(now - plugged_in_at), energy_kwh, power_kw)
        goal = ChargeGoal(menu.at(price).ready_by, wishes.daily_limit_pct, wishes.reserve_pct)
        return LearnedGoal(goal, _words(len(past), self._risk, cold=isinf(price)))

    def _critical_prices(self, seat: Seat, past: Sequence[ChargeSession], history: StayHistory) -> list[float]:
        """Return the price of risk from which on each of the last stays would have left full, oldest first."""
        prices: list[float] = []
        for session in [session for session in past if session.energy_kwh >= LEAST_KWH][-ASKED:]:
            key = (seat.vehicle_id, session.plugged_in_at)
            if key not in self._critical:
                self._critical[key] = self._critical_price(seat, session, history)
            prices.append(self._critical[key])
        return prices

    def _critical_price(self, seat: Seat, session: ChargeSession, history: StayHistory) -> float:
        stay = _stay(session, seat.car.vehicle.max_power_kw)
        odds = history.odds(seat.vehicle_id, stay.arrived_at, stay.charge_time)
        curve = self._curve(seat.driver.tariff_id, stay.arrived_at)
        menu = departure_menu(stay.arrived_at, curve, odds, session.energy_kwh, seat.car.vehicle.max_power_kw)
        return menu.critical_price(stay.left_at)

    def _curve(self, tariff_id: TariffId, at: datetime) -> TariffCurve:
        """Return the prices as they were known *at* a past moment."""
        kept = self._ledger.curve(tariff_id, at)
        return kept[0] if kept is not None else TariffCurve("")


def _stay(session: ChargeSession, power_kw: float) -> Stay:
    assert session.unplugged_at is not None
    charge_time = timedelta(hours=session.energy_kwh / power_kw)
    return Stay(session.vehicle_id, session.plugged_in_at, session.unplugged_at, charge_time)


def _words(stays: int, risk: float, *, cold: bool) -> str:
    seen = "1 past stay" if stays == 1 else f"{stays} past stays"
    if cold:
        return f"no departure is stated and {seen} cannot tell one yet, so charging is planned at once"
    return f"no departure is stated: this one is learned from {seen}, and may leave {risk:.0%} of them short"
