"""Notices over HTTP, to a real server on this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import stamina

from scheduler.domain.driver import DriverId, NoticeAddress
from scheduler.domain.errors import NoticeFailed
from scheduler.domain.notice import Concern, Notice
from scheduler.domain.vehicle import VehicleId
from scheduler.notifiers.http import HttpNotifier

pytestmark = pytest.mark.live

NOTICE = Notice(
    DriverId("ada"), VehicleId("ada-id3"), Concern.SHORT, "Ada's ID.3: 62 % by 07:00", datetime(2026, 2, 6, tzinfo=UTC)
)


@dataclass
class Inbox:
    """A server that takes what is posted, and answers with *statuses* in turn, then with 200."""

    statuses: list[int] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def open(self) -> Iterator[Inbox]:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                inbox.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
                self.send_header("Location", "http://elsewhere.invalid/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing: a test's output is for its figures."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_port}/secret-topic"
            Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield self
            finally:
                server.shutdown()


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


def sent(address: NoticeAddress, notice: Notice = NOTICE, token: str | None = "canary-token") -> None:
    async def send() -> None:
        notifier = HttpNotifier(lambda _name: token)
        try:
            await notifier.send(address, notice)
        finally:
            await notifier.aclose()

    asyncio.run(send())


def test_a_notice_is_an_object_that_says_whom_what_and_when() -> None:
    with Inbox().open() as inbox:
        sent(NoticeAddress(inbox.url))

    ((path, headers, body),) = inbox.got
    assert "/secret-topic" == path
    assert "authorization" not in headers
    assert {
        "driver": "ada",
        "car": "ada-id3",
        "kind": "short",
        "over": False,
        "sentence": "Ada's ID.3: 62 % by 07:00",
        "at": "2026-02-06T00:00:00+00:00",
        "simulated": False,
    } == json.loads(body)


def test_as_text_it_is_the_sentence_alone_and_says_what_is_over_and_what_is_simulated() -> None:
    over = Notice(NOTICE.driver_id, NOTICE.vehicle_id, NOTICE.concern, "all well", NOTICE.at, True, True)
    with Inbox().open() as inbox:
        sent(NoticeAddress(inbox.url, plain=True, secret="ntfy"))
        sent(NoticeAddress(inbox.url, plain=True), over)

    assert ["Ada's ID.3: 62 % by 07:00", "SIMULATED: Over: all well"] == [body for _, _, body in inbox.got]
    assert "Bearer canary-token" == inbox.got[0][1]["authorization"]


def test_a_busy_address_is_tried_three_times() -> None:
    with Inbox([503, 429]).open() as inbox:
        sent(NoticeAddress(inbox.url))
    assert 3 == len(inbox.got)

    with Inbox([503] * 9).open() as inbox, pytest.raises(NoticeFailed, match="it answered 503"):
        sent(NoticeAddress(inbox.url))
    assert 3 == len(inbox.got)


@pytest.mark.parametrize("status", [302, 401, 404])
def test_a_refusal_is_not_repeated_and_a_redirect_not_followed(status: int) -> None:
    with Inbox([status]).open() as inbox, pytest.raises(NoticeFailed) as refusal:
        sent(NoticeAddress(inbox.url, secret="ntfy"))

    assert 1 == len(inbox.got)
    assert f"it answered {status}" == str(refusal.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/secret-topic", "http://host\x07/secret-topic"])
def test_an_address_that_cannot_be_reached_is_not_named(url: str) -> None:
    with pytest.raises(NoticeFailed) as failure:
        sent(NoticeAddress(url))

    assert "secret" not in str(failure.value)
    assert failure.value.__cause__ is None


def test_without_its_token_nothing_is_sent() -> None:
    with Inbox().open() as inbox, pytest.raises(NoticeFailed, match='the secret "ntfy"'):
        sent(NoticeAddress(inbox.url, secret="ntfy"), token=None)

    assert [] == inbox.got
