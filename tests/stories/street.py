"""
A street for stories: the real house, the real store on disk, and simulated cars, in virtual time over ASGI.

Prices are scripted, since a story decides when they come and what they are. Everything else is what the daemon runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, TextIO, TypeVar
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette

from scheduler.app import House, Surroundings
from scheduler.clock import ENDING, LoopClock, VirtualLoop, run_virtually
from scheduler.domain.driver import Car, ChargePreferences, Departure, Driver, DriverId
from scheduler.domain.roster import Roster
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.monitoring.logs import configure_logs
from scheduler.ports import Notifier
from scheduler.settings_file import SettingsFile
from scheduler.storage import open_store
from scheduler.vehicles.simulator.app import SimulatorTransport
from scheduler.vehicles.simulator.courier import Courier
from scheduler.vehicles.simulator.scenario import CarSpec, Client, QuotaSpec, Scenario, WebhookSpec
from scheduler.vehicles.simulator.world import World
from scheduler.vehicles.smartcar.account import Private
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from scheduler.web.webhook import PATH, webhook

BERLIN = ZoneInfo("Europe/Berlin")
TARIFF = TariffId("night")
T = TypeVar("T")


class ScriptedPrices:
    """
    A price book that publishes each local day at 13:00 of the day before, unless the story holds a day back.

    *price* gives EUR/kWh for a local hour.
    """

    def __init__(self, price: Callable[[int], float], first_day: date) -> None:
        self._price, self._first_day = price, first_day
        self.held_back: set[date] = set()
        self._published: set[date] = set()
        self._curve = TariffCurve("EUR")

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return self._curve or None

    async def refresh(self, now: datetime) -> set[TariffId]:
        local = now.astimezone(BERLIN)
        days = {local.date() + timedelta(days=ahead) for ahead in ((0, 1) if local.time() >= time(13) else (0,))}
        fresh = {day for day in days if day not in self.held_back} - self._published
        if not fresh:
            return set()
        self._published |= fresh
        slots = [slot for day in sorted(self._published) for slot in self._day(day)]
        self._curve = TariffCurve("EUR", tuple(slots), "scripted", now, simulated=True)
        return {TARIFF}

    def _day(self, day: date) -> list[PriceSlot]:
        start = datetime.combine(day, time(), BERLIN).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), BERLIN).astimezone(UTC)
        quarters = int((end - start) / timedelta(minutes=15))
        moments = [start + timedelta(minutes=15) * index for index in range(quarters)]
        return [
            PriceSlot(moment, moment + timedelta(minutes=15), self._price(moment.astimezone(BERLIN).hour))
            for moment in moments
        ]

    async def close(self) -> None:
        return None


def cheap_at_night(hour: int) -> float:
    """0.18 between 01:00 and 05:00, 0.24 around noon, else 0.36 EUR/kWh."""
    return 0.18 if 1 <= hour < 5 else 0.24 if 11 <= hour < 14 else 0.36


def resident(
    name: str,
    *,
    usable_kwh: float = 58,
    power_kw: float = 11,
    at: time = time(7),
    target_pct: float = 80,
    reserve_pct: float = 20,
    days: Sequence[int] = range(7),
) -> Driver:
    """Return a driver with one car that leaves at *at* on *days*."""
    vehicle = Vehicle(
        VehicleId(name),
        name,
        "TESLA",
        "Model 3",
        Powertrain.BEV,
        f"sim-vehicle-{name}",
        f"sim-user-{name}",
        usable_kwh,
        power_kw,
        0.9,
    )
    wishes = ChargePreferences({day: Departure(at, target_pct) for day in days}, reserve_pct)
    return Driver(DriverId(name), name.title(), BERLIN, TARIFF, (Car(vehicle, wishes),))


def parked(name: str, soc_pct: float, *, usable_kwh: float = 58, power_kw: float = 11, **more: object) -> CarSpec:
    """Return that driver's simulated car, plugged in at *soc_pct*."""
    return CarSpec.model_validate(
        {
            "id": name,
            "make": "TESLA",
            "model": "Model 3",
            "year": 2022,
            "gross_kwh": usable_kwh + 3,
            "usable_kwh": usable_kwh,
            "ac_power_kw": power_kw,
            "reports_every_s": 60,
            "reports_events_after_s": 2,
            "opening": {"soc_pct": soc_pct, **({"plugged_in": more.pop("plugged_in")} if "plugged_in" in more else {})},
            **more,
        }
    )


@dataclass
class Street:
    """
    Cars, prices and the house that serves them. `poll` is the longest pause between two looks at a charging car; *settings*
    take the place of the street's own. With `webhooks` Smartcar tells the house what cars report. `version` is the API that
    is spoken, `client` who we are to it, `quotas` what Smartcar counts; everything is logged into `log`, and drivers
    are told by `notifier`, where there is one.
    """

    state: Path
    start: datetime
    drivers: tuple[Driver, ...]
    cars: tuple[CarSpec, ...]
    price: Callable[[int], float] = cheap_at_night
    seed: int = 1
    poll: timedelta = timedelta(minutes=5)
    webhooks: bool = False
    auto_subscribe: bool = True
    settings: SettingsFile | None = None
    version: Literal["v3", "v2"] = "v3"
    client: Client = field(default_factory=Client)
    quotas: QuotaSpec | None = None
    log: TextIO | None = None
    notifier: Notifier | None = None
    clock: LoopClock = field(init=False)
    world: World = field(init=False)
    prices: ScriptedPrices = field(init=False)
    house: House = field(init=False)
    courier: Courier = field(init=False)

    def live(self, story: Callable[[Street], Awaitable[T]]) -> T:
        """Tell *story* in virtual time, from an opened house to a closed one."""
        configure_logs(stream=self.log, human=False, level="debug" if self.log is not None else "critical")
        loop = VirtualLoop()
        self.clock = LoopClock(self.start, loop)

        async def told() -> T:
            self.world = World(self._scenario(), LoopClock(self.start, loop))
            self.prices = ScriptedPrices(self.price, self.start.date())
            await self.open()
            post = httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=webhook(self._deliver))))
            self.courier = Courier(self.world, post)
            courier = asyncio.create_task(self.courier.run())
            try:
                return await story(self)
            finally:
                courier.cancel()
                await asyncio.gather(courier, return_exceptions=True)
                await post.aclose()
                loop.end_within(ENDING)
                await self.house.close(1.0)

        return run_virtually(told(), loop)

    async def open(self) -> None:
        """Open the house on the state as it is: the first time, or after it was killed."""
        settings = self.settings or SettingsFile(
            sweep_interval_s=30,
            look_unplugged_s=300,
            look_waiting_s=900,
            look_charging_s=self.poll.total_seconds(),
            look_by_make=False,
            calls_per_month=0,
            calls_burst=0,
            confirm_after_s=(30, 120, 300),
            price_poll_s=300,
        )
        around = Surroundings(
            self.clock,
            SmartcarSettings.at(
                "http://localhost",
                version=self.version,
                client_id=self.client.id,
                client_secret=self.client.secret,
                management_token=self.client.management_token if self.webhooks else "",
                application_id=self.client.application_id,
                legacy_secret=self.client.legacy_secret,
                redirect_uri="http://house/connect/callback",
            ),
            lambda: SimulatorTransport(self.world),
            beats_on_apscheduler=False,
            simulated=True,
            private=Private(self.state / "private"),
            notifier=self.notifier,
        )
        self.state.mkdir(exist_ok=True)
        self.house = House(
            settings, Roster(self.drivers), open_store(self.state / "smartcharge.db"), around, lambda _: self.prices
        )
        await self.house.open()

    def _scenario(self) -> Scenario:
        hook = WebhookSpec(id="wh-1", callback_uri=f"http://house{PATH}", auto_subscribe=self.auto_subscribe)
        hooks = (hook,) if self.webhooks else ()
        return Scenario(seed=self.seed, client=self.client, quotas=self.quotas, cars=self.cars, webhooks=hooks)

    def _deliver(self, body: bytes, signature: str | None) -> tuple[int, Mapping[str, str]]:
        """Bring a delivery to the house as it is now: it may have been killed and opened again."""
        return self.house.deliver(body, signature)

    async def kill(self) -> None:
        """End the house as kill -9 does: nothing is tidied up, nothing is written."""
        await self.house.abandon()

    async def until(self, moment: datetime) -> None:
        await asyncio.sleep(max((moment - self.clock.now()).total_seconds(), 0))

    async def hours(self, number: float) -> None:
        await asyncio.sleep(number * 3600)
