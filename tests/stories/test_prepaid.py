"""Prepaid nights in virtual time: the credit ends between two looks, and the car is stopped as it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from scheduler.domain.command import CommandStatus, Reason, Verb
from scheduler.domain.driver import DriverId
from scheduler.domain.vehicle import VehicleId
from scheduler.vehicles.simulator.fault import Fault, FaultKind, Target
from tests.stories.street import Street, parked, resident

EVENING = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 2, 6, 0, tzinfo=UTC)
ADA = VehicleId("ada")
DRIVER = DriverId("ada")


def street(tmp_path: Path, *, poll: timedelta, power_kw: float, reports_every_s: float, webhooks: bool) -> Street:
    driver = replace(resident("ada", power_kw=power_kw), prepaid=True)
    car = parked("ada", 40, power_kw=power_kw, starts_on_plug_in=False).model_copy(
        update={"reports_every_s": reports_every_s}
    )
    return Street(tmp_path / "state", EVENING, (driver,), (car,), poll=poll, webhooks=webhooks)


@pytest.mark.parametrize("power_kw", [7.4, 11.0, 22.0])
@pytest.mark.parametrize(
    ("webhooks", "reports_every_s"), [(True, 300.0), (False, 60.0), (False, 1200.0)], ids=["told", "looked at", "slow"]
)
def test_a_credit_that_ends_between_two_looks_is_not_exceeded(
    tmp_path: Path, power_kw: float, webhooks: bool, reports_every_s: float
) -> None:
    poll = timedelta(minutes=30)
    told = street(tmp_path, poll=poll, power_kw=power_kw, reports_every_s=reports_every_s, webhooks=webhooks)
    bought_kwh = 10.0

    async def story(street: Street) -> tuple[float, Decimal, list[tuple[Verb, Reason, CommandStatus]], list[str]]:
        street.house.prepaying.add("ada", "10kWh")
        await street.until(MORNING)
        store = street.house.store
        commands = [(each.verb, each.reason, each.status) for each in store.commands(ADA, EVENING)]
        spent = [event.name for event in store.events(0, 10_000, ADA) if event.name == "credit.spent"]
        return street.world.truth("ada").energy_kwh, store.balance(DRIVER).value, commands, spent

    used_kwh, left_kwh, commands, _ = told.live(story)

    print(f"{power_kw:g} kW, report every {reports_every_s:g} s: used {used_kwh:.2f} of {bought_kwh:g} kWh, {commands}")
    assert bought_kwh - 1.0 <= used_kwh <= bought_kwh + 0.3
    assert float(left_kwh) == pytest.approx(bought_kwh - used_kwh, abs=0.06)
    assert len(commands) <= 4


def test_a_car_started_by_hand_is_stopped_at_the_end_of_its_credit(tmp_path: Path) -> None:
    told = street(tmp_path, poll=timedelta(minutes=30), power_kw=11, reports_every_s=60, webhooks=False)

    async def story(street: Street) -> tuple[float, list[str]]:
        street.house.prepaying.add("ada", "5kWh")
        await street.hours(1)
        street.world.start("ada")
        await street.until(MORNING)
        events = [event.name for event in street.house.store.events(0, 10_000, ADA)]
        return street.world.truth("ada").energy_kwh, events

    used_kwh, events = told.live(story)

    assert 4.0 <= used_kwh <= 5.3
    assert 1 == events.count("credit.spent")


def test_a_car_that_does_not_obey_at_once_takes_what_it_draws_until_it_does_and_the_debt_is_booked(
    tmp_path: Path,
) -> None:
    told = street(tmp_path, poll=timedelta(minutes=5), power_kw=11, reports_every_s=60, webhooks=False)

    async def story(street: Street) -> tuple[float, Decimal, bool]:
        street.world.fault(Fault(kind=FaultKind.IGNORED, car="ada", on=Target.STOP))
        street.house.prepaying.add("ada", "5kWh")
        street.house.operations.start("ada")
        await street.until(MORNING)
        truth = street.world.truth("ada")
        return truth.energy_kwh, street.house.store.balance(DRIVER).value, truth.charging

    used_kwh, left_kwh, charging = told.live(story)

    print(f"an ignored stop: used {used_kwh:.2f} of 5 kWh, {left_kwh} kWh left")
    assert not charging
    assert 5.0 < used_kwh < 5 + 11 * 10 / 60
    assert float(left_kwh) == pytest.approx(5 - used_kwh, abs=0.06)


def test_nothing_is_started_without_credit_and_the_car_charges_once_there_is_some(tmp_path: Path) -> None:
    told = street(tmp_path, poll=timedelta(minutes=5), power_kw=11, reports_every_s=60, webhooks=False)

    async def story(street: Street) -> tuple[float, str, float]:
        await street.until(MORNING - timedelta(hours=3))
        before_kwh = street.world.truth("ada").energy_kwh
        sentence = street.house.operations.cars("ada")[0].sentence
        street.house.prepaying.add("ada", "4 kWh")
        await street.until(MORNING)
        return before_kwh, sentence, street.world.truth("ada").energy_kwh

    before_kwh, sentence, after_kwh = told.live(story)

    assert before_kwh == 0
    assert "the prepaid credit buys no more" in sentence
    assert 3.0 <= after_kwh <= 4.3


@pytest.mark.parametrize("power_kw", [3.7, 11.0, 22.0])
def test_a_battery_limit_is_kept_between_two_looks(tmp_path: Path, power_kw: float) -> None:
    car = parked("ada", 40, power_kw=power_kw, starts_on_plug_in=False).model_copy(update={"reports_every_s": 600.0})
    told = Street(
        tmp_path / "state", EVENING, (resident("ada", power_kw=power_kw, target_pct=62),), (car,),
        poll=timedelta(minutes=30),
    )  # fmt: skip

    async def story(street: Street) -> float:
        await street.until(MORNING)
        return street.world.truth("ada").soc_pct

    soc_pct = told.live(story)

    print(f"{power_kw:g} kW to a limit of 62 %: {soc_pct:.2f} %")
    assert 61 <= soc_pct <= 64
