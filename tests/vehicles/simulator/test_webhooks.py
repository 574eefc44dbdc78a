"""Webhooks: challenged first, signed, told again until taken, in every shape, and wrong on purpose."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from scheduler.clock import LoopClock, VirtualLoop, run_virtually
from scheduler.domain.errors import InvalidValue
from scheduler.vehicles.simulator.app import SimulatorTransport
from scheduler.vehicles.simulator.courier import Courier
from scheduler.vehicles.simulator.fault import Fault, FaultKind, Target
from scheduler.vehicles.simulator.scenario import Scenario, WebhookSpec
from scheduler.vehicles.simulator.world import World

START = datetime(2026, 2, 2, 17, tzinfo=UTC)
TOKEN = "simulated-management-token"


class Receiver:
    """An address that answers challenges and takes deliveries, or does as *moods* say, one after the other."""

    def __init__(self) -> None:
        self.honest, self.moods = True, list[int | float]()
        self.got: list[dict[str, Any]] = []
        self.raw: list[tuple[bytes, str | None]] = []
        self.at: list[float] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        event, headers = json.loads(body), {key.decode(): value.decode() for key, value in scope["headers"]}
        status, answer = 200, b""
        if event["eventType"] == "VERIFY":
            key = TOKEN if self.honest else "wrong"
            challenge = hmac.new(key.encode(), event["data"]["challenge"].encode(), hashlib.sha256).hexdigest()
            answer = json.dumps({"challenge": challenge}).encode()
            assert "sc-signature" not in headers
        else:
            self.got.append(event)
            self.raw.append((body, headers.get("sc-signature")))
            self.at.append(asyncio.get_running_loop().time())
            mood = self.moods.pop(0) if self.moods else 200
            if isinstance(mood, float):
                await asyncio.sleep(mood)
            else:
                status = mood
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": answer})

    def charging(self) -> list[Any]:
        return [
            signal["body"]["value"]
            for event in self.got
            if "signals" in event["data"]
            for signal in event["data"]["signals"]
            if signal["code"] == "charge-ischarging"
        ]


Story = Callable[[World, Receiver, Courier], Awaitable[None]]


def told(spec: Callable[..., Any], story: Story, *, webhook: dict[str, Any] | None = None, **facts: Any) -> Receiver:
    """Live *story* in virtual time beside a world with one webhook and a running courier."""
    loop, receiver = VirtualLoop(), Receiver()

    async def live() -> None:
        cars = facts.pop("cars", None) or (spec(reports_every_s=600, **facts.pop("car", {})),)
        hook = WebhookSpec(
            **{"id": "wh-1", "callback_uri": "http://daemon/webhook", "triggers": ("charge-ischarging",)}
            | (webhook or {})
        )
        world = World(Scenario(cars=cars, webhooks=(hook,), **facts), LoopClock(START, loop))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver), timeout=15) as client:
            courier = Courier(world, client)
            running = asyncio.create_task(courier.run())
            await asyncio.sleep(30)
            await story(world, receiver, courier)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    run_virtually(live(), loop)
    return receiver


async def nothing(world: World, receiver: Receiver, courier: Courier) -> None:
    await asyncio.sleep(3600)


async def starts(world: World, receiver: Receiver, courier: Courier) -> None:
    world.start("ada")
    await asyncio.sleep(600)


def test_the_first_delivery_carries_what_is_known(spec: Callable[..., Any]) -> None:
    receiver = told(spec, nothing)

    (first,) = receiver.got
    assert [{"type": "FIRST_DELIVERY"}] == first["triggers"]
    assert ("VEHICLE_STATE", "LIVE", "4.0") == (first["eventType"], first["meta"]["mode"], first["meta"]["version"])
    assert "sim-vehicle-ada" == first["data"]["vehicle"]["id"]
    assert "simulated" == first["data"]["vehicle"]["mode"]
    assert len(first["data"]["signals"]) == first["meta"]["signalCount"]


def test_an_address_that_does_not_know_the_answer_is_told_nothing(spec: Callable[..., Any]) -> None:
    async def story(world: World, receiver: Receiver, courier: Courier) -> None:
        receiver.honest = False
        world.record("webhook", act="disabled", webhook="wh-1")
        receiver.got.clear()
        await asyncio.sleep(600)
        silent = len(receiver.got)
        receiver.honest = True
        await asyncio.sleep(60)
        assert (0, 1) == (silent, len(receiver.got))
        assert [{"type": "FIRST_DELIVERY"}] == receiver.got[0]["triggers"]

    told(spec, story)


def test_every_delivery_is_signed_over_its_raw_body(spec: Callable[..., Any]) -> None:
    receiver = told(spec, starts)

    assert receiver.raw
    for body, signature in receiver.raw:
        assert hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest() == signature


def test_a_change_is_told_seconds_after_the_car_told_it_and_only_once(spec: Callable[..., Any]) -> None:
    receiver = told(spec, starts)

    assert [False, True] == receiver.charging()
    trigger = {
        "type": "SIGNAL_UPDATED",
        "signal": {"name": "IsCharging", "code": "charge-ischarging", "group": "Charge"},
    }
    assert [trigger] == receiver.got[1]["triggers"]
    assert 36 <= receiver.at[1] <= 37


def test_a_change_that_nobody_asked_for_is_not_told(spec: Callable[..., Any]) -> None:
    async def story(world: World, receiver: Receiver, courier: Courier) -> None:
        world.set_limit("ada", 70)
        await asyncio.sleep(3600)

    assert 1 == len(told(spec, story).got)


def test_a_car_that_lives_its_week_tells_of_it_without_being_asked(spec: Callable[..., Any]) -> None:
    from datetime import time

    from scheduler.vehicles.simulator.scenario import Trip

    async def story(world: World, receiver: Receiver, courier: Courier) -> None:
        await asyncio.sleep(24 * 3600)

    car = {"life": (Trip(leaves=time(7), returns=time(17)),), "starts_on_plug_in": True, "opening": {"soc_pct": 90}}
    receiver = told(spec, story, car=car)

    assert [True, False, True] == receiver.charging()


def test_what_is_not_taken_is_brought_again_after_25_50_and_100_seconds(spec: Callable[..., Any]) -> None:
    async def story(world: World, receiver: Receiver, courier: Courier) -> None:
        receiver.moods = [500, 302, 20.0, 200]
        world.start("ada")
        await asyncio.sleep(600)

    receiver = told(spec, story)

    times = [round(at - receiver.at[1]) for at in receiver.at[1:]]
    # The third attempt ran into the deadline of 15 s before the last wait began.
    assert [0, 25, 75, 190] == times
    assert 1 == len({event["eventId"] for event in receiver.got[1:]})
    assert 4 == len({event["meta"]["deliveryId"] for event in receiver.got[1:]})


def test_what_is_never_taken_is_dropped_for_good(spec: Callable[..., Any]) -> None:
    async def story(world: World, receiver: Receiver, courier: Courier) -> None:
        receiver.moods = [503] * 4
        world.start("ada")
        await asyncio.sleep(7200)

    assert 5 == len(told(spec, story).got)


def test_deliveries_can_be_lost_doubled_and_overtaken(spec: Callable[..., Any]) -> None:
    async def story(world: World, receiver: Receiver, courier: Courier) -> None:
        world.fault(Fault(kind=FaultKind.LOST, on=Target.WEBHOOK))
        world.start("ada")
        await asyncio.sleep(60)
        world.fault(Fault(kind=FaultKind.DOUBLED, on=Target.WEBHOOK))
        world.stop("ada")
        await asyncio.sleep(60)
        world.fault(Fault(kind=FaultKind.LATENCY, on=Target.WEBHOOK, seconds=90))
        world.start("ada")
        await asyncio.sleep(60)
        world.stop("ada")
        await asyncio.sleep(120)
        assert [1, 1, 1] == [queued.fired for queued in world.faults]

    receiver = told(spec, story)

    assert [False, False, False, False, True] == receiver.charging()
    assert receiver.got[1]["eventId"] == receiver.got[2]["eventId"]
    late, early = receiver.got[4]["meta"]["sequence"], receiver.got[3]["meta"]["sequence"]
    assert late < early


def test_deliveries_can_be_replayed_forged_and_tests(spec: Callable[..., Any]) -> None:
    async def story(world: World, receiver: Receiver, courier: Courier) -> None:
        for what in ("replay", "forgery", "test", "error", "resolved"):
            assert await courier.send("wh-1", what, "ada")
        with pytest.raises(InvalidValue, match="what is one of"):
            await courier.send("wh-1", "gossip", "ada")
        with pytest.raises(InvalidValue, match="no webhook"):
            await courier.send("wh-2", "test", "ada")

    receiver = told(spec, story)

    first, replay, forgery, test, error, resolved = receiver.got
    assert receiver.raw[0] == receiver.raw[1]
    body, signature = receiver.raw[2]
    assert hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest() != signature
    assert first == replay
    assert "TEST" == test["meta"]["mode"]
    assert forgery["eventType"] == "VEHICLE_STATE"
    assert [("VEHICLE_STATE", "UNREACHABLE", "ERROR"), ("VEHICLE_STATE", "UNREACHABLE", "RESOLVED")] == [
        (event["data"]["errors"][0]["type"], event["data"]["errors"][0]["code"], event["data"]["errors"][0]["state"])
        for event in (error, resolved)
    ]


@pytest.mark.parametrize("shape", ["captured", "documented", "old"])
def test_every_shape_that_was_seen_can_be_sent(spec: Callable[..., Any], shape: str) -> None:
    event = told(spec, starts, webhook={"shape": shape}).got[1]

    triggers = event["data"].get("triggers") if shape == "documented" else event.get("triggers")
    named = {"name": "IsCharging", "code": "charge-ischarging", "group": "Charge"}
    expected = {
        "captured": {"type": "SIGNAL_UPDATED", "signal": named},
        "documented": {"type": "SIGNAL_UPDATED", "signal": "Charge.IsCharging"},
        "old": named,
    }
    assert [expected[shape]] == triggers
    assert (shape != "old") == ("sequence" in event["meta"])
    assert (shape != "old") == ("powertrainType" in event["data"]["vehicle"])


def test_what_the_plan_hides_is_not_delivered_either(spec: Callable[..., Any]) -> None:
    receiver = told(spec, nothing, plan={"hides": ("Charge",)})

    assert "Charge" not in {signal["group"] for signal in receiver.got[0]["data"]["signals"]}


def test_an_unsubscribed_car_is_not_told_of(spec: Callable[..., Any]) -> None:
    async def story(world: World, receiver: Receiver, courier: Courier) -> None:
        await asyncio.sleep(60)
        assert [] == receiver.got
        async with httpx.AsyncClient(transport=SimulatorTransport(world, courier), base_url="http://sim") as client:
            form = {
                "grant_type": "client_credentials",
                "client_id": "client_simulated",
                "client_secret": "simulated-secret",
            }
            token = (await client.post("/oauth2/token", data=form)).json()["access_token"]
            headers = {"authorization": f"Bearer {token}"}
            asked = {"webhookId": "wh-1", "userId": "sim-user-ada", "vehicleId": "sim-vehicle-ada"}
            body = {"data": {"attributes": asked}}
            made = await client.post("/v3/subscriptions", json=body, headers=headers)
            twice = await client.post("/v3/subscriptions", json=body, headers=headers)
            wrong = await client.post("/v3/subscriptions", json={"data": {}}, headers=headers)
            foreign = await client.post(
                "/v3/subscriptions", json={"data": {"attributes": asked | {"userId": "eve"}}}, headers=headers
            )
            mode = {"filter[vehicle.mode]": "simulated"}
            listed = (await client.get("/v3/subscriptions", params=mode, headers=headers)).json()["data"]
            one = await client.get(f"/v3/subscriptions/{listed[0]['id']}", headers=headers)
            webhooks = (await client.get("/v3/webhooks", headers=headers)).json()["data"]
            hook = await client.get("/v3/webhooks/wh-1", headers=headers)
            nobody = await client.get("/v3/webhooks/wh-9", headers=headers)
            await asyncio.sleep(10)
            gone = await client.delete(f"/v3/subscriptions/{listed[0]['id']}", headers=headers)
            applications = (await client.get("/v3/applications", headers=headers)).json()["data"]
        world.start("ada")
        await asyncio.sleep(600)
        assert [202, 409, 400, 404, 200, 200, 404, 204] == [
            answer.status_code for answer in (made, twice, wrong, foreign, one, hook, nobody, gone)
        ]
        assert {"isEnabled": True, "autoSubscribe": False}.items() <= webhooks[0]["attributes"].items()
        assert [world.scenario.client.application_id] == [each["id"] for each in applications]
        assert [False] == receiver.charging()

    told(spec, story, webhook={"auto_subscribe": False})


def test_a_webhook_can_be_made_from_outside_and_sends_by_hand(spec: Callable[..., Any]) -> None:
    async def story(world: World, receiver: Receiver, courier: Courier) -> None:
        async with httpx.AsyncClient(transport=SimulatorTransport(world, courier), base_url="http://sim") as client:
            made = await client.post("/simulator/webhooks", json={"id": "wh-2", "callback_uri": "http://daemon/2"})
            await asyncio.sleep(60)
            sent = await client.post("/simulator/webhooks/wh-2/send", json={"what": "test", "car": "ada"})
            disabled = await client.post("/simulator/webhooks/wh-2/disable")
            missing = await client.post("/simulator/webhooks/wh-3/disable")
        assert [201, 200, 200, 404] == [answer.status_code for answer in (made, sent, disabled, missing)]
        assert {"taken": True} == sent.json()

    receiver = told(spec, story)

    assert {"wh-1", "wh-2"} == {event["meta"]["webhookId"] for event in receiver.got}


def test_what_was_told_before_a_kill_is_not_told_again(spec: Callable[..., Any], tmp_path: Path) -> None:
    receiver, cars = Receiver(), (spec(reports_every_s=600),)
    hook = WebhookSpec(id="wh-1", callback_uri="http://daemon/webhook", triggers=("charge-ischarging",))

    for life in range(3):
        loop = VirtualLoop()

        async def live(loop: VirtualLoop = loop, life: int = life) -> None:
            start = datetime(2026, 2, 2, 17 + life, tzinfo=UTC)
            world = World(Scenario(cars=cars, webhooks=(hook,)), LoopClock(start, loop), state_dir=tmp_path)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver)) as client:
                running = asyncio.create_task(Courier(world, client).run())
                await asyncio.sleep(60)
                if life == 1:
                    world.start("ada")
                    await asyncio.sleep(60)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            world.close()

        run_virtually(live(), loop)

    assert [False, True] == receiver.charging()
