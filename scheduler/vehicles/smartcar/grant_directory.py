"""
Grants as sealed files in a directory, with a lock file beside each.

Enough for any number of processes on one machine. Many machines need a store of their own behind `GrantStore`.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from scheduler.domain.errors import ConsentLost, VehicleUnreachable
from scheduler.ports import Clock
from scheduler.vehicles.smartcar.grants import Grant, GrantId
from scheduler.vehicles.smartcar.sealed_directory import SealedDirectory, told
from scheduler.vehicles.smartcar.vault import SealBroken, Vault

_LOCK_POLL_S = 0.01
# Longer than the longest renewal, tries and pauses included.
_LOCK_WAIT_S = 60.0


class GrantDirectory:
    """`GrantStore` on a local file system. Times and tokens are sealed together, bound to the grant's name."""

    def __init__(self, directory: Path, vault: Vault, clock: Clock) -> None:
        self._files, self._clock = SealedDirectory(directory, vault, "grant"), clock

    def load(self, grant_id: GrantId) -> Grant | None:
        """Return the grant; None where there is none. Raises `ConsentLost` where it does not open."""
        try:
            plain = self._files.read(grant_id)
        except SealBroken as broken:
            raise ConsentLost(f"{broken}; mend the key file, or connect the car again") from None
        if plain is None:
            return None
        fields = json.loads(plain)
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
        self._files.write(grant_id, json.dumps(fields).encode())

    def forget(self, grant_id: GrantId) -> None:
        """Delete the grant. What the disk keeps of it is sealed."""
        self._files.forget(grant_id)

    async def reseal(self) -> int:
        """Put every grant under the current key; return how many were not. One that does not open stays. Others may go on."""
        changed = 0
        for name in self._files.names():
            async with self.exclusive(GrantId(name)):
                with suppress(SealBroken):
                    changed += self._files.reseal(name)
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
        with told():
            return self._files.path(grant_id).with_suffix(".lock").open("a")


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
