"""The simulator as a process of its own: it listens, says where, and ends when told to or when nobody asks any more."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from scheduler.domain.errors import AlreadyRunning
from scheduler.ports import Clock
from scheduler.vehicles.simulator.address import ADDRESS_NAME
from scheduler.vehicles.simulator.app import simulator_app
from scheduler.vehicles.simulator.courier import DEADLINE_S, Courier
from scheduler.vehicles.simulator.scenario import load_scenario
from scheduler.vehicles.simulator.world import World

Announce = Callable[[str], None]
"""Is told the simulator's URL once it listens."""


def run_simulator(
    scenario: Path, state_dir: Path, clock: Clock, announce: Announce, *,
    host: str = "127.0.0.1", port: int = 0, seed: int | None = None, idle_exit_s: float | None = None,
) -> None:  # fmt: skip
    """
    Live the world of *state_dir* on *port* (0: any free one) until SIGTERM or SIGINT, or until nobody asked for *idle_exit_s*.

    Raises `ConfigError` for a wrong scenario and `AlreadyRunning` for a held state or a busy port, before anything is told.
    """
    world = World(load_scenario(scenario), clock, seed=seed, state_dir=state_dir)
    # One that was killed has left its own; until we listen there is none.
    (state_dir / ADDRESS_NAME).unlink(missing_ok=True)
    try:
        asyncio.run(serve(world, host, port, announce, address_file=state_dir / ADDRESS_NAME, idle_exit_s=idle_exit_s))
    finally:
        world.close()


async def serve(
    world: World, host: str, port: int, announce: Announce, *,
    address_file: Path | None = None, idle_exit_s: float | None = None, stop: asyncio.Event | None = None,
) -> None:  # fmt: skip
    """
    Serve *world* until a signal, idleness or *stop* ends it. Raises `AlreadyRunning` where the port is taken.

    Signals are listened to in the main thread only.
    """
    async with contextlib.AsyncExitStack() as stack:
        listener = stack.enter_context(contextlib.closing(_listening(host, port)))
        courier = Courier(world, await stack.enter_async_context(httpx.AsyncClient(timeout=DEADLINE_S)))
        url = f"http://{host}:{listener.getsockname()[1]}"
        counted = _Counted(simulator_app(world, courier))
        server = _Server(
            uvicorn.Config(
                counted, http=_CuttableProtocol, ws="none", lifespan="off", log_level="warning", access_log=False,
                server_header=False, timeout_graceful_shutdown=2,
            )
        )  # fmt: skip
        stack.enter_context(_ended_by_signals(server))
        beside = [asyncio.create_task(courier.run())]
        if stop is not None:
            beside.append(asyncio.create_task(_end_when_told(server, stop)))
        if idle_exit_s:
            beside.append(asyncio.create_task(_end_when_idle(server, counted, idle_exit_s)))
        with _published(address_file, url):
            announce(url)
            try:
                await server.serve(sockets=[listener])
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)


class _Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn would raise them again after it has stopped, and the process would not end with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _CuttableProtocol(H11Protocol):
    """Tells the application which connection it answers on, so that it can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}


class _Counted:
    """Counts requests, so that idleness is known."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self.requests = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        await self._app(scope, receive, send)


@contextlib.contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    ours = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    for number in ours:
        loop.add_signal_handler(number, _end, server)
    try:
        yield
    finally:
        for number in ours:
            loop.remove_signal_handler(number)


def _end(server: uvicorn.Server) -> None:
    server.should_exit = True


async def _end_when_told(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    _end(server)


async def _end_when_idle(server: uvicorn.Server, counted: _Counted, idle_exit_s: float) -> None:
    """By the machine's time, whatever the world's clock: it is about processes, not cars."""
    seen = -1
    while counted.requests != seen:
        seen = counted.requests
        await asyncio.sleep(idle_exit_s)
    _end(server)


def _listening(host: str, port: int) -> socket.socket:
    # TCP by name: asyncio turns Nagle's algorithm off only then, and 40 ms of waiting off every answer with it.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Before anything is told to anybody: who reads the address can connect at once.
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AlreadyRunning(
                f"port {port} on {host} is taken; stop what listens there, or choose another port"
            ) from None
        raise
    return listener


@contextlib.contextmanager
def _published(path: Path | None, url: str) -> Iterator[None]:
    """Tell other processes the address for as long as it holds; whoever reads it sees all of it or nothing."""
    if path is None:
        yield
        return
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps({"pid": os.getpid(), "url": url}))
    part.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
