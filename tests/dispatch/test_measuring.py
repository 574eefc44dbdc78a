from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.dispatch.measuring import Measuring
from scheduler.domain.driver import Car, ChargePreferences, Driver, DriverId
from scheduler.domain.roster import Seat
from scheduler.domain.session import ChargeSession
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import VehicleId, VehicleState
from tests.fakes.store import MemoryStore
from tests.planning.test_measured import CAR, DAY, NOW, charge, nights

SEAT = Seat(
    Driver(DriverId("ada"), "Ada", ZoneInfo("Europe/Berlin"), TariffId("home"), ()), Car(CAR, ChargePreferences())
)


class Counted(MemoryStore):
    """A store that counts how often the past is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def sightings(self, vehicle_id: VehicleId, since: datetime) -> list[VehicleState]:
        self.reads += 1
        return super().sightings(vehicle_id, since)


def lived(*powers_kw: float) -> Counted:
    store = Counted()
    for seen in nights(*powers_kw):
        store.record_sighting(seen, seen.seen_at)
    return store


def plugged_in(days: int) -> ChargeSession:
    return ChargeSession(CAR.id, NOW + days * DAY - timedelta(hours=1))


def test_a_car_is_what_its_past_charges_say() -> None:
    assert 7.0 == round(Measuring(lived(7.0, 7.0, 7.0)).vehicle(SEAT, plugged_in(3)).max_power_kw, 6)
    assert CAR == Measuring(lived()).vehicle(SEAT, plugged_in(3))


def test_what_is_seen_after_the_plug_in_counts_for_the_next_one() -> None:
    store = lived(7.0, 7.0)
    measuring = Measuring(store)

    assert CAR == measuring.vehicle(SEAT, plugged_in(2))
    for seen in charge(2, 7.0):
        store.record_sighting(seen, seen.seen_at)
    assert CAR == measuring.vehicle(SEAT, plugged_in(2))
    assert CAR != measuring.vehicle(SEAT, plugged_in(3))


def test_the_past_is_read_once_for_each_plug_in_and_file() -> None:
    store = lived(7.0, 7.0, 7.0)
    measuring = Measuring(store)
    mended = replace(SEAT, car=replace(SEAT.car, vehicle=replace(CAR, max_power_kw=7.4)))

    for seat in (SEAT, SEAT, mended, mended):
        measuring.vehicle(seat, plugged_in(3))

    assert 2 == store.reads
    assert 7.0 == round(measuring.vehicle(mended, plugged_in(3)).max_power_kw, 6)


def test_what_is_older_than_two_months_is_not_looked_at() -> None:
    assert CAR == Measuring(lived(7.0, 7.0, 7.0)).vehicle(SEAT, plugged_in(70))
