from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.driver import Car, ChargePreferences, Driver, DriverId
from scheduler.domain.errors import InvalidValue
from scheduler.domain.roster import Roster
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId

HOME, WORK = TariffId("home"), TariffId("work")


def car(vehicle_id: str, name: str) -> Car:
    vehicle = Vehicle(VehicleId(vehicle_id), name, "VOLKSWAGEN", name, Powertrain.BEV, "sc-v", "sc-u", 58.0, 11.0, 0.9)
    return Car(vehicle, ChargePreferences())


def driver(driver_id: str, tariff_id: TariffId, *cars: Car) -> Driver:
    return Driver(DriverId(driver_id), driver_id.title(), ZoneInfo("Europe/Berlin"), tariff_id, cars)


ADA = driver("ada", HOME, car("ada-id3", "ID.3"), car("ada-zoe", "Zoe"))
BEN = driver("ben", WORK, car("ben-kona", "Kona"))
ROSTER = Roster([ADA, BEN])


def test_every_car_has_a_seat_in_the_order_of_the_files() -> None:
    assert ["ada-id3", "ada-zoe", "ben-kona"] == [seat.vehicle_id for seat in ROSTER.seats]


def test_a_seat_is_called_as_people_call_the_car() -> None:
    assert ROSTER.seat(VehicleId("ada-id3")).title == "Ada's ID.3"


def test_only_cars_of_the_files_are_in_it() -> None:
    assert VehicleId("ben-kona") in ROSTER
    assert VehicleId("ben-leaf") not in ROSTER


def test_a_driver_means_all_their_cars() -> None:
    assert ["ada-id3", "ada-zoe"] == [seat.vehicle_id for seat in ROSTER.named("ada")]


def test_a_car_means_itself() -> None:
    assert ["ada-zoe"] == [seat.vehicle_id for seat in ROSTER.named("ada-zoe")]


def test_a_slip_of_the_pen_is_met_with_the_nearest_name() -> None:
    with pytest.raises(InvalidValue, match='called "ada-id4", did you mean "ada-id3"'):
        ROSTER.named("ada-id4")


def test_a_name_like_no_other_is_met_with_all_of_them() -> None:
    with pytest.raises(InvalidValue, match="known are ada, ada-id3, ada-zoe, ben, ben-kona"):
        ROSTER.named("zzz")


def test_an_empty_roster_says_that_nobody_is_known() -> None:
    with pytest.raises(InvalidValue, match="known are none"):
        Roster([]).named("ada")


def test_a_tariff_concerns_the_cars_of_those_who_pay_it() -> None:
    assert ("ada-id3", "ada-zoe") == ROSTER.on_tariff([HOME])
    assert ("ada-id3", "ada-zoe", "ben-kona") == ROSTER.on_tariff([WORK, HOME])
