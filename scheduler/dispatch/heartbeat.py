"""
What wakes the house. APScheduler is the clock only: it holds no command and no truth, and losing every job loses nothing.

`Heartbeat` runs the jobs on APScheduler in real time. `Pulse` runs the same jobs under a virtual or scaled clock, which
APScheduler's timers cannot follow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from scheduler.ports import Clock


@dataclass(frozen=True, slots=True)
class Job:
    """One idempotent thing to do again and again; the first time at once."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


class Heartbeat:
    """
    The jobs on APScheduler's memory store: interval triggers in UTC, coalesced, never dropped for being late.

    `misfire_grace_time=None`: with the default of one second a job found five seconds late is dropped for good
    (facts/engine.md section 1.3).
    """

    def __init__(self, clock: Clock, jobs: Sequence[Job]) -> None:
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._jobs = jobs

    def start(self) -> None:
        """Begin; each job runs once at once."""
        for job in self._jobs:
            self._scheduler.add_job(
                _run,
                IntervalTrigger(seconds=job.every.total_seconds(), timezone=UTC),
                args=(job.run,),
                id=job.name,
                next_run_time=self._clock.now(),
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        self._scheduler.start()

    def reanchor(self) -> None:
        """Run every job now, and count its interval from now: after a step of the clock or a suspend."""
        now = self._clock.now()
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=now)

    def nudge(self, name: str) -> None:
        """Run one job now instead of at its next time."""
        self._scheduler.modify_job(name, next_run_time=self._clock.now())

    async def stop(self) -> None:
        """Wake nobody any more. Work under way is not APScheduler's to end."""
        if self._scheduler.running:
            self._scheduler.pause()
            self._scheduler.shutdown(wait=False)


async def _run(job: Callable[[], Awaitable[object]]) -> None:
    """Await a job. APScheduler awaits coroutine functions only; of anything else it would drop the coroutine in a thread."""
    await job()


class Pulse:
    """The same jobs as plain tasks on any clock."""

    def __init__(self, clock: Clock, jobs: Sequence[Job]) -> None:
        self._clock, self._jobs = clock, {job.name: job for job in jobs}
        self._wakes: dict[str, asyncio.Event] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = False

    def start(self) -> None:
        """Begin; each job runs once at once."""
        for job in self._jobs.values():
            self._wakes[job.name] = asyncio.Event()
            self._tasks.append(asyncio.create_task(self._beat(job, self._wakes[job.name]), name=job.name))

    async def _beat(self, job: Job, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            await job.run()
            if self._ended:
                # A client that was cut off in mid-call may have taken the cancellation for its own.
                return
            pause = asyncio.create_task(self._clock.sleep(job.every.total_seconds()))
            woken = asyncio.create_task(wake.wait())
            _, pending = await asyncio.wait({pause, woken}, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()

    def reanchor(self) -> None:
        for wake in self._wakes.values():
            wake.set()

    def nudge(self, name: str) -> None:
        self._wakes[name].set()

    async def stop(self) -> None:
        self._ended = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
