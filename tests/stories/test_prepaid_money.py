"""Prepaid nights paid in money: the cheapest hours it buys, stopped as it ends, and nothing at a price that is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.dispatch.promising import UNPRICED
from scheduler.domain.credit import Amount
from scheduler.domain.driver import DriverId
from scheduler.domain.vehicle import VehicleId
from tests.stories.street import Street, cheap_at_night, parked, resident

EVENING = datetime(2026, 2, 1, 21, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 2, 6, 0, tzinfo=UTC)
POWERS_KW = (7.4, 11.0, 22.0)
METERS: dict[str, tuple[str, ...]] = {"counter": (), "battery": ("charge-energyadded",)}


def street(tmp_path: Path) -> Street:
    """Return a street of one prepaid car for each meter and power."""
    names = {f"{meter}-{kw:g}".replace(".", "-"): (meter, kw) for meter in METERS for kw in POWERS_KW}
    drivers = tuple(replace(resident(name, power_kw=kw), prepaid=True) for name, (_, kw) in names.items())
    cars = tuple(
        parked(name, 30, power_kw=kw, starts_on_plug_in=False, not_capable=METERS[meter], soc_step_pct=1.0)
        for name, (meter, kw) in names.items()
    )
    return Street(tmp_path / "state", EVENING, drivers, cars, poll=timedelta(minutes=30))


def paid(street: Street, name: str) -> float:
    """Return what *name*'s car has in truth drawn, at the price of each hour it was drawn in."""
    car = street.world.car(name)
    return sum(
        (
            street.world.car(name).truth(EVENING + timedelta(minutes=minute + 1)).energy_kwh
            - car.truth(EVENING + timedelta(minutes=minute)).energy_kwh
        )
        * cheap_at_night((EVENING + timedelta(minutes=minute, hours=1)).hour)
        for minute in range(int((street.clock.now() - EVENING).total_seconds() // 60))
    )


@pytest.mark.parametrize("euros", [2.5, 7.0])
def test_money_buys_the_cheapest_hours_and_the_car_is_stopped_as_it_ends(tmp_path: Path, euros: float) -> None:
    told = street(tmp_path)

    async def story(street: Street) -> list[tuple[str, float, float, Amount, float, int, str]]:
        await street.hours(0.1)
        for driver in street.drivers:
            street.house.prepaying.add(driver.id, f"{euros:g}EUR")
        await street.until(MORNING)
        store = street.house.store
        return [
            (
                driver.id,
                driver.cars[0].vehicle.max_power_kw,
                street.world.truth(driver.id).energy_kwh,
                store.balance(DriverId(driver.id)),
                paid(street, driver.id),
                len(store.commands(VehicleId(driver.id), EVENING)),
                street.house.prepaying.account(driver.id).receipt[-1],
            )
            for driver in street.drivers
        ]

    for name, power_kw, used_kwh, left, worth, commands, receipt in told.live(story):
        print(
            f"{name} used {used_kwh:.2f} kWh worth EUR {worth:.2f} of EUR {euros:.2f}; {commands} commands; {receipt}"
        )
        meter_kwh = 0.7 if name.startswith("battery") else 0.06
        wanted_kwh = min(58 * 0.5 / 0.9, 4 * power_kw) * 0.18
        assert worth <= euros + max(0.3 * 0.18, 0.02 * euros)
        assert float(left.value) == pytest.approx(euros - worth, abs=meter_kwh * 0.36 + 0.01)
        assert worth >= min(euros, wanted_kwh) - 3 * 0.36
        assert commands <= 4


def test_nothing_is_bought_at_a_price_that_is_not_known_until_it_is(tmp_path: Path) -> None:
    before_noon, midnight = datetime(2026, 2, 1, 10, tzinfo=UTC), datetime(2026, 2, 1, 23, tzinfo=UTC)
    told = replace(street(tmp_path), start=before_noon)
    told.drivers, told.cars = told.drivers[1:2], told.cars[1:2]

    async def story(street: Street) -> tuple[list[float], tuple[str, ...], str]:
        name, world = street.drivers[0].id, street.world
        street.prices.held_back.add(date(2026, 2, 2))
        await street.until(midnight - timedelta(hours=0.5))
        street.house.prepaying.add(name, "20EUR")
        street.house.operations.start(name)
        drawn = [world.truth(name).energy_kwh]
        for moment in (midnight, midnight + timedelta(hours=1)):
            await street.until(moment)
            drawn.append(world.truth(name).energy_kwh)
        promise, sentence = street.house.store.promise(VehicleId(name)), street.house.operations.cars(name)[0].sentence
        street.prices.held_back.clear()
        await street.until(MORNING)
        return [*drawn, world.truth(name).energy_kwh], promise.notes if promise is not None else (), sentence

    (idle, known, unknown, at_last), notes, sentence = told.live(story)

    print(f"drawn {idle:.2f}, {known:.2f}, {unknown:.2f}, {at_last:.2f} kWh; {sentence}; {notes}")
    assert known - idle == pytest.approx(11 * (29 / 60), abs=0.2)
    assert known == unknown
    assert at_last > unknown + 20
    assert UNPRICED in notes
    assert "the prepaid credit buys no more" in sentence


@pytest.mark.parametrize("written", ["14kWh", "3EUR"])
def test_two_cars_of_one_driver_share_a_credit_and_do_not_exceed_it_together(tmp_path: Path, written: str) -> None:
    told = street(tmp_path)
    ada, second = told.drivers[1], told.drivers[2].cars[0]
    told.drivers, told.cars = (replace(ada, cars=(*ada.cars, second)),), told.cars[1:3]
    names = [car.id for car in told.cars]

    async def story(street: Street) -> tuple[list[float], float, Amount, float]:
        await street.hours(0.1)
        street.house.prepaying.add(ada.id, written)
        await street.until(datetime(2026, 2, 2, 0, 10, tzinfo=UTC))
        planned_kwh = sum(
            promise.plan.energy_kwh
            for name in names
            if (promise := street.house.store.promise(VehicleId(name))) is not None
        )
        await street.hours(0.3)
        for name in names:  # a hand on the car that does not charge
            street.world.start(name)
        await street.until(MORNING)
        used = [street.world.truth(name).energy_kwh for name in names]
        return used, planned_kwh, street.house.store.balance(ada.id), sum(paid(street, name) for name in names)

    used, planned_kwh, left, worth = told.live(story)

    print(
        f"{written}: planned {planned_kwh:.2f} kWh, used {used[0]:.2f} and {used[1]:.2f} kWh worth EUR {worth:.2f}, {left} left"
    )
    assert planned_kwh <= (14 if left.energy else 3 / 0.18) + 0.001
    assert sum(used) <= 14.3 if left.energy else worth <= 3 + 0.3 * 0.18
    assert 0 < float(left.value) <= (2 if left.energy else 0.4)
    assert min(used) > 1
