"""The directory that holds everything durable, and the lock that lets one daemon at a time into it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from scheduler.domain.errors import AlreadyRunning, ConfigError

DATABASE = "smartcharge.db"
ADDRESS = "daemon.json"
LOCK = "lock"


class StateDirectory:
    """
    A directory of mode 0700. `lock` admits one process; the lock ends with the process, however it ends.

    While a daemon runs, `daemon.json` says where its local API is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None

    @property
    def database(self) -> Path:
        return self.path / DATABASE

    @property
    def private(self) -> Path:
        """Where consents, tokens and their key lie."""
        return self.path / "private"

    def create(self) -> None:
        """Make the directory. ConfigError where that cannot be."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"the state directory {self.path} cannot be made: {error.strerror}; choose another with --state"
            ) from error

    def lock(self) -> None:
        """Take the lock, or raise AlreadyRunning with the process that holds it."""
        try:
            handle = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(
                f"the state directory {self.path} cannot be written: {error.strerror}; choose another with --state"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise AlreadyRunning(
                f"another smartcharge (process {holder}) runs on the state directory {self.path}; "
                "stop it first, or give this one a directory of its own with --state"
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._lock = handle

    def announce(self, url: str) -> None:
        """Write where the local API is, atomically."""
        draft = self.path / f"{ADDRESS}.new"
        draft.write_text(json.dumps({"pid": os.getpid(), "url": url}), encoding="utf-8")
        draft.replace(self.path / ADDRESS)

    def withdraw(self) -> None:
        """Say that no daemon runs here any more, and free the lock."""
        (self.path / ADDRESS).unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Free the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def default_state_directory(chosen: Path | None) -> Path:
    """
    Return where the state lives: *chosen* (`--state`), else `$SMARTCHARGE_STATE`, else systemd's `$STATE_DIRECTORY`,
    else `smartcharge` in the XDG state home.
    """
    if chosen is not None:
        return chosen
    for variable in ("SMARTCHARGE_STATE", "STATE_DIRECTORY"):
        named = os.environ.get(variable)
        if named:
            return Path(named.split(":")[0])
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "smartcharge"
