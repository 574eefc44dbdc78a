"""
Secrets at rest: AES-256-GCM, each bound to its place, under keys that can be rotated.

    sealed   `v1.<key id>.<base64 of nonce and ciphertext>`      associated data: the row's name and the key's id
    keys     one a line, the current one first: `<key id> <base64 of 32 bytes>`; from a systemd credential or a 0600 file

To rotate: put a new line (`new_key_line`) on top, `resealed` every row, take the old line out (`key_file.py`).
"""

from __future__ import annotations

import binascii
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scheduler.domain.errors import ConfigError, SmartchargeError

_KEY_BYTES = 32
# 96 bits, random: safe for 2^32 seals under one key (NIST SP 800-38D, 8.3), more than any household's rotations.
_NONCE_BYTES = 12
_VERSION = "v1"
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealBroken(SmartchargeError):
    """A sealed value does not open: another key, another place, or changed. What it held is lost; connect again."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens. `current` is the id of the key that seals; all of `keys` open. No key is ever printed."""

    keys: Mapping[str, bytes] = field(repr=False)
    current: str

    def seal(self, plain: bytes, row: str) -> str:
        """Return *plain* sealed for the place *row*; elsewhere it does not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = AESGCM(self.keys[self.current]).encrypt(nonce, plain, _bound(row, self.current))
        return f"{_VERSION}.{self.current}.{b64encode(nonce + box).decode()}"

    def open(self, sealed: str, row: str) -> bytes:
        """Return what was sealed for *row*. Raises `SealBroken`."""
        version, _, rest = sealed.partition(".")
        key_id, _, text = rest.partition(".")
        if version != _VERSION or key_id not in self.keys:
            raise SealBroken(f"{row} is sealed with a key that is not in the key file")
        try:
            box = b64decode(text, validate=True)
            return AESGCM(self.keys[key_id]).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], _bound(row, key_id))
        except (InvalidTag, binascii.Error, ValueError):
            raise SealBroken(f"{row} does not open: it was changed, or sealed for another place") from None

    def resealed(self, sealed: str, row: str) -> str:
        """Return *sealed* under the current key; unchanged where it is already."""
        return sealed if sealed.startswith(f"{_VERSION}.{self.current}.") else self.seal(self.open(sealed, row), row)


def new_key_line(key_id: str) -> str:
    """Return a line for the key file with a new random key. Handle it as the secret it is."""
    if not _KEY_ID.fullmatch(key_id):
        raise ConfigError(f"a key's id is 1 to 32 letters, digits, '-' or '_', got {key_id!r}")
    return f"{key_id} {b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"


def vault_from(path: Path, granted: int = 0) -> Vault:
    """
    Read the key file at *path*. Raises `ConfigError`, without ever quoting a line of it.

    *granted* are bits of the mode that are no leak: systemd lets a service in by a list that shows as a group's.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the key file cannot be read ({type(error).__name__})") from None
    if mode & 0o077 & ~granted:
        raise ConfigError(f"{path}: others may read the key file (mode {mode & 0o777:04o}), expected 0600 or stricter")
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            key_id, key = _key(line, f"{path}, line {number}")
            if key_id in keys:
                raise ConfigError(f"{path}, line {number}: the key id stands there twice")
            keys[key_id] = key
    if not keys:
        raise ConfigError(f"{path}: expected at least one line '<key id> <base64 of 32 bytes>'")
    return Vault(keys, next(iter(keys)))


def _key(line: str, place: str) -> tuple[str, bytes]:
    key_id, _, text = line.strip().partition(" ")
    try:
        key = b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES or not _KEY_ID.fullmatch(key_id):
        raise ConfigError(f"{place}: expected '<key id> <base64 of 32 bytes>'")
    return key_id, key


def _bound(row: str, key_id: str) -> bytes:
    # The length keeps two pairs of row and key from reading alike.
    return f"{len(row)}:{row}:{key_id}".encode()
