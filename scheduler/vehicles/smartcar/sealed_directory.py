"""
Sealed texts as files in a directory: one file a name, replaced in one step, bound to its name.

What is here outlives a power cut once `write` has returned. Enough for any number of processes on one machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, unquote

from scheduler.domain.errors import VehicleUnreachable
from scheduler.vehicles.smartcar.vault import Vault


class SealedDirectory:
    """Files of one *kind*, which is their ending and stands before their name in what they are bound to."""

    def __init__(self, directory: Path, vault: Vault, kind: str) -> None:
        self._directory, self._vault, self._kind = directory, vault, kind
        with told():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def names(self) -> list[str]:
        """Return the names of all there are, in order."""
        return sorted(unquote(path.stem) for path in self._directory.glob(f"*.{self._kind}"))

    def read(self, name: str) -> bytes | None:
        """Return what was written; None where there is nothing. Raises `SealBroken`."""
        try:
            with told():
                sealed = self.path(name).read_bytes()
        except FileNotFoundError:
            return None
        return self._vault.open(sealed.decode("latin-1").strip(), self._row(name))

    def write(self, name: str, plain: bytes) -> None:
        """Replace what is there."""
        self._put(name, self._vault.seal(plain, self._row(name)))

    def forget(self, name: str) -> None:
        """Delete it. What the disk keeps of it is sealed."""
        with told(), suppress(FileNotFoundError):
            self.path(name).unlink()

    def reseal(self, name: str) -> bool:
        """Put it under the vault's current key; False where it is already. Hold it alone meanwhile. Raises `SealBroken`."""
        sealed = self.path(name).read_text(encoding="ascii").strip()
        resealed = self._vault.resealed(sealed, self._row(name))
        if resealed != sealed:
            self._put(name, resealed)
        return resealed != sealed

    def path(self, name: str) -> Path:
        return self._directory / f"{quote(name, safe='')}.{self._kind}"

    def _row(self, name: str) -> str:
        return f"{self._kind} {name}"

    def _put(self, name: str, sealed: str) -> None:
        path = self.path(name)
        part = path.with_suffix(".part")
        with told():
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            sync(self._directory)


@contextmanager
def told() -> Iterator[None]:
    """Turn what the file system refuses into an error for the caller; a missing file is the caller's to judge."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise VehicleUnreachable(f"the store of consents is out of order ({error.strerror})") from None


def sync(directory: Path) -> None:
    """Make a replaced name durable: the file's own fsync does not cover the directory that names it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
