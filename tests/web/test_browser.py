"""The page in a real browser: what its policy forbids, what a phone shows, what its forms and its script do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from scheduler.domain.session import Override
from scheduler.web.server import WebServer
from tests.web import chromium
from tests.web.fleet import ADA, BEN, Fleet, a_full_fleet

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(chromium.found() is None, reason="this machine has no Chromium"),
]


def browsing(fleet: Fleet, visit: Callable[[chromium.Chromium, str], None]) -> list[object]:
    """Serve *fleet*'s page on loopback during *visit*; return what the browser complained of."""

    async def served() -> list[object]:
        server = WebServer(fleet.app(), "127.0.0.1", 0)
        await server.start()
        try:
            return await asyncio.to_thread(visited, server.url)
        finally:
            await server.stop()

    def visited(url: str) -> list[object]:
        path = chromium.found()
        assert path is not None
        with chromium.Chromium(path) as browser:
            visit(browser, url)
            return list(browser.complaints)

    return asyncio.run(served())


def test_no_screen_is_too_small_and_the_browser_has_nothing_to_complain_of() -> None:
    widths: list[tuple[int, int]] = []

    def visit(browser: chromium.Chromium, url: str) -> None:
        for width, dark in ((320, False), (360, True), (768, False), (1200, True)):
            browser.screen(width, 800, dark=dark)
            browser.open(url)
            widths.append((width, browser.run("document.documentElement.scrollWidth")))

    assert [] == browsing(a_full_fleet(), visit)
    assert [] == [(width, needed) for width, needed in widths if needed > width]


def test_light_and_dark_follow_the_reader() -> None:
    grounds: list[str] = []

    def visit(browser: chromium.Chromium, url: str) -> None:
        for dark in (False, True):
            browser.screen(800, 600, dark=dark)
            browser.open(url)
            grounds.append(browser.run("getComputedStyle(document.body).backgroundColor"))

    browsing(a_full_fleet(), visit)

    assert ["rgb(243, 245, 242)", "rgb(13, 19, 17)"] == grounds


@pytest.mark.parametrize("javascript", [True, False])
def test_a_button_is_a_wish_and_leads_back_to_the_page(javascript: bool) -> None:
    fleet = a_full_fleet()
    seen: list[str] = []

    def visit(browser: chromium.Chromium, url: str) -> None:
        browser.screen(800, 600, javascript=javascript)
        browser.open(url)
        browser.run("document.getElementById('stop-1').click()")
        browser.wait_for_load()
        seen.append(browser.run("location.pathname + location.hash"))
        seen.append(browser.run("document.querySelector('.warning').textContent"))

    assert [] == browsing(fleet, visit)
    assert Override.STOP is fleet.store.override(ADA)
    assert "/#car-ada-id3" == seen[0]
    assert seen[1].startswith("It may miss the departure")


def test_a_refresh_changes_only_the_card_that_changed_and_keeps_the_focus() -> None:
    fleet = a_full_fleet()
    kept: list[object] = []

    def visit(browser: chromium.Chromium, url: str) -> None:
        browser.screen(800, 600)
        browser.open(url)
        browser.run("window.before = ['car-ada-id3', 'car-ben-zoe'].map(id => document.getElementById(id)); 0")
        browser.run("document.getElementById('hold-2').focus()")
        fleet.plug(BEN, 14.0)
        kept.append(browser.run("refresh().then(() => before.map(card => card.isConnected))"))
        kept.append(browser.run("document.activeElement.id"))
        kept.append(browser.run("document.getElementById('car-ben-zoe').querySelector('.soc').textContent"))

    assert [] == browsing(fleet, visit)
    assert [[True, False], "hold-2", "14 %"] == kept


def test_a_daemon_that_has_gone_is_told_on_the_page() -> None:
    told: list[str] = []

    def visit(browser: chromium.Chromium, url: str) -> None:
        browser.screen(800, 600)
        browser.open(url)
        browser.run("window.fetch = () => Promise.reject(new Error('gone')); 0")
        told.append(browser.run("refresh().then(() => document.getElementById('lost').textContent)"))

    browsing(a_full_fleet(), visit)

    assert ["smartcharge does not answer. This page shows how things stood before."] == told
