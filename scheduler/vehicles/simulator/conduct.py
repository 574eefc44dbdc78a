"""Whether a car does as it is told: its sleep, its make's ways, its owner's chores, its timers, then its plug and battery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.vehicles.simulator.car import Car, CommandRecord, Verb
from scheduler.vehicles.simulator.refusal import Refusal, refusal
from scheduler.vehicles.simulator.report import asleep_at

VIRTUAL_KEY_URL = "https://www.tesla.com/_ak/smartcar.com"
_REACHED_THE_CAR = frozenset({"acted", "late", "ignored"})


def own_refusal(car: Car, verb: Verb, now: datetime) -> Refusal | None:
    """Return why *car* or its maker does not do *verb* now; None where it does."""
    if car.spec.asleep_refuses and asleep_at(car, now):
        return refusal("ASLEEP")
    refused = _owners_chores(car) or _makes_ways(car, verb, now)
    if refused is not None:
        return refused
    code = car.refusal(verb, now)
    if code is None and verb == "start" and car.spec.timers_refuse and not car.timer_runs(now):
        code = "CHARGE_FAULT"
    return None if code is None else refusal(code)


def _owners_chores(car: Car) -> Refusal | None:
    if car.rules.wants_virtual_key and not car.spec.virtual_key:
        return refusal("VIRTUAL_KEY_REQUIRED", "The owner has to add the virtual key.", url=VIRTUAL_KEY_URL)
    if car.rules.wants_pairing and not car.spec.paired:
        return refusal("DEVICE_PAIRING_REQUIRED")
    return None


def _makes_ways(car: Car, verb: Verb, now: datetime) -> Refusal | None:
    rules, truth = car.rules, car.truth(now)
    if (verb == "stop" and not rules.stops) or (verb == "set-limit" and not rules.sets_limit):
        return refusal("VEHICLE_NOT_CAPABLE", f"This make has no {verb}.")
    if rules.only_at_home and not truth.at_home:
        # The sheet gives the 200 m and no code; a car out of the fence is out of reach.
        return refusal("UNREACHABLE", "The vehicle is not where the owner allowed it.")
    if verb == "set-limit":
        return None
    if truth.soc_pct < rules.least_soc_pct:
        # The sheet gives the threshold and no code; LOW_BATTERY is the one whose advice speaks of it.
        return refusal("LOW_BATTERY", f"Below {rules.least_soc_pct:g} % this make neither starts nor stops.")
    if _used_up(car, verb, now):
        # "Operated too often": the sheet has no code; the maker's own limit is an upstream one.
        return refusal("RATE_LIMIT", "The maker takes no more commands for now.")
    return None


def _used_up(car: Car, verb: Verb, now: datetime) -> bool:
    rules = car.rules
    if rules.commands_per_drive is not None:
        before = car.departures[-1].commands_before if car.departures else 0
        return len(_switches(car.commands[before:])) >= rules.commands_per_drive
    if rules.stops_per_30_days is not None and verb == "stop":
        since = now - timedelta(days=30)
        stops = [record for record in _switches(car.commands) if record.verb == "stop" and record.at > since]
        return len(stops) >= rules.stops_per_30_days
    return False


def _switches(commands: Sequence[CommandRecord]) -> list[CommandRecord]:
    return [record for record in commands if record.effect in _REACHED_THE_CAR and record.verb != "set-limit"]
