"""A driver's consent in a browser: there and back, once, in ten minutes, and by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from scheduler.clock import ManualClock
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.roster import Roster
from scheduler.domain.vehicle import VehicleId
from scheduler.vehicles.smartcar.connecting import Connecting
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from scheduler.web.connect import connect
from tests.fakes.store import MemoryStore
from tests.web.fleet import a_driver

HOME = "https://charge.example"
SETTINGS = SmartcarSettings(application_id="app-1", redirect_uri=f"{HOME}/connect/callback")


class Visit:
    """One browser, and the daemon it speaks to."""

    def __init__(self, settings: SmartcarSettings = SETTINGS) -> None:
        self.clock, self.store = ManualClock(datetime(2026, 2, 1, 17, 0, tzinfo=UTC)), MemoryStore()
        self.roster = Roster([a_driver("Ada", "ID.3", "ada-id3")])
        self.connecting = Connecting(settings, self.clock, self.store)
        self.app = Starlette(routes=connect(self._begin, self._end, settings.redirect_uri))
        self.cookies: dict[str, str] = {}

    def _begin(self, driver: str) -> tuple[str, str]:
        departing = self.connecting.begin(driver, self.roster)
        return departing.url, departing.cookie

    def _end(self, query: Mapping[str, str], cookie: str | None) -> tuple[bool, str, str | None]:
        returned = self.connecting.end(query, cookie, self.roster)
        return returned.done, returned.sentence, returned.link

    def get(self, path: str, origin: str = HOME) -> httpx.Response:
        async def got() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=origin, cookies=self.cookies) as client:
                return await client.get(path)

        return asyncio.run(got())

    def departs(self) -> str:
        """Go to Connect; return the state it was given."""
        answer = self.get("/connect/ada")
        self.cookies = dict(answer.cookies)
        return parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]

    def returns(self, state: str, more: str = "user_id=secret-user") -> httpx.Response:
        return self.get(f"/connect/callback?state={state}&{more}")


def test_a_driver_is_led_to_connect_with_a_cookie_that_no_script_reads() -> None:
    answer = Visit().get("/connect/ada")

    assert 303 == answer.status_code
    assert answer.headers["location"].startswith("https://connect.smartcar.com/oauth/authorize?")
    kept = answer.headers["set-cookie"].lower()
    assert all(word in kept for word in ("httponly", "secure", "samesite=lax", "max-age=600", "path=/connect"))


def test_a_driver_who_comes_back_is_connected_and_the_car_is_seen_to() -> None:
    visit = Visit()

    answer = visit.returns(visit.departs())

    assert (200, True) == (answer.status_code, "Your car is connected." in answer.text)


def test_a_new_consent_lets_be_tried_again_what_was_refused_for_good() -> None:
    visit, car = Visit(), VehicleId("ada-id3")
    now = visit.clock.now()
    visit.store.enlist([car], now)
    (lease,) = visit.store.claim(now, 1, timedelta(minutes=5))
    refused = Command(CommandId("c"), car, Verb.START, Reason.PLAN, now, now + timedelta(hours=1))
    visit.store.queue_command(refused, lease)
    visit.store.advance_command(refused.id, CommandStatus.QUEUED, CommandStatus.SENDING, now)
    visit.store.advance_command(refused.id, CommandStatus.SENDING, CommandStatus.REFUSED, now)

    visit.returns(visit.departs())

    assert [CommandStatus.FAILED] == [command.status for command in visit.store.commands(car, now)]


def test_the_same_return_does_not_count_twice() -> None:
    visit = Visit()
    state = visit.departs()
    visit.returns(state)

    answer = visit.returns(state)

    assert (400, True) == (answer.status_code, "made already" in answer.text)


def test_a_return_in_another_browser_is_refused() -> None:
    visit = Visit()
    state = visit.departs()
    visit.cookies = {}

    assert 400 == visit.returns(state).status_code


def test_a_return_after_ten_minutes_is_refused() -> None:
    visit = Visit()
    state = visit.departs()
    visit.clock.advance(601)

    assert "longer than ten minutes" in visit.returns(state).text


def test_a_refusal_is_told_in_words_and_nothing_of_the_query_is_repeated() -> None:
    visit = Visit()

    answer = visit.returns(visit.departs(), "error=access_denied&error_description=%3Cscript%3E")

    assert 400 == answer.status_code
    assert "You did not give your consent" in answer.text
    assert "script" not in answer.text


def test_whoever_begins_at_home_is_led_to_the_name_that_smartcar_leads_back_to() -> None:
    answer = Visit().get("/connect/ada", "http://127.0.0.1:8712")

    assert f"{HOME}/connect/ada" == answer.headers["location"]


@pytest.mark.parametrize("path", ["/connect/nobody", "/connect/%3Cb%3E"])
def test_an_unknown_driver_is_told_so(path: str) -> None:
    answer = Visit().get(path)

    assert (404, False) == (answer.status_code, "<b>" in answer.text)


def test_new_ids_are_to_be_written_down_and_are_not_shown() -> None:
    visit = Visit()

    answer = visit.returns(visit.departs(), "user_id=somebody-new")

    assert "new ids" in answer.text
    assert "somebody-new" not in answer.text
