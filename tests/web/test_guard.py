"""Who may speak to us: hosts that are ours, and writes that come from our own page or from no browser at all."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from scheduler.domain.session import Override
from scheduler.web.guard import Guard
from tests.web.fleet import ADA, Fleet, a_full_fleet

PATHS = ["/", "/fleet", "/static/style.css", "/api/v1/cars", "/api/v1/openapi.json", "/healthz", "/metrics", "/nothing"]
WRITES = ["/api/v1/cars/ada/stop", "/cars/ada-id3/stop"]


@pytest.fixture
def fleet() -> Fleet:
    return a_full_fleet()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8712",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "localhost:8712@evil",
        "",
        "[::1].evil.example",
        "[::1",
        "localhost:evil",
        "2130706433",
        "[::ffff:127.0.0.1]:8712",
    ],
)
def test_a_foreign_host_is_turned_away_from_everything(fleet: Fleet, path: str, host: str) -> None:
    answer = fleet.ask("GET", path, [("host", host)])

    assert 421 == answer.status_code
    assert "does not answer to" in answer.json()["error"]["message"]


@pytest.mark.parametrize("host", ["localhost", "LocalHost:8712", "127.0.0.1:1", "[::1]:8712", "[::1]"])
def test_our_own_hosts_are_answered_on_any_port(fleet: Fleet, host: str) -> None:
    assert 200 == fleet.ask("GET", "/api/v1/cars", [("host", host)]).status_code


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "header",
    [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", ""),
        ("origin", "http://127.0.0.1:9999"),
        ("origin", "http://localhost:8712"),
        ("origin", "http://127.0.0.1:8712.evil.example"),
        ("origin", "file://127.0.0.1:8712"),
        ("origin", "http://[127.0.0.1:8712"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", ""),
    ],
    ids=": ".join,
)
def test_a_write_from_elsewhere_is_refused_and_changes_nothing(
    fleet: Fleet, path: str, header: tuple[str, str]
) -> None:
    answer = fleet.ask("POST", path, [header])

    assert 403 == answer.status_code
    assert Override.NONE is fleet.store.override(ADA)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("origin", "http://127.0.0.1:8712")],
        [("origin", "https://127.0.0.1:8712"), ("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "none")],
    ],
    ids=["no browser", "older browser", "behind TLS", "by the user's own hand"],
)
def test_a_write_from_our_page_or_from_no_browser_is_done(
    fleet: Fleet, path: str, headers: list[tuple[str, str]]
) -> None:
    answer = fleet.ask("POST", path, headers)

    assert answer.status_code in (200, 303)
    assert Override.STOP is fleet.store.override(ADA)


def test_reading_from_another_site_is_left_to_the_browser_which_shows_it_nothing(fleet: Fleet) -> None:
    answer = fleet.ask("GET", "/api/v1/cars", [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")])

    assert 200 == answer.status_code
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "same-origin" == answer.headers["cross-origin-resource-policy"]


def test_nobody_is_told_that_he_may_ask_from_elsewhere(fleet: Fleet) -> None:
    asked = [("origin", "https://evil.example"), ("access-control-request-method", "POST")]

    answer = fleet.ask("OPTIONS", "/api/v1/cars/ada/stop", asked)

    assert 405 == answer.status_code
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_bears_the_headers_that_keep_a_browser_careful(fleet: Fleet, path: str) -> None:
    headers = fleet.get(path).headers

    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert "'none'" == policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"]
    assert "'self'" == policy["script-src"] == policy["style-src"] == policy["form-action"]
    assert ("nosniff", "DENY") == (headers["x-content-type-options"], headers["x-frame-options"])
    # With `no-referrer` a browser would send `Origin: null` from our own forms.
    assert "same-origin" == headers["referrer-policy"]
    assert "no-store" == headers["cache-control"]


def test_what_is_no_request_is_passed_on() -> None:
    passed: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["type"])

    async def silent() -> Message:
        return {"type": "lifespan.startup"}

    async def deaf(message: Message) -> None: ...

    asyncio.run(Guard(app, frozenset())({"type": "lifespan"}, silent, deaf))

    assert ["lifespan"] == passed


def test_a_refusal_bears_them_too(fleet: Fleet) -> None:
    assert "content-security-policy" in fleet.ask("GET", "/", [("host", "evil.example")]).headers
