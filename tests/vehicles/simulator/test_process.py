"""The simulator as a process: it listens, tells where, holds its state alone, survives kills and leaves when told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scheduler.domain.errors import AlreadyRunning
from scheduler.vehicles.simulator.address import running_simulator

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
import threading
from pathlib import Path
from scheduler.clock import SystemClock
from scheduler.domain.errors import AlreadyRunning
from scheduler.vehicles.simulator.process import run_simulator
port, idle_s = int(sys.argv[2]), float(sys.argv[3]) or None
try:
    run_simulator(Path("config/simulator.yaml"), Path(sys.argv[1]), SystemClock(), lambda url: print(url, flush=True),
                  port=port, idle_exit_s=idle_s)
except AlreadyRunning as error:
    sys.exit(f"refused: {error}")
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(state: str = "state", port: int = 0, idle_s: float = 0) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / state), str(port), str(idle_s)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def headers(url: str) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": "client_simulated", "client_secret": "simulated-secret"}
    token = httpx.post(f"{url}/oauth2/token", data=form).json()["access_token"]
    return {"authorization": f"Bearer {token}", "sc-user-id": "sim-user-ben"}


def truth(url: str) -> dict[str, Any]:
    return dict(httpx.get(f"{url}/simulator/cars/ben").json())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_where_it_says_and_ends_with_0_when_told(start: Start, tmp_path: Path, number: int) -> None:
    process = start()
    url = url_of(process)

    alive = running_simulator(tmp_path / "state")
    answer = httpx.get(f"{url}/v3/vehicles/sim-vehicle-ben/signals", headers=headers(url))
    process.send_signal(number)

    assert (url, 200) == (alive, answer.status_code)
    assert 0 == process.wait(5)
    assert running_simulator(tmp_path / "state") is None
    assert not (tmp_path / "state" / "simulator.json").exists()


def test_a_kill_loses_nothing_that_was_answered(start: Start, tmp_path: Path) -> None:
    process = start()
    url = url_of(process)
    accepted = httpx.post(f"{url}/v3/vehicles/sim-vehicle-ben/commands/charge/start", headers=headers(url))
    before = truth(url)

    process.kill()
    process.wait()
    gone = running_simulator(tmp_path / "state")
    pause(0.2)
    after = truth(url_of(start()))

    assert (200, None) == (accepted.status_code, gone)
    assert after["charging"]
    assert before["commands"] == after["commands"]
    assert after["energy_kwh"] > before["energy_kwh"]


def test_a_second_one_on_the_same_state_or_port_is_refused(start: Start) -> None:
    process = start()
    port = int(url_of(process).rpartition(":")[2])

    same_state, same_port = start(), start(state="other", port=port)

    assert "another simulator holds the state" in same_state.communicate(timeout=10)[1]
    assert f"port {port} on 127.0.0.1 is taken" in same_port.communicate(timeout=10)[1]


def test_it_leaves_when_nobody_asks_any_more(start: Start) -> None:
    process = start(idle_s=0.4)
    url = url_of(process)

    for _ in range(4):
        pause(0.2)
        httpx.get(f"{url}/simulator/health")

    assert process.poll() is None
    assert 0 == process.wait(5)


def test_a_cut_connection_is_cut(start: Start) -> None:
    url = url_of(start())
    authorised = headers(url)
    httpx.post(f"{url}/simulator/faults", json={"kind": "cut", "acts": True})

    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{url}/v3/vehicles/sim-vehicle-ben/commands/charge/start", headers=authorised)

    assert truth(url)["charging"]


def test_a_slow_command_streams_its_body_on_the_same_connection(start: Start) -> None:
    url = url_of(start())
    authorised = headers(url)
    httpx.post(f"{url}/simulator/faults", json={"kind": "streamed", "seconds": 1})
    path = f"{url}/v3/vehicles/sim-vehicle-ben/commands/charge/start"

    with httpx.stream("POST", path, headers=authorised) as answer:
        early = truth(url)["charging"]
        body = json.loads(answer.read())

    assert (202, False) == (answer.status_code, early)
    assert "SUCCESS" == body["data"]["attributes"]["status"]
    assert truth(url)["charging"]


def test_signals_sent_while_a_command_waits_end_it_all_the_same(start: Start) -> None:
    process = start()
    url = url_of(process)
    authorised = headers(url)
    httpx.post(f"{url}/simulator/faults", json={"kind": "latency", "seconds": 60})
    connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
    head = "".join(f"{key}: {value}\r\n" for key, value in authorised.items())
    path = "/v3/vehicles/sim-vehicle-ben/commands/charge/start"
    connection.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\n{head}content-length: 0\r\n\r\n".encode())
    pause(0.3)

    os.kill(process.pid, signal.SIGTERM)

    assert 0 == process.wait(6)
    connection.close()


def test_a_refused_start_says_why_in_this_process_too(tmp_path: Path) -> None:
    import asyncio

    from scheduler.clock import SystemClock
    from scheduler.vehicles.simulator.process import serve
    from scheduler.vehicles.simulator.scenario import Scenario
    from scheduler.vehicles.simulator.world import World

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AlreadyRunning, match="is taken"):
            asyncio.run(serve(World(Scenario(), SystemClock()), "127.0.0.1", port, print))
