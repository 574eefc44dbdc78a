"""A driver's consent in a browser: there and back, once, in ten minutes, and by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from scheduler.clock import ManualClock
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.driver import Driver
from scheduler.domain.errors import VehicleUnreachable
from scheduler.domain.roster import Roster
from scheduler.domain.vehicle import Vehicle, VehicleId
from scheduler.vehicles.smartcar.connecting import Connecting
from scheduler.vehicles.smartcar.connections import Connection
from scheduler.vehicles.smartcar.consent import Connected
from scheduler.vehicles.smartcar.consent_book import ConsentBook
from scheduler.vehicles.smartcar.grants import GrantId
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from scheduler.web.connect import connect
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore
from tests.web.fleet import a_driver

HOME = "https://charge.example"
SETTINGS = SmartcarSettings(application_id="app-1", redirect_uri=f"{HOME}/connect/callback")


class Smartcar:
    """What Smartcar lists once somebody has consented, and what it was asked to end."""

    def __init__(self, *connections: Connection) -> None:
        self.connections, self.ended, self.asked = list(connections), list[str](), 0

    async def connected(self, answer: Connected, grant: GrantId) -> list[Connection]:
        self.asked += 1
        return [each for each in self.connections if each.user_id == answer.user_id]

    async def disconnect(self, vehicle: Vehicle) -> None:
        self.ended.append(vehicle.smartcar_vehicle_id)


ID3 = Connection("c-1", "new-vehicle", "secret-user", "Volkswagen", "ID.3")


class Visit:
    """One browser, and the daemon it speaks to."""

    def __init__(
        self, settings: SmartcarSettings = SETTINGS, *connections: Connection, drivers: Sequence[Driver] = ()
    ) -> None:
        self.clock, self.store, self.notes = (
            ManualClock(datetime(2026, 2, 1, 17, 0, tzinfo=UTC)),
            MemoryStore(),
            Notes(),
        )
        self.drivers = drivers or (a_driver("Ada", "ID.3", "ada-id3"),)
        self.book, self.smartcar = ConsentBook(None, self.clock, self.notes), Smartcar(*(connections or (ID3,)))
        self.changes = 0
        self.connecting = Connecting(
            settings, self.clock, self.store, self.book, self.smartcar, self.roster, self._changed
        )
        self.app = Starlette(
            routes=connect(
                self.connecting.begin, self.connecting.end, self.connecting.link, frozenset({"charge.example"})
            )
        )
        self.cookies: dict[str, str] = {}

    def roster(self) -> Roster:
        return self.book.identified(self.drivers)

    def _changed(self) -> None:
        self.changes += 1

    def get(self, path: str, origin: str = HOME) -> httpx.Response:
        async def got() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=origin, cookies=self.cookies) as client:
                return await client.get(path)

        return asyncio.run(got())

    name = "ada"

    def departs(self) -> str:
        """Go to Connect; return the state it was given."""
        answer = self.get(self.connecting.link(self.name))
        self.cookies = dict(answer.cookies)
        return parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]

    def returns(self, state: str, more: str = "user_id=secret-user") -> httpx.Response:
        return self.get(f"/connect/callback?state={state}&{more}")


def test_a_driver_is_led_to_connect_with_a_cookie_that_no_script_reads() -> None:
    visit = Visit()

    answer = visit.get(visit.connecting.link("ada"))

    assert 303 == answer.status_code
    assert answer.headers["location"].startswith("https://connect.smartcar.com/oauth/authorize?")
    kept = answer.headers["set-cookie"].lower()
    assert all(word in kept for word in ("httponly", "secure", "samesite=lax", "max-age=600", "path=/connect"))


def test_a_driver_who_comes_back_is_connected_and_the_car_has_smartcars_ids_from_then_on() -> None:
    visit = Visit()

    answer = visit.returns(visit.departs())

    assert (200, True) == (answer.status_code, "Ada&#x27;s ID.3: connected." in answer.text)
    (seat,) = visit.roster().seats
    assert ("new-vehicle", "secret-user") == (seat.car.vehicle.smartcar_vehicle_id, seat.car.vehicle.smartcar_user_id)
    assert (1, ["consent.given"]) == (visit.changes, visit.notes.names)
    assert "new-vehicle" not in answer.text


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


def test_whoever_begins_at_home_is_led_to_the_name_that_smartcar_leads_back_to_and_is_invited() -> None:
    answer = Visit().get("/connect/ada", "http://127.0.0.1:8712")

    assert answer.headers["location"].startswith(f"{HOME}/connect/ada?invitation=")


def test_whoever_comes_by_the_public_name_without_an_invitation_connects_nothing() -> None:
    answer = Visit().get("/connect/ada")

    assert (403, True) == (answer.status_code, "Ask whoever runs smartcharge" in answer.text)


@pytest.mark.parametrize("change", ["other name", "other daemon", "too late", "forged"])
def test_an_invitation_counts_for_its_name_at_this_daemon_and_for_ten_minutes(change: str) -> None:
    visit = Visit(SETTINGS, drivers=(a_driver("Ada", "ID.3", "ada-id3"), a_driver("Ben", "Zoe", "ben-zoe")))
    link = visit.connecting.link("ada")
    match change:
        case "other name":
            link = link.replace("/connect/ada?", "/connect/ben?")
        case "other daemon":
            link = Visit().connecting.link("ada")
        case "too late":
            visit.clock.advance(601)
        case "forged":
            link = link[:-1] + ("0" if link[-1] != "0" else "1")

    answer = visit.get(link)

    assert 404 == answer.status_code
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/connect/nobody", "/connect/%3Cb%3E"])
def test_an_unknown_driver_is_told_so(path: str) -> None:
    answer = Visit().get(path, "http://127.0.0.1:8712")

    assert (404, False) == (answer.status_code, "<b>" in answer.text)


def test_a_car_that_smartcar_lists_a_little_later_is_waited_for() -> None:
    visit = Visit()

    answer = visit.returns(visit.departs(), "user_id=somebody-unknown")

    assert (400, 3) == (answer.status_code, visit.smartcar.asked)
    assert "does not list the car yet" in answer.text


def test_a_tesla_is_led_on_to_its_virtual_key() -> None:
    driver = a_driver("Ada", "Model 3", "ada-3")
    car = replace(driver.cars[0], vehicle=replace(driver.cars[0].vehicle, make="Tesla"))
    connection = Connection("c-1", "new-vehicle", "secret-user", "TESLA", "Model 3")
    visit = Visit(SETTINGS, connection, drivers=(replace(driver, cars=(car,)),))

    assert '<a href="https://www.tesla.com/_ak/smartcar.com">' in visit.returns(visit.departs()).text


def test_the_car_of_another_driver_is_not_taken_over() -> None:
    theirs = Connection("c-2", "secret-vehicle", "stranger", "Volkswagen", "ID.3")
    ada, ben = a_driver("Ada", "ID.3", "ada-id3"), a_driver("Ben", "ID.3", "ben-id3")
    ben = replace(
        ben, cars=tuple(replace(car, vehicle=replace(car.vehicle, smartcar_vehicle_id="")) for car in ben.cars)
    )
    visit = Visit(SETTINGS, theirs, drivers=(ada, ben))
    visit.name = "ben"

    answer = visit.returns(visit.departs(), "user_id=stranger")

    assert "somebody else" in answer.text
    assert "" == visit.roster().seats[1].car.vehicle.smartcar_vehicle_id


def test_what_came_of_it_is_known_by_the_name_that_was_asked_for() -> None:
    visit = Visit()
    before = visit.connecting.returned("ada")

    visit.returns(visit.departs(), "error=access_denied")

    came = visit.connecting.returned("ada")
    assert before is None
    assert came is not None
    assert (False, "You did not give") == (came.done, came.sentence[:16])


def test_a_disconnected_car_has_no_ids_whatever_the_file_says() -> None:
    visit = Visit()

    (said,) = asyncio.run(visit.connecting.disconnect("ada"))
    (again,) = asyncio.run(visit.connecting.disconnect("ada"))

    assert "disconnected, here and at Smartcar" in said
    assert "not connected" in again
    assert (["secret-vehicle"], 1) == (visit.smartcar.ended, visit.changes)
    assert "" == visit.roster().seats[0].car.vehicle.smartcar_vehicle_id


def test_a_car_that_smartcar_was_not_asked_to_let_go_is_not_forgotten() -> None:
    visit = Visit()

    async def down(vehicle: Vehicle) -> None:
        raise VehicleUnreachable("no answer")

    visit.smartcar.disconnect = down  # type: ignore[method-assign]
    (said,) = asyncio.run(visit.connecting.disconnect("ada"))

    assert "still connected" in said
    assert "secret-vehicle" == visit.roster().seats[0].car.vehicle.smartcar_vehicle_id
