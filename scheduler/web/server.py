"""uvicorn in the daemon's own loop: it takes the port before anything else is started, and no signal."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from scheduler.domain.errors import AlreadyRunning, ConfigError

PATIENCE_S = 1
"""How long a request under way may still take at the end. The whole daemon has 5 s to stop."""

CONNECTIONS = 200
"""Above this we answer 503: somebody holds connections open, and the cars come first."""


class WebServer:
    """
    Serves *app* on *host* and *port* from `start` to `stop`; port 0 takes any free one.

    The daemon's own signal handlers stay in force.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._host, self._wanted_port = host, port
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None
        self._server = _Server(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS,
                timeout_graceful_shutdown=PATIENCE_S,
            )
        )

    @property
    def port(self) -> int:
        """The port that is listened on; the wanted one before `start`."""
        return self._socket.getsockname()[1] if self._socket else self._wanted_port

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page: `http://127.0.0.1:8712/`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}/"

    async def start(self) -> None:
        """
        Take the port and serve.

        AlreadyRunning where another program listens there; ConfigError where host or port can never be ours.
        """
        self._socket = _listening(self._host, self._wanted_port)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="web")
        await self._server.ready.wait()

    async def stop(self) -> None:
        """Close the port and every connection, within 2 s. A second stop does nothing."""
        if self._serving is None:
            return
        serving, self._serving = self._serving, None
        self._server.should_exit = True
        await serving
        for connection in list(self._server.server_state.connections):
            # Whoever neither reads nor closes would keep its connection for as long as the process lives.
            if connection.transport is not None:
                connection.transport.abort()


class _Server(uvicorn.Server):
    """uvicorn's server, less its signal handlers, and with an event in place of a flag to be polled."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _listening(host: str, port: int) -> socket.socket:
    """Return a listening socket. Listening at once is what makes a second daemon on this port fail at its bind."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # TCP by name: asyncio turns Nagle's algorithm off only then, and 40 ms of waiting off every answer with it.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise _impossible(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address[0], address[1]))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AlreadyRunning(
                f"the page's port {port} on {host} is taken by another program, perhaps another smartcharge: "
                "stop that one, or set another port"
            ) from error
        raise _impossible(host, port, error) from error
    return listener


def _impossible(host: str, port: int, error: OSError) -> ConfigError:
    return ConfigError(
        f"the page cannot listen on port {port} of {host} ({error.strerror}): expected an address of this machine "
        "and a port this user may take"
    )
