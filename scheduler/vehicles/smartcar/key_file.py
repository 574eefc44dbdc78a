"""
Where the key that seals lies: the systemd credential `smartcharge_key`, or a file of mode 0600 made on first use.

    <state>/private/key         one key a line, the current one first        smartcharge keys rotate
    credential                  the same form; it seals, and the file's keys still open what they sealed
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from scheduler.domain.errors import ConfigError
from scheduler.vehicles.smartcar.sealed_directory import sync
from scheduler.vehicles.smartcar.vault import Vault, new_key_line, vault_from

# systemd lets the service's user in by an access list, which shows in the mode as a group that may read.
_GRANTED = 0o040


class KeyFile:
    """The keys of one state directory. *private* is its directory for what nobody else may read."""

    def __init__(self, private: Path, credential: Path | None = None) -> None:
        self._private, self._credential = private, credential
        self.path = private / "key"

    @property
    def by_credential(self) -> bool:
        """Whether systemd holds the key: then it is rotated there, and this process may not write it."""
        return self._credential is not None

    def vault(self) -> Vault:
        """Return what seals under the current key and opens under all of them. Raises `ConfigError`."""
        if self._credential is None:
            if not self.path.exists():
                self._write(new_key_line("k1"))
            return vault_from(self.path)
        vault = vault_from(self._credential, _GRANTED)
        older = vault_from(self.path).keys if self.path.exists() else {}
        return Vault({**older, **vault.keys}, vault.current)

    def rotate(self, reseal: Callable[[Vault], int]) -> int:
        """
        Put a new key in the place of all there are; return how many sealed values went under it.

        *reseal* puts everything under a vault's current key. Cut off anywhere, every value still opens: the new key is on
        disk before anything is sealed under it, and the old ones go when nothing is any more. Nobody else may seal meanwhile.
        """
        if self.by_credential:
            raise ConfigError(
                "the key is a systemd credential, which only the operator can change: put the line that "
                "'smartcharge keys new' prints on top of it, restart the daemon, then take the old lines out"
            )
        before = self.vault()
        line = new_key_line(_next_id(before.keys))
        self._write(f"{line}\n{self.path.read_text(encoding='ascii')}")
        changed = reseal(vault_from(self.path))
        self._write(line)
        return changed

    def _write(self, text: str) -> None:
        try:
            self._private.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self.path.with_suffix(".part")
            with suppress(FileNotFoundError):
                part.unlink()
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(f"{text}\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
            sync(self._private)
        except OSError as error:
            raise ConfigError(f"{self.path}: the key file cannot be written ({error.strerror})") from None


def _next_id(taken: Collection[str]) -> str:
    """Return the first of `k1`, `k2`, ... that is not taken."""
    return next(name for number in range(1, len(taken) + 2) if (name := f"k{number}") not in taken)
