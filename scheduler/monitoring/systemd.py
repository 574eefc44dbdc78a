"""
What systemd is told about the daemon: ready, alive, stopping (sd_notify(3)), without a library.

Outside systemd there is no `NOTIFY_SOCKET`, and nothing is sent.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

UNWATCHED_PING_S = 30.0
"""How often a daemon that nobody watches may ask whether it is watched."""


class Systemd:
    """
    The notify socket and the watchdog of a `Type=notify` unit.

    `alive` is for whoever sees completed sweeps: a daemon that lives but no longer turns the ring must stop saying so, and is
    started again after `WatchdogSec`.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        # A leading @ is systemd's way to write an abstract socket, whose name begins with a zero byte.
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        watched = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environment.get("WATCHDOG_USEC", "") if watched else ""
        self.watchdog_s = int(microseconds) / 1e6 if microseconds.isdecimal() and int(microseconds) > 0 else None

    @property
    def ping_every_s(self) -> float:
        """Half the time that systemd waits, as sd_watchdog_enabled(3) advises; something calm where nobody waits."""
        return self.watchdog_s / 2 if self.watchdog_s else UNWATCHED_PING_S

    def ready(self, status: str = "") -> None:
        """Say that everything is up; what is ordered after us may start."""
        self._send("READY=1", *([_status(status)] if status else []))

    def status(self, status: str) -> None:
        """Say in a few words what `systemctl status` should show."""
        self._send(_status(status))

    def alive(self) -> None:
        """Feed the watchdog, if there is one."""
        if self.watchdog_s:
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        # A manager that is being restarted takes nothing for a moment. That must neither stop nor fail a charging daemon.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
            notify.setblocking(False)
            notify.sendto("\n".join(lines).encode(), self._address)


def _status(status: str) -> str:
    return f"STATUS={' '.join(status.split())}"
