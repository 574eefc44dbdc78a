"""
Secrets, put into requests below the HTTP client: neither its log line, which tells the URL, nor any error has them.

Where a feed wants a token in exchange for the secret, the token is fetched once and kept until it may have run out.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta

import httpx

from scheduler.domain.errors import FeedRejected, FeedUnavailable
from scheduler.ports import Clock
from scheduler.prices.feeds.body import bounded
from scheduler.prices.feeds.feed import Login, Secret
from scheduler.prices.feeds.payload import json_value

WANTED = "smartcharge.secret"
"""The request extension that says which secret goes where."""

TOKEN_LASTS = timedelta(minutes=25)
"""WattTime's token lasts 30 minutes, Octopus's 60 (facts/feeds.md 2.4, 2.14)."""


class SecretTransport(httpx.AsyncBaseTransport):
    """One host's transport, with secrets. *secret* gives the value of a secret by its name, or raises `FeedRejected`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, secret: Callable[[str], str], clock: Clock) -> None:
        self._inner, self._secret, self._clock = inner, secret, clock
        self._tokens: dict[Login, tuple[str, float]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        wanted = request.extensions.get(WANTED)
        if not isinstance(wanted, Secret):
            return await self._inner.handle_async_request(request)
        response = await self._inner.handle_async_request(_with(request, wanted, await self._value(wanted)))
        if response.status_code == 401 and wanted.login is not None:
            # Another token next time; the answer stands, so that a wrong secret is not tried twice.
            self._tokens.pop(wanted.login, None)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _value(self, wanted: Secret) -> str:
        value = self._secret(wanted.name)
        if wanted.login is None:
            return value
        token, until_s = self._tokens.get(wanted.login, ("", 0.0))
        if not token or self._clock.monotonic() >= until_s:
            token = await self._log_in(wanted.login, value)
            self._tokens[wanted.login] = token, self._clock.monotonic() + TOKEN_LASTS.total_seconds()
        return token

    async def _log_in(self, login: Login, value: str) -> str:
        host = httpx.URL(login.url).host
        response = await self._inner.handle_async_request(_login_request(login, value))
        try:
            if response.status_code == 429 or response.status_code >= 500:
                raise FeedUnavailable(f"{host} answered the login with {response.status_code}")
            content = json_value(await bounded(response), "login") if response.status_code == 200 else None
        finally:
            await response.aclose()
        for step in login.token:
            content = content.get(step) if isinstance(content, dict) else None
        if not isinstance(content, str) or not content.isprintable() or not content.isascii():
            raise FeedRejected(f"{host} did not accept the login")
        return content


def _login_request(login: Login, value: str) -> httpx.Request:
    if login.query:
        return httpx.Request("POST", login.url, json={"query": login.query, "variables": {"key": value}})
    basic = base64.b64encode(value.encode()).decode()
    return httpx.Request("GET", login.url, headers={"Authorization": f"Basic {basic}"})


def _with(request: httpx.Request, wanted: Secret, value: str) -> httpx.Request:
    """Return *request* with the secret in its place."""
    url = request.url.copy_add_param(wanted.param, wanted.prefix + value) if wanted.param else request.url
    headers = request.headers.copy()
    if wanted.header:
        headers[wanted.header] = wanted.prefix + value
    return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)
