"""`smartcharge keys`: a new key for what is sealed at rest, and everything under it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from scheduler.clock import SystemClock
from scheduler.settings import key_credential
from scheduler.state_directory import StateDirectory
from scheduler.vehicles.smartcar.account import Private
from scheduler.vehicles.smartcar.vault import new_key_line


def rotate(state: Path) -> str:
    """
    Put everything sealed in *state* under a new key, and say how much that was.

    AlreadyRunning while a daemon lives there: it would seal under the old key meanwhile. ConfigError where systemd holds
    the key.
    """
    directory = StateDirectory(state)
    directory.create()
    directory.lock()
    try:
        private = Private(directory.private, key_credential())
        changed = private.key_file.rotate(lambda vault: asyncio.run(private.reseal(vault, SystemClock())))
    finally:
        directory.release()
    return f"{changed} sealed value{'s' if changed != 1 else ''} under a new key; the old one is gone"


def new_line(name: str) -> str:
    """Return a line for the credential with a new random key called *name*."""
    return new_key_line(name)
