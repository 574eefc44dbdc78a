"""
The other sides for one contract: a small hand-written Smartcar, the simulator in process and over a socket, and the
simulator's v2 face.

Each offers the same: a gateway, one car at 40 % with a cable in and resting, the truth of it, and what can go wrong.
"""

from __future__ import annotations

import asyncio
import signal as signals
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import httpx

from scheduler.clock import LoopClock, ScaledClock, SystemClock, VirtualLoop, run_virtually
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.ports import Clock, VehicleGateway
from scheduler.vehicles.simulator.app import SimulatorTransport
from scheduler.vehicles.simulator.fault import Fault
from scheduler.vehicles.simulator.process import serve
from scheduler.vehicles.simulator.scenario import CarSpec, Client, Opening, Scenario
from scheduler.vehicles.simulator.world import World
from scheduler.vehicles.smartcar.consent import Connected, connect_url, redirect_in
from scheduler.vehicles.smartcar.gateway import SmartcarGateway
from scheduler.vehicles.smartcar.grant_directory import GrantDirectory
from scheduler.vehicles.smartcar.grants import GrantId
from scheduler.vehicles.smartcar.legacy import LegacyGateway
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from scheduler.vehicles.smartcar.vault import Vault
from tests.vehicles.contract.smartcar_double import (
    ID3,
    LIMIT_PATH,
    NOW,
    ORIGIN,
    SIGNALS_PATH,
    START_PATH,
    STOP_PATH,
    Answer,
    Asked,
    SmartcarDouble,
    settings,
    signal,
)

START = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)


class Gateway(VehicleGateway, Protocol):
    """What both versions can do."""

    async def set_limit(self, vehicle: Vehicle, limit_pct: int) -> None: ...

    async def disconnect(self, vehicle: Vehicle) -> None: ...


class OtherSide(Protocol):
    """What the contract needs of Smartcar, and of the person beside the car."""

    vehicle: Vehicle
    clock: Clock

    @property
    def gateway(self) -> Gateway: ...

    def charging(self) -> bool:
        """Whether the car charges in truth."""

    def limit_set_pct(self) -> float:
        """Return the limit that is set in the car, in truth."""

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    def revoke_tokens(self) -> None: ...

    def go_wrong(self, kind: str, **facts: Any) -> None:
        """Let the next command be `cut`, an `error` or `streamed`, with the facts of the simulator's `Fault`."""

    async def settle(self) -> None:
        """Let so much time pass that Smartcar's store shows the truth."""


class SmallSmartcar(SmartcarDouble):
    """One car in thirty lines: no battery, no clock, no lag."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock, self.vehicle, self.epoch = clock, ID3, 0
        self.gateway = SmartcarGateway(settings(), clock, lambda: httpx.ASGITransport(app=self))
        self.plugged_in, self.is_charging, self.limit_pct = True, False, 100
        self._wrong: dict[str, Any] | None = None
        self.answer("/v3/connections", Answer(body=_connections(self.vehicle)))

    def charging(self) -> bool:
        return self.is_charging

    def limit_set_pct(self) -> float:
        return self.limit_pct

    def plug(self) -> None:
        self.plugged_in = True

    def unplug(self) -> None:
        self.plugged_in = self.is_charging = False

    def revoke_tokens(self) -> None:
        self.refused = {f"canary-token-5f2c-{number}" for number in range(1, self.tokens + 1)}

    def go_wrong(self, kind: str, **facts: Any) -> None:
        self._wrong = {"kind": kind, **facts}

    async def settle(self) -> None:
        await self.clock.sleep(600)

    def _answer(self, asked: Asked) -> Answer:
        if asked.path in (START_PATH, STOP_PATH, LIMIT_PATH) and not self._is_refused(asked):
            return self._command(asked)
        if asked.path == SIGNALS_PATH and not self._is_refused(asked):
            return Answer(body={"data": self._signals()})
        return super()._answer(asked)

    def _is_refused(self, asked: Asked) -> bool:
        return asked.headers.get("authorization", "").removeprefix("Bearer ") in self.refused

    def _command(self, asked: Asked) -> Answer:
        wrong, self._wrong = self._wrong or {}, None
        code = wrong.get("code") or self._own_refusal(asked.path)
        if code is None and (not wrong or wrong.get("acts") or wrong["kind"] == "streamed"):
            self._act(asked)
        if wrong.get("kind") == "cut":
            return Answer(error=httpx.RemoteProtocolError("cut"))
        body: Any = {"data": {"type": "command-execution", "attributes": {"status": "SUCCESS"}}}
        if code is not None:
            body = {"errors": [{"status": "409", "type": "VEHICLE_STATE", "code": code}]}
        if wrong.get("kind") == "streamed":
            return Answer(202, body, meanwhile=lambda: self.clock.sleep(wrong["seconds"]))
        if "status" in wrong:
            return Answer(wrong["status"], "<html>gateway</html>")
        return Answer(409 if code else 200, body)

    def _own_refusal(self, path: str) -> str | None:
        if path != LIMIT_PATH and not self.plugged_in:
            return "CHARGING_PLUG_NOT_CONNECTED"
        if path == START_PATH and self.is_charging:
            return "CHARGING_IN_PROGRESS"
        return "NOT_CHARGING" if path == STOP_PATH and not self.is_charging else None

    def _act(self, asked: Asked) -> None:
        if asked.path == LIMIT_PATH:
            self.limit_pct = int(asked.body.split(b":")[-1].strip(b" }"))
        else:
            self.is_charging = asked.path == START_PATH

    def _signals(self) -> list[dict[str, Any]]:
        at = self.clock.now().isoformat()
        return [
            signal("charge-ischargingcableconnected", {"value": self.plugged_in}, at),
            signal("charge-ischarging", {"value": self.is_charging}, at),
            signal("tractionbattery-stateofcharge", {"value": 40, "unit": "percent"}, at),
            signal("charge-chargelimits", {"values": [], "activeLimit": self.limit_pct, "unit": "percent"}, at),
        ]


class Simulated:
    """The simulator behind the gateway, over whichever transport."""

    def __init__(self, clock: Clock, world: World, gateway: Gateway) -> None:
        self.clock, self._world, self.gateway = clock, world, gateway
        self.vehicle = Vehicle(
            VehicleId("ada-id3"), "Ada's ID.3", "VOLKSWAGEN", "ID.3", Powertrain.BEV,
            "sim-vehicle-ada", "sim-user-ada", 58.0, 11.0, 0.9,
        )  # fmt: skip

    def charging(self) -> bool:
        return self._world.truth("ada").charging

    def limit_set_pct(self) -> float:
        return self._world.truth("ada").limit_pct

    def plug(self) -> None:
        self._world.plug("ada")

    def unplug(self) -> None:
        self._world.unplug("ada")

    def revoke_tokens(self) -> None:
        self._world.revoke_tokens()

    def go_wrong(self, kind: str, **facts: Any) -> None:
        self._world.fault(Fault.model_validate({"kind": kind, "on": "command", **facts}))

    async def settle(self) -> None:
        await self.clock.sleep(60)


def _scenario() -> Scenario:
    car = CarSpec(
        id="ada", make="VOLKSWAGEN", model="ID.3", year=2023, gross_kwh=62, usable_kwh=58, ac_power_kw=11,
        starts_on_plug_in=False, opening=Opening(soc_pct=40),
    )  # fmt: skip
    return Scenario(client=Client(id="client_1", secret="canary-secret-77aa"), cars=(car,))


@asynccontextmanager
async def hand_written() -> AsyncIterator[OtherSide]:
    other = SmallSmartcar(LoopClock(NOW, asyncio.get_running_loop()))
    yield other
    await other.gateway.aclose()


@asynccontextmanager
async def in_process() -> AsyncIterator[OtherSide]:
    clock = LoopClock(START, asyncio.get_running_loop())
    world = World(_scenario(), clock)
    gateway = SmartcarGateway(settings(), clock, lambda: SimulatorTransport(world))
    yield Simulated(clock, world, gateway)
    await gateway.aclose()
    world.close()


@asynccontextmanager
async def by_the_old_version() -> AsyncIterator[OtherSide]:
    """The way of a driver: by the link to Connect, back with a code, which becomes a grant."""
    clock = LoopClock(START, asyncio.get_running_loop())
    world = World(_scenario(), clock)
    client = world.scenario.client
    asked = settings(
        application_id=client.application_id, legacy_secret=client.legacy_secret, redirect_uri=f"{ORIGIN}/back"
    )
    with TemporaryDirectory() as directory:
        store = GrantDirectory(Path(directory), Vault({"k1": b"1" * 32}, "k1"), clock)
        gateway = LegacyGateway(asked, clock, store, lambda _: GrantId("ada"), lambda: SimulatorTransport(world))
        async with httpx.AsyncClient(transport=SimulatorTransport(world)) as browser:
            redirect = await browser.get(connect_url(asked, "state-1", make="Volkswagen"))
        outcome = redirect_in(dict(parse_qsl(urlsplit(redirect.headers["location"]).query)))
        assert isinstance(outcome, Connected)
        assert ("state-1", "sim-user-ada") == (outcome.state, outcome.user_id)
        await gateway.grants.redeem(GrantId("ada"), outcome.code or "")
        yield Simulated(clock, world, gateway)
        await gateway.aclose()
    world.close()


@asynccontextmanager
async def over_a_socket() -> AsyncIterator[OtherSide]:
    """A minute of the car's passes in a tenth of a second."""
    clock = ScaledClock(START, SystemClock().now(), 600)
    world, address = World(_scenario(), clock), asyncio.get_running_loop().create_future()
    server = asyncio.create_task(serve(world, "127.0.0.1", 0, address.set_result))
    client = SmartcarSettings.at(await address, client_id="client_1", client_secret="canary-secret-77aa")
    gateway = SmartcarGateway(client, clock)
    yield Simulated(clock, world, gateway)
    await gateway.aclose()
    signals.raise_signal(signals.SIGTERM)
    await server
    world.close()


MakeOtherSide = Callable[[], AbstractAsyncContextManager[OtherSide]]


def run(make: MakeOtherSide, story: Callable[[OtherSide], Awaitable[None]]) -> None:
    """Tell *story* beside the other side that *make* makes: in virtual time, but for a real socket."""

    async def told() -> None:
        async with make() as other:
            await story(other)

    if make is over_a_socket:
        asyncio.run(told())
    else:
        run_virtually(told(), VirtualLoop())


def _connections(vehicle: Vehicle) -> dict[str, Any]:
    relationships = {
        "vehicle": {"data": {"id": vehicle.smartcar_vehicle_id, "type": "vehicle"}},
        "user": {"data": {"id": vehicle.smartcar_user_id, "type": "user"}},
    }
    about = {"make": vehicle.make, "model": vehicle.model, "mode": "simulated"}
    return {"data": [{"id": "con-1", "attributes": {"vehicle": about}, "relationships": relationships}]}
