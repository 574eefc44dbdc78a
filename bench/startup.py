"""
Start-up to the first plan, memory under load, and how fast a status command answers: the real processes, on the example.

Each figure is the median of interleaved runs. Goals: ready in 2 s, 150 MB after an hour of virtual load, status in 300 ms.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

RUNS = 5
ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "scheduler"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        _run(state)  # the first run makes the database and starts the simulator
        starts, statuses, memories = [], [], []
        for _ in range(RUNS):
            ready_s, status_s, rss_mb = _run(state)
            starts.append(ready_s)
            statuses.append(status_s)
            memories.append(rss_mb)
        loaded_mb, sweeps = _loaded(state / "loaded")
        _end_simulators(state)
    print(f"start-up to every car's first plan  {statistics.median(starts):6.2f} s     (goal 2 s)")
    print(f"smartcharge status                  {1000 * statistics.median(statuses):6.0f} ms    (goal 300 ms)")
    print(f"resident memory when ready          {statistics.median(memories):6.0f} MB")
    print(
        f"resident after an hour of load      {loaded_mb:6.0f} MB    (goal 150 MB; {sweeps} sweeps at a scaled clock)"
    )


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "SMARTCHARGE_PAGE_PORT": "0", **more}


def _run(state: Path) -> tuple[float, float, float]:
    begun = time.perf_counter()
    daemon = subprocess.Popen(
        [*COMMAND, "run", "--config", str(ROOT / "config"), "--state", str(state)],
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        _wait_for_plans(state)
        ready_s = time.perf_counter() - begun
        asked = time.perf_counter()
        subprocess.run([*COMMAND, "status", "--state", str(state)], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        return ready_s, time.perf_counter() - asked, _rss_mb(daemon.pid)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(10)


def _loaded(state: Path) -> tuple[float, int]:
    """Return the resident memory after an hour of the clock's time, at sixty times its speed."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    daemon = subprocess.Popen(
        [*COMMAND, "run", "--config", str(ROOT / "config"), "--state", str(state)],
        env=_environment(SMARTCHARGE_CLOCK=f"{now}@{now}*60"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        _wait_for_plans(state)
        time.sleep(60)
        return _rss_mb(daemon.pid), 3600
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(10)


def _wait_for_plans(state: Path) -> None:
    for _ in range(3000):
        try:
            url = json.loads((state / "daemon.json").read_text())["url"]
            with urllib.request.urlopen(f"{url}api/v1/cars", timeout=2) as answer:
                cars = json.loads(answer.read())["cars"]
            if cars and all(car["promise"] is not None for car in cars):
                return
        except (OSError, ValueError, urllib.error.URLError):
            pass
        time.sleep(0.01)
    raise SystemExit("the daemon made no plan within 30 s")


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def _end_simulators(state: Path) -> None:
    for address in state.rglob("simulator.json"):
        os.kill(json.loads(address.read_text())["pid"], signal.SIGTERM)


if __name__ == "__main__":
    main()
