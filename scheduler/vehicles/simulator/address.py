"""Where the simulator of a state directory is to be found. Light: whoever only looks for one need not load it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from scheduler.vehicles.simulator.journal import is_locked

ADDRESS_NAME = "simulator.json"


def running_simulator(state_dir: Path) -> str | None:
    """Return the URL of the simulator that lives in *state_dir* now; None where there is none, or none that listens yet."""
    if not is_locked(state_dir):
        return None
    try:
        address = json.loads((state_dir / ADDRESS_NAME).read_text())
        # One that was killed leaves its address behind; the next takes the lock before it takes the address away.
        os.kill(int(address["pid"]), 0)
        return str(address["url"])
    except (OSError, ValueError, KeyError):
        return None
