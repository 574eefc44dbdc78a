"""What wakes the house, on APScheduler's own timers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from scheduler.clock import SystemClock
from scheduler.dispatch.heartbeat import Heartbeat, Job


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
