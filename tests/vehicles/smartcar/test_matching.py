"""Which of a driver's cars Smartcar has just connected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.domain.driver import Driver
from scheduler.domain.errors import InvalidValue
from scheduler.domain.roster import Roster
from scheduler.vehicles.smartcar.connections import Connection
from scheduler.vehicles.smartcar.matching import matched
from tests.web.fleet import a_driver


def a_car(name: str, make: str, model: str, ids: str = "") -> Driver:
    driver = a_driver("Ada", model, name)
    vehicle = replace(driver.cars[0].vehicle, make=make, smartcar_vehicle_id=ids)
    return replace(driver, cars=(replace(driver.cars[0], vehicle=vehicle),))


ID3, ZOE, TESLA = (
    a_car("ada-id3", "Volkswagen", "ID.3"),
    a_car("ada-zoe", "Renault", "Zoe"),
    a_car("ada-y", "Tesla", "Model Y"),
)
SECOND = a_car("ada-id4", "Volkswagen", "ID.4")


def found(connection: Connection, *asked: Driver, others: tuple[Driver, ...] = ()) -> list[str]:
    seats = Roster(asked).seats
    return list(matched([connection], seats, [*seats, *Roster(others).seats]))


def brought(make: str, model: str = "", vehicle_id: str = "new") -> Connection:
    return Connection("c", vehicle_id, "u", make, model)


@pytest.mark.parametrize(
    ("connection", "asked", "car"),
    [
        (brought("VOLKSWAGEN", "id.3"), (ID3, ZOE, SECOND), "ada-id3"),
        (brought("VW", "ID.3 Pro"), (ID3, ZOE), "ada-id3"),
        (brought("", "Model unknown"), (ZOE,), "ada-zoe"),
        (brought("VOLKSWAGEN", "anything", "known"), (ID3, a_car("ada-id4", "Volkswagen", "ID.4", "known")), "ada-id4"),
        (brought("VOLKSWAGEN", "Golf"), (a_car("ada-id3", "Volkswagen", "ID.3", "old"), SECOND), "ada-id4"),
        (brought("RENAULT", "Zoe", "changed"), (a_car("ada-zoe", "Renault", "Zoe", "before"),), "ada-zoe"),
    ],
)
def test_it_is_the_known_one_the_like_one_or_the_only_one(
    connection: Connection, asked: tuple[Driver, ...], car: str
) -> None:
    assert [car] == found(connection, *asked)


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        (brought("VOLKSWAGEN", "Golf"), "smartcharge connect ada-id3 or smartcharge connect ada-id4"),
        (brought("TESLA", "Model Y"), "no file here names a Tesla Model Y"),
        (brought("VOLKSWAGEN", "ID.3", "theirs"), "somebody else"),
    ],
)
def test_a_car_that_cannot_be_told_is_nobodys_and_the_driver_hears_what_to_do(
    connection: Connection, words: str
) -> None:
    with pytest.raises(InvalidValue, match=words):
        found(connection, ID3, SECOND, others=(a_car("ben-id3", "Volkswagen", "ID.3", "theirs"),))


def test_a_list_without_the_car_is_to_be_tried_again() -> None:
    with pytest.raises(InvalidValue, match="try again in a minute"):
        matched([], Roster([TESLA]).seats, ())
