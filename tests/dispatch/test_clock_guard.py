"""A clock that jumps is noticed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from scheduler.clock import ManualClock
from scheduler.dispatch.clock_guard import ClockGuard
from tests.fakes.journal import Notes


class SleepyClock(ManualClock):
    """A machine that can be suspended: the wall clock goes on, monotonic time does not."""

    slept_s = 0.0

    def suspended_s(self) -> float:
        return self.slept_s


def guarded() -> tuple[SleepyClock, Notes, list[str], ClockGuard]:
    clock, notes, anchored = SleepyClock(datetime(2026, 2, 1, tzinfo=UTC)), Notes(), list[str]()
    return clock, notes, anchored, ClockGuard(clock, notes, lambda: anchored.append("again"))


def test_steady_time_and_small_corrections_are_no_jump() -> None:
    clock, notes, anchored, guard = guarded()

    clock.advance(15)
    clock.step(2)
    guard.look()

    assert ([], []) == (notes.names, anchored)


def test_a_step_of_the_clock_anchors_everything_anew() -> None:
    clock, notes, anchored, guard = guarded()

    clock.step(-3600)
    guard.look()
    guard.look()

    assert (["clock.stepped"], ["again"]) == (notes.names, anchored)


def test_a_suspend_is_told_from_a_step() -> None:
    clock, notes, anchored, guard = guarded()

    clock.step(3600)
    clock.slept_s = 3600
    guard.look()

    assert (["clock.suspended"], ["again"]) == (notes.names, anchored)


def test_the_watch_looks_again_and_again() -> None:
    clock, _notes, anchored, guard = guarded()

    async def watched() -> None:
        watch = asyncio.create_task(guard.watch())
        await asyncio.sleep(0)
        clock.step(100)
        for _ in range(5):
            await asyncio.sleep(0)
        watch.cancel()

    asyncio.run(watched())

    assert ["again"] == anchored
