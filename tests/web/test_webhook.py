"""The webhook's address: raw bodies in, answers out, and nothing else of the house behind a public name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from scheduler.domain.errors import StoreUnavailable
from scheduler.web.app import web_app
from scheduler.web.health import HealthReport
from scheduler.web.webhook import LONGEST_BODY, PATH, webhook
from tests.web.fleet import a_full_fleet

taken: list[tuple[bytes, str | None]] = []


def take(body: bytes, signature: str | None) -> tuple[int, Mapping[str, str]]:
    if body == b"disk full":
        raise StoreUnavailable("the disk is full")
    taken.append((body, signature))
    return 200, {"result": "taken"}


def the_house() -> Starlette:
    return web_app(
        a_full_fleet().operations,
        prepaying=a_full_fleet().prepaying,
        health=HealthReport,
        metrics=lambda: (b"", "text/plain"),
        allowed_hosts=frozenset({"127.0.0.1"}),
        public_hosts=frozenset({"charge.example"}),
        doors=[*webhook(take), Route("/connect/{driver}", lambda _request: None, methods=["GET"])],
    )


def ask(method: str, path: str, host: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> int:
    async def asked() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(the_house())) as client:
            given = {"host": host, **(headers or {})}
            return (await client.request(method, f"http://x{path}", content=body, headers=given)).status_code

    return asyncio.run(asked())


@pytest.fixture(autouse=True)
def _nothing_taken() -> None:
    taken.clear()


@pytest.mark.parametrize("host", ["127.0.0.1:8712", "charge.example"])
def test_a_delivery_is_handed_on_byte_for_byte_with_its_signature(host: str) -> None:
    body = b'{ "eventId" :"e1"}\n'

    status = ask("POST", PATH, host, body, {"SC-Signature": "abc"})

    assert (200, [(body, "abc")]) == (status, taken)


@pytest.mark.parametrize("path", ["/", "/api/v1/cars", "/metrics", "/healthz", "/webhooks/smartcar/../../api/v1/cars"])
def test_a_public_name_leads_to_no_page_and_no_wish(path: str) -> None:
    assert 421 == ask("GET", path, "charge.example")


def test_a_public_name_that_is_not_ours_leads_nowhere() -> None:
    assert 421 == ask("POST", PATH, "evil.example", b"{}")


def test_a_body_without_end_is_cut_off() -> None:
    assert (413, []) == (ask("POST", PATH, "charge.example", b"x" * (LONGEST_BODY + 1)), taken)


def test_what_cannot_be_written_down_is_not_acknowledged() -> None:
    assert 503 == ask("POST", PATH, "charge.example", b"disk full")


def test_nothing_is_delivered_by_get() -> None:
    assert 405 == ask("GET", PATH, "charge.example")
