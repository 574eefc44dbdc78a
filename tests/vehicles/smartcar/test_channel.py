"""The wire: how many calls at once, and what a broken connection means, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from scheduler.clock import VirtualLoop, run_virtually
from scheduler.domain.errors import OutcomeUnknown, VehicleUnreachable
from scheduler.vehicles.smartcar.channel import MAX_CONNECTIONS, Channel, Channels, Dropped, NotSent, Request
from scheduler.vehicles.smartcar.reply import Reply
from scheduler.vehicles.smartcar.settings import SmartcarSettings

LOOK = Request("GET", "/v3/look")
COMMAND = Request("POST", "/v3/act", acts=True)


class Crowd(httpx.AsyncBaseTransport):
    """Answers after a second, and counts how many wait at once."""

    def __init__(self) -> None:
        self.now, self.most = 0, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(1)
        self.now -= 1
        return httpx.Response(200, json={})


def test_a_thousand_calls_at_once_are_twenty_at_a_time() -> None:
    crowd = Crowd()

    async def story() -> float:
        channel = Channel("http://127.0.0.1", SmartcarSettings(), lambda: crowd)
        await asyncio.gather(*(channel.send(LOOK) for _ in range(1000)))
        return asyncio.get_running_loop().time()

    assert 50 == pytest.approx(run_virtually(story(), VirtualLoop()))
    assert MAX_CONNECTIONS == crowd.most


def test_hosts_that_share_an_origin_share_a_channel() -> None:
    async def story() -> list[bool]:
        channels = Channels(SmartcarSettings())
        one, other = channels.to("http://127.0.0.1:1"), channels.to("http://127.0.0.1:2")
        same = [one is channels.to("http://127.0.0.1:1"), one is other]
        await channels.aclose()
        return [*same, one is channels.to("http://127.0.0.1:1")]

    assert [True, False, False] == asyncio.run(story())


def test_a_body_that_trickles_for_ever_is_given_up() -> None:
    class Trickle(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                await asyncio.sleep(300)
                yield b" "

    transport = httpx.MockTransport(lambda request: httpx.Response(202, stream=Trickle()))

    async def story() -> float:
        channel = Channel("http://127.0.0.1", SmartcarSettings(), lambda: transport)
        with pytest.raises(OutcomeUnknown):
            await channel.send(COMMAND)
        return asyncio.get_running_loop().time()

    assert 320 == pytest.approx(run_virtually(story(), VirtualLoop()))


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def spoken(talk: Talk, request: Request, **more: Any) -> Reply:
    """Return what the channel makes of a server that talks like *talk* after it has read a request's head."""

    talks: list[asyncio.Task[None]] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.create_task(one(reader, writer)))

    async def story() -> Reply:
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        channel = Channel(f"http://127.0.0.1:{port}", SmartcarSettings(**more))
        try:
            return await channel.send(request)
        finally:
            await channel.aclose()
            server.close()
            await server.wait_closed()
            await asyncio.gather(*talks, return_exceptions=True)

    return asyncio.run(story())


def says(*parts: bytes) -> Talk:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return talk


@pytest.mark.live
def test_a_202_without_a_length_is_read_until_the_connection_ends() -> None:
    reply = spoken(says(b"HTTP/1.1 202 Accepted\r\n\r\n", b'{"data": {"status":', b' "SUCCESS"}}'), COMMAND)

    assert (202, {"data": {"status": "SUCCESS"}}) == (reply.status, reply.body)


@pytest.mark.live
def test_a_202_in_chunks_is_read_to_its_last_chunk() -> None:
    head = b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n"

    reply = spoken(says(head, b"5\r\n{    \r\n", b"1\r\n}\r\n0\r\n\r\n"), COMMAND)

    assert (202, {}) == (reply.status, reply.body)


@pytest.mark.live
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 202 Acc",
        b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{  ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"not HTTP at all\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_leaves_a_command_unknown_and_a_look_open(answer: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        spoken(says(answer), COMMAND)
    with pytest.raises(VehicleUnreachable):
        spoken(says(answer), LOOK)


@pytest.mark.live
def test_a_look_whose_connection_ends_is_known_to_be_dropped() -> None:
    with pytest.raises(Dropped):
        spoken(says(b""), LOOK)


@pytest.mark.live
def test_a_look_without_an_answer_ends_with_its_read_time_out() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    with pytest.raises(VehicleUnreachable, match="ReadTimeout"):
        spoken(silence, LOOK, read_timeout_s=0.1)


@pytest.mark.live
def test_where_nobody_listens_nothing_was_sent() -> None:
    async def story() -> None:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        channel = Channel(f"http://127.0.0.1:{port}", SmartcarSettings())
        try:
            await channel.send(COMMAND)
        finally:
            await channel.aclose()

    with pytest.raises(NotSent):
        asyncio.run(story())


@pytest.mark.live
def test_a_redirect_is_not_followed_with_the_token() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"

    assert 302 == spoken(says(moved), Request("GET", "/", {"Authorization": "Bearer canary"})).status
