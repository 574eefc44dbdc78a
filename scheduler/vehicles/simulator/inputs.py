"""What one entry of the journal does to a car. It is the same whether it happens now or is replayed."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.vehicles.simulator.car import Car, CommandRecord
from scheduler.vehicles.simulator.journal import Entry


def do(car: Car, at: datetime, entry: Entry) -> None:
    """Let a hand's or a command's entry take effect on a car that has lived up to *at*."""
    match entry.get("act", entry["kind"]):
        case "plug":
            car.plug(at, "hand", entry["power_kw"], entry["fast"], entry["at_home"])
        case "unplug":
            car.unplug(at, "hand")
        case "drive":
            car.drive(at, entry["uses_pct"], entry["hours"], entry["distance_km"], entry["plugs_in"])
        case "start" | "stop" | "set-limit" as verb:
            car.act(at, verb, entry.get("percent"), "hand")
        case "command":
            _command(car, at, entry)


def _command(car: Car, at: datetime, entry: Entry) -> None:
    verb, percent, effect = entry["verb"], entry["percent"], entry["effect"]
    car.commands.append(CommandRecord(at, verb, percent, effect, entry["code"], entry["status"]))
    if effect == "acted":
        car.act(at, verb, percent, "command")
    elif effect == "late":
        car.act_late(at + timedelta(seconds=entry["after_s"]), verb, percent)
    elif effect in ("refused", "ignored"):
        car.touch(at)
