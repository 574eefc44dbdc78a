"""
A week on one street, in virtual time: whatever happens to cars, prices, people, the daemon and the clock, every car is
ready, none is charged above its target by more than one poll, and few commands are sent.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from scheduler.domain.command import CommandStatus, Verb
from scheduler.domain.vehicle import VehicleId
from tests.stories.street import BERLIN, Street, parked, resident

FRIDAY = datetime(2026, 3, 27, 16, 0, tzinfo=UTC)
"""17:00 in Berlin; on Sunday the 29th at 02:00 the clocks go forward."""

NIGHTS = 7
POLL_PCT = 100 * 11 * 0.9 * (5 / 60) / 58
"""What one pause between two looks puts into the smallest battery on the street: 1.4 %."""


def local(day: int, hour: float) -> datetime:
    """Return a local wall time, *day* days after the first evening."""
    date = FRIDAY.date() + timedelta(days=day)
    return datetime.combine(date, time(int(hour), round(hour % 1 * 60)), BERLIN).astimezone(UTC)


async def _leaves_and_returns(street: Street, day: int, ready: dict[str, list[float]]) -> None:
    """At seven every car leaves and is weighed; at half past five it is back with less."""
    await street.until(local(day, 7))
    for name in ("ada", "ben", "cleo"):
        ready.setdefault(name, []).append(street.world.truth(name).soc_pct)
        street.world.drive(name, uses_pct=35, hours=10.5)
    await street.until(local(day, 17.6))


async def _charging_soon(street: Street, name: str) -> bool:
    """Wait for the car to charge, until six in the morning at most."""
    for _ in range(300):
        if street.world.truth(name).charging:
            return True
        await street.hours(1 / 60)
    return False


def test_a_week_with_everything_that_goes_wrong_leaves_every_car_ready(tmp_path: Path) -> None:
    cars = tuple(parked(name, 45, starts_on_plug_in=name != "ben") for name in ("ada", "ben", "cleo"))
    street = Street(tmp_path / "state", FRIDAY, tuple(resident(name) for name in ("ada", "ben", "cleo")), cars)
    ready: dict[str, list[float]] = {}

    async def week(street: Street) -> None:
        await _leaves_and_returns(street, 1, ready)
        # Unplugged for an hour in mid-window, before and after two; and the clocks go forward in the same night.
        await street.until(local(2, 1.5))
        assert await _charging_soon(street, "ada")
        street.world.unplug("ada")
        await street.hours(1)
        street.world.plug("ada")
        await _leaves_and_returns(street, 2, ready)
        # Tomorrow's prices stay away for a night and a day.
        street.prices.held_back.add(local(4, 12).date())
        await _leaves_and_returns(street, 3, ready)
        await _leaves_and_returns(street, 4, ready)
        street.prices.held_back.clear()
        # The driver stops the car in the maker's app, and takes the cable out and in again at five.
        await street.until(local(5, 1))
        assert await _charging_soon(street, "ben")
        await street.hours(0.3)
        street.world.stop("ben")
        await street.hours(0.5)
        assert not street.world.truth("ben").charging
        street.world.unplug("ben")
        await street.hours(0.5)
        street.world.plug("ben")
        await _leaves_and_returns(street, 5, ready)
        # The daemon is killed in mid-window and comes back twenty minutes later.
        await street.until(local(6, 1))
        assert await _charging_soon(street, "cleo")
        await street.hours(0.2)
        await street.kill()
        await street.hours(1 / 3)
        await street.open()
        await _leaves_and_returns(street, 6, ready)
        # The wall clock jumps back by an hour, and forward again.
        await street.until(local(7, 1))
        assert await _charging_soon(street, "ada")
        street.clock.step(-3600)
        await street.hours(0.5)
        street.clock.step(3600)
        await _leaves_and_returns(street, 7, ready)

    commands: dict[str, Counter[Verb]] = {}

    async def story(street: Street) -> None:
        await week(street)
        for name in ready:
            sent = [c for c in street.house.store.commands(VehicleId(name), FRIDAY) if c.sent_at is not None]
            commands[name] = Counter(command.verb for command in sent)
            assert all(c.status is CommandStatus.CONFIRMED for c in sent if c.settled_at), name

    street.live(story)

    for name, levels in ready.items():
        assert NIGHTS == len(levels)
        assert [] == [(night, level) for night, level in enumerate(levels) if not 79.5 <= level <= 80 + POLL_PCT], name
    print({name: dict(counts) for name, counts in commands.items()})
    for counts in commands.values():
        assert counts[Verb.START] <= 2 * NIGHTS + 3
        assert counts[Verb.STOP] <= 3 * NIGHTS + 3
