"""`smartcharge status`: one line for each car, from the daemon's JSON. rich is imported only for a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from scheduler.terminal.daemon import RunningDaemon

SIMULATED = "SIMULATED: no real car is read or switched, and prices may be those of another day."
SIMULATED_PRICES = "SIMULATED: some cars are planned on prices that are not today's."

NO_CARS = "No cars yet: write a driver with a car into config/drivers/."


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One car in short texts."""

    sentence: str
    charge: str
    plug: str
    next_event: str
    calls: str = ""
    consent: str = ""

    @property
    def text(self) -> str:
        return "  |  ".join(
            part for part in (self.sentence, self.charge, self.plug, self.next_event, self.calls, self.consent) if part
        )


def show_status(daemon: RunningDaemon, who: str | None, *, as_json: bool = False, out: TextIO | None = None) -> None:
    """
    Write every car of *daemon*, or those that *who* means, to *out* (default: standard output).

    A table on a terminal, one plain line for each car elsewhere, or the API's JSON. SIMULATED comes first where anything
    is.
    """
    out = sys.stdout if out is None else out
    fleet = daemon.cars(who)
    if as_json:
        json.dump(fleet, out, ensure_ascii=False, indent=2)
        out.write("\n")
    elif out.isatty():
        _show_table(fleet, out)
    else:
        out.writelines(f"{line}\n" for line in _plain(fleet))


def status_lines(fleet: Mapping[str, Any]) -> list[StatusLine]:
    """Return one line for each car of *fleet*, its times on the driver's own clock."""
    now = datetime.fromisoformat(fleet["now"])
    return [
        StatusLine(
            car["sentence"],
            _charge(car["state"]),
            _plug(car["state"]),
            _next_event(car, now),
            _calls(car["calls_left"]),
            _consent(car["consent"], now),
        )
        for car in fleet["cars"]
    ]


def _plain(fleet: Mapping[str, Any]) -> list[str]:
    lines = [line.text for line in status_lines(fleet)] or [NO_CARS]
    banner = simulated_banner(fleet["simulated"], [car["simulated"] for car in fleet["cars"]])
    return [banner, *lines] if banner else lines


def simulated_banner(fleet: bool, cars: Iterable[bool]) -> str:
    """Return what stands above everything that is not real: the whole fleet, or some cars' prices; "" where all is real."""
    if fleet:
        return SIMULATED
    return SIMULATED_PRICES if any(cars) else ""


def _show_table(fleet: Mapping[str, Any], out: TextIO) -> None:
    from rich.console import Console  # noqa: PLC0415 - 0.1 s, which a pipe does not pay
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=out)
    lines = status_lines(fleet)
    banner = simulated_banner(fleet["simulated"], [car["simulated"] for car in fleet["cars"]])
    if banner:
        console.print(Text(banner, style="bold yellow"))
    if not lines:
        console.print(Text(NO_CARS))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("car", ratio=1)
    counted = any(line.calls for line in lines)
    for title in ("charge", "plug", "next", *(("calls",) if counted else ()), "consent"):
        table.add_column(title, no_wrap=True)
    for line in lines:
        # Text, not str: a name with brackets is a name, no markup.
        texts = (line.charge, line.plug, line.next_event, *((line.calls,) if counted else ()), line.consent)
        table.add_row(Text(line.sentence, style="bold"), *map(Text, texts))
    console.print(table)


def _charge(state: Mapping[str, Any] | None) -> str:
    if state is None or state["soc_pct"] is None:
        return "charge unknown"
    age_s = state["soc_age_s"]
    return f"{state['soc_pct']:.0f} %" if age_s is None else f"{state['soc_pct']:.0f} %, {_age(age_s)}"


def _calls(left: int | None) -> str:
    return "" if left is None else f"{left} calls left this month"


def _consent(consent: Mapping[str, Any], now: datetime) -> str:
    if consent["status"] != "given":
        return {"never": "not connected", "lost": "consent lost", "ended": "disconnected"}[consent["status"]]
    if consent["ends_at"] is None:
        return "connected"
    days = (datetime.fromisoformat(consent["ends_at"]) - now).days
    return str(consent["words"]) or f"connected for {days} more days"


def _age(age_s: float) -> str:
    minutes = int(age_s // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days ago"


def _plug(state: Mapping[str, Any] | None) -> str:
    if state is None:
        return "not seen yet"
    if state["charging"]:
        return "charging"
    return {True: "plugged in", False: "not plugged in", None: "plug unknown"}[state["plugged_in"]]


def _next_event(car: Mapping[str, Any], now: datetime) -> str:
    event = car["next_event"]
    if event is None:
        return ""
    timezone = ZoneInfo(car["timezone"])
    at, today = datetime.fromisoformat(event["at"]).astimezone(timezone), now.astimezone(timezone).date()
    days = (at.date() - today).days
    if days == 0:
        return f"{event['kind']} {at:%H:%M}"
    return f"{event['kind']} {at:%a %H:%M}" if days <= 6 else f"{event['kind']} {at.day} {at:%b %H:%M}"
