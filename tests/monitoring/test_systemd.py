"""What systemd hears, over a real datagram socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.monitoring.systemd import Systemd


class Manager:
    """The receiving end, as systemd has it."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        heard = []
        while True:
            try:
                heard.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.close()


def systemd(tmp_path: Path, **environment: str) -> Systemd:
    return Systemd({"NOTIFY_SOCKET": str(tmp_path / "notify"), **environment})


@pytest.mark.live
def test_systemd_hears_ready_status_alive_and_stopping(manager: Manager, tmp_path: Path) -> None:
    daemon = systemd(tmp_path, WATCHDOG_USEC="90000000", WATCHDOG_PID=str(os.getpid()))

    daemon.ready("3 cars,\npage at http://127.0.0.1:8712/")
    daemon.status("turning")
    daemon.alive()
    daemon.stopping()

    assert [
        "READY=1\nSTATUS=3 cars, page at http://127.0.0.1:8712/",
        "STATUS=turning",
        "WATCHDOG=1",
        "STOPPING=1",
    ] == manager.heard()


@pytest.mark.live
def test_an_abstract_socket_is_reached(tmp_path: Path) -> None:
    name = f"smartcharge-test-{os.getpid()}"
    manager = Manager(f"\0{name}")

    Systemd({"NOTIFY_SOCKET": f"@{name}"}).ready()

    heard = manager.heard()
    manager.close()
    assert ["READY=1"] == heard


@pytest.mark.live
def test_a_daemon_that_nobody_watches_feeds_no_watchdog(manager: Manager, tmp_path: Path) -> None:
    for environment in ({}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "90000000", "WATCHDOG_PID": "1"}):
        systemd(tmp_path, **environment).alive()

    assert [] == manager.heard()


def test_the_watchdog_is_fed_twice_within_its_time(tmp_path: Path) -> None:
    assert 45.0 == systemd(tmp_path, WATCHDOG_USEC="90000000").ping_every_s


def test_without_a_watchdog_the_pause_between_pings_is_calm(tmp_path: Path) -> None:
    assert 30.0 == systemd(tmp_path).ping_every_s


def test_outside_systemd_nothing_is_sent_and_nothing_fails() -> None:
    daemon = Systemd({})

    daemon.ready("here")
    daemon.alive()
    daemon.stopping()

    assert daemon.watchdog_s is None


def test_a_socket_that_is_gone_fails_nothing(tmp_path: Path) -> None:
    systemd(tmp_path).ready()


@pytest.mark.live
def test_a_manager_that_does_not_read_is_not_waited_for(manager: Manager, tmp_path: Path) -> None:
    daemon = systemd(tmp_path)

    for _ in range(5000):
        daemon.status("still here")

    assert 5000 > len(manager.heard())
