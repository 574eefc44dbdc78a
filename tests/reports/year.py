"""A small past for the reports: three months of hourly prices with a cheap night hour, and sessions of two drivers."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.domain.tariff import PriceSlot
from scheduler.reports.market import Market

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST = datetime(2025, 1, 1, tzinfo=BERLIN)
DAYS = 120

SESSIONS_HEAD = "session,user,site,arrival_utc,departure_utc,energy_kwh,est_charge_power_kw"


def local(text: str) -> datetime:
    """A wall time in Berlin, as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def price_at(moment: datetime) -> float:
    """Dear in the evening, cheap at three, cheaper still each second day."""
    wall = moment.astimezone(BERLIN)
    if wall.hour == 3:
        return 0.05 if wall.toordinal() % 2 else 0.02
    return {17: 0.40, 18: 0.45, 19: 0.40}.get(wall.hour, 0.20)


def slots(days: int = DAYS, first: datetime = FIRST) -> tuple[PriceSlot, ...]:
    begin = first.astimezone(UTC)
    return tuple(
        PriceSlot(start, start + HOUR, price_at(start)) for n in range(days * 24) for start in [begin + n * HOUR]
    )


def market(days: int = DAYS) -> Market:
    return Market(slots(days), "EUR", BERLIN)


def write_prices(file: Path, days: int = DAYS) -> Path:
    lines = [f"{slot.start:%Y-%m-%dT%H:%M:%SZ},60,{slot.price_per_kwh * 1000:.2f}" for slot in slots(days)]
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.write("\n".join(["start_utc,resolution_min,price_eur_mwh", *lines]) + "\n")
    return file


def session_line(
    number: int, user: str, arrival: datetime, hours: float, energy_kwh: float, power_kw: float = 11
) -> str:
    departure = arrival + hours * HOUR
    stamps = f"{arrival.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ},{departure.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"S{number:04},{user},home,{stamps},{energy_kwh},{power_kw}"


def session_lines(first: date, days: int) -> list[str]:
    """Ada plugs in each evening and leaves in the morning; Ben stops by at noon, now and then for the whole weekend."""
    lines = []
    for n in range(days):
        day = datetime.combine(first + n * DAY, datetime.min.time(), BERLIN)
        lines.append(session_line(2 * n, "ada", day + 18 * HOUR, 13, 11))
        weekend = day.weekday() == 4 and n % 2 == 0
        lines.append(session_line(2 * n + 1, "ben", day + 12 * HOUR, 62 if weekend else 1.2, 22 if weekend else 11))
    return lines


def write_sessions(file: Path, lines: list[str]) -> Path:
    file.write_text("\n".join([SESSIONS_HEAD, *lines]) + "\n", "utf-8")
    return file
