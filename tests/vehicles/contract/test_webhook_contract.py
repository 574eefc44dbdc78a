"""What the simulator's courier brings, in every shape, read by our webhook: it must say what a look would say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from scheduler.clock import LoopClock, VirtualLoop, run_virtually
from scheduler.domain.vehicle import VehicleState
from scheduler.ports import Clock
from scheduler.vehicles.simulator.app import SimulatorTransport
from scheduler.vehicles.simulator.courier import Courier
from scheduler.vehicles.simulator.scenario import CarSpec, Client, Opening, Scenario, Shape, WebhookSpec
from scheduler.vehicles.simulator.world import World
from scheduler.vehicles.smartcar.deliveries import Reported, overlaid, state_known, unseen
from scheduler.vehicles.smartcar.gateway import SmartcarGateway
from scheduler.vehicles.smartcar.webhook import (
    Challenge,
    VehicleReport,
    VehicleTrouble,
    challenge_answer,
    delivery_in,
    signature_is_valid,
)
from tests.vehicles.contract.smartcar_double import ID3, settings

START = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)
KEY = "canary-management-token"


class Listener:
    """Our end of the webhook: answers challenges, refuses what is forged, remembers events, lays reports over each other."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.known: dict[str, Reported] = {}
        self.seen: set[str] = set()
        self.forged = 0
        self.reports: list[VehicleReport] = []
        self.troubles: list[VehicleTrouble] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        signature = dict(scope["headers"]).get(b"sc-signature", b"").decode()
        status, answer = self._taken(body, signature)
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _taken(self, body: bytes, signature: str) -> tuple[int, dict[str, str]]:
        delivery = delivery_in(body, self._clock.now())
        if isinstance(delivery, Challenge):
            return 200, {"challenge": challenge_answer(KEY, delivery.challenge)}
        if not signature_is_valid(KEY, body, signature):
            self.forged += 1
            return 401, {}
        if isinstance(delivery, VehicleTrouble):
            self.troubles.append(delivery)
        if isinstance(delivery, VehicleReport):
            for report in unseen([delivery], self.seen):
                self.reports.append(report)
                self.seen.add(report.envelope.event_id)
                self.known = overlaid(self.known, report)
        return 200, {}

    def state(self) -> VehicleState:
        return state_known(self.known, ID3.id)


class Stage:
    """A world with a webhook in *shape*, its courier at work, our listener, and a gateway to compare with."""

    def __init__(self, shape: Shape, clock: Clock) -> None:
        car = CarSpec(
            id="ada", vehicle_id=ID3.smartcar_vehicle_id, user_id=ID3.smartcar_user_id, make="VOLKSWAGEN", model="ID.3",
            year=2023, gross_kwh=62, usable_kwh=58, ac_power_kw=11, starts_on_plug_in=False, opening=Opening(soc_pct=40),
        )  # fmt: skip
        client = Client(id="client_1", secret="canary-secret-77aa", management_token=KEY)
        hook = WebhookSpec(id="wh-1", callback_uri="http://127.0.0.1/webhook", shape=shape)
        self.clock, self.world = clock, World(Scenario(client=client, cars=(car,), webhooks=(hook,)), clock)
        self.listener = Listener(clock)
        self.gateway = SmartcarGateway(settings(), clock, lambda: SimulatorTransport(self.world))
        self.post = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.listener))
        self.courier = Courier(self.world, self.post)


def run(shape: Shape, story: Callable[[Stage], Awaitable[None]]) -> None:
    async def told() -> None:
        stage = Stage(shape, LoopClock(START, asyncio.get_running_loop()))
        running = asyncio.create_task(stage.courier.run())
        await stage.clock.sleep(60)
        await story(stage)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await stage.post.aclose()
        await stage.gateway.aclose()
        stage.world.close()

    run_virtually(told(), VirtualLoop())


shapes = pytest.mark.parametrize("shape", list(Shape))


@shapes
def test_the_first_delivery_tells_what_a_look_tells(shape: Shape) -> None:
    async def story(stage: Stage) -> None:
        assert stage.listener.reports[0].first
        assert (await stage.gateway.state(ID3)).same_facts(stage.listener.state())

    run(shape, story)


@shapes
def test_a_start_and_an_unplugging_are_heard_and_tell_what_a_look_tells(shape: Shape) -> None:
    async def story(stage: Stage) -> None:
        await stage.gateway.start(ID3)
        await stage.clock.sleep(60)

        assert any("charge-ischarging" in report.triggers for report in stage.listener.reports)
        assert stage.listener.state().charging is True
        assert (await stage.gateway.state(ID3)).same_facts(stage.listener.state())

        stage.world.unplug("ada")
        await stage.clock.sleep(60)

        assert "charge-ischargingcableconnected" in stage.listener.reports[-1].triggers
        assert (False, False) == (stage.listener.state().plugged_in, stage.listener.state().charging)

    run(shape, story)


@shapes
def test_a_forgery_a_replay_and_a_test_change_nothing(shape: Shape) -> None:
    async def story(stage: Stage) -> None:
        known, heard = dict(stage.listener.known), len(stage.listener.reports)

        assert not await stage.courier.send("wh-1", "forgery", "ada")
        assert await stage.courier.send("wh-1", "replay", "ada")
        assert await stage.courier.send("wh-1", "test", "ada")

        assert (1, heard, known) == (stage.listener.forged, len(stage.listener.reports), stage.listener.known)

    run(shape, story)


@shapes
def test_trouble_and_its_end_are_understood(shape: Shape) -> None:
    async def story(stage: Stage) -> None:
        await stage.courier.send("wh-1", "error", "ada", code="ACCOUNT_ISSUE")
        await stage.courier.send("wh-1", "resolved", "ada", code="ACCOUNT_ISSUE")

        (begun,), (ended,) = (trouble.troubles for trouble in stage.listener.troubles)
        assert ("CONNECTED_SERVICES_ACCOUNT", "ACCOUNT_ISSUE", False, True) == (
            begun.type,
            begun.code,
            begun.resolved,
            begun.concerns_us,
        )
        assert ended.resolved

    run(shape, story)
