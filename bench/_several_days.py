"""
Stays of several days, at 7.4 kW, the car plugged in throughout, departure known.

    36 h        each day from 17:30 to 05:30 on the second morning, 20 kWh
    weekend     each Friday 18:00 to Monday 07:00, 35 kWh
    4.5 days    each day from 19:00 to 07:00 on the fifth morning, 45 kWh

Local time. All of them reach beyond the prices that are published on arrival.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from scheduler.domain.interval import Interval
from scheduler.reports.market import Market
from scheduler.reports.replayer import Scene
from scheduler.reports.sessions import RecordedSession, Replay, ReplayedSession

FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of stay: from a wall time to a wall time some days later."""

    name: str
    arrival: time
    departure: time
    days: int
    energy_kwh: float
    weekday: int | None
    least_captured: float
    goal: float


KINDS = (
    Kind("36 h", time(17, 30), time(5, 30), 2, 20.0, None, 0.95, 0.97),
    Kind("weekend", time(18), time(7), 3, 35.0, FRIDAY, 0.93, 0.96),
    Kind("4.5 days", time(19), time(7), 5, 45.0, None, 0.88, 0.93),
)
POWER_KW = 7.4


def scene(market: Market, kind: Kind, year: int, every: int = 1) -> Scene:
    """Return the stays of *kind* that begin in *year* and whose prices are on file; of those only each *every*-th."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    wanted = [day for day in days if day.year == year and kind.weekday in {None, day.weekday()}]
    sessions = [_session(market, kind, day) for day in wanted[::every]]
    known = tuple(session for session in sessions if market.complete(session.stay))
    return Scene(market, Replay(known, (), {}), 2)


def _session(market: Market, kind: Kind, day: date) -> ReplayedSession:
    arrived_at = datetime.combine(day, kind.arrival, market.zone).astimezone(UTC)
    left_at = datetime.combine(day + timedelta(days=kind.days), kind.departure, market.zone).astimezone(UTC)
    recorded = RecordedSession(day.isoformat(), "driver", "home", arrived_at, left_at, kind.energy_kwh, POWER_KW)
    return ReplayedSession(recorded, Interval(arrived_at, left_at))
