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
from scheduler.reports.market import Market
from scheduler.reports.replayer import Scene
from scheduler.reports.sessions import ReplayedSession

FROM_PCT, TO_PCT = 10.0, 60.0
"""Below the knee of every power in the sessions, so that the car draws the same all the way."""

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


def nights(scene: Scene, power: float) -> Iterator[ReplayedSession]:
    """Yield the stays over one night that can be met with the share *power* of what the plan believes."""
    for session in scene.replay.sessions:
        arrival, leaving = (moment.astimezone(scene.market.zone) for moment in (session.stay.start, session.stay.end))
        overnight = NIGHT[0] <= arrival.time() <= NIGHT[1] and (leaving.date() - arrival.date()).days == 1
        had_kwh = power * session.recorded.power_kw * (session.stay.duration / timedelta(hours=1))
        if overnight and session.recorded.energy_kwh <= had_kwh:
            yield session


def lived(session: ReplayedSession, market: Market, power: float, every: timedelta) -> Night:
    """Return what becomes of *session* where the car draws the share *power* of what is believed, and is seen *every*."""
    book, seat = _Published(market, session.stay.start), _seat(session, market)
    vehicle, promising = seat.car.vehicle, Promising(book)
    pct_per_hour = 100 * power * vehicle.max_power_kw / vehicle.usable_kwh
    now, soc_pct, charging = session.stay.start, FROM_PCT, False
    promise: Promise | None = None
    plans = starts = 0
    while now < session.stay.end:
        book.now = now
        fresh = promising.promise(seat, Circumstances(soc_pct, charging, starts), now)
        if not keeps(promise, fresh, promising.curve(seat), now, Calm()):
            plans += promise is None or fresh.plan.windows != promise.plan.windows
            promise = fresh
        assert promise is not None
        wants = promise.plan.wants_charging_at(now) and soc_pct < TO_PCT
        starts += wants and not charging
        charging = wants
        until = min(now + every, promise.plan.next_change(now) or session.stay.end, session.stay.end)
        soc_pct += pct_per_hour * ((until - now) / timedelta(hours=1)) if charging else 0.0
        now = until
    return Night(max(TO_PCT - soc_pct, 0.0) / 100 * vehicle.usable_kwh, plans, starts)


def _seat(session: ReplayedSession, market: Market) -> Seat:
    usable_kwh = session.recorded.energy_kwh / (TO_PCT - FROM_PCT) * 100
    power_kw = session.recorded.power_kw
    vehicle = Vehicle(VehicleId("car"), "car", "VW", "car", Powertrain.BEV, "v", "u", usable_kwh, power_kw, 1.0)
    leaving = session.stay.end.astimezone(market.zone).replace(tzinfo=None)
    car = Car(vehicle, ChargePreferences(trips=(Trip(leaving, TO_PCT),)))
    return Seat(Driver(DriverId("driver"), "Driver", market.zone, TariffId("home"), (car,)), car)
