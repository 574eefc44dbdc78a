"""
Who may speak to us.

We are bound to loopback, but a browser on the same machine opens any page of the world, and such a page may aim at us.
Three checks, before anything else is looked at:

- every request: its Host names us. A foreign name that was made to resolve to 127.0.0.1 (DNS rebinding) is turned away.
- every write: its Origin, where it has one, is the Host it was sent to.
- every write: its Sec-Fetch-Site, where it has one, says that it comes from our own page.

A browser cannot leave out or forge these headers. A program that is no browser sends neither Origin nor Sec-Fetch-Site.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READS = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # Not `no-referrer`: with it browsers send `Origin: null` from our own forms, and the check below would refuse them.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


class Guard:
    """
    ASGI middleware that turns strangers away and puts the security headers on every answer.

    *allowed_hosts* are names or addresses without a port: `localhost`, `127.0.0.1`, `::1`. *public_hosts* are names that a
    tunnel or a proxy brings from outside; they lead to *public_paths* (as routes write them) and nowhere else.
    """

    def __init__(
        self,
        app: ASGIApp,
        allowed_hosts: frozenset[str],
        public_hosts: frozenset[str] = frozenset(),
        public_paths: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._allowed_hosts = frozenset(_as_in_header(host) for host in allowed_hosts)
        self._public_hosts = frozenset(_as_in_header(host) for host in public_hosts)
        self._public_paths = tuple(compile_path(path)[0] for path in public_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421 for a foreign Host, 403 for a foreign write; pass everything else on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SECURITY_HEADERS, *_freshness(message["headers"])]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send_guarded)
        else:
            await _refuse(*refusal, send_guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or not self._leads(_without_port(hosts[0]), scope["path"]):
            named, ours = ", ".join(hosts) or "no host", ", ".join(sorted(self._allowed_hosts))
            return 421, f"smartcharge does not answer to {named}; it answers to {ours}"
        if scope["method"] in READS:
            return None
        origins, sites = _values(scope, b"origin"), _values(scope, b"sec-fetch-site")
        if any(not _same(origin, hosts[0]) for origin in origins):
            return 403, f"a write from another origin ({', '.join(origins)}) is refused"
        if any(site not in ("same-origin", "none") for site in sites):
            return 403, "a write from another site's page is refused"
        return None

    def _leads(self, host: str, path: str) -> bool:
        if host in self._allowed_hosts:
            return True
        return host in self._public_hosts and any(pattern.match(path) for pattern in self._public_paths)


def _as_in_header(host: str) -> str:
    return f"[{host}]".lower() if ":" in host and not host.startswith("[") else host.lower()


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip().lower() for header, value in scope["headers"] if header == name]


def _without_port(host: str) -> str:
    """Return the name or the bracketed address of a Host header: `[::1]:8712` is `[::1]`."""
    address, bracket, port = host.partition("]")
    if bracket:
        return address + bracket if not port or (port[0] == ":" and port[1:].isdigit()) else ""
    name, colon, port = host.partition(":")
    return name if not colon or port.isdigit() else ""


def _same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc == host


def _freshness(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the header by which a browser keeps nothing of us, unless the answer says itself what may be kept."""
    return [] if any(name == b"cache-control" for name, _ in headers) else [(b"cache-control", b"no-store")]


async def _refuse(status: int, sentence: str, send: Send) -> None:
    body = json.dumps({"error": {"message": sentence}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
