"""
The one place where feeds meet HTTP: one client and one breaker per host, bounded bodies, secrets put in last.

Every way a request can end is one of four: an answer, `FeedUnavailable` (later), `FeedRejected` (our configuration), and
`PayloadInvalid` (not what a feed sends). Secrets are added under the client, so that neither its log nor an error has them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from scheduler.domain.errors import FeedRejected, FeedUnavailable, PayloadInvalid
from scheduler.ports import Clock
from scheduler.prices.breaker import Breaker
from scheduler.prices.feeds.body import bounded
from scheduler.prices.feeds.feed import FeedRequest
from scheduler.prices.feeds.payload import LARGEST_BODY
from scheduler.prices.feeds.secret_transport import WANTED, SecretTransport
from scheduler.prices.plan import stable_fraction

TIMEOUT = httpx.Timeout(20.0, connect=10.0)
WHOLE_S = 60.0
"""From the first byte sent to the last received: a body that drips is cut off here."""

TransportFactory = Callable[[str], httpx.AsyncBaseTransport]
Secrets = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: 2xx, or a status the feed counts as "nothing yet"."""

    status: int
    body: bytes


class Fetcher:
    """
    Fetches for all tariffs. `transport` makes the transport of one host (injected in tests); `secrets` finds a secret by
    its name, None where the operator gave none. `seed` makes the pauses differ between households.
    """

    def __init__(
        self, clock: Clock, secrets: Secrets, transport: TransportFactory | None = None, seed: str = ""
    ) -> None:
        self._clock, self._secrets, self._seed = clock, secrets, seed
        self._transport = transport or (lambda _: httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=4)))
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._breakers: dict[str, Breaker] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._used: set[str] = set()

    def wait_s(self, host: str) -> float:
        """Return how long *host* is left in peace; 0 when it may be asked."""
        return self._breaker(host).wait_s(self._clock.monotonic())

    async def fetch(self, request: FeedRequest, also: frozenset[int] = frozenset()) -> Answer:
        """Return the answer; statuses in *also* count as one. Raises a `FeedError` for everything else."""
        if request.path is not None:
            return read_file(request.path)
        host = request.host
        breaker = self._breaker(host)
        # One request at a time per host: feeds are small, and a crowd is what gets a household banned.
        async with self._turns.setdefault(host, asyncio.Lock()):
            wait_s = breaker.wait_s(self._clock.monotonic())
            if wait_s > 0:
                raise FeedUnavailable(f"{host} is left in peace after its last refusal", timedelta(seconds=wait_s))
            try:
                answer = await self._ask(host, request, also)
            except FeedUnavailable as error:
                breaker.failed(self._clock.monotonic(), error.retry_after)
                raise
            breaker.answered()
            return answer

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _ask(self, host: str, request: FeedRequest, also: frozenset[int]) -> Answer:
        try:
            outgoing = self._built(host, request)
            async with asyncio.timeout(WHOLE_S):
                response = await self._clients[host].send(outgoing, stream=True)
                try:
                    body = await bounded(response)
                finally:
                    await response.aclose()
        except (httpx.InvalidURL, UnicodeError) as error:
            raise FeedRejected(
                f"{host} cannot be asked so: {type(error).__name__} in the address or a header"
            ) from None
        except TimeoutError:
            raise FeedUnavailable(f"{host} did not answer within {WHOLE_S:g} s") from None
        except httpx.HTTPError as error:
            raise FeedUnavailable(f"{host} did not answer ({type(error).__name__})") from None
        return self._judged(host, response, body, also)

    def _judged(self, host: str, response: httpx.Response, body: bytes, also: frozenset[int]) -> Answer:
        status = response.status_code
        if status in also or 200 <= status < 300:
            return Answer(status, body)
        said = self._said(body)
        if status == 429 or status >= 500 or (status == 403 and _is_markup(body)):
            # A 403 with a page of HTML comes from the guard before the feed and means "too many", not "who are you".
            raise FeedUnavailable(f"{host} answered {status}{said}", _retry_after(response.headers, self._clock.now()))
        raise FeedRejected(f"{host} answered {status}{said}")

    def _said(self, body: bytes) -> str:
        """Return the server's own words, short, and without any secret of ours it may repeat."""
        if not body or _is_markup(body):
            return ""
        words = " ".join(body[:300].decode("utf-8", errors="replace").split())
        for secret in self._used:
            words = words.replace(secret, "[secret]")
        return f": {words[:200]}"

    def _built(self, host: str, request: FeedRequest) -> httpx.Request:
        if host not in self._clients:
            transport = SecretTransport(self._transport(host), self._secret, self._clock)
            self._clients[host] = httpx.AsyncClient(
                transport=transport, timeout=TIMEOUT, headers={"User-Agent": "smartcharge", "Accept-Encoding": "gzip"}
            )
        method = "GET" if request.body is None else "POST"
        content = None if request.body is None else dict(request.body)
        extensions = {} if request.secret is None else {WANTED: request.secret}
        return self._clients[host].build_request(
            method,
            request.url,
            params=dict(request.params) or None,
            headers=dict(request.headers),
            json=content,
            extensions=extensions,
        )

    def _secret(self, name: str) -> str:
        value = self._secrets(name)
        if not value:
            raise FeedRejected(f"the secret {name!r} is missing")
        if not (value.isascii() and value.isprintable()):
            raise FeedRejected(f"the secret {name!r} has characters that no request can carry, expected plain ASCII")
        self._used.add(value)
        return value

    def _breaker(self, host: str) -> Breaker:
        if host not in self._breakers:
            self._breakers[host] = Breaker(stable_fraction(self._seed, host))
        return self._breakers[host]


def _retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return what `Retry-After` (seconds or a date) or a RateLimit reset asks for; None where nothing readable is said."""
    for name in ("Retry-After", "RateLimit-Reset", "X-RateLimit-Reset-After"):
        said = headers.get(name, "").strip()
        if said.isascii() and said.isdigit():
            return timedelta(seconds=min(int(said[:9]), 10**9))
        if said and name == "Retry-After":
            try:
                at = parsedate_to_datetime(said)
            except ValueError:
                continue
            return max(at.replace(tzinfo=at.tzinfo or UTC) - now, timedelta(0))
    return None


def read_file(path: Path) -> Answer:
    """Return what lies in a file, bounded like every other answer."""
    try:
        with path.open("rb") as file:
            body = file.read(LARGEST_BODY + 1)
    except OSError as error:
        raise FeedUnavailable(f"{path} cannot be read: {error.strerror}") from None
    if len(body) > LARGEST_BODY:
        raise PayloadInvalid(f"{path} is larger than {LARGEST_BODY // 1024**2} MiB")
    return Answer(200, body)


def _is_markup(body: bytes) -> bool:
    return body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))
