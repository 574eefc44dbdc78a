"""uvicorn in a loop that is not its own: on real sockets, without signals, and gone when it is told to go."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from scheduler.domain.errors import AlreadyRunning, ConfigError
from scheduler.web.server import WebServer
from tests.web.fleet import a_full_fleet

pytestmark = pytest.mark.live

HOST = "127.0.0.1"
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
WITHIN_S = 2.0
"""How long a stop may take, whatever connections are open."""

Dial = Callable[[WebServer, bytes], socket.socket]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def serving(visit: Callable[[WebServer], Awaitable[None]], app: ASGIApp = hello) -> float:
    """Serve *app* during *visit*; return how long the stop took."""

    async def served() -> float:
        server = WebServer(app, HOST, 0)
        await server.start()
        try:
            await visit(server)
        finally:
            begun = asyncio.get_running_loop().time()
            await server.stop()
        return asyncio.get_running_loop().time() - begun

    return asyncio.run(served())


@pytest.fixture
def dial() -> Iterator[Dial]:
    """Yield a way to open a connection, say something and keep it open until the test has ended."""
    with ExitStack() as kept:

        def dialled(server: WebServer, said: bytes) -> socket.socket:
            connection = kept.enter_context(socket.create_connection((HOST, server.port)))
            connection.setblocking(False)
            connection.send(said)
            return connection

        yield dialled


def test_the_page_comes_over_a_real_socket() -> None:
    async def visit(server: WebServer) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(server.url)
        assert 200 == answer.status_code
        assert "Ada&#39;s ID.3" in answer.text

    serving(visit, a_full_fleet().app())


def test_port_0_takes_a_free_one_and_tells_it() -> None:
    async def visit(server: WebServer) -> None:
        assert server.port > 0
        assert f"http://{HOST}:{server.port}/" == server.url

    serving(visit)


def test_the_signal_handlers_of_the_daemon_stay_in_force() -> None:
    async def served() -> None:
        before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
        server = WebServer(hello, HOST, 0)
        await server.start()
        assert before == [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
        await server.stop()

    asyncio.run(served())


def test_a_busy_port_is_a_sentence_with_host_and_port() -> None:
    async def visit(server: WebServer) -> None:
        with pytest.raises(AlreadyRunning, match=rf"port {server.port} on {HOST} is taken"):
            await WebServer(hello, HOST, server.port).start()

    serving(visit)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_is_not_ours_is_a_setting_to_mend(host: str) -> None:
    with pytest.raises(ConfigError, match=host):
        asyncio.run(WebServer(hello, host, 0).start())


def test_the_port_is_free_again_after_the_stop() -> None:
    ports: list[int] = []

    async def visit(server: WebServer) -> None:
        ports.append(server.port)
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(server.url)

    serving(visit)

    with socket.create_server((HOST, ports[0])) as ours:
        assert ports == [ours.getsockname()[1]]


def test_an_idle_kept_connection_does_not_hold_up_the_stop(dial: Dial) -> None:
    async def visit(server: WebServer) -> None:
        connection = dial(server, REQUEST)
        assert (await asyncio.get_running_loop().sock_recv(connection, 1000)).endswith(b"hello")

    assert serving(visit) < WITHIN_S


def test_half_a_request_does_not_hold_up_the_stop(dial: Dial) -> None:
    async def visit(server: WebServer) -> None:
        dial(server, REQUEST[:-5])
        # Another whole request: once it is answered, the half one has been read too.
        other = dial(server, REQUEST)
        await asyncio.get_running_loop().sock_recv(other, 1000)

    assert serving(visit) < WITHIN_S


def test_an_answer_that_never_ends_does_not_hold_up_the_stop(dial: Dial) -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await never.wait()

    async def visit(server: WebServer) -> None:
        dial(server, REQUEST)
        await asked.wait()

    assert serving(visit, endless) < WITHIN_S


def test_a_reader_that_does_not_read_does_not_hold_up_the_stop(dial: Dial) -> None:
    begun = asyncio.Event()

    async def flood(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})

    async def visit(server: WebServer) -> None:
        dial(server, REQUEST)
        await begun.wait()

    assert serving(visit, flood) < WITHIN_S


def test_stopping_twice_or_unstarted_does_nothing() -> None:
    async def stopped() -> None:
        await WebServer(hello, HOST, 0).stop()
        server = WebServer(hello, HOST, 0)
        await server.start()
        await server.stop()
        await server.stop()

    asyncio.run(stopped())


def test_an_ipv6_address_is_listened_on_and_written_in_brackets() -> None:
    async def served() -> None:
        server = WebServer(hello, "::1", 0)
        await server.start()
        assert f"http://[::1]:{server.port}/" == server.url
        await server.stop()

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error.strerror}")
    asyncio.run(served())
