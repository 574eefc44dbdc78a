"""One daemon at a time, and a way to find it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scheduler.domain.errors import AlreadyRunning, ConfigError
from scheduler.state_directory import StateDirectory, default_state_directory


def test_a_second_daemon_on_the_same_state_is_refused_with_the_process_that_holds_it(tmp_path: Path) -> None:
    first, second = StateDirectory(tmp_path / "state"), StateDirectory(tmp_path / "state")
    first.create()
    first.lock()

    with pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}\) runs on the state directory"):
        second.lock()

    first.withdraw()
    second.lock()
    second.withdraw()


def test_the_directory_is_the_owners_alone(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path / "a" / "state")

    directory.create()

    assert 0o700 == directory.path.stat().st_mode & 0o777


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="choose another with --state"):
        StateDirectory(tmp_path / "file" / "state").create()
    with pytest.raises(ConfigError, match="cannot be written"):
        StateDirectory(tmp_path / "nowhere").lock()


def test_the_address_stands_there_while_the_daemon_runs(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)

    directory.announce("http://127.0.0.1:8712/")
    assert {"pid": os.getpid(), "url": "http://127.0.0.1:8712/"} == json.loads((tmp_path / "daemon.json").read_text())
    directory.withdraw()

    assert not (tmp_path / "daemon.json").exists()


def test_the_state_is_where_the_person_then_the_environment_then_systemd_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMARTCHARGE_STATE", raising=False)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert tmp_path / "smartcharge" == default_state_directory(None)
    monkeypatch.delenv("XDG_STATE_HOME")
    assert Path.home() / ".local" / "state" / "smartcharge" == default_state_directory(None)
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/smartcharge:/var/lib/other")
    assert Path("/var/lib/smartcharge") == default_state_directory(None)
    monkeypatch.setenv("SMARTCHARGE_STATE", "/srv/state")
    assert Path("/srv/state") == default_state_directory(None)
    assert Path("here") == default_state_directory(Path("here"))
