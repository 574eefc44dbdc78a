"""
A person with cars, goals and a time zone, as plain values. `drivers.py` reads them from YAML and turns local wall times
into moments; here they are only data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import NewType
from zoneinfo import ZoneInfo

from scheduler.domain.plan import Prefer
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import Vehicle

DriverId = NewType("DriverId", str)

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)


@dataclass(frozen=True, slots=True)
class Departure:
    """
    A local wall time by which the car is ready at `target_pct`.

    With `floor_pct` that much will do for the day where the night is dear, and the target may wait for a later day.
    """

    at: time
    target_pct: float
    floor_pct: float | None = None


@dataclass(frozen=True, slots=True)
class Trip:
    """One departure of its own, at a local wall time with its date, beside the weekly ones; full unless it says less."""

    at: datetime
    target_pct: float = 100.0
    name: str = ""


DAILY_LIMIT_PCT = 80.0
"""A battery that stands fuller ages faster (`planning/wear.py`), and few days need more."""

PARKED_AT_C = 20.0
"""A temperate garage; no signal of the cars says how warm a battery is. At 30 °C standing full costs about the same more
than standing at 80 %, near 40 °C twice as much (data/battery_ageing)."""


@dataclass(frozen=True, slots=True)
class BlockedHours:
    """Local wall times without charging; `end <= start` wraps over midnight. `weekdays`: 0 = Monday, the day it starts on."""

    start: time
    end: time
    weekdays: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class ChargePreferences:
    """
    What one driver wants of one car.

    `departures` maps a weekday (0 = Monday) to its departure; a day without one is allowed. Below `reserve_pct` the car
    charges at once, whatever the price. `max_price` is in the tariff's currency per kWh. `daily_limit_pct` is the target
    where none is stated. `battery_cost` is what replacing the battery would cost; None: the driver has not said, 0: standing
    full has no price. `parked_at_c` is how warm it is where the car stands, in °C.
    `always_ready_within`: a car without departures is at its daily limit so long after it was plugged in.
    """

    departures: Mapping[int, Departure] = field(default_factory=dict)
    reserve_pct: float = 0.0
    max_starts: int | None = 2
    continuous: bool = False
    max_price: float | None = None
    blocked: tuple[BlockedHours, ...] = ()
    prefer: Prefer = Prefer.LATE
    min_run: timedelta = timedelta(0)
    start_cost: float = 0.0
    trips: tuple[Trip, ...] = ()
    always_ready_within: timedelta | None = None
    daily_limit_pct: float = DAILY_LIMIT_PCT
    battery_cost: float | None = None
    parked_at_c: float = PARKED_AT_C


@dataclass(frozen=True, slots=True)
class ChargeGoal:
    """
    The car is at `target_pct` (0-100) by `ready_by`. Never wait below `reserve_pct`. `name` is that of a trip.

    `wanted_pct` is what was asked for where the car's own charge limit stops it below that, or, `by_credit`, a prepaid
    credit buys no more; None where neither does.
    `floor_pct`: so much will do, the target may wait for a later day; None where it may not.
    """

    ready_by: datetime
    target_pct: float
    reserve_pct: float = 0.0
    name: str = ""
    wanted_pct: float | None = None
    floor_pct: float | None = None
    by_credit: bool = False

    @property
    def least_pct(self) -> float:
        """What has to be had by then, whatever it costs."""
        return self.target_pct if self.floor_pct is None else self.floor_pct


@dataclass(frozen=True, slots=True)
class Car:
    """
    A driver's car: what it is, and what the driver wants of it.

    `by_supplier`: the energy supplier charges it (Intelligent Octopus). It is shown, and gets neither a plan nor a command.
    """

    vehicle: Vehicle
    preferences: ChargePreferences
    by_supplier: bool = False


@dataclass(frozen=True, slots=True)
class NoticeAddress:
    """
    Where a driver is told what they must know: an http(s) address. `plain`: as text, else as JSON.

    `secret` names the token that goes with it, never the token itself; empty for none.
    """

    url: str = field(repr=False)
    plain: bool = False
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Driver:
    """
    One person: a time zone, a tariff, and one or more cars. `prepaid`: they charge for as much as they have bought.

    `home_only`: a car that says it is not at home is left alone. `notify`: where they are told what they must know.
    """

    id: DriverId
    name: str
    timezone: ZoneInfo
    tariff_id: TariffId
    cars: tuple[Car, ...]
    prepaid: bool = False
    home_only: bool = False
    notify: NoticeAddress | None = None
