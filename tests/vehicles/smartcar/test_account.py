"""Everything a house has of one account: what it compares with Smartcar's list, and what it cannot do without."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.clock import LoopClock, VirtualLoop, run_virtually
from scheduler.domain.consent import ConsentStatus
from scheduler.domain.errors import ConfigError
from scheduler.vehicles.simulator.app import SimulatorTransport
from scheduler.vehicles.simulator.fault import Fault, FaultKind, Target
from scheduler.vehicles.simulator.scenario import Scenario
from scheduler.vehicles.simulator.world import World
from scheduler.vehicles.smartcar.account import Private, SmartcarAccount
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore
from tests.stories.street import parked, resident

START = datetime(2026, 2, 2, 16, 0, tzinfo=UTC)
SIMULATED = {"client_id": "client_simulated", "client_secret": "simulated-secret"}


def test_v2_keeps_tokens_and_needs_a_place_for_them() -> None:
    async def story() -> None:
        clock, old = LoopClock(START, asyncio.get_running_loop()), SmartcarSettings(version="v2")
        SmartcarAccount(old, clock, MemoryStore(), Notes(), (), None, None, lambda: None)

    with pytest.raises(ConfigError, match="no directory to keep them in"):
        run_virtually(story(), VirtualLoop())


def test_a_car_that_smartcar_does_not_list_is_lost_and_no_answer_loses_none(tmp_path: Path) -> None:
    async def story() -> tuple[list[str], list[ConsentStatus]]:
        clock, notes = LoopClock(START, asyncio.get_running_loop()), Notes()
        world = World(Scenario(cars=(parked("ada", 40.0), parked("ben", 40.0))), clock)
        account = SmartcarAccount(
            SmartcarSettings.at("http://localhost", **SIMULATED), clock, MemoryStore(), notes,
            (resident("ada"), resident("ben")), Private(tmp_path), lambda: SimulatorTransport(world), lambda: None,
        )  # fmt: skip
        world.fault(Fault(kind=FaultKind.ERROR, on=Target.CONNECTIONS, status=500))
        await account.examine()
        assert [] == notes.names

        world.disconnect("ben")
        await account.examine()
        statuses = [account.book.of(seat.car.vehicle).status for seat in account.roster.seats]
        await account.aclose()
        return notes.names, statuses

    names, statuses = run_virtually(story(), VirtualLoop())

    assert (["vehicle.consent_lost"], [ConsentStatus.GIVEN, ConsentStatus.LOST]) == (names, statuses)
