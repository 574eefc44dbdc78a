"""
Grants as sealed files in a directory: one file a grant, replaced in one step, and a lock file beside it.

Enough for any number of processes on one machine. Many machines need a store of their own behind `GrantStore`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote

from scheduler.domain.errors import ConsentLost, VehicleUnreachable
from scheduler.ports import Clock
from scheduler.vehicles.smartcar.grants import Grant, GrantId
from scheduler.vehicles.smartcar.vault import SealBroken, Vault

_LOCK_POLL_S = 0.01
# Longer than the longest renewal, tries and pauses included.
_LOCK_WAIT_S = 60.0


class GrantDirectory:
    """`GrantStore` on a local file system. Times and tokens are sealed together, bound to the grant's name."""

    def __init__(self, directory: Path, vault: Vault, clock: Clock) -> None:
        self._directory, self._vault, self._clock = directory, vault, clock
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def load(self, grant_id: GrantId) -> Grant | None:
        """Return the grant; None where there is none. Raises `ConsentLost` where it does not open."""
        try:
            with _told():
                sealed = self._path(grant_id).read_bytes()
        except FileNotFoundError:
            return None
        try:
            fields = json.loads(self._vault.open(sealed.decode("latin-1").strip(), _row(grant_id)))
        except SealBroken as broken:
            raise ConsentLost(f"{broken}; mend the key file, or connect the car again") from None
        return Grant(
            fields["access_token"],
            fields["refresh_token"],
            datetime.fromisoformat(fields["access_expires_at"]),
            datetime.fromisoformat(fields["refresh_expires_at"]),
        )

    def save(self, grant_id: GrantId, grant: Grant) -> None:
        """Replace the grant; when this returns it outlives a power cut."""
        fields = {
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
            "access_expires_at": grant.access_expires_at.isoformat(),
            "refresh_expires_at": grant.refresh_expires_at.isoformat(),
        }
        self._write(grant_id, self._vault.seal(json.dumps(fields).encode(), _row(grant_id)))

    def forget(self, grant_id: GrantId) -> None:
        """Delete the grant. What the disk keeps of it is sealed."""
        with _told(), suppress(FileNotFoundError):
            self._path(grant_id).unlink()

    async def reseal(self) -> int:
        """Put every grant under the vault's current key; return how many were not. Others may go on meanwhile."""
        changed = 0
        for path in sorted(self._directory.glob("*.grant")):
            grant_id = GrantId(unquote(path.stem))
            async with self.exclusive(grant_id):
                sealed = path.read_text(encoding="ascii").strip()
                resealed = self._vault.resealed(sealed, _row(grant_id))
                if resealed != sealed:
                    self._write(grant_id, resealed)
                    changed += 1
        return changed

    @asynccontextmanager
    async def exclusive(self, grant_id: GrantId) -> AsyncIterator[None]:
        """Hold the grant alone. Raises `VehicleUnreachable` where somebody else holds it for a minute."""
        with self._lock_file(grant_id) as lock:
            until = self._clock.monotonic() + _LOCK_WAIT_S
            while not _locked(lock):
                if self._clock.monotonic() >= until:
                    raise VehicleUnreachable("another process has held this consent's tokens for a minute")
                await self._clock.sleep(_LOCK_POLL_S)
            yield

    def _lock_file(self, grant_id: GrantId) -> IO[str]:
        # Never deleted: two processes must not lock two files of one name.
        with _told():
            return self._path(grant_id).with_suffix(".lock").open("a")

    def _write(self, grant_id: GrantId, sealed: str) -> None:
        path = self._path(grant_id)
        part = path.with_suffix(".part")
        with _told():
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            _sync(self._directory)

    def _path(self, grant_id: GrantId) -> Path:
        return self._directory / f"{quote(grant_id, safe='')}.grant"


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the file system refuses into an error for the caller; a missing file is the caller's to judge."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise VehicleUnreachable(f"the store of consents is out of order ({error.strerror})") from None


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync(directory: Path) -> None:
    """Make a replaced name durable: the file's own fsync does not cover the directory that names it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _row(grant_id: GrantId) -> str:
    return f"grant {grant_id}"
