"""`smartcharge connect`: the link and its QR code, and then the wait for what the driver does with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TextIO

from scheduler.domain.errors import SmartchargeError
from scheduler.terminal.daemon import RunningDaemon

LINK_LASTS = timedelta(minutes=10)
"""As long as the daemon's invitation is good."""

ASKED_EVERY_S = 1.0


class NotConnected(SmartchargeError):
    """No consent came of it: refused, or not given in time."""


def wait_for_consent(
    daemon: RunningDaemon,
    name: str,
    pause: Callable[[float], object],
    *,
    wait: bool = True,
    out: TextIO | None = None,
) -> None:
    """
    Print the link for *name*, on a terminal as a QR code too, and wait until the consent is there. Raises `NotConnected`
    where it is refused, or not there after ten minutes by the daemon's clock.

    *pause* waits some seconds. Whoever stops waiting stops nothing: the link stays good.
    """
    out = sys.stdout if out is None else out
    before = daemon.connect_answer(name)["at"]
    invited = daemon.connect_link(name)
    link, until = str(invited["link"]), datetime.fromisoformat(invited["now"]) + LINK_LASTS
    out.write(f"{link}\n")
    if not wait:
        return
    for note in invited["notes"]:
        out.write(f"{note}\n")
    if out.isatty():
        _draw(link, out)
    out.write(
        "Open it in a browser, on a telephone by its code. Waiting for ten minutes; Ctrl-C only ends the waiting.\n"
    )
    out.flush()
    while True:
        pause(ASKED_EVERY_S)
        answer = daemon.connect_answer(name)
        # None: the daemon was started anew meanwhile, and nobody has come back since.
        if answer["at"] not in (before, None):
            _tell(answer["done"], answer["sentence"], answer["link"], out)
            return
        if datetime.fromisoformat(answer["now"]) >= until:
            raise NotConnected(
                "nobody has consented within ten minutes, and the link is no longer good; ask for another"
            )


def _draw(link: str, out: TextIO) -> None:
    import segno  # noqa: PLC0415 - only where there is a terminal to draw on

    segno.make(link, error="l", micro=False).terminal(out=out, compact=True)


def _tell(done: bool, sentence: str, link: str | None, out: TextIO) -> None:
    if not done:
        raise NotConnected(sentence)
    out.write(f"{sentence}\n")
    if link is not None:
        out.write(f"Let Smartcar's key into the Tesla, unless it is in already: {link}\n")
