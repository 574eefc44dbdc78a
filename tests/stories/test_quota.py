"""The month's calls are gone in the middle of a night: Smartcar's count is the one that counts, and the driver is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scheduler.domain.vehicle import VehicleId
from scheduler.settings_file import SettingsFile
from scheduler.vehicles.simulator.fault import Fault, FaultKind, Target
from tests.stories.street import Street, parked, resident

EVENING = datetime(2026, 2, 2, 16, 0, tzinfo=UTC)
NIGHT = datetime(2026, 2, 3, 0, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 3, 5, 0, tzinfo=UTC)
ADA = VehicleId("ada")


def test_430_in_mid_night_snaps_the_count_and_the_driver_is_told_once(tmp_path: Path) -> None:
    async def story(street: Street) -> tuple[list[str], str, int | None, int]:
        await street.until(NIGHT)
        street.world.fault(Fault(kind=FaultKind.ERROR, on=Target.ANY, code="VEHICLE_REQUEST_LIMIT", for_s=12 * 3600))
        await street.until(MORNING)
        before = street.house.store.calls(ADA, EVENING)
        await street.hours(6)
        (car,) = street.house.operations.fleet().cars
        names = [event.name for event in street.house.store.events(0, 1000)]
        return names, car.sentence, car.calls_left, street.house.store.calls(ADA, EVENING) - before

    street = Street(
        tmp_path, EVENING, (resident("ada"),), (parked("ada", 40.0),), settings=SettingsFile(calls_per_month=500)
    )
    names, sentence, left, asked_on = street.live(story)

    assert (1, 0) == (names.count("budget.exhausted"), left)
    assert "Smartcar makes no more calls to it this month; set the car's own timer" in sentence
    assert 0 == asked_on


def test_a_car_whose_calls_are_there_again_is_planned_for_again(tmp_path: Path) -> None:
    async def story(street: Street) -> tuple[str, str]:
        await street.hours(1)
        street.world.fault(Fault(kind=FaultKind.ERROR, on=Target.ANY, code="VEHICLE_REQUEST_LIMIT", for_s=12 * 3600))
        await street.hours(24)
        (gone,) = street.house.operations.fleet().cars
        await street.hours(24)
        (back,) = street.house.operations.fleet().cars
        return gone.sentence, back.sentence

    street = Street(
        tmp_path, EVENING, (resident("ada"),), (parked("ada", 40.0),), settings=SettingsFile(calls_per_month=500)
    )
    gone, back = street.live(story)

    assert ("no more calls" in gone, "no more calls" in back) == (True, False)
