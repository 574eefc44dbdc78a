"""The key that seals: made on first use, kept private, rotated without ever leaving a value behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.domain.errors import ConfigError
from scheduler.vehicles.smartcar.key_file import KeyFile
from scheduler.vehicles.smartcar.sealed_directory import SealedDirectory
from scheduler.vehicles.smartcar.vault import Vault, new_key_line


def sealed(directory: Path, vault: Vault) -> SealedDirectory:
    return SealedDirectory(directory / "consents", vault, "consent")


def resealed(directory: Path, vault: Vault) -> int:
    files = sealed(directory, vault)
    return sum(files.reseal(name) for name in files.names())


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "private")

    first, second = keys.vault(), keys.vault()

    assert first.keys == second.keys
    assert (0o600, 0o700) == (keys.path.stat().st_mode & 0o777, keys.path.parent.stat().st_mode & 0o777)


def test_after_a_rotation_everything_opens_under_the_new_key_alone(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path)
    before = keys.vault()
    sealed(tmp_path, before).write("ada", b"a token")

    counts = [keys.rotate(lambda vault: resealed(tmp_path, vault)) for _ in range(3)]

    after = keys.vault()
    assert [1, 1, 1] == counts
    assert (1, True) == (len(after.keys), set(after.keys.values()).isdisjoint(before.keys.values()))
    assert b"a token" == sealed(tmp_path, after).read("ada")


@pytest.mark.parametrize("done", [0, 1])
def test_a_rotation_that_is_cut_off_leaves_nothing_that_does_not_open(tmp_path: Path, done: int) -> None:
    keys = KeyFile(tmp_path)
    for name in ("ada", "ben"):
        sealed(tmp_path, keys.vault()).write(name, name.encode())

    def cut_off(vault: Vault) -> int:
        for name in ("ada", "ben")[:done]:
            sealed(tmp_path, vault).reseal(name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keys.rotate(cut_off)

    assert [b"ada", b"ben"] == [sealed(tmp_path, keys.vault()).read(name) for name in ("ada", "ben")]
    keys.rotate(lambda vault: resealed(tmp_path, vault))
    assert [b"ada", b"ben"] == [sealed(tmp_path, keys.vault()).read(name) for name in ("ada", "ben")]


def test_a_credential_seals_and_what_the_file_sealed_still_opens(tmp_path: Path) -> None:
    sealed(tmp_path, KeyFile(tmp_path).vault()).write("ada", b"a token")
    credential = tmp_path / "smartcharge_key"
    credential.write_text(new_key_line("systemd-1"))
    credential.chmod(0o440)

    vault = KeyFile(tmp_path, credential).vault()

    assert "systemd-1" == vault.current
    assert b"a token" == sealed(tmp_path, vault).read("ada")
    with pytest.raises(ConfigError, match="systemd credential"):
        KeyFile(tmp_path, credential).rotate(lambda _vault: 0)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path)
    keys.vault()
    keys.path.chmod(0o644)

    with pytest.raises(ConfigError, match="0600"):
        keys.vault()
