"""
The wire to one host of Smartcar: one client, at most 20 connections, and what a broken call means.

    not connected, no free connection     nothing was sent          VehicleUnreachable
    cut, read time-out, deadline          it may have acted         OutcomeUnknown for a command,
                                                                    else VehicleUnreachable

No error raised here holds an address, a header or a body: httpx's own exceptions can, so they are left behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import httpx

from scheduler import __version__
from scheduler.domain.errors import OutcomeUnknown, VehicleError, VehicleUnreachable
from scheduler.vehicles.smartcar.reply import Reply
from scheduler.vehicles.smartcar.settings import SmartcarSettings, is_loopback

TransportFactory = Callable[[], httpx.AsyncBaseTransport]
"""Makes the transport of one client, instead of httpx's own: a simulator in process, or a faster one for a fleet."""

# Above some 20 connections an httpx client collapses (measured: 363 requests a second with 20, 113 with 50).
MAX_CONNECTIONS = 20
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class NotSent(VehicleUnreachable):
    """No connection came about: nothing has reached the other side, and nothing was counted there."""


class Dropped(VehicleUnreachable):
    """The connection of a read ended without an answer."""


class Unanswered(VehicleUnreachable):
    """A read was not answered within its time."""


@dataclass(frozen=True, slots=True)
class Request:
    """
    One call. `acts`: it may change something at a car, so that without an answer its outcome is unknown. `timeout_s` is
    how long the answer may take; None for what the settings say.

    Headers, body and address hold tokens and ids and are not shown.
    """

    method: str
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: object = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    acts: bool = False
    timeout_s: float | None = None

    def with_header(self, name: str, value: str) -> Request:
        """Return the same call with one more header."""
        return replace(self, headers={**self.headers, name: value})


class Channel:
    """One host. `send` waits for a free place among `MAX_CONNECTIONS`, in the order of asking."""

    def __init__(self, origin: str, settings: SmartcarSettings, transport: TransportFactory | None = None) -> None:
        self._settings = settings
        self._client = _client(origin, transport)
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)

    async def send(self, request: Request) -> Reply:
        """Return the answer, read to its end, whatever its status. Raises as drawn above."""
        async with self._places:
            outcome = await self._attempt(request)
        if isinstance(outcome, VehicleError):
            raise outcome
        return outcome

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _attempt(self, request: Request) -> Reply | VehicleError:
        """Return the reply, or the error to raise: raised outside, so that it does not carry httpx's in its context."""
        usual_s = self._settings.command_timeout_s if request.acts else self._settings.read_timeout_s
        read_s = usual_s if request.timeout_s is None else request.timeout_s
        connect_s = self._settings.connect_timeout_s
        try:
            # A body that trickles never meets a read time-out, and a lease outlives no command that never ends.
            async with asyncio.timeout(connect_s + read_s):
                response = await self._client.request(
                    request.method,
                    request.path,
                    headers=dict(request.headers),
                    params=dict(request.params) or None,
                    json=request.json,
                    data=dict(request.form) if request.form else None,
                    timeout=httpx.Timeout(read_s, connect=connect_s),
                )
        except _NOTHING_SENT as error:
            return NotSent(f"no connection to Smartcar ({type(error).__name__})")
        except (httpx.RequestError, TimeoutError) as error:
            return _unanswered(request, type(error).__name__)
        return Reply.of(response.status_code, response.content, response.headers)


def _unanswered(request: Request, kind: str) -> VehicleError:
    if request.acts:
        return OutcomeUnknown(f"Smartcar's answer did not come ({kind}); the car may have acted")
    if kind in ("RemoteProtocolError", "ReadError"):
        return Dropped(f"Smartcar ended the connection without an answer ({kind})")
    return Unanswered(f"no answer from Smartcar ({kind})")


def _client(origin: str, transport: TransportFactory | None) -> httpx.AsyncClient:
    # httpx writes every address, vehicle ids included, into its own log at INFO; httpcore headers at DEBUG.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return httpx.AsyncClient(
        base_url=origin,
        transport=transport() if transport else None,
        limits=httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS),
        headers={"User-Agent": f"smartcharge/{__version__}", "Accept": "application/json"},
        follow_redirects=False,
        # A proxy from the environment must not be asked for what runs on this machine.
        trust_env=not is_loopback(origin),
    )


class Channels:
    """The channels in use, one a host; hosts that share an origin share one."""

    def __init__(self, settings: SmartcarSettings, transport: TransportFactory | None = None) -> None:
        self._settings, self._transport = settings, transport
        self._open: dict[str, Channel] = {}

    def to(self, origin: str) -> Channel:
        """Return the channel to *origin*, opened on first use."""
        host = urlsplit(origin).netloc
        if host not in self._open:
            self._open[host] = Channel(origin, self._settings, self._transport)
        return self._open[host]

    async def aclose(self) -> None:
        """Close them all. One that is asked for later is opened anew."""
        channels, self._open = list(self._open.values()), {}
        for channel in channels:
            await channel.aclose()
