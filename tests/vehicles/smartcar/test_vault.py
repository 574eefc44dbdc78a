"""Sealed secrets: they open with their key, in their place, unchanged, and nowhere else."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import ConfigError
from scheduler.vehicles.smartcar.vault import SealBroken, Vault, new_key_line, vault_from

OLD, NEW = b"1" * 32, b"2" * 32
VAULT = Vault({"k1": OLD}, "k1")


@given(st.binary(max_size=300), st.text(max_size=20))
def test_what_was_sealed_opens_in_its_place(plain: bytes, row: str) -> None:
    assert plain == VAULT.open(VAULT.seal(plain, row), row)


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    assert VAULT.seal(b"token", "grant ada") != VAULT.seal(b"token", "grant ada")


def test_it_does_not_open_in_another_place_or_under_another_key() -> None:
    sealed = VAULT.seal(b"token", "grant ada")

    with pytest.raises(SealBroken, match="grant ben"):
        VAULT.open(sealed, "grant ben")
    with pytest.raises(SealBroken):
        Vault({"k1": NEW}, "k1").open(sealed, "grant ada")
    with pytest.raises(SealBroken, match="not in the key file"):
        Vault({"k2": OLD}, "k2").open(sealed, "grant ada")


def test_a_key_id_cannot_be_exchanged_for_another_that_has_the_same_key() -> None:
    both = Vault({"k1": OLD, "k2": OLD}, "k1")

    with pytest.raises(SealBroken):
        both.open(both.seal(b"token", "row").replace(".k1.", ".k2."), "row")


# Sealed once: with another nonce in each example, Hypothesis could not repeat what it found.
SEALED = VAULT.seal(b"a token of some length", "row")


@given(st.data())
def test_no_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(SEALED) - 1))
    letter = data.draw(st.sampled_from("AZaz09+/=.v1k").filter(lambda new: new != SEALED[place]))
    changed = SEALED[:place] + letter + SEALED[place + 1 :]

    try:
        opened = VAULT.open(changed, "row")
    except SealBroken:
        return
    # Base64 leaves some last bits without a meaning; whoever changes only those has changed nothing.
    assert b"a token of some length" == opened


def test_a_value_is_resealed_once() -> None:
    both = Vault({"k2": NEW, "k1": OLD}, "k2")

    resealed = both.resealed(VAULT.seal(b"token", "row"), "row")

    assert resealed.startswith("v1.k2.")
    assert resealed == both.resealed(resealed, "row")
    assert b"token" == Vault({"k2": NEW}, "k2").open(resealed, "row")


def key_file(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_first_line_of_a_key_file_seals_and_all_open(tmp_path: Path) -> None:
    path = key_file(
        tmp_path / "keys", f"# rotated in May\n{new_key_line('k2')}\n\nk1 {b64encode(OLD).decode()}\n", 0o400
    )

    vault = vault_from(path)

    assert "k2" == vault.current
    assert b"token" == vault.open(VAULT.seal(b"token", "row"), "row")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match="0600"):
        vault_from(key_file(tmp_path / "keys", new_key_line("k1"), mode))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "k1",
        "k1 short",
        "k1 " + b64encode(b"1" * 31).decode(),
        "bad id! " + b64encode(OLD).decode(),
        "k1 é",
    ],
)
def test_a_key_file_that_holds_no_key_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        vault_from(key_file(tmp_path / "keys", text))

    assert not any(word in str(refused.value) for word in text.split() if len(word) > 8)


def test_a_key_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2"):
        vault_from(key_file(tmp_path / "keys", f"{new_key_line('k1')}\n{new_key_line('k1')}\n"))


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        vault_from(tmp_path / "keys")


def test_a_key_needs_a_plain_name() -> None:
    with pytest.raises(ConfigError, match="letters"):
        new_key_line("key one")


def test_a_vault_prints_no_key() -> None:
    assert "1111" not in repr(VAULT)
