"""
A crowd of cars due in the same minute, through whole turns of the house: swept, planned, decided, sent and served.

    22:00  the price falls, and every car is to start at once; each needs nine hours, so its departure says how long it may
           wait: the n-th for as long as the bucket needs for the calls of those before it, and a margin
           a fifth of them may do without the hour from 23 to 24: their first window is no last start, and waits
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from scheduler.domain.driver import BlockedHours, Driver
from scheduler.domain.vehicle import VehicleId
from scheduler.settings_file import SettingsFile
from scheduler.vehicles.simulator.car import CommandRecord
from scheduler.vehicles.simulator.scenario import CarSpec, QuotaSpec
from tests.stories.street import BERLIN, Street, parked, resident

NOON = datetime(2026, 2, 2, 12, 0, tzinfo=BERLIN).astimezone(UTC)
TEN = datetime(2026, 2, 2, 22, 0, tzinfo=BERLIN).astimezone(UTC)
CARS, BURST = (1000, 120) if os.environ.get("PROVE") else (60, 15)
"""`make prove` lives through the thousand and Smartcar's own bucket, in some minutes."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MARGIN = 35 * MINUTE
"""Less would not be from ten on: a plan of nine hours keeps half an hour for a car that draws less than it says."""
POWER_KW, EFFICIENCY, USABLE_KWH = 2.3, 0.9, 58.0
CHARGES = timedelta(hours=9)
OPENING_PCT = 50.0
TARGET_PCT = OPENING_PCT + 100 * CHARGES / HOUR * POWER_KW * EFFICIENCY / USABLE_KWH


def rising(hour: int) -> float:
    """0.40 EUR/kWh from noon to 22:00, then 0.02 and 0.02 more every hour."""
    return 0.40 if 12 <= hour < 22 else 0.02 + 0.02 * ((hour - 22) % 24)


@dataclass(frozen=True, slots=True)
class Member:
    """One of the crowd: until when its start is of use, and whether it could be put off."""

    name: VehicleId
    by: datetime
    can_wait: bool = False


def crowd(number: int, burst: int, per_minute: float) -> list[Member]:
    """Return four fifths whose starts the bucket just allows one after the other, and a fifth who can wait for longer."""
    hurried = number * 4 // 5
    members = []
    for place in range(number):
        by = (TEN + MARGIN + max(place + 1 - burst, 0) / per_minute * MINUTE).replace(second=0, microsecond=0)
        can_wait = place >= hurried
        members.append(Member(VehicleId(f"car-{place:04}"), by + 3 * HOUR if can_wait else by, can_wait))
    random.Random(5).shuffle(members)
    return members


def driver(member: Member) -> Driver:
    ready = (member.by + CHARGES).astimezone(BERLIN)
    at = time(ready.hour, ready.minute)
    base = resident(
        member.name, usable_kwh=USABLE_KWH, power_kw=POWER_KW, at=at, target_pct=TARGET_PCT, reserve_pct=0, days=(1,)
    )
    (car,) = base.cars
    blocked = (BlockedHours(time(23), time(0)),) if member.can_wait else ()
    wishes = replace(car.preferences, blocked=blocked, daily_limit_pct=100.0)
    return replace(base, cars=(replace(car, vehicle=replace(car.vehicle, make="BMW"), preferences=wishes),))


def spec(member: Member) -> CarSpec:
    return parked(
        member.name,
        OPENING_PCT,
        usable_kwh=USABLE_KWH,
        power_kw=POWER_KW,
        starts_on_plug_in=False,
        efficiency=EFFICIENCY,
    )


@pytest.mark.parametrize(
    ("name", "burst", "per_minute"), [("bucket", BURST, 2.0), ("roomy", 2 * CARS, 60.0)], ids=["bucket", "roomy"]
)
def test_a_crowd_due_at_once_is_started_by_need_and_none_too_late(
    tmp_path: Path, name: str, burst: int, per_minute: float
) -> None:
    members = crowd(CARS, burst, per_minute)
    settings = SettingsFile(
        sweep_interval_s=30, look_waiting_s=86_400, calls_per_month=0, calls_burst=burst, calls_per_minute=per_minute,
        price_poll_s=3600,
    )  # fmt: skip
    street = Street(
        tmp_path, NOON, tuple(driver(each) for each in members), tuple(spec(each) for each in members), rising,
        quotas=QuotaSpec(bucket=burst, refill_per_min=per_minute, calls_per_month=None), settings=settings,
    )  # fmt: skip

    async def story(street: Street) -> dict[VehicleId, list[CommandRecord]]:
        await street.until(max(each.by for each in members) + 30 * MINUTE)
        return {each.name: street.world.car(each.name).commands for each in members}

    commands = street.live(story)

    starts = {each: [record.at for record in records if record.verb == "start"] for each, records in commands.items()}
    hurried = sorted((each for each in members if not each.can_wait), key=lambda each: (each.by, starts[each.name]))
    late = [each.name for each in members if not starts[each.name] or starts[each.name][0] > each.by]
    last, planned = ([starts[each.name][0] for each in crew] for crew in (hurried, set(members) - set(hurried)))
    for kind, moments in (("last", last), ("planned", planned)):
        first, end = ((moment - TEN) / MINUTE for moment in (min(moments), max(moments)))
        print(f"{name}, {CARS} cars: {len(moments)} {kind} starts served from minute {first:.1f} to {end:.1f}")
    print(f"{name}, {CARS} cars: {len(late)} after their deadline, {sum(map(len, commands.values()))} commands in all")
    assert [] == late
    assert 429 not in {record.status for records in commands.values() for record in records}
    assert last == sorted(last)
    assert name == "roomy" or max(last) <= min(planned)
