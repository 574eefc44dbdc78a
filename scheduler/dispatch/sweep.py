"""Finding who is due, and turning their rings in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from scheduler.domain.lease import Lease
from scheduler.ports import Clock, Dispatcher, DueQueue, Journal

AT_ONCE = 20
"""Turns under way at once: httpx collapses above about 20 connections (facts/engine.md section 2.5)."""


class Sweep:
    """
    One look at the queue. A sweep that finds nobody counts too: it feeds the watchdog. Leases are written, so *claimed* is
    called as soon as there is one.
    """

    def __init__(
        self,
        clock: Clock,
        queue: DueQueue,
        dispatcher: Dispatcher,
        journal: Journal,
        *,
        batch: int,
        lease_for: timedelta,
        claimed: Callable[[], None],
        completed: Callable[[], None],
    ) -> None:
        self._clock, self._queue, self._dispatcher, self._journal = clock, queue, dispatcher, journal
        self._batch, self._lease_for, self._claimed, self._completed = batch, lease_for, claimed, completed

    async def sweep(self) -> int:
        """Claim everybody who is due and hand them on; return how many that were."""
        claimed = 0
        while batch := self._queue.claim(self._clock.now(), self._batch, self._lease_for):
            self._claimed()
            await self._dispatcher.dispatch(batch)
            claimed += len(batch)
        if claimed:
            self._journal.note("cycle.completed", claimed=claimed)
        self._completed()
        return claimed


class InProcess:
    """
    Turns rings as tasks of this process, at most `AT_ONCE` at a time.

    `dispatch` returns at once, so that a car whose command takes five minutes keeps nobody waiting; its lease keeps it
    from being turned twice.
    """

    def __init__(self, turn: Callable[[Lease], Awaitable[None]]) -> None:
        self._turn, self._gate = turn, asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def dispatch(self, batch: Sequence[Lease]) -> None:
        for lease in batch:
            task = asyncio.create_task(self._gated(lease), name=f"turn {lease.vehicle_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _gated(self, lease: Lease) -> None:
        async with self._gate:
            await self._turn(lease)

    async def idle(self) -> None:
        """Wait until no turn is under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self, within_s: float) -> None:
        """Give turns under way *within_s* to end, then cut them off: what was being sent stays `sending`."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within_s)
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
