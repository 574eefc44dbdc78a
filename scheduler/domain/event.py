"""
The catalogue of everything smartcharge says: one constant name per event, `noun.past_verb`, with its level and what a
person should do about it. `docs/events.md` is checked against it. An event that is not here cannot be noted.

Facts are keys with units (`cost`, `energy_kwh`, `retry_after_s`), never part of the name. Tokens, VINs, positions and the
maker's or Smartcar's ids never.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from scheduler.domain.vehicle import VehicleId

Level = Literal["debug", "info", "warning", "error"]
Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class EventKind:
    """One line of the catalogue: `warning` = someone may want to know tomorrow, `error` = someone must act."""

    name: str
    level: Level
    meaning: str
    to_do: str = "Nothing."


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, once. `seq` counts without a gap, restarts included."""

    seq: int
    at: datetime
    name: str
    level: Level
    vehicle_id: VehicleId | None = None
    facts: dict[str, Fact] = field(default_factory=dict)


KINDS = (
    EventKind("service.started", "info", "The daemon runs: its page, its sweeps and its prices."),
    EventKind("service.stopping", "info", "The daemon was asked to stop; nothing new is sent."),
    EventKind("service.stopped", "info", "The daemon has stopped; calls in flight are looked at on the next start."),
    EventKind(
        "clock.stepped",
        "warning",
        "The wall clock jumped; jobs and due times were re-anchored.",
        "Check time synchronisation if it repeats.",
    ),
    EventKind("clock.suspended", "info", "The machine slept; everything due meanwhile is done now."),
    EventKind(
        "ledger.failed",
        "error",
        "The ledger can no longer be written; no car is looked at or commanded until it can.",
        "See the reason: free some space, or end whatever holds the file.",
    ),
    EventKind("ledger.recovered", "info", "The ledger can be written again; every car that is due is turned to now."),
    EventKind("cycle.completed", "debug", "A sweep turned the ring for the vehicles that were due."),
    EventKind(
        "cycle.failed",
        "error",
        "One vehicle's turn failed in a way nobody foresaw; the others went on.",
        "Report it with the log line.",
    ),
    EventKind("prices.fetched", "info", "A tariff's prices were fetched and accepted."),
    EventKind("prices.unchanged", "debug", "A tariff's prices were fetched and are the same."),
    EventKind(
        "prices.failed",
        "warning",
        "A price feed began to fail; the last good prices stay in force.",
        "See the reason; charging goes on with what is known.",
    ),
    EventKind("prices.recovered", "info", "A price feed answers again."),
    EventKind(
        "prices.late",
        "warning",
        "Tomorrow's prices are overdue; cars are charged so that they are ready all the same.",
        "Check the feed if it lasts.",
    ),
    EventKind("plan.made", "info", "A vehicle has a new plan."),
    EventKind(
        "plan.short",
        "warning",
        "A goal cannot be met in full; the car charges all it can.",
        "Leave later, lower the target, or raise the price cap.",
    ),
    EventKind("plan.reached", "info", "The car reached its target."),
    EventKind("plan.missed", "warning", "The car left, or its departure passed, below its target."),
    EventKind("command.queued", "info", "A command is meant to be sent; written down before it is sent."),
    EventKind("command.accepted", "info", "The maker accepted a command. That is not yet an act of the car."),
    EventKind("command.confirmed", "info", "A later look at the car shows that a command worked."),
    EventKind("command.contradicted", "warning", "A later look at the car shows that a command did not work."),
    EventKind(
        "command.unknown",
        "warning",
        "A command may or may not have acted; the car is looked at before anything else is sent.",
    ),
    EventKind("command.refused", "warning", "The car or its maker refused a command.", "See the reason."),
    EventKind("command.postponed", "warning", "A command could not be sent now and is tried again."),
    EventKind(
        "command.ignored",
        "error",
        "A car was told the same several times and does not do it; it is told again, less often.",
        "Do what the fact to_do says.",
    ),
    EventKind(
        "command.given_up",
        "error",
        "A command is not tried again before something changes: a plug-in, a consent, or the day.",
        "Do what the fact to_do says.",
    ),
    EventKind("command.expired", "warning", "A command's window passed before it could be sent; it was dropped."),
    EventKind("command.superseded", "info", "A command was overtaken by a newer wish."),
    EventKind("vehicle.plugged_in", "info", "A cable was seen in the car."),
    EventKind("vehicle.unplugged", "info", "The cable is gone; the session is closed."),
    EventKind("vehicle.unreachable", "warning", "A car gives no usable answer; it is tried again with growing pauses."),
    EventKind("vehicle.recovered", "info", "A car answers again."),
    EventKind(
        "vehicle.consent_lost",
        "error",
        "A car may no longer be read or commanded.",
        "The driver has to connect the car again.",
    ),
    EventKind("consent.given", "info", "A driver has connected a car, or a lost consent is good again."),
    EventKind(
        "consent.ending",
        "warning",
        "A car's consent ends by itself within days.",
        "The driver connects the car again before it does.",
    ),
    EventKind("consent.ended", "info", "A car was disconnected here; its ids and tokens are forgotten."),
    EventKind("vehicle.stale", "warning", "What is known of a car is old; it is charged by the safe rule."),
    EventKind(
        "budget.exhausted",
        "error",
        "Smartcar makes no more calls to a car this month; neither looks nor commands.",
        "Take a larger plan, or charge by the car's own timer until the month ends.",
    ),
    EventKind("hand.seen", "info", "The driver's own hand started or stopped the car; it wins until unplugged."),
    EventKind("credit.added", "info", "A prepaid driver's credit was added to."),
    EventKind("credit.paid_out", "info", "What was left of a prepaid credit was taken out, to be given back."),
    EventKind(
        "credit.spent",
        "warning",
        "A prepaid credit is used up; the car is stopped.",
        "Add to it: smartcharge prepaid DRIVER --add 20kWh, or money as in 10EUR.",
    ),
    EventKind(
        "driver.told", "info", "A driver was told of something, or that it is over, at the address in their file."
    ),
    EventKind(
        "driver.untold",
        "warning",
        "A driver cannot be told at the address in their file; it is tried again.",
        "See the reason, and what stands under notify in the driver's file.",
    ),
    EventKind("override.set", "info", "A person asked smartcharge to start, stop or hold."),
    EventKind("override.ended", "info", "What a person asked for has ended, by resume or by unplugging."),
)

CATALOGUE: dict[str, EventKind] = {kind.name: kind for kind in KINDS}
