"""Where feeds meet HTTP: every end a request can have, and secrets that nobody sees."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from scheduler.clock import LoopClock, ManualClock, VirtualLoop, run_virtually
from scheduler.domain.errors import FeedError, FeedRejected, FeedUnavailable, PayloadInvalid
from scheduler.prices.feeds.feed import FeedRequest, Login, Secret, web_address
from scheduler.prices.feeds.fetch import Fetcher
from tests.prices.memory import Wire

NOW = datetime(2026, 2, 10, 11, tzinfo=UTC)
URL = "https://feed.example/prices"
CANARY = "canary-6f3a-secret"


def fetch(answer: Callable[[httpx.Request], httpx.Response], request: FeedRequest | None = None) -> bytes:
    async def ask() -> bytes:
        fetcher = Fetcher(ManualClock(NOW), lambda _: CANARY, Wire(answer).transport)
        try:
            return (await fetcher.fetch(request or FeedRequest(URL))).body
        finally:
            await fetcher.close()

    return asyncio.run(ask())


def failure(answer: Callable[[httpx.Request], httpx.Response], request: FeedRequest | None = None) -> FeedError:
    with pytest.raises(FeedError) as failed:
        fetch(answer, request)
    return failed.value


def test_an_answer_is_its_body() -> None:
    assert b"[1]" == fetch(lambda _: httpx.Response(200, content=b"[1]"))


def test_a_packed_answer_is_unpacked() -> None:
    packed = httpx.Response(200, content=gzip.compress(b"[1]"), headers={"Content-Encoding": "gzip"})

    assert b"[1]" == fetch(
        lambda _: httpx.Response(200, headers=packed.headers, stream=httpx.ByteStream(gzip.compress(b"[1]")))
    )


def test_a_packed_bomb_is_refused_unpacked_no_further_than_the_bound() -> None:
    bomb = gzip.compress(b" " * 100 * 1024 * 1024)

    error = failure(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(bomb)))

    assert "unpacks to more than 5 MiB" in str(error)


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [(b"not packed", "gzip", "is not"), (gzip.compress(b"[1]")[:-6], "gzip", "cut off"), (b"x", "br", "expected gzip")],
)
def test_an_answer_that_cannot_be_unpacked_is_invalid(body: bytes, encoding: str, reason: str) -> None:
    error = failure(
        lambda _: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=httpx.ByteStream(body))
    )

    assert isinstance(error, PayloadInvalid)
    assert reason in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, b"slow down", FeedUnavailable),
        (500, b"", FeedUnavailable),
        (503, b"<html>maintenance</html>", FeedUnavailable),
        (403, b"<!DOCTYPE html><html>blocked", FeedUnavailable),
        (403, b'{"message": "forbidden"}', FeedRejected),
        (401, b'{"message": "who are you"}', FeedRejected),
        (400, b'{"detail": "unknown zone"}', FeedRejected),
        (404, b"", FeedRejected),
        (302, b"", FeedRejected),
    ],
)
def test_a_status_is_sorted_by_what_can_be_done(status: int, body: bytes, kind: type[FeedError]) -> None:
    error = failure(lambda _: httpx.Response(status, content=body))

    assert kind is type(error)
    assert f"feed.example answered {status}" in str(error)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("Tue, 10 Feb 2026 11:05:00 GMT", 300),
        ("Tue, 10 Feb 2026 10:00:00 GMT", 0),
        ("soon", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(said: str, seconds: int | None) -> None:
    error = failure(lambda _: httpx.Response(429, headers=[(b"Retry-After", said.encode())]))

    assert isinstance(error, FeedUnavailable)
    assert (None if seconds is None else timedelta(seconds=seconds)) == error.retry_after


def test_a_host_that_refused_is_not_asked_before_its_pause_is_over() -> None:
    wire = Wire(lambda _: httpx.Response(429, headers={"Retry-After": "90"}))

    async def ask_twice() -> FeedError:
        clock = ManualClock(NOW)
        fetcher = Fetcher(clock, lambda _: None, wire.transport)
        with pytest.raises(FeedUnavailable):
            await fetcher.fetch(FeedRequest(URL))
        with pytest.raises(FeedUnavailable) as refused:
            await fetcher.fetch(FeedRequest(URL + "/other"))
        return refused.value

    error = asyncio.run(ask_twice())

    assert 1 == len(wire.asked)
    assert "left in peace" in str(error)


def test_a_body_that_drips_is_cut_off_after_a_minute() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(5)
            yield b" "

    async def ask() -> float:
        clock = LoopClock(NOW, loop)
        fetcher = Fetcher(clock, lambda _: None, Wire(lambda _: httpx.Response(200, content=drip())).transport)
        with pytest.raises(FeedUnavailable, match="within 60 s"):
            await fetcher.fetch(FeedRequest(URL))
        return clock.monotonic()

    loop = VirtualLoop()
    assert 60 == pytest.approx(run_virtually(ask(), loop), abs=1)


def test_a_file_is_read_like_an_answer_and_a_missing_one_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_bytes(b"[1]")

    found = fetch(lambda _: httpx.Response(500), FeedRequest(path=tmp_path / "prices.json"))
    error = failure(lambda _: httpx.Response(500), FeedRequest(path=tmp_path / "gone.json"))

    assert b"[1]" == found
    assert "No such file" in str(error)


SECRETS = [
    Secret("token", param="securityToken"),
    Secret("token", header="Authorization", prefix="Bearer "),
    Secret("token", header="Authorization", prefix="Bearer ", login=Login("https://feed.example/login", ("token",))),
]


@pytest.mark.parametrize("secret", SECRETS, ids=["in the URL", "in a header", "for a login"])
@pytest.mark.parametrize(
    "answer",
    [
        lambda request: httpx.Response(200, content=b"[1]"),
        lambda request: httpx.Response(400, text=f"bad request {request.url} {request.headers}"),
        lambda request: httpx.Response(503, text=str(request.url)),
        lambda request: httpx.Response(302, headers={"Location": str(request.url)}),
    ],
    ids=["answered", "rejected", "down", "moved"],
)
def test_a_secret_is_in_no_log_and_in_no_error(
    secret: Secret, answer: Callable[[httpx.Request], httpx.Response], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/login":
            return httpx.Response(200, json={"token": CANARY})
        return answer(request)

    try:
        fetch(respond, FeedRequest(URL, {"zone": "DE"}, secret=secret))
    except FeedError as error:
        told.append(repr(error) + str(error) + repr(error.__cause__) + repr(error.__context__))

    assert CANARY not in "".join(told)
    assert CANARY not in caplog.text
    assert "feed.example" in caplog.text


def test_a_secret_reaches_the_feed_in_its_place() -> None:
    wire = Wire(lambda request: httpx.Response(200, json={"token": "t1"}))

    async def ask() -> None:
        fetcher = Fetcher(ManualClock(NOW), lambda _: CANARY, wire.transport)
        for secret in SECRETS:
            await fetcher.fetch(FeedRequest(URL, secret=secret))

    asyncio.run(ask())

    by_param, by_header, login, by_token = wire.asked
    assert CANARY == by_param.url.params["securityToken"]
    assert f"Bearer {CANARY}" == by_header.headers["Authorization"]
    assert login.headers["Authorization"].startswith("Basic ")
    assert "Bearer t1" == by_token.headers["Authorization"]


def test_a_token_is_fetched_once_until_it_may_have_run_out() -> None:
    wire = Wire(lambda request: httpx.Response(200, json={"token": "t1"}))

    async def ask() -> None:
        clock = ManualClock(NOW)
        fetcher = Fetcher(clock, lambda _: CANARY, wire.transport)
        for _ in range(4):
            await fetcher.fetch(FeedRequest(URL, secret=SECRETS[2]))
            clock.advance(600)

    asyncio.run(ask())

    assert 2 == [request.url.path for request in wire.asked].count("/login")


def test_a_graphql_login_sends_the_secret_as_its_variable() -> None:
    wire = Wire(lambda request: httpx.Response(200, json={"data": {"obtain": {"token": "t1"}}}))
    login = Login("https://feed.example/graphql", ("data", "obtain", "token"), "mutation($key: String!) { obtain }")

    async def ask() -> None:
        fetcher = Fetcher(ManualClock(NOW), lambda _: CANARY, wire.transport)
        await fetcher.fetch(FeedRequest(URL, secret=Secret("key", header="Authorization", login=login)))

    asyncio.run(ask())

    assert CANARY.encode() in wire.asked[0].content
    assert "t1" == wire.asked[1].headers["Authorization"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(401), FeedRejected),
        (httpx.Response(200, json={"other": 1}), FeedRejected),
        (httpx.Response(200, json={"token": "line\nbreak"}), FeedRejected),
        (httpx.Response(503), FeedUnavailable),
    ],
)
def test_a_login_that_fails_says_so_without_the_secret(answer: httpx.Response, kind: type[FeedError]) -> None:
    error = failure(lambda _: answer, FeedRequest(URL, secret=SECRETS[2]))

    assert kind is type(error)
    assert CANARY not in str(error)


def test_a_missing_secret_is_named_and_nothing_is_sent() -> None:
    wire = Wire(lambda _: httpx.Response(200))

    async def ask() -> None:
        await Fetcher(ManualClock(NOW), lambda _: None, wire.transport).fetch(FeedRequest(URL, secret=SECRETS[0]))

    with pytest.raises(FeedRejected, match="the secret 'token' is missing"):
        asyncio.run(ask())
    assert [] == wire.asked


@pytest.mark.parametrize("value", ["schlüssel", "two\nlines"])
def test_a_secret_that_no_request_can_carry_is_named_and_not_shown(value: str) -> None:
    wire = Wire(lambda _: httpx.Response(200))

    async def ask() -> None:
        await Fetcher(ManualClock(NOW), lambda _: value, wire.transport).fetch(FeedRequest(URL, secret=SECRETS[0]))

    with pytest.raises(FeedRejected, match="the secret 'token' has characters") as refused:
        asyncio.run(ask())
    assert value not in str(refused.value)
    assert [] == wire.asked


@pytest.mark.parametrize("page", ["?page=\x00", "?page=\x7f"])
def test_an_address_that_no_client_takes_is_refused_and_ends_no_refresh(page: str) -> None:
    error = failure(lambda _: httpx.Response(200), FeedRequest(URL).following(page))

    assert isinstance(error, FeedRejected)


@pytest.mark.parametrize(
    "text",
    ["http://[", "ftp://a.example/x", "https://", "https://a.example:99999/x", "http://a b/", "http://ä.example"],
)
def test_what_is_no_web_address_is_said_when_it_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="expected a web address, such as"):
        web_address(text)


def test_an_address_with_a_password_in_it_is_refused() -> None:
    with pytest.raises(ValueError, match="without user and password"):
        web_address("https://ada:canary@a.example/")


def test_the_next_page_must_lie_on_the_same_host() -> None:
    request = FeedRequest(URL, {"page": "1"})

    following = request.following("?page=2")

    assert (URL + "?page=2", {}) == (following.url, following.params)
    with pytest.raises(PayloadInvalid, match="next page"):
        request.following("http://[")
    with pytest.raises(PayloadInvalid, match="another host"):
        request.following("https://elsewhere.example/prices?page=2")
