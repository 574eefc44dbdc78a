"""What wakes the house, on APScheduler's own timers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.clock import LoopClock, SystemClock, VirtualLoop, run_virtually
from scheduler.dispatch.heartbeat import Heartbeat, Job, Pulse


@pytest.mark.live
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_job_is_awaited_on_our_loop_at_once_also_where_it_is_no_coroutine_function(wrapped: bool) -> None:
    async def story() -> bool:
        run, loop = asyncio.Event(), asyncio.get_running_loop()

        async def work() -> None:
            assert asyncio.get_running_loop() is loop
            run.set()

        job: Callable[[], Awaitable[None]] = (lambda: asyncio.shield(work())) if wrapped else work
        heartbeat = Heartbeat(SystemClock(), [Job("work", timedelta(hours=1), job)])
        heartbeat.start()
        async with asyncio.timeout(10):
            await run.wait()
        await heartbeat.stop()
        return run.is_set()

    assert asyncio.run(story())


def test_a_job_that_swallows_its_end_does_not_keep_the_house_from_closing() -> None:
    loop = VirtualLoop()

    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

    async def story() -> float:
        pulse = Pulse(LoopClock(datetime(2026, 2, 2, tzinfo=UTC), loop), [Job("work", timedelta(hours=1), stubborn)])
        pulse.start()
        await asyncio.sleep(1)
        await pulse.stop()
        return loop.time()

    assert 1 == pytest.approx(run_virtually(story(), loop))
