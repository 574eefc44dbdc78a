"""A driver connects and disconnects a car: from the link through the simulator's Connect to the first plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from scheduler.domain.consent import ConsentStatus
from scheduler.domain.driver import Driver
from scheduler.domain.vehicle import VehicleId
from scheduler.settings_file import SettingsFile
from scheduler.vehicles.simulator.app import SimulatorTransport
from tests.stories.street import Street, parked, resident

EVENING = datetime(2026, 2, 2, 16, 0, tzinfo=UTC)
ADA = VehicleId("ada")


def without_ids(driver: Driver) -> Driver:
    """Return a driver whose file names no ids of Smartcar's."""
    cars = tuple(
        replace(car, vehicle=replace(car.vehicle, smartcar_vehicle_id="", smartcar_user_id="")) for car in driver.cars
    )
    return replace(driver, cars=cars)


async def consents(street: Street, name: str = "ada") -> str:
    """Do what the driver's browser does, and return the sentence it ends with."""
    link = urlsplit(street.house.operations.connect_link(name))
    leaving = street.house.consents.begin(name, dict(parse_qsl(link.query))["invitation"])
    async with httpx.AsyncClient(transport=SimulatorTransport(street.world)) as browser:
        back = (await browser.get(leaving.url)).headers["location"]
    returned = await street.house.consents.end(dict(parse_qsl(urlsplit(back).query)), leaving.cookie)
    return returned.sentence


def sentence(street: Street) -> str:
    (car,) = street.house.operations.fleet().cars
    return car.sentence


def test_a_driver_whose_file_has_no_ids_connects_and_is_charged(tmp_path: Path) -> None:
    async def story(street: Street) -> tuple[str, str, bool]:
        await street.hours(1)
        before = sentence(street)
        assert 0 == street.house.store.calls(ADA, EVENING)

        said = await consents(street)
        await street.until(datetime(2026, 2, 3, 6, 0, tzinfo=UTC))

        return before, said, street.world.truth("ada").soc_pct >= 79

    street = Street(tmp_path, EVENING, (without_ids(resident("ada")),), (parked("ada", 40.0),))

    assert ("Ada's ada: not connected: smartcharge connect ada", "Ada's ada: connected.", True) == street.live(story)


@pytest.mark.parametrize("refused", [False, True], ids=["connected", "refused by the browser"])
def test_a_ford_is_told_what_can_be_done_and_what_cannot(tmp_path: Path, refused: bool) -> None:
    driver = without_ids(resident("ada"))
    (car,) = driver.cars
    driver = replace(driver, cars=(replace(car, vehicle=replace(car.vehicle, make="FORD")),))
    ford = parked("ada", 40.0).model_copy(update={"make": "FORD"})

    async def story(street: Street) -> str:
        if not refused:
            return await consents(street)
        link = urlsplit(street.house.operations.connect_link("ada"))
        leaving = street.house.consents.begin("ada", dict(parse_qsl(link.query))["invitation"])
        state = dict(parse_qsl(urlsplit(leaving.url).query))["state"]
        answer = await street.house.consents.end({"error": "vehicle_incompatible", "state": state}, leaving.cookie)
        return answer.sentence

    said = Street(tmp_path, EVENING, (driver,), (ford,)).live(story)

    assert refused is not said.startswith("Ada's ada: connected.")
    assert "Smartcar connects this make by a telephone's app only, so a browser may be refused." in said
    assert "a start fills it to 100 %" in said


def test_a_car_that_is_connected_is_subscribed_to_the_webhook_and_tells_of_its_plug(tmp_path: Path) -> None:
    async def story(street: Street) -> int:
        assert {} == street.world.webhooks.subscriptions
        await consents(street)
        await street.hours(0.1)
        looks = street.house.store.calls(ADA, EVENING, "look")

        street.world.plug("ada")
        await street.hours(20 / 3600)

        assert street.house.store.promise(ADA) is not None
        return street.house.store.calls(ADA, EVENING, "look") - looks

    street = Street(
        tmp_path, EVENING, (without_ids(resident("ada")),), (parked("ada", 40.0, plugged_in=False),),
        webhooks=True, auto_subscribe=False, settings=SettingsFile(),
    )  # fmt: skip

    assert 0 == street.live(story)


def test_the_ids_of_a_consent_are_there_after_kill_9_and_nowhere_to_be_read(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await consents(street)
        await street.hours(0.1)
        await street.kill()
        await street.open()
        await street.hours(0.1)
        assert street.house.operations.fleet().cars[0].state is not None

    Street(tmp_path, EVENING, (without_ids(resident("ada")),), (parked("ada", 40.0),)).live(story)

    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert [] == [canary for canary in (b"sim-vehicle-ada", b"sim-user-ada") if canary in written]


def test_a_disconnected_car_is_asked_for_nothing_until_it_is_connected_again(tmp_path: Path) -> None:
    async def story(street: Street) -> list[int]:
        await street.hours(0.5)
        (said,) = await street.house.operations.disconnect("ada")
        assert "here and at Smartcar" in said
        assert "disconnected: smartcharge connect ada" in sentence(street)
        counts = [street.house.store.calls(ADA, EVENING)]
        await street.hours(6)
        counts.append(street.house.store.calls(ADA, EVENING))
        await consents(street)
        await street.hours(0.5)
        counts.append(street.house.store.calls(ADA, EVENING))
        return counts

    before, away, again = Street(tmp_path, EVENING, (resident("ada"),), (parked("ada", 40.0),)).live(story)

    assert before == away < again


def test_a_consent_that_the_driver_takes_back_at_smartcar_is_told_once_and_is_good_again_once_given(
    tmp_path: Path,
) -> None:
    async def story(street: Street) -> list[str]:
        await street.hours(0.5)
        street.world.record("consent", act="disconnected", car="ada")
        await street.hours(30)
        assert ConsentStatus.LOST is street.house.operations.fleet().cars[0].consent.status
        assert "consent lost" in sentence(street)
        await consents(street)
        await street.hours(0.5)
        assert ConsentStatus.GIVEN is street.house.operations.fleet().cars[0].consent.status
        return [event.name for event in street.house.store.events(0, 1000) if "consent" in event.name]

    names = Street(tmp_path, EVENING, (resident("ada"),), (parked("ada", 40.0),)).live(story)

    assert ["vehicle.consent_lost", "consent.given"] == names


def test_only_who_wants_a_car_left_alone_away_from_home_is_asked_for_more_than_charging_needs(tmp_path: Path) -> None:
    async def story(street: Street) -> list[str]:
        return [
            dict(parse_qsl(urlsplit(street.house.consents.begin(name, None).url).query))["scope"]
            for name in ("ada", "ben")
        ]

    drivers = (resident("ada"), replace(resident("ben"), home_only=True))
    street = Street(tmp_path, EVENING, drivers, (parked("ada", 40.0), parked("ben", 40.0)))

    least, more = street.live(story)

    assert {"read_vehicle_info", "read_battery", "read_charge", "control_charge"} == set(least.split())
    assert {"read_location"} == set(more.split()) - set(least.split())
