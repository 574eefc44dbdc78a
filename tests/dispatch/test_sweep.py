"""Finding who is due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from scheduler.clock import ManualClock
from scheduler.dispatch.sweep import AT_ONCE, InProcess, Sweep
from scheduler.domain.lease import Lease
from scheduler.domain.vehicle import VehicleId
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
LEASE_FOR = timedelta(minutes=6)


class Batches:
    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def dispatch(self, batch: Sequence[Lease]) -> None:
        self.sizes.append(len(batch))


def test_a_sweep_claims_everybody_who_is_due_in_batches() -> None:
    store, batches, claimed, completed = MemoryStore(), Batches(), list[str](), list[str]()
    store.enlist([VehicleId(f"car-{number}") for number in range(25)], NOW)
    sweep = Sweep(
        ManualClock(NOW),
        store,
        batches,
        Notes(),
        batch=10,
        lease_for=LEASE_FOR,
        claimed=lambda: claimed.append("!"),
        completed=lambda: completed.append("!"),
    )

    assert 25 == asyncio.run(sweep.sweep())
    assert 0 == asyncio.run(sweep.sweep())

    assert [10, 10, 5] == batches.sizes
    assert ["!"] * 3 == claimed
    assert ["!", "!"] == completed


def lease(number: int) -> Lease:
    return Lease(VehicleId(f"car-{number}"), 1, NOW + LEASE_FOR)


def test_a_slow_car_keeps_nobody_waiting_and_few_turns_run_at_once() -> None:
    running, most = 0, 0

    async def turn(_: Lease) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    async def story() -> None:
        turns = InProcess(turn)
        await turns.dispatch([lease(number) for number in range(50)])
        assert running == 0
        await turns.idle()

    asyncio.run(story())

    assert AT_ONCE == most


def test_the_end_waits_a_little_and_then_cuts_off() -> None:
    ended = list[int]()

    async def turn(held: Lease) -> None:
        await asyncio.sleep(0 if held == lease(0) else 400)
        ended.append(1)

    async def story() -> None:
        turns = InProcess(turn)
        await turns.dispatch([lease(0), lease(1)])
        await turns.stop(0.05)

    asyncio.run(story())

    assert [1] == ended
