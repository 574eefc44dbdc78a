"""The running daemon as another terminal finds it, or does not."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from scheduler.domain.errors import InvalidValue, SmartchargeError
from scheduler.domain.session import Override
from scheduler.terminal.daemon import NoDaemon, RunningDaemon
from scheduler.web.server import WebServer
from tests.web.fleet import ADA, a_full_fleet

T = TypeVar("T")


def announced(state_dir: Path, url: str, pid: int) -> Path:
    (state_dir / "daemon.json").write_text(json.dumps({"pid": pid, "url": url}), encoding="utf-8")
    return state_dir


def asked(app: ASGIApp, state_dir: Path, question: Callable[[RunningDaemon], T]) -> T:
    """Serve *app* on loopback as this process's daemon, and ask it from a thread as another terminal would."""

    async def served() -> T:
        server = WebServer(app, "127.0.0.1", 0)
        await server.start()
        announced(state_dir, server.url, os.getpid())
        try:
            return await asyncio.to_thread(lambda: question(RunningDaemon.find(state_dir)))
        finally:
            await server.stop()

    return asyncio.run(served())


def a_dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_without_a_daemon_the_sentence_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoDaemon) as error:
        RunningDaemon.find(tmp_path)

    assert (
        f"no smartcharge daemon runs on the state directory {tmp_path}; start it with: smartcharge run --state {tmp_path}"
        == str(error.value)
    )


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": "x", "url": ""}', '{"pid": 1}', "null", "\xff"])
def test_a_file_that_says_nothing_is_no_daemon(tmp_path: Path, content: str) -> None:
    (tmp_path / "daemon.json").write_text(content, encoding="latin-1")

    with pytest.raises(NoDaemon, match="no smartcharge daemon runs"):
        RunningDaemon.find(tmp_path)


def test_a_daemon_that_was_killed_is_not_found_though_its_file_is(tmp_path: Path) -> None:
    announced(tmp_path, "http://127.0.0.1:8712/", a_dead_pid())

    with pytest.raises(NoDaemon, match="no smartcharge daemon runs"):
        RunningDaemon.find(tmp_path)


def test_a_process_of_another_user_is_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refused)

    assert "http://127.0.0.1:8712/" == RunningDaemon.find(announced(tmp_path, "http://127.0.0.1:8712/", 4711)).url


def test_a_file_that_may_not_be_read_is_no_missing_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> str:
        raise PermissionError

    monkeypatch.setattr(Path, "read_text", refused)

    with pytest.raises(NoDaemon, match="may not be read by this user"):
        RunningDaemon.find(tmp_path)


@pytest.mark.parametrize("pid", [0, -1, 10**30])
def test_a_number_that_is_no_process_is_no_daemon(tmp_path: Path, pid: int) -> None:
    with pytest.raises(NoDaemon, match="no smartcharge daemon runs"):
        RunningDaemon.find(announced(tmp_path, "http://127.0.0.1:8712/", pid))


@pytest.mark.live
def test_a_port_that_nobody_listens_on_is_no_daemon(tmp_path: Path) -> None:
    # Port 1 of loopback: nobody but root could listen there, and nobody does.
    daemon = RunningDaemon.find(announced(tmp_path, "http://127.0.0.1:1/", os.getpid()))

    with pytest.raises(NoDaemon, match="no smartcharge daemon runs"):
        daemon.cars()


@pytest.mark.live
def test_the_cars_come_as_the_api_tells_them(tmp_path: Path) -> None:
    fleet = a_full_fleet()

    every = asked(fleet.app(), tmp_path, lambda daemon: daemon.cars())
    own = asked(fleet.app(), tmp_path, lambda daemon: daemon.cars("ada"))

    assert fleet.get("/api/v1/cars").json() == every
    assert [ADA] == [car["name"] for car in own["cars"]]


@pytest.mark.live
def test_a_wish_comes_back_in_sentences(tmp_path: Path) -> None:
    fleet = a_full_fleet()

    sentences = asked(fleet.app(), tmp_path, lambda daemon: daemon.wish("ada", "hold"))

    assert ["Ada's ID.3 gets no command until it is unplugged or you resume."] == sentences
    assert Override.HOLD is fleet.store.override(ADA)


@pytest.mark.live
@pytest.mark.parametrize("name", ["adda", "../cars/ada", "a b", "ä?x=1#y"])
def test_an_unknown_name_is_told_with_a_hint_and_never_leaves_its_place_in_the_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidValue):
        asked(a_full_fleet().app(), tmp_path, lambda daemon: daemon.wish(name, "stop"))


def speaking(status: int, body: bytes) -> ASGIApp:
    async def spoken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return spoken


@pytest.mark.live
@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (500, b"oops"), (404, b"{}"), (404, b"[]")])
def test_a_stranger_on_the_port_is_told_apart(tmp_path: Path, status: int, body: bytes) -> None:
    with pytest.raises(NoDaemon, match=rf"is not a smartcharge daemon \(status {status}\)"):
        asked(speaking(status, body), tmp_path, lambda daemon: daemon.cars())


@pytest.mark.live
def test_an_error_of_the_daemon_is_handed_on_in_its_own_words(tmp_path: Path) -> None:
    app = speaking(503, b'{"error": {"message": "the disk is full; free some space"}}')

    with pytest.raises(SmartchargeError, match="the disk is full"):
        asked(app, tmp_path, lambda daemon: daemon.cars())


@pytest.mark.live
def test_an_answer_that_breaks_off_is_a_daemon_that_does_not_answer(tmp_path: Path) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})

    with pytest.raises(NoDaemon, match="does not answer"):
        asked(broken, tmp_path, lambda daemon: daemon.cars())


def test_asking_takes_only_the_standard_library_along() -> None:
    probe = "import sys, scheduler.terminal.daemon, scheduler.terminal.status; print(*sys.modules)"

    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    heavy = {"httpx", "pandas", "numpy", "sqlalchemy", "pydantic", "fastapi", "rich", "click", "scheduler.operations"}
    assert set() == heavy & set(ran.stdout.split())
