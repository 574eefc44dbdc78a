"""`smartcharge keys`: a rotation on a state directory, with the daemon away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.clock import ManualClock
from scheduler.domain.errors import AlreadyRunning, ConfigError
from scheduler.keys import new_line, rotate
from scheduler.state_directory import StateDirectory
from scheduler.vehicles.smartcar.account import Private
from scheduler.vehicles.smartcar.consent_book import ConsentBook, Ids
from scheduler.vehicles.smartcar.grants import Grant, GrantId
from tests.fakes.journal import Notes
from tests.web.fleet import ADA, a_driver

NOW = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)
CLOCK = ManualClock(NOW)
PAIR = Grant("canary-access", "canary-refresh", NOW + timedelta(hours=2), NOW + timedelta(days=60))


def test_consents_and_tokens_are_read_after_a_rotation_and_the_old_key_is_gone(tmp_path: Path) -> None:
    private = Private(tmp_path / "private")
    vault = private.key_file.vault()
    ConsentBook(private.consents(vault), CLOCK, Notes()).give(ADA, Ids("veh", "usr", GrantId("ada-1")))
    private.grants(vault, CLOCK).save(GrantId("ada-1"), PAIR)
    before = private.key_file.path.read_text()

    said = rotate(tmp_path)

    vault = private.key_file.vault()
    roster = ConsentBook(private.consents(vault), CLOCK, Notes()).identified([a_driver("Ada", "ID.3", "ada-id3")])
    assert "2 sealed values under a new key; the old one is gone" == said
    assert PAIR == private.grants(vault, CLOCK).load(GrantId("ada-1"))
    assert "veh" == roster.seat(ADA).car.vehicle.smartcar_vehicle_id
    assert before.split()[1] not in private.key_file.path.read_text()


def test_a_daemon_that_lives_is_not_rotated_under(tmp_path: Path) -> None:
    daemon = StateDirectory(tmp_path)
    daemon.lock()

    with pytest.raises(AlreadyRunning):
        rotate(tmp_path)

    daemon.release()


def test_only_the_owner_of_the_state_rotates_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = tmp_path.stat().st_uid + 1
    monkeypatch.setattr("os.geteuid", lambda: stranger)

    with pytest.raises(ConfigError, match="rotate its key as that user"):
        rotate(tmp_path)

    assert not (tmp_path / "private").exists()


def test_a_key_in_a_new_credential_takes_over_what_the_file_sealed(tmp_path: Path) -> None:
    private = Private(tmp_path / "private")
    private.consents(private.key_file.vault()).write("ada-id3", b"{}")
    credential = tmp_path / "smartcharge_key"
    credential.write_text(new_line("systemd-1"))
    credential.chmod(0o400)
    by_credential = Private(tmp_path / "private", credential)

    changed = asyncio.run(by_credential.reseal(by_credential.key_file.vault(), CLOCK))
    private.key_file.path.unlink()

    assert 1 == changed
    assert b"{}" == by_credential.consents(by_credential.key_file.vault()).read("ada-id3")
