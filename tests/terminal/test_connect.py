"""`smartcharge connect`: the link, the code, and the wait for what becomes of it."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scheduler.cli import smartcharge
from scheduler.ports import Returned
from scheduler.terminal.connect import NotConnected, wait_for_consent
from scheduler.terminal.daemon import RunningDaemon
from tests.web.fleet import NOW, Fleet, a_full_fleet

LINK = "https://charge.example/connect/ada?invitation=i"
KEY = "https://www.tesla.com/_ak/smartcar.com"


class NearDaemon(RunningDaemon):
    """A daemon whose answers need no socket. Each look lets a minute pass; `comes` is what came of it after so many."""

    def __init__(self, fleet: Fleet, after: int = 1000, comes: Returned | None = None) -> None:
        super().__init__(Path("state"), "http://127.0.0.1:1/")
        self._fleet, self._left, self._comes = fleet, after, comes
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._fleet.clock.advance(60)
        self._left -= 1
        if self._left == 0:
            self._fleet.came = self._comes

    def _ask(self, method: str, path: str, patience_s: float = 0.0) -> dict[str, Any]:
        answer = self._fleet.ask(method, path)
        return dict(answer.json())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def waited(daemon: NearDaemon, out: io.StringIO, *, wait: bool = True) -> str:
    wait_for_consent(daemon, "ada", daemon.pause, wait=wait, out=out)
    return out.getvalue()


def test_it_waits_until_the_consent_is_there_and_says_what_is_still_to_be_done() -> None:
    came = Returned(NOW + timedelta(minutes=3), done=True, sentence="Ada's ID.3: connected.", link=KEY)
    daemon = NearDaemon(a_full_fleet(), 3, came)

    said = waited(daemon, io.StringIO())

    assert (LINK, 3) == (said.splitlines()[0], len(daemon.pauses))
    assert "It takes 15 starts and stops until it is driven; plans keep to that." == said.splitlines()[1]
    assert f"Ada's ID.3: connected.\nLet Smartcar's key into the Tesla, unless it is in already: {KEY}\n" in said


def test_what_came_of_an_earlier_link_is_not_taken_for_this_ones() -> None:
    fleet = a_full_fleet()
    fleet.came = Returned(NOW - timedelta(hours=1), done=True, sentence="an old one")

    with pytest.raises(NotConnected, match="within ten minutes"):
        waited(NearDaemon(fleet), io.StringIO())


def test_a_daemon_that_is_started_anew_has_not_answered() -> None:
    fleet = a_full_fleet()
    fleet.came = Returned(NOW - timedelta(hours=1), done=True, sentence="an old one")

    with pytest.raises(NotConnected, match="within ten minutes"):
        waited(NearDaemon(fleet, 2, None), io.StringIO())


def test_a_refusal_ends_the_wait_with_its_reason() -> None:
    daemon = NearDaemon(a_full_fleet(), 1, Returned(NOW, done=False, sentence="You did not give your consent."))

    with pytest.raises(NotConnected, match="You did not give your consent"):
        waited(daemon, io.StringIO())


def test_after_ten_minutes_it_says_that_the_link_is_no_longer_good() -> None:
    daemon = NearDaemon(a_full_fleet())

    with pytest.raises(NotConnected, match="no longer good"):
        waited(daemon, io.StringIO())

    assert 10 == len(daemon.pauses)


def test_a_terminal_gets_a_code_to_scan_and_a_pipe_only_the_link() -> None:
    on_terminal = waited(NearDaemon(a_full_fleet(), 1, Returned(NOW, done=True, sentence="done")), Terminal())
    in_pipe = waited(NearDaemon(a_full_fleet()), io.StringIO(), wait=False)

    assert "▀" in on_terminal
    assert f"{LINK}\n" == in_pipe


def test_ctrl_c_ends_the_wait_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = NearDaemon(a_full_fleet())

    def interrupted(_event: object, _seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("threading.Event.wait", interrupted)
    monkeypatch.setattr(RunningDaemon, "find", lambda _state: daemon)

    ended = CliRunner().invoke(smartcharge, ["connect", "ada"])

    assert (130, True) == (ended.exit_code, "No longer waiting; the link stays good." in ended.output)


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [("y\n", 0, "Ada's ID.3 is disconnected."), ("n\n", 1, "Aborted")],
)
def test_a_car_is_disconnected_only_after_a_yes(
    monkeypatch: pytest.MonkeyPatch, answer: str, code: int, words: str
) -> None:
    monkeypatch.setattr(RunningDaemon, "find", lambda _state: NearDaemon(a_full_fleet()))

    ended = CliRunner().invoke(smartcharge, ["disconnect", "ada"], input=answer)

    assert (code, True) == (ended.exit_code, words in ended.output)
    assert 0 == CliRunner().invoke(smartcharge, ["disconnect", "ada", "--yes"]).exit_code
