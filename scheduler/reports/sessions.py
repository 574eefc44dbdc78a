"""
Recorded charging sessions, moved into the year whose prices they are to meet.

    recorded   2018 |..a.b...|  2019 |.c...d..|
    moved      2025 |..a.bc..d|                       by whole weeks: weekday and local time stay what they were

Years are laid over each other, so that each session keeps its season. Where one session was moved to says nothing about what
was known when: learning goes by the sessions' own order.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval
from scheduler.planning.stays import Stay
from scheduler.reports.market import Market
from scheduler.reports.table import Row, rows

COLUMNS = ("session", "user", "site", "arrival_utc", "departure_utc", "energy_kwh", "est_charge_power_kw")
WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """One stay at a plug as it was recorded. `energy_kwh` flowed, at about `power_kw`."""

    id: str
    driver: str
    site: str
    arrived_at: datetime
    left_at: datetime
    energy_kwh: float
    power_kw: float

    @property
    def stay(self) -> Stay:
        """What a learner remembers of it."""
        return Stay(self.driver, self.arrived_at, self.left_at, self.charge_time, self.site)

    @property
    def charge_time(self) -> timedelta:
        return timedelta(hours=self.energy_kwh / self.power_kw)


@dataclass(frozen=True, slots=True)
class ReplayedSession:
    """A recorded session and the stretch of the priced year it was moved to."""

    recorded: RecordedSession
    stay: Interval

    @property
    def deliverable_kwh(self) -> float:
        """What can be had between arrival and departure: all of it, unless the stay is too short."""
        return min(self.recorded.energy_kwh, self.recorded.power_kw * (self.stay.duration / timedelta(hours=1)))


@dataclass(frozen=True, slots=True)
class Replay:
    """The sessions to replay, in their own order; everybody's stays; and how many rows were dropped for which reason."""

    sessions: tuple[ReplayedSession, ...]
    stays: tuple[Stay, ...]
    dropped: dict[str, int]


def read_sessions(file: Path) -> tuple[list[RecordedSession], dict[str, int]]:
    """Return the sessions of a table, and how many rows say too little to be replayed, by what they lack."""
    sessions: list[RecordedSession] = []
    lacking: Counter[str] = Counter()
    for row in rows(file, COLUMNS):
        absent = next((name for name in COLUMNS[3:] if not row.text(name)), None)
        if absent is not None:
            lacking[f"no {absent}"] += 1
            continue
        session = _session(row)
        if session.left_at <= session.arrived_at or session.energy_kwh <= 0 or session.power_kw <= 0:
            lacking["no time or no energy"] += 1
        else:
            sessions.append(session)
    return sessions, dict(lacking)


def replay(
    recorded: Sequence[RecordedSession],
    market: Market,
    first: date,
    last: date,
    limit: int | None = None,
    seed: int = 0,
    lacking: Mapping[str, int] | None = None,
) -> Replay:
    """
    Move *recorded* into the local days *first* to *last* (both included), and draw *limit* of those that fit.

    Dropped are those that would leave after the last day, and those that would meet a gap in the prices. The same *seed*
    draws the same sessions. *lacking* counts what was dropped before.
    """
    weeks = (last - first + timedelta(days=1)) // WEEK
    if weeks < 1:
        raise InvalidValue(f"the range must hold a whole week, got {first.isoformat()} to {last.isoformat()}")
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), market.zone).astimezone(UTC)
    dropped = Counter(lacking)
    moved: list[ReplayedSession] = []
    for session in sorted(recorded, key=lambda session: (session.arrived_at, session.id)):
        away = -((session.arrived_at.astimezone(market.zone).date() - first) // (weeks * WEEK)) * weeks * WEEK
        start, until = (_moved(moment, away, market.zone) for moment in (session.arrived_at, session.left_at))
        if until > end:
            dropped["over the edge"] += 1
        elif until <= start:
            dropped["lost in a change of the clock"] += 1
        elif not market.complete(Interval(start, until)):
            dropped["no prices"] += 1
        else:
            moved.append(ReplayedSession(session, Interval(start, until)))
    if limit is not None and limit < len(moved):
        drawn = sorted(random.Random(seed).sample(range(len(moved)), limit))  # noqa: S311 - a sample, no secret
        moved = [moved[index] for index in drawn]
    return Replay(tuple(moved), tuple(session.stay for session in recorded), dict(dropped))


def _session(row: Row) -> RecordedSession:
    return RecordedSession(
        row.text("session"),
        row.text("user"),
        row.text("site"),
        row.moment("arrival_utc"),
        row.moment("departure_utc"),
        row.number("energy_kwh"),
        row.number("est_charge_power_kw"),
    )


def _moved(moment: datetime, away: timedelta, zone: ZoneInfo) -> datetime:
    """Return *moment* moved on the wall clock; an hour that spring leaves out is read by the clock before it."""
    return (moment.astimezone(zone).replace(tzinfo=None) + away).replace(tzinfo=zone).astimezone(UTC)
