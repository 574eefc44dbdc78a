"""`smartcharge keys`: a new key for what is sealed at rest, and everything under it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from scheduler.clock import SystemClock
from scheduler.domain.errors import ConfigError
from scheduler.settings import key_credential
from scheduler.state_directory import StateDirectory
from scheduler.vehicles.smartcar.account import Private
from scheduler.vehicles.smartcar.vault import new_key_line


def rotate(state: Path) -> str:
    """
    Put everything sealed in *state* under a new key, and say how much that was.

    AlreadyRunning while a daemon lives there: it would seal under the old key meanwhile. ConfigError where systemd holds
    the key, and for anybody but the owner of the state.
    """
    directory = StateDirectory(state)
    directory.create()
    _require_owner(directory.path)
    directory.lock()
    try:
        private = Private(directory.private, key_credential())
        changed = private.key_file.rotate(lambda vault: asyncio.run(private.reseal(vault, SystemClock())))
    finally:
        directory.release()
    return f"{changed} sealed value{'s' if changed != 1 else ''} under a new key; the old one is gone"


def _require_owner(path: Path) -> None:
    """Raise ConfigError for anybody but the state's owner: the daemon could not read what they seal."""
    owner = path.stat().st_uid
    if owner != os.geteuid():
        raise ConfigError(f"{path} belongs to the user with the number {owner}: rotate its key as that user")


def new_line(name: str) -> str:
    """Return a line for the credential with a new random key called *name*."""
    return new_key_line(name)
