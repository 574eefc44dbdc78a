"""One car's ring, turned with the pauses of a real account: hours between looks, so what must come soon has to be asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.clock import ManualClock
from scheduler.dispatch.budget import CallLimits
from scheduler.dispatch.calm import Calm
from scheduler.dispatch.commands import Commands, Door
from scheduler.dispatch.cycle import Cycle, CycleRules
from scheduler.dispatch.looking import LookPlan
from scheduler.dispatch.purse import Purse
from scheduler.domain.driver import Car, ChargePreferences, Departure, Driver, DriverId
from scheduler.domain.errors import VehicleError, VehicleRefused, VehicleUnreachable
from scheduler.domain.roster import Roster
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from tests.fakes.gateway import MemoryGateway
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore

EVENING = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)
DEAR_UNTIL = datetime(2026, 2, 2, 1, 0, tzinfo=UTC)
READY_BY = datetime(2026, 2, 2, 6, 0, tzinfo=UTC)
ADA = VehicleId("ada")
LEASE_FOR = timedelta(minutes=6)
LOOKS = LookPlan(
    unplugged=timedelta(hours=2),
    waiting=timedelta(hours=6),
    charging=timedelta(hours=2),
    confirm=(timedelta(minutes=2), timedelta(minutes=10)),
    patience=timedelta(minutes=65),
    unreachable=(timedelta(minutes=1), timedelta(minutes=5)),
)


class NightPrices:
    """0.30 EUR/kWh until two in the morning, then 0.20."""

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        slots = (PriceSlot(EVENING, DEAR_UNTIL, 0.30), PriceSlot(DEAR_UNTIL, READY_BY + timedelta(hours=6), 0.20))
        return TariffCurve("EUR", slots, "night", EVENING)


class Night:
    """A car, plugged in, that leaves at 07:00 in Berlin with 80 %; its ring is turned whenever it is due."""

    def __init__(self, soc_pct: float, *, charging: bool = False, by_supplier: bool = False) -> None:
        vehicle = Vehicle(ADA, "ID.3", "TESLA", "Model 3", Powertrain.BEV, "vehicle", "owner", 58, 11, 0.9)
        wishes = ChargePreferences({day: Departure(time(7), 80) for day in range(7)}, 20)
        car = Car(vehicle, wishes, by_supplier)
        driver = Driver(DriverId("ada"), "Ada", ZoneInfo("Europe/Berlin"), TariffId("night"), (car,))
        self.clock, self.store, self.gateway, self.notes = ManualClock(EVENING), MemoryStore(), MemoryGateway(), Notes()
        roster = Roster((driver,))
        purse = Purse(self.clock, self.store, self.notes, CallLimits())
        commands = Commands(
            self.clock, self.store, self.gateway, self.notes, lease_for=LEASE_FOR, door=Door(), purse=purse
        )
        rules = CycleRules(LOOKS, Calm(), timedelta(minutes=10), LEASE_FOR)
        self.cycle = Cycle(
            self.clock, self.store, self.gateway, NightPrices(), lambda: roster, self.notes, commands, rules, purse
        )
        self.store.enlist([ADA], EVENING)
        self.gateway.park(ADA, EVENING, soc_pct, charging=charging)

    def turn(self) -> bool:
        """Turn the ring if it is due."""
        leases = self.store.claim(self.clock.now(), 1, LEASE_FOR)
        for lease in leases:
            asyncio.run(self.cycle.turn(lease))
        return bool(leases)

    def minutes(self, number: int) -> None:
        """Let time pass minute by minute; the car reports all the time, and is looked at when it is due."""
        for _ in range(number):
            self.clock.advance(60)
            now = self.clock.now()
            self.gateway.cars[ADA] = replace(self.gateway.cars[ADA], seen_at=now, soc_seen_at=now)
            self.turn()

    def called(self, verb: str) -> int:
        return self.gateway.calls.count((verb, ADA))


REFUSALS: list[VehicleError] = [
    VehicleUnreachable("the maker's cloud does not answer"),
    VehicleRefused("the car is asleep", "ASLEEP"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=["unreachable", "refused"])
def test_a_start_that_failed_is_tried_again_within_minutes_although_looks_are_hours_apart(
    refusal: VehicleError,
) -> None:
    night = Night(15)
    night.gateway.failures.extend([None, refusal])
    night.turn()

    night.minutes(3)

    assert 2 == night.called("start")
    assert night.gateway.cars[ADA].charging


def test_a_stop_that_failed_is_tried_again_within_minutes_although_looks_are_hours_apart() -> None:
    night = Night(60, charging=True)
    night.gateway.failures.extend([None, VehicleUnreachable("the maker's cloud does not answer")])
    night.turn()

    night.minutes(3)

    assert 2 == night.called("stop")
    assert not night.gateway.cars[ADA].charging


def test_a_command_that_was_accepted_is_not_said_again() -> None:
    night = Night(15)
    night.turn()

    night.minutes(5)

    assert 1 == night.called("start")
    assert "command.confirmed" in night.notes.names


@pytest.mark.parametrize(("soc_pct", "charging"), [(15, False), (60, True), (95, True)])
def test_a_car_that_the_supplier_charges_is_looked_at_and_never_told_anything(soc_pct: float, charging: bool) -> None:
    night = Night(soc_pct, charging=charging, by_supplier=True)
    night.turn()

    night.minutes(14 * 60)

    assert (0, 0) == (night.called("start"), night.called("stop"))
    assert charging == night.gateway.cars[ADA].charging
    assert None is night.store.promise(ADA)
    assert night.store.session(ADA) is not None
