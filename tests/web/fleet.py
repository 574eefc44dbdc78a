"""A fleet for the tests of what people see: the real `Operations` on the store in memory, at a standing clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI

from scheduler.clock import ManualClock
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.consent import Consent
from scheduler.domain.driver import Car, ChargeGoal, ChargePreferences, Driver, DriverId
from scheduler.domain.event import Fact
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Roster
from scheduler.domain.session import ChargeSession
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId, VehicleState
from scheduler.operations import Operations
from scheduler.ports import Returned
from scheduler.prepaying import Prepaying
from scheduler.web.app import web_app
from scheduler.web.health import HealthReport
from tests.fakes.store import MemoryStore

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 2, 6, 16, 32, 10, tzinfo=UTC)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
HOME = TariffId("home")
ADA, BEN = VehicleId("ada-id3"), VehicleId("ben-zoe")


def local(text: str, timezone: ZoneInfo = BERLIN) -> datetime:
    """Return a local wall time, `2026-02-07 01:15`, as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone).astimezone(UTC)


def a_driver(name: str, car: str, vehicle_id: str, tariff_id: TariffId = HOME, timezone: ZoneInfo = BERLIN) -> Driver:
    vehicle = Vehicle(
        VehicleId(vehicle_id), car, "VW", car, Powertrain.BEV, "secret-vehicle", "secret-user", 58.0, 11.0, 0.9
    )
    driver_id = DriverId(vehicle_id.partition("-")[0])
    return Driver(driver_id, name, timezone, tariff_id, (Car(vehicle, ChargePreferences()),))


def a_curve(
    start: datetime, end: datetime, price: Callable[[datetime], float | None] = lambda at: 0.2, currency: str = "EUR"
) -> TariffCurve:
    """Return quarters of an hour from *start* to *end*; none where *price* gives None."""
    moments = [start + QUARTER * step for step in range(int((end - start) / QUARTER))]
    priced = ((moment, price(moment)) for moment in moments)
    slots = tuple(PriceSlot(moment, moment + QUARTER, value) for moment, value in priced if value is not None)
    return TariffCurve(currency, slots, "made up")


def a_window(start: str, end: str, power_kw: float = 7.4) -> ChargeWindow:
    return ChargeWindow(local(start), local(end), power_kw)


class Fleet:
    """Drivers and their cars; whatever the house would have learned of them is written straight into the store."""

    def __init__(self, *drivers: Driver, simulated: bool = False, now: datetime = NOW) -> None:
        self.clock, self.store = ManualClock(now), MemoryStore()
        self.curves: dict[TariffId, TariffCurve] = {}
        self.drivers = list(drivers)
        self.health = HealthReport()
        self.consents: dict[VehicleId, Consent] = {}
        self.came: Returned | None = None
        self.operations = Operations(
            self.clock,
            self.store,
            self,
            lambda: Roster(self.drivers),
            self,
            simulated=simulated,
            version="1.2.3",
            desk=self,
        )
        self.prepaying = Prepaying(self.clock, self.store, self, lambda: Roster(self.drivers), self)
        self.store.enlist([car.vehicle.id for driver in drivers for car in driver.cars], now)

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return self.curves.get(tariff_id)

    def consent(self, vehicle_id: VehicleId) -> Consent:
        return self.consents.get(vehicle_id, Consent(vehicle_id))

    def link(self, name: str) -> str:
        return f"https://charge.example/connect/{name}?invitation=i"

    def returned(self, name: str) -> Returned | None:
        return self.came

    async def disconnect(self, name: str) -> tuple[str, ...]:
        return tuple(f"{seat.title} is disconnected." for seat in Roster(self.drivers).named(name))

    def note(self, name: str, vehicle_id: VehicleId | None = None, **facts: Fact) -> None:
        self.store.record_event(self.clock.now(), name, vehicle_id, facts)

    def see(self, vehicle_id: VehicleId, soc_pct: float | None = 46.0, **facts: Any) -> None:
        """Let the car have reported four minutes ago."""
        seen_at = self.clock.now() - timedelta(minutes=4)
        state = VehicleState(vehicle_id, seen_at, soc_pct, seen_at if soc_pct is not None else None, **facts)
        self.store.record_sighting(state, self.clock.now())

    def plug(self, vehicle_id: VehicleId, soc_pct: float | None = 46.0, *, charging: bool | None = False) -> None:
        self.see(vehicle_id, soc_pct, plugged_in=True, charging=charging)
        self.store.save_session(ChargeSession(vehicle_id, self.clock.now() - HOUR, soc_pct))

    def promise(self, vehicle_id: VehicleId, *windows: ChargeWindow, **facts: Any) -> None:
        """Promise 80 % by Saturday 07:00, unless *facts* say otherwise."""
        energy_kwh = sum(window.energy_kwh for window in windows)
        given: dict[str, Any] = {
            "goal": ChargeGoal(local("2026-02-07 07:00"), 80.0, 20.0),
            "plan": ChargePlan(PlanOutcome.MET, windows, energy_kwh, cost=2.31),
            "tariff_id": HOME,
            "currency": "EUR",
            "at_once_cost": 4.36,
        }
        self.store.keep_promise(Promise(vehicle_id, self.clock.now(), 46.0, **given | facts))

    def command(self, vehicle_id: VehicleId, name: str, *statuses: CommandStatus, detail: str = "") -> None:
        """Write down a start, and lead it along *statuses*."""
        now = self.clock.now()
        leases = {lease.vehicle_id: lease for lease in self.store.claim(now, 100, HOUR)}
        command = Command(CommandId(name), vehicle_id, Verb.START, Reason.PLAN, now, now + HOUR)
        assert self.store.queue_command(command, leases[vehicle_id])
        for lease in leases.values():
            self.store.complete(lease, now)
        before = CommandStatus.QUEUED
        for status in statuses:
            assert self.store.advance_command(command.id, before, status, now, detail)
            before = status

    def app(self) -> FastAPI:
        return web_app(
            self.operations,
            prepaying=self.prepaying,
            health=lambda: self.health,
            metrics=lambda: (b"smartcharge_up 1\n", "text/plain; version=0.0.4; charset=utf-8"),
            allowed_hosts=frozenset({"127.0.0.1", "localhost", "::1"}),
        )

    def ask(self, method: str, path: str, headers: Iterable[tuple[str, str]] = ()) -> httpx.Response:
        """Ask the application, in process, as a program on this machine does."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app())
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8712") as client:
                given = dict(headers)
                request = client.build_request(method, path, headers=given)
                if given.get("host") == "":
                    del request.headers["host"]
                return await client.send(request)

        return asyncio.run(asked())

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)


def a_full_fleet() -> Fleet:
    """Ada's car plugged in with a plan over known prices; Ben's never seen, on a tariff without prices."""
    fleet = Fleet(a_driver("Ada", "ID.3", ADA), a_driver("Ben", "Zoe", BEN, TariffId("new")))
    fleet.curves[HOME] = a_curve(local("2026-02-06 00:00"), local("2026-02-08 00:00"), lambda at: 0.2 + at.hour / 100)
    fleet.plug(ADA)
    fleet.promise(ADA, a_window("2026-02-07 01:15", "2026-02-07 03:30"))
    fleet.command(ADA, "c1", CommandStatus.SENDING, CommandStatus.ACCEPTED, CommandStatus.CONFIRMED)
    fleet.note("plan.made", ADA, cost=2.31, energy_kwh=16.6)
    return fleet
