"""
The durable past of a world: one line per input, appended before it is answered, replayed on start.

A kill at any moment costs at most the input whose line was not yet whole; nobody had been told of it. The lock says that the
world is alive; it falls with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any

from scheduler.domain.errors import AlreadyRunning, ConfigError

Entry = dict[str, Any]
"""`kind`, `at` (ISO, UTC) and the facts of one input, as JSON keeps them."""

LOCK_NAME = "simulator.lock"
JOURNAL_NAME = "journal.jsonl"


class Journal:
    """The entries of a state directory; without one, of nothing: such a world lives in memory."""

    def __init__(self, state_dir: Path | None = None) -> None:
        self.entries: list[Entry] = []
        self._file: IO[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._closed = False
        if state_dir is None:
            return
        state_dir.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(state_dir)
        path = state_dir / JOURNAL_NAME
        try:
            self.entries = _whole_entries(path)
        except ConfigError:
            self._lock.close()
            raise
        self._file = path.open("ab")

    def append(self, entry: Entry) -> None:
        """Make *entry* outlive this process. A power cut may take the last ones; simulated cars bear that."""
        if self._closed:
            raise AlreadyRunning("this world is closed; its state may be another's by now")
        if self._file is not None:
            self._file.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Free the state for another process."""
        for file in (self._file, self._lock):
            if file is not None:
                file.close()
        self._file, self._lock, self._closed = None, None, True


def is_locked(state_dir: Path) -> bool:
    """Whether a process lives in *state_dir*."""
    path = state_dir / LOCK_NAME
    if not path.exists():
        return False
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _locked(state_dir: Path) -> IO[bytes]:
    lock = (state_dir / LOCK_NAME).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyRunning(
            f"another simulator holds the state in {state_dir}; stop it, or use another directory"
        ) from None
    return lock


def _whole_entries(path: Path) -> list[Entry]:
    """Return the entries of *path*; cut off a last line that a kill left unfinished."""
    if not path.exists():
        return []
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if len(whole) < len(raw):
        os.truncate(path, len(whole))
    entries: list[Entry] = []
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            entries.append(json.loads(line))
        except ValueError:
            raise ConfigError(f"{path}:{number}: is no line of a journal; remove the directory to begin anew") from None
    return entries
