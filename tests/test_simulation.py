"""How a daemon finds the simulator, or starts it: one for one state, whoever else is killed or starting meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.domain.errors import ConfigError
from scheduler.simulation import ensured_simulator
from scheduler.vehicles.simulator.address import ADDRESS_NAME, running_simulator
from scheduler.vehicles.simulator.journal import Journal
from tests.stories.town import Household, Town

pytestmark = pytest.mark.live


def test_one_that_another_daemon_began_to_start_is_waited_for(tmp_path: Path) -> None:
    """The daemon that began it was killed; ours finds the state held, and nobody listening yet."""
    scenario, state = Town(tmp_path, (Household("ada", 50),)).build().config / "simulator.yaml", tmp_path / "simulator"
    slow = Journal(state)

    async def story() -> str:
        finding = asyncio.create_task(ensured_simulator(scenario, state, port=0, idle_exit_s=60, clock=None))
        log = state / "simulator.log"
        while not (log.exists() and "another simulator holds" in log.read_text()):  # noqa: ASYNC110  another process writes
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        (state / ADDRESS_NAME).write_text(json.dumps({"pid": os.getpid(), "url": "http://127.0.0.1:4711"}))
        return await finding

    try:
        assert "http://127.0.0.1:4711" == asyncio.run(story())
    finally:
        slow.close()


def test_the_address_that_a_killed_one_left_is_not_taken_for_the_next_ones(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / ADDRESS_NAME).write_text(json.dumps({"pid": dead.pid, "url": "http://127.0.0.1:9"}))

    starting = Journal(tmp_path)
    try:
        assert running_simulator(tmp_path) is None
    finally:
        starting.close()


def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    starting = ensured_simulator(tmp_path / "missing.yaml", tmp_path, port=0, idle_exit_s=60, clock=None)

    with pytest.raises(ConfigError, match=r"the simulator did not start: .*missing\.yaml"):
        asyncio.run(starting)
