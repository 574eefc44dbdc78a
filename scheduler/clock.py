"""
The only file that asks the time.

`SystemClock` is the machine's. `ScaledClock` runs a night in minutes, the same in every process that is given the same
anchor. `LoopClock` tells the time of a `VirtualLoop`, in which hours pass as fast as the work in them is done.
"""

from __future__ import annotations

import asyncio
import ctypes
import math
import selectors
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import as_utc

T = TypeVar("T")

STANDS_STILL = 100_000
"""So many turns of a loop at one virtual instant: a thousand cars make a few thousand, and work that never ends all of them."""

LONGEST = timedelta(days=1000)
"""No night, week or year in virtual time takes longer."""

ENDING = timedelta(hours=1)
"""What was cancelled ends within so much virtual time, or never."""


class SystemClock:
    """The machine's wall clock and monotonic clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def suspended_s(self) -> float:
        # Linux counts suspend in BOOTTIME and not in MONOTONIC; where BOOTTIME is missing, a suspend looks like a step.
        boottime = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        return time.clock_gettime(boottime) - time.clock_gettime(time.CLOCK_MONOTONIC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Timex(ctypes.Structure):
    """The beginning of `struct timex` (adjtimex(2)); what follows it is not asked for, but the kernel writes there."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 40),
    )


UNKEPT_S = 16.0
"""The kernel's own largest error: it reaches it where nobody keeps the clock (adjtimex(2); timedatectl judges alike)."""


def clock_error_s() -> float | None:
    """
    Return by how many seconds the kernel takes its clock to be wrong at most, at `UNKEPT_S` and above where nobody keeps
    it; None where it does not say. Whoever keeps it (chrony, ntpd, systemd-timesyncd) tells the kernel.
    """
    timex = _Timex()
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else timex.maxerror / 1e6


class ScaledClock:
    """
    A clock that runs *scale* times as fast from a shared anchor: at the machine's *anchor* it shows *start*.

    Two processes with the same three values agree, which is how a daemon and a simulator share one fast night.
    """

    def __init__(self, start: datetime, anchor: datetime, scale: float) -> None:
        if scale <= 0:
            raise InvalidValue(f"a clock's scale must be above 0, got {scale}")
        self._start, self._anchor, self.scale = as_utc(start), as_utc(anchor), scale

    @classmethod
    def parse(cls, text: str) -> ScaledClock:
        """Read `START@ANCHOR*SCALE`, for example `2026-02-01T17:00:00Z@2026-11-22T10:00:00Z*600`."""
        try:
            moments, _, scale = text.rpartition("*")
            start, _, anchor = moments.partition("@")
            return cls(datetime.fromisoformat(start), datetime.fromisoformat(anchor), float(scale))
        except ValueError as error:
            raise InvalidValue(
                f"a clock reads START@ANCHOR*SCALE with two ISO times and a number, got {text!r}"
            ) from error

    def now(self) -> datetime:
        return self._start + (datetime.now(UTC) - self._anchor) * self.scale

    def monotonic(self) -> float:
        return time.monotonic() * self.scale

    def suspended_s(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.scale)


class ManualClock:
    """A clock that stands until it is moved. `step` jumps the wall clock alone, as a correction of the system time does."""

    def __init__(self, now: datetime) -> None:
        self._now, self._monotonic = as_utc(now), 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def suspended_s(self) -> float:
        return 0.0

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass, on both clocks."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def step(self, seconds: float) -> None:
        """Jump the wall clock by *seconds*, which may be negative; no time passes."""
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)


class _JumpingSelector(selectors.DefaultSelector):
    """
    Waits for nothing: where a real loop would wait for its next timer, virtual time jumps there.

    Time that stands still, or runs on past `until_s`, is told instead of lived for ever: RuntimeError.
    """

    def __init__(self, until_s: float) -> None:
        super().__init__()
        self.elapsed_s, self.until_s, self._turns = 0.0, until_s, 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            # Nothing is timed and nothing runs: only another thread or a signal could go on. There is none of ours.
            return super().select(None)
        ready = super().select(0)
        self._turns += 1
        if not ready and timeout > 0:
            self.elapsed_s, self._turns = self.elapsed_s + timeout, 0
        if self._turns > STANDS_STILL:
            self._turns = 0
            raise RuntimeError(f"virtual time stands still: {STANDS_STILL} turns of the loop at {self.elapsed_s:.3f} s")
        if self.elapsed_s > self.until_s:
            self.until_s = math.inf
            raise RuntimeError(f"virtual time ran on to {self.elapsed_s:.0f} s: something goes on that was to end")
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """
    An event loop in virtual time: a sleep of an hour takes as long as the work that falls into it.

    It would jump over bytes in flight and over working threads, so nothing under it may use sockets or an executor:
    HTTP goes to an ASGI application in process, storage is called on the loop (design/reliability.md, "Traps").

    It ends with a RuntimeError where time stands still, and after *longest*: what never ends must not hang a test.
    """

    def __init__(self, longest: timedelta = LONGEST) -> None:
        self._jumping = _JumpingSelector(longest.total_seconds())
        super().__init__(self._jumping)
        # asyncio compares with the machine clock's nanosecond; past 2^24 s (194 days) a float no longer holds one, and a
        # timer due exactly now would be waited for, for ever.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._jumping.elapsed_s

    def end_within(self, span: timedelta) -> None:
        """Let no more than *span* pass from now on."""
        self._jumping.until_s = self.time() + span.total_seconds()


class LoopClock:
    """The time of the running loop, counted from *start*. `step` jumps the wall clock alone."""

    def __init__(self, start: datetime, loop: asyncio.AbstractEventLoop) -> None:
        self._start, self._loop, self._origin = as_utc(start), loop, loop.time()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time() - self._origin)

    def monotonic(self) -> float:
        return self._loop.time()

    def suspended_s(self) -> float:
        return 0.0

    def step(self, seconds: float) -> None:
        """Jump the wall clock by *seconds*, which may be negative; no time passes."""
        self._start += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run_virtually(main: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run *main* to its end on *loop*, cancel what it left behind, and close the loop; RuntimeError where it does not end."""
    try:
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.end_within(ENDING)
        try:
            if left:
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()
