"""Carries what cars tell to webhooks: challenges first, tries again, signs what it brings. facts/smartcar.md section 6.1."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx

from scheduler.domain.errors import InvalidValue
from scheduler.vehicles.simulator import payload
from scheduler.vehicles.simulator.fault import FaultKind
from scheduler.vehicles.simulator.journal import Entry
from scheduler.vehicles.simulator.refusal import CODES, refusal
from scheduler.vehicles.simulator.report import known_of
from scheduler.vehicles.simulator.webhooks import Subscription, Webhook
from scheduler.vehicles.simulator.world import World

WAITS_S = (0.0, 25.0, 50.0, 100.0)
"""Before each attempt; after the last the event is dropped for good."""
DEADLINE_S = 15.0
CHALLENGES_EVERY = timedelta(seconds=30)
"""How often an address that has not answered is challenged again. At Smartcar a person presses a button."""

_Key = tuple[str, str]


class Courier:
    """
    Delivers for one *world* by *client* while `run` runs; several deliveries may be under way at once, in any order.

    A kill loses at most what was under way: it is told again after the restart, with the same event ids.
    """

    def __init__(self, world: World, client: httpx.AsyncClient) -> None:
        self._world, self._client = world, client
        self._wake = asyncio.Event()
        self._due: set[_Key] = set()
        self._next: dict[_Key, datetime | None] = {}
        self._telling: dict[_Key, datetime] = {}
        self._challenged_at: dict[str, datetime] = {}
        self._sent: dict[str, tuple[bytes, str]] = {}
        self._underway: set[asyncio.Task[None]] = set()
        world.listeners.append(self._hear)

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                self._wake.clear()
                await self._challenge_all()
                self._tell_all()
                await self._rest()
        finally:
            await _ended(self._underway)

    async def send(self, webhook_id: str, what: str, car_name: str, code: str = "UNREACHABLE") -> bool:
        """
        Send one delivery out of order and say whether it was taken.

        *what*: `test` (TEST mode), `replay` (the last one again, byte for byte), `forgery` (a lie with a wrong signature),
        `error` or `resolved` (a VEHICLE_ERROR with *code*).
        """
        webhook = self._world.webhooks.webhooks.get(webhook_id)
        if webhook is None:
            raise InvalidValue(f"there is no webhook {webhook_id!r}")
        car, now, known = self._world.car(car_name), self._world.now(), self._world.known(car_name)
        match what:
            case "replay":
                if webhook_id not in self._sent:
                    raise InvalidValue(f"nothing was delivered to {webhook_id!r} that could be sent again")
                body, signature = self._sent[webhook_id]
                return await self._post(webhook, body, signature)
            case "test" | "forgery":
                facts = {"triggers": webhook.spec.triggers, "hidden": self._world.scenario.plan.hides}
                event = payload.vehicle_state(webhook.spec, car, known, test=what == "test", **facts)
            case "error" | "resolved" if code in CODES:
                event = payload.vehicle_error(webhook.spec, car, refusal(code), resolved=what == "resolved", now=now)
            case _:
                raise InvalidValue("what is one of test, replay, forgery, error, resolved; code is one of Smartcar's")
        key = "nobody's key" if what == "forgery" else None
        return await self._post(webhook, *self._signed(payload.delivery(event, 1, now), key))

    # When

    def _hear(self, entry: Entry) -> None:
        """Look again at the cars an input is about: they may speak earlier than was foreseen."""
        if entry.get("act") == "told":
            return
        car_id = None if entry["kind"] in ("webhook", "consent", "opened") else entry.get("car")
        for key in self._world.webhooks.subscriptions:
            if car_id in (None, key[1]):
                self._due.add(key)
        self._wake.set()

    async def _rest(self) -> None:
        """Wait until something may be told, or something happens."""
        moments = [moment for moment in self._next.values() if moment is not None]
        if any(not webhook.verified for webhook in self._world.webhooks.webhooks.values()):
            moments.append(self._world.now() + CHALLENGES_EVERY)
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._wake.wait())]
        if moments:
            seconds = max((min(moments) - self._world.now()).total_seconds(), 0.0)
            waits.append(asyncio.create_task(self._world.clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _ended(waits)

    # What

    async def _challenge_all(self) -> None:
        for webhook in list(self._world.webhooks.webhooks.values()):
            now, last = self._world.now(), self._challenged_at.get(webhook.spec.id)
            if webhook.verified or (last is not None and now < last + CHALLENGES_EVERY):
                continue
            self._challenged_at[webhook.spec.id] = now
            if await self._challenge(webhook, now):
                self._world.record("webhook", act="verified", webhook=webhook.spec.id)

    async def _challenge(self, webhook: Webhook, now: datetime) -> bool:
        challenge = self._world.unique(f"challenge/{webhook.spec.id}/{now.isoformat()}")
        body = json.dumps(payload.verify(webhook.spec, challenge, now)).encode()
        try:
            answer = await self._client.post(webhook.spec.callback_uri, content=body, headers=_HEADERS)
            return answer.status_code == 200 and bool(answer.json()["challenge"] == self._hmac(challenge.encode()))
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return False

    def _tell_all(self) -> None:
        now, webhooks = self._world.now(), self._world.webhooks
        watched = {key: each for key, each in webhooks.subscriptions.items() if webhooks.webhooks[key[0]].verified}
        # What is no longer watched must not be waited for: its moment would lie in the past for ever.
        self._next = {key: moment for key, moment in self._next.items() if key in watched}
        for key, subscription in watched.items():
            foreseen = self._next.get(key)
            if key in self._next and key not in self._due and (foreseen is None or foreseen > now):
                continue
            self._tell(webhooks.webhooks[key[0]], subscription)
            self._next[key] = self._world.next_report(subscription.car_id)
        self._due.clear()

    def _tell(self, webhook: Webhook, subscription: Subscription) -> None:
        """Begin a delivery if the car has said anything since the last one that its owner asked to be told."""
        car, key = self._world.car(subscription.car_id), (subscription.webhook_id, subscription.car_id)
        known, told_at = self._world.known(car.spec.id), self._telling.get(key, subscription.told_at)
        if told_at is not None and told_at >= known.reported_at:
            return
        triggers: list[str] = []
        if told_at is not None:
            triggers = payload.changed(car, known_of(car, told_at, self._world.now()), known, webhook.spec.triggers)
            if not triggers:
                return
        hidden = self._world.scenario.plan.hides
        event = payload.vehicle_state(webhook.spec, car, known, triggers=triggers, hidden=hidden)
        self._telling[key] = known.reported_at
        task = asyncio.create_task(self._deliver(webhook, key, event, known.reported_at))
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)

    # How

    async def _deliver(self, webhook: Webhook, key: _Key, event: dict[str, Any], reported_at: datetime) -> None:
        extra_s, fault = self._world.struck(key[1], "webhook")
        if extra_s:
            await self._world.clock.sleep(extra_s)
        if fault is None or fault.kind is not FaultKind.LOST:
            await self._attempt(webhook, event, copies=2 if fault else 1)
        subscription = self._world.webhooks.subscriptions.get(key)
        if subscription is not None and (subscription.told_at is None or subscription.told_at < reported_at):
            told = {"webhook": key[0], "reported_at": reported_at.isoformat()}
            self._world.record("webhook", key[1], act="told", **told)
        if self._telling.get(key) == reported_at:
            del self._telling[key]

    async def _attempt(self, webhook: Webhook, event: dict[str, Any], copies: int) -> None:
        for number, wait_s in enumerate(WAITS_S):
            if wait_s:
                await self._world.clock.sleep(wait_s)
            body, signature = self._signed(payload.delivery(event, number, self._world.now()))
            self._sent[webhook.spec.id] = body, signature
            taken = await asyncio.gather(*(self._post(webhook, body, signature) for _ in range(copies)))
            if all(taken):
                return

    async def _post(self, webhook: Webhook, body: bytes, signature: str) -> bool:
        """Bring *body* once; any 2xx within the deadline is a success, a redirect is none."""
        headers = {**_HEADERS, "SC-Signature": signature}
        try:
            answer = await asyncio.wait_for(
                self._client.post(webhook.spec.callback_uri, content=body, headers=headers), DEADLINE_S
            )
        except (httpx.HTTPError, TimeoutError):
            return False
        return answer.is_success

    def _signed(self, event: dict[str, Any], key: str | None = None) -> tuple[bytes, str]:
        body = json.dumps(event, separators=(",", ":")).encode()
        return body, self._hmac(body, key)

    def _hmac(self, message: bytes, key: str | None = None) -> str:
        return hmac.new((key or self._world.scenario.client.management_token).encode(), message, sha256).hexdigest()


_HEADERS = {"Content-Type": "application/json", "User-Agent": "Smartcar/simulated"}


async def _ended(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
