"""
The simulator as a process of its own: the `simulator` verb, and how `run` finds or starts it.

It survives the daemon (cars go on living while a daemon is killed and comes back), is found again by its state directory,
and ends by itself when nobody has asked it anything for a while.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import click

from scheduler.clock import ScaledClock, SystemClock
from scheduler.domain.errors import ConfigError
from scheduler.ports import Clock
from scheduler.vehicles.simulator.address import running_simulator
from scheduler.vehicles.simulator.journal import is_locked
from scheduler.vehicles.simulator.scenario import load_scenario
from scheduler.vehicles.smartcar.settings import SmartcarSettings

START_WITHIN_S = 20.0


def clock_from(text: str | None) -> Clock:
    """Return the machine's clock, or the scaled one that *text* describes."""
    return SystemClock() if text is None else ScaledClock.parse(text)


def run_simulation(
    host: str, port: int, seed: int | None, scenario: Path, state: Path, idle_exit_s: float | None, clock: str | None
) -> None:
    """Run the simulator in this process until Ctrl-C, SIGTERM, or too long a silence."""
    from scheduler.vehicles.simulator.process import run_simulator  # noqa: PLC0415  the daemon only looks for one

    run_simulator(
        scenario,
        state,
        clock_from(clock),
        lambda url: click.echo(f"SIMULATED cars at {url} (Smartcar's paths); the truth at {url}/simulator/cars"),
        host=host,
        port=port,
        seed=seed,
        idle_exit_s=idle_exit_s,
    )


async def ensured_simulator(scenario: Path, state: Path, *, port: int, idle_exit_s: float, clock: str | None) -> str:
    """
    Return the URL of the simulator that lives in *state*, started first if none does.

    It is started in a session of its own, so that neither Ctrl-C nor the daemon's end reaches it. What it prints goes to
    `simulator.log` in its state directory. ConfigError with that log's last line where it does not come up.
    """
    running = running_simulator(state)
    if running is not None:
        return running
    process, log = _started(scenario, state, port, idle_exit_s, clock)
    for _ in range(int(START_WITHIN_S / 0.1)):
        await asyncio.sleep(0.1)
        running = running_simulator(state)
        if running is not None:
            return running
        # Ours has ended, and another lives there: one that a daemon started which was killed before it could be found.
        if process.poll() is not None and not is_locked(state):
            break
    raise ConfigError(f"the simulator did not start: {_last_line(log)} (see {log})")


def _started(
    scenario: Path, state: Path, port: int, idle_exit_s: float, clock: str | None
) -> tuple[subprocess.Popen[bytes], Path]:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "-m", "scheduler", "simulator", "--port", str(port), "--scenario", str(scenario)]
    command += ["--state", str(state), "--idle-exit", str(idle_exit_s)]
    command += ["--clock", clock] if clock else []
    log = state / "simulator.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and our own package
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    return process, log


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def simulated_account(scenario: Path, url: str, redirect_uri: str = "") -> SmartcarSettings:
    """Return who we are to the simulator at *url*, whose Connect leads back to *redirect_uri*."""
    client = load_scenario(scenario).client
    return SmartcarSettings.at(
        url,
        client_id=client.id,
        client_secret=client.secret,
        application_id=client.application_id,
        management_token=client.management_token,
        redirect_uri=redirect_uri,
    )
