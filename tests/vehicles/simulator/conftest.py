"""One car, a clock that stands until it is moved, and a caller that speaks HTTP to both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from scheduler.clock import ManualClock
from scheduler.vehicles.simulator.app import SimulatorTransport
from scheduler.vehicles.simulator.scenario import CarSpec, Opening, Scenario
from scheduler.vehicles.simulator.world import World

OPENED_AT = datetime(2026, 2, 2, 17, 0, tzinfo=UTC)


class Caller:
    """Calls the simulator as an application that holds a token and speaks for the car's driver."""

    def __init__(self, world: World, user_id: str = "sim-user-ada") -> None:
        self.world, self.user_id, self.token = world, user_id, ""

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=SimulatorTransport(self.world), base_url="http://sim") as client:
                return await client.request(method, path, **options)

        return asyncio.run(once())

    def take_token(self) -> str:
        client = self.world.scenario.client
        form = {"grant_type": "client_credentials", "client_id": client.id, "client_secret": client.secret}
        self.token = self.call("POST", "/oauth2/token", data=form).json()["access_token"]
        return self.token

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token or self.take_token()}", "sc-user-id": self.user_id}

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call("GET", path, headers=self.headers, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.call("POST", path, headers=self.headers, **options)

    def command(self, verb: str, car: str = "sim-vehicle-ada", **options: Any) -> httpx.Response:
        return self.post(f"/v3/vehicles/{car}/commands/charge/{verb}", **options)

    def signal(self, code: str, car: str = "sim-vehicle-ada") -> Any:
        return self.get(f"/v3/vehicles/{car}/signals/{code}").json()["data"]

    def value(self, code: str) -> Any:
        return self.signal(code)["attributes"]["body"]["value"]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(OPENED_AT)


@pytest.fixture
def spec() -> Callable[..., CarSpec]:
    """Return a maker of cars: 50 kWh usable, 10 kW, a tenth lost, half full and plugged in, waiting to be told."""

    def make(name: str = "ada", opening: dict[str, Any] | None = None, **changes: Any) -> CarSpec:
        facts: dict[str, Any] = {
            "id": name, "make": "VOLKSWAGEN", "model": "ID.3", "year": 2021, "gross_kwh": 54, "usable_kwh": 50,
            "ac_power_kw": 10, "efficiency": 0.9, "starts_on_plug_in": False, "reports_every_s": 60,
            "reports_events_after_s": 5, "store_lag_s": 1,
        }  # fmt: skip
        return CarSpec(**(facts | changes), opening=Opening(**({"soc_pct": 50} | (opening or {}))))

    return make


@pytest.fixture
def world(clock: ManualClock, spec: Callable[..., CarSpec]) -> Iterator[Callable[..., World]]:
    """Yield a maker of worlds: of one car with what is given, or of *cars*. All end with the test."""
    made: list[World] = []

    def make(
        *, cars: tuple[CarSpec, ...] | None = None, state_dir: Path | None = None, scenario: dict[str, Any] | None = None,
        **changes: Any,
    ) -> World:  # fmt: skip
        peopled = Scenario(seed=1, cars=(spec(**changes),) if cars is None else cars, **(scenario or {}))
        made.append(World(peopled, clock, state_dir=state_dir))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def caller(world: Callable[..., World]) -> Callable[..., Caller]:
    """Return a maker of callers, each with a world of its own made of what is given."""

    def make(**changes: Any) -> Caller:
        return Caller(world(**changes))

    return make
