"""What cars tell by themselves, from the simulator's courier through our door to a plan and a command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduler.domain.vehicle import VehicleId
from scheduler.settings_file import SettingsFile
from scheduler.vehicles.simulator.fault import Fault, FaultKind, Target
from tests.stories.street import Street, parked, resident

EVENING = datetime(2026, 2, 2, 16, 0, tzinfo=UTC)
ADA = VehicleId("ada")


def a_street(state: Path, *, webhooks: bool = True, soc_pct: float = 40.0, starts_on_plug_in: bool = True) -> Street:
    """Return a street with the pauses of a real account: hours between looks."""
    car = parked("ada", soc_pct, plugged_in=False, starts_on_plug_in=starts_on_plug_in)
    settings = SettingsFile(automatic_start_s=600)
    return Street(state, EVENING, (resident("ada"),), (car,), webhooks=webhooks, settings=settings)


def test_a_car_that_is_plugged_in_has_a_plan_within_seconds_and_nobody_asked_it(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)
        calls = street.house.store.calls(ADA, EVENING)

        street.world.plug("ada")
        plugged_at = street.clock.now()
        await street.hours(10 / 3600)

        promise = street.house.store.promise(ADA)
        assert promise is not None
        assert promise.plan.windows
        assert timedelta(seconds=10) >= promise.made_at - plugged_at
        assert 0 == street.house.store.calls(ADA, EVENING, "look") - calls

    a_street(tmp_path).live(story)


def test_a_car_that_starts_on_plug_in_is_stopped_within_seconds(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)

        street.world.plug("ada")
        await street.hours(30 / 3600)

        assert not street.world.truth("ada").charging
        assert 1 == street.house.store.calls(ADA, EVENING, "stop")

    a_street(tmp_path).live(story)


def test_deliveries_that_come_twice_change_nothing(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)
        street.world.fault(Fault(kind=FaultKind.DOUBLED, car="ada", on=Target.WEBHOOK, times=5))

        street.world.plug("ada")
        await street.hours(1)

        names = [event.name for event in street.house.store.events(0, 1000)]
        assert 1 == names.count("vehicle.plugged_in")
        assert 1 == names.count("command.queued")

    a_street(tmp_path).live(story)


def test_a_plug_in_that_nobody_tells_is_found_by_looking(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)
        street.world.fault(Fault(kind=FaultKind.LOST, car="ada", on=Target.WEBHOOK, times=1000))

        street.world.plug("ada")
        await street.hours(6.2)

        assert street.house.store.session(ADA) is not None

    a_street(tmp_path).live(story)


def test_a_forged_delivery_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)
        street.world.fault(Fault(kind=FaultKind.LOST, car="ada", on=Target.WEBHOOK, times=1000))
        street.world.plug("ada")
        await street.hours(0.1)

        taken = await street.courier.send("wh-1", "forgery", "ada")
        await street.hours(0.1)

        assert not taken
        assert street.house.store.session(ADA) is None

    a_street(tmp_path).live(story)


def test_a_delivery_of_the_past_that_is_replayed_is_acknowledged_and_changes_nothing(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)
        street.world.plug("ada")
        await street.hours(0.1)
        body, signature = street.courier._sent["wh-1"]
        assert street.house.store.session(ADA) is not None
        street.world.unplug("ada")
        await street.hours(0.1)
        events = len(street.house.store.events(0, 1000))

        answer = street.house.deliver(body, signature)
        await street.hours(0.1)

        assert (200, {"result": "known"}) == answer
        assert street.house.store.session(ADA) is None
        assert events == len(street.house.store.events(0, 1000))

    a_street(tmp_path).live(story)


def test_a_delivery_that_others_have_overtaken_does_not_bring_the_past_back(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)
        late = Fault(kind=FaultKind.LATENCY, car="ada", on=Target.WEBHOOK, seconds=600, for_s=240)
        street.world.fault(late)
        street.world.plug("ada")
        await street.hours(5 / 60)
        assert street.house.store.session(ADA) is None
        street.world.unplug("ada")
        await street.hours(1)

        names = [event.name for event in street.house.store.events(0, 1000)]
        assert street.house.store.session(ADA) is None
        assert "vehicle.plugged_in" not in names

    a_street(tmp_path, starts_on_plug_in=False).live(story)


def test_a_late_delivery_is_planned_on_within_seconds_and_by_the_cars_own_date(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)
        street.world.fault(Fault(kind=FaultKind.LATENCY, car="ada", on=Target.WEBHOOK, seconds=1200, for_s=600))
        plugged_at = street.clock.now()
        street.world.plug("ada")
        await street.hours(19 / 60)
        assert street.house.store.session(ADA) is None

        await street.hours(90 / 3600)

        session, promise = street.house.store.session(ADA), street.house.store.promise(ADA)
        assert session is not None
        assert promise is not None
        assert timedelta(seconds=60) >= session.plugged_in_at - plugged_at
        assert timedelta(seconds=1230) >= promise.made_at - plugged_at

    a_street(tmp_path, starts_on_plug_in=False).live(story)


def test_a_delivery_that_cannot_be_written_down_is_brought_again(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)
        reception, refusals = street.house.deliver, iter([True, True, False])

        def full(body: bytes, signature: str | None) -> tuple[int, Mapping[str, str]]:
            return (503, {}) if next(refusals, False) else reception(body, signature)

        street.house.deliver = full  # type: ignore[method-assign]
        street.world.plug("ada")
        await street.hours(110 / 3600)

        promise = street.house.store.promise(ADA)
        assert promise is not None
        assert promise.plan.windows

    a_street(tmp_path).live(story)


def test_without_a_public_endpoint_the_car_is_charged_all_the_same(tmp_path: Path) -> None:
    async def story(street: Street) -> None:
        await street.hours(0.5)
        street.world.plug("ada")

        await street.until(datetime(2026, 2, 3, 6, 0, tzinfo=UTC))

        assert street.world.truth("ada").soc_pct >= 79

    a_street(tmp_path, webhooks=False).live(story)
