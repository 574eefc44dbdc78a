"""
Real price days laid over today and tomorrow, for an example that runs without an account and without a network.

The shipped days are laid by local wall clock: a day of 23 hours leaves out the hour its clock leaves out, one of 25 has the
repeated hour's prices twice. Which day lies over a date follows from the date alone, so that tomorrow's prices stay the
same when it becomes today. Tomorrow appears at 13:00 local time, as the market's would.

The prices are real figures of other days, so the curve is marked as simulated, and its source names the days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot
from scheduler.prices.feeds.csv_table import CsvTable
from scheduler.prices.feeds.feed import Asked, LocatedFeed
from scheduler.prices.feeds.payload import text_of
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading
from scheduler.prices.wall import local_day, midnight

PUBLISHED_AT = time(13)
_TABLE = CsvTable(file=Path("days"), start="start_utc", price="price_eur_mwh", unit="EUR/MWh", resolution_min=15)
_DAY = re.compile(
    r"^# day (?P<day>\d{4}-\d\d-\d\d): spread (?P<spread>[\d.]+) EUR/MWh, "
    r"larger than on (?P<share>[\d.]+) % of the days of (?P<year>\d{4})"
)
_ATTRIBUTION = re.compile(r"^# source: (?P<words>.+)$")


class Replay(LocatedFeed):
    """A table of whole price days; `timezone` is the zone whose days they are."""

    zone_key: ClassVar[str] = "timezone"
    stand_ins: ClassVar[Mapping[str, object]] = {"file": "recorded"}

    kind: Literal["replay"] = "replay"
    timezone: ZoneInfo = ZoneInfo("Europe/Berlin")

    @property
    def plan(self) -> PollPlan:
        return PollPlan(self.timezone, PUBLISHED_AT, every=timedelta(minutes=1), spread=timedelta(0))

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the shipped days laid over what was asked for; of a recorded payload, the days as they were."""
        days = _TABLE.parse(payload, asked)
        if not days.slots:
            raise PayloadInvalid("replay: the table has no prices")
        shipped = sorted({slot.start.astimezone(self.timezone).date() for slot in days.slots})
        names = " and ".join(day.isoformat() for day in shipped)
        source = f"real prices of {names} laid over today; {_attribution(text_of(payload, 'replay'))}"
        if asked.window is None or asked.now is None:
            return replace(days, source=source, simulated=True)
        slots = _laid(days.slots, shipped, asked.window, asked.now, self.timezone)
        published_at = _published_at(asked.now, self.timezone)
        return Reading(days.currency, slots, source=source, simulated=True, published_at=published_at)


@dataclass(frozen=True, slots=True)
class ShippedDay:
    """
    How ordinary a shipped day is: `spread` is its highest less its lowest price in EUR/MWh, `smaller_share` the share
    (0-1) of the days of its year with a smaller one.
    """

    day: date
    spread: float
    smaller_share: float


def shipped_days(payload: bytes) -> tuple[ShippedDay, ...]:
    """Return what the table's head says of its days."""
    found = (_DAY.match(line) for line in text_of(payload, "replay").splitlines())
    return tuple(
        ShippedDay(date.fromisoformat(match["day"]), float(match["spread"]), float(match["share"]) / 100)
        for match in found
        if match is not None
    )


def laid_day(day: date, shipped: Sequence[date]) -> date:
    """Return which of the shipped dates lies over *day*: they take turns, counted from the calendar's beginning."""
    return shipped[day.toordinal() % len(shipped)]


def _attribution(text: str) -> str:
    found = (_ATTRIBUTION.match(line) for line in text.splitlines())
    return next((match["words"] for match in found if match is not None), "source not named")


def _laid(
    slots: Sequence[PriceSlot], dates: Sequence[date], window: Interval, now: datetime, zone: ZoneInfo
) -> tuple[PriceSlot, ...]:
    by_wall = {slot.start.astimezone(zone).replace(tzinfo=None): slot.price_per_kwh for slot in slots}
    known_end = min(window.end, _known_end(now, zone))
    laid: list[PriceSlot] = []
    day = window.start.astimezone(zone).date()
    while midnight(day, zone) < known_end:
        laid.extend(_one_day(local_day(day, zone), laid_day(day, dates), by_wall, zone))
        day += timedelta(days=1)
    return tuple(slot for slot in laid if slot.start >= window.start and slot.end <= known_end)


def _one_day(day: Interval, shipped: date, by_wall: Mapping[datetime, float], zone: ZoneInfo) -> list[PriceSlot]:
    quarter = timedelta(minutes=15)
    quarters = (day.start + index * quarter for index in range(int(day.duration / quarter)))
    walls = ((start, datetime.combine(shipped, start.astimezone(zone).time())) for start in quarters)
    return [PriceSlot(start, start + quarter, by_wall[wall]) for start, wall in walls if wall in by_wall]


def _known_end(now: datetime, zone: ZoneInfo) -> datetime:
    local = now.astimezone(zone)
    return midnight(local.date() + timedelta(days=2 if local.time() >= PUBLISHED_AT else 1), zone)


def _published_at(now: datetime, zone: ZoneInfo) -> datetime:
    local = now.astimezone(zone)
    day = local.date() if local.time() >= PUBLISHED_AT else local.date() - timedelta(days=1)
    return datetime.combine(day, PUBLISHED_AT, zone).astimezone(UTC)
