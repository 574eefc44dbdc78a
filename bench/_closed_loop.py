"""
Real nights in a closed loop: plan, charge with the power the car really has, look again, plan again.

    the plan believes   |------ 11 kW ------|
    the car draws       |--- 10.45 kW ---------|

Each night is a recorded stay whose car has its energy to get, and could have it with the power it really draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from scheduler.dispatch.calm import Calm, keeps
from scheduler.dispatch.promising import Circumstances, Promising
from scheduler.domain.driver import Car, ChargePreferences, Driver, DriverId, Trip
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Seat
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.planning.need import KW_AT_FULL, KW_LOST_PER_PCT, charge_time
from scheduler.reports.market import Market
from scheduler.reports.replayer import Scene
from scheduler.reports.sessions import ReplayedSession


@dataclass(frozen=True, slots=True)
class Reach:
    """From where to where a night's energy takes the car."""

    from_pct: float
    to_pct: float


EVERYDAY = Reach(10.0, 60.0)
"""Below the knee of every power in the sessions, so that the car draws the same all the way."""

TRIP = Reach(50.0, 100.0)
"""Above the daily limit and through the slow end: what is above the limit is charged late, and ready all the same."""

STEP = timedelta(seconds=15)
"""Within it a car near full is taken to draw the same."""

NIGHT = (time(15), time(23))
"""Who arrives between these times and stays over midnight."""


@dataclass(frozen=True, slots=True)
class Night:
    """What became of a night: what was missing at the departure, how many plans were in force, how many switches made."""

    missing_kwh: float
    plans: int
    starts: int


class _Published:
    """The prices a driver can know at `now`."""

    def __init__(self, market: Market, now: datetime) -> None:
        self.market, self.now = market, now

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return self.market.published(self.now)


def nights(scene: Scene, power: float, reach: Reach = EVERYDAY) -> Iterator[ReplayedSession]:
    """Yield the stays over one night in which *reach* can be had with the share *power* of what the plan believes."""
    for session in scene.replay.sessions:
        arrival, leaving = (moment.astimezone(scene.market.zone) for moment in (session.stay.start, session.stay.end))
        overnight = NIGHT[0] <= arrival.time() <= NIGHT[1] and (leaving.date() - arrival.date()).days == 1
        vehicle = _vehicle(session, reach)
        needed = charge_time(vehicle, reach.from_pct, reach.to_pct, vehicle.max_power_kw) / power
        if overnight and needed <= session.stay.duration:
            yield session


def lived(session: ReplayedSession, market: Market, power: float, every: timedelta, reach: Reach = EVERYDAY) -> Night:
    """Return what becomes of *session* where the car draws the share *power* of what is believed, and is seen *every*."""
    book, seat = _Published(market, session.stay.start), _seat(session, market, reach)
    vehicle, promising = seat.car.vehicle, Promising(book)
    now, soc_pct, charging = session.stay.start, reach.from_pct, False
    promise: Promise | None = None
    plans = starts = 0
    while now < session.stay.end:
        book.now = now
        fresh = promising.promise(seat, Circumstances(soc_pct, charging, starts), now)
        if not keeps(promise, fresh, promising.curve(seat), now, Calm()):
            plans += promise is None or fresh.plan.windows != promise.plan.windows
            promise = fresh
        assert promise is not None
        wants = promise.plan.wants_charging_at(now) and soc_pct < reach.to_pct
        starts += wants and not charging
        charging = wants
        until = min(now + every, promise.plan.next_change(now) or session.stay.end, session.stay.end)
        soc_pct = _charged(vehicle, soc_pct, power, until - now) if charging else soc_pct
        now = until
    return Night(max(reach.to_pct - soc_pct, 0.0) / 100 * vehicle.usable_kwh, plans, starts)


def _charged(vehicle: Vehicle, soc_pct: float, power: float, duration: timedelta) -> float:
    """Return the state of charge after *duration* with the share *power* of what the car takes, its slow end included."""
    while duration > timedelta(0):
        step = min(duration, STEP)
        power_kw = power * min(vehicle.max_power_kw, KW_AT_FULL + KW_LOST_PER_PCT * (100.0 - soc_pct))
        soc_pct = min(soc_pct + 100 * power_kw * (step / timedelta(hours=1)) / vehicle.usable_kwh, 100.0)
        duration -= step
    return soc_pct


def _vehicle(session: ReplayedSession, reach: Reach) -> Vehicle:
    usable_kwh = session.recorded.energy_kwh / (reach.to_pct - reach.from_pct) * 100
    power_kw = session.recorded.power_kw
    return Vehicle(VehicleId("car"), "car", "VW", "car", Powertrain.BEV, "v", "u", usable_kwh, power_kw, 1.0)


def _seat(session: ReplayedSession, market: Market, reach: Reach) -> Seat:
    leaving = session.stay.end.astimezone(market.zone).replace(tzinfo=None)
    car = Car(_vehicle(session, reach), ChargePreferences(trips=(Trip(leaving, reach.to_pct),)))
    return Seat(Driver(DriverId("driver"), "Driver", market.zone, TariffId("home"), (car,)), car)
