"""What may be done in a simulated world: by a person's hand, by whoever calls, and by chance on purpose."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from scheduler.domain.errors import InvalidValue
from scheduler.ports import Clock
from scheduler.vehicles.simulator.car import Car, Verb
from scheduler.vehicles.simulator.chronicle import Chronicle
from scheduler.vehicles.simulator.conduct import own_refusal
from scheduler.vehicles.simulator.fate import Fate, fate
from scheduler.vehicles.simulator.fault import Fault, FaultKind, QueuedFault
from scheduler.vehicles.simulator.refusal import Refusal, refusal
from scheduler.vehicles.simulator.report import Known, known_at, known_of, next_report_after
from scheduler.vehicles.simulator.scenario import Filling, Scenario, WebhookSpec

STREAMS_AFTER_S = 175.0
"""A command that takes longer is answered 202, with its body later: facts/smartcar.md section 3.5."""
_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CommandReply:
    """A command's end, and the time it took. Under a 202 `completed_at` lies ahead."""

    started_at: datetime
    completed_at: datetime
    fate: Fate


class World(Chronicle):
    """
    A world, and what people, callers and chance may do in it. See `Chronicle` for how it begins and goes on.

    Webhooks follow the scenario, too: those it names are set up when the world begins.
    """

    def __init__(
        self, scenario: Scenario, clock: Clock, *, seed: int | None = None, state_dir: Path | None = None
    ) -> None:
        super().__init__(scenario, clock, seed=seed, state_dir=state_dir)
        self._reads = 0
        for webhook in scenario.webhooks:
            self.make_webhook(webhook)

    # A person's hand

    def plug(self, name: str, power_kw: float | None = None, *, fast: bool = False, at_home: bool = True) -> None:
        """Put a cable into a car; raise `InvalidValue` where one is in already."""
        if self.truth(name).plugged_in:
            raise InvalidValue(f"{name} is plugged in already")
        self._hand(name, "plug", power_kw=power_kw, fast=fast, at_home=at_home)

    def unplug(self, name: str) -> None:
        """Take the cable out; raise `InvalidValue` where there is none."""
        self._plugged_in(name)
        self._hand(name, "unplug")

    def drive(
        self, name: str, *, uses_pct: float = 15.0, hours: float = 1.0, distance_km: float = 40.0, plugs_in: bool = True
    ) -> None:
        """Take the car out now; it is back after *hours*. Raise `InvalidValue` where it is away."""
        if self.truth(name).driving:
            raise InvalidValue(f"{name} is on the road")
        self._hand(name, "drive", uses_pct=uses_pct, hours=hours, distance_km=distance_km, plugs_in=plugs_in)

    def start(self, name: str) -> None:
        """Start charging by the maker's own app; raise `InvalidValue` where the car is not plugged in."""
        self._plugged_in(name)
        self._hand(name, "start")

    def stop(self, name: str) -> None:
        """Stop charging by the maker's own app; raise `InvalidValue` where the car is not plugged in."""
        self._plugged_in(name)
        self._hand(name, "stop")

    def set_limit(self, name: str, percent: float) -> None:
        """Move the charge limit by the maker's own app, to 50-100 %."""
        if not 50 <= percent <= 100:
            raise InvalidValue(f"a charge limit is 50 to 100 %, got {percent}")
        self._hand(name, "set-limit", percent=percent)

    def connect(self, car_ids: Sequence[str], user_id: str, permissions: Sequence[str], redirect_uri: str) -> str:
        """Consent to an application as a driver does on Connect's page; return the code for it."""
        code = self.consents.next_code()
        cars, granted = list(car_ids), list(permissions)
        self.record(
            "consent", act="granted", user_id=user_id, cars=cars, permissions=granted, redirect_uri=redirect_uri
        )  # fmt: skip
        for webhook in list(self.webhooks.webhooks.values()):
            if webhook.spec.auto_subscribe:
                for car_id in car_ids:
                    self.subscribe(webhook.spec.id, car_id)
        return code

    def disconnect(self, name: str) -> None:
        """Take consent back, as a driver does in the maker's account; a car without it stays so."""
        car_id = self.car(name).spec.id
        self.record("consent", car_id, act="disconnected")
        for webhook_id, subscribed in list(self.webhooks.subscriptions):
            if subscribed == car_id:
                self.record("webhook", car_id, act="unsubscribed", webhook=webhook_id)

    def revoke_tokens(self) -> None:
        """Make every bearer token issued so far worthless."""
        self.record("revoked")

    def make_webhook(self, spec: WebhookSpec) -> None:
        """Set up a webhook as in the dashboard, or change it; its address has to answer the challenge before it works."""
        webhook = self.webhooks.webhooks.get(spec.id)
        if webhook is None or webhook.spec != spec:
            self.record("webhook", act="made", webhook=spec.id, spec=spec.model_dump(mode="json"))
        if spec.auto_subscribe:
            for car_id in self.consents.connections:
                self.subscribe(spec.id, car_id)

    def subscribe(self, webhook_id: str, car_id: str) -> bool:
        """Subscribe a car to a webhook; False where it is already."""
        if (webhook_id, car_id) in self.webhooks.subscriptions:
            return False
        self.record("webhook", car_id, act="subscribed", webhook=webhook_id)
        return True

    # What goes wrong

    def fault(self, fault: Fault) -> QueuedFault:
        """Queue *fault*; raise `UnknownCar` where it names none of ours."""
        if fault.car is not None:
            fault = fault.model_copy(update={"car": self.car(fault.car).spec.id})
        self.record("fault", fault=fault.model_dump(mode="json"))
        return self.faults[-1]

    def clear_faults(self) -> None:
        """Let nothing more go wrong."""
        self.record("cleared")

    def struck(self, car_id: str | None, call: str) -> tuple[float, Fault | None]:
        """Return how much longer a call takes, and what else happens to it; what fires is counted."""
        extra_s, other = 0.0, None
        for queued in self._faults.striking(car_id, call, self.now()):
            self.record("fired", number=queued.number)
            if queued.fault.kind is FaultKind.LATENCY:
                extra_s += queued.fault.seconds
            else:
                other = queued.fault
        return extra_s, other

    # What callers do

    def spend(self, car_id: str | None, calls: int = 1) -> Refusal | None:
        """Count *calls*; return why they are not let in, where they are not."""
        if self.quotas.spec is None:
            return None
        refused = self.quotas.refusal(car_id, self.now(), calls)
        if refused is None:
            self.record("call", car_id, calls=calls)
        return refused

    async def read(self, car_id: str | None, call: str = "read") -> Fault | None:
        """Spend the time a read takes; return the fault that strikes it, if any."""
        extra_s, fault = self.struck(car_id, call)
        self._reads += 1
        await self._sleep(self._latency(f"read/{self._reads}", self.scenario.latency.read_s) + extra_s)
        return fault

    def known(self, name: str) -> Known:
        """Return what a store that hears every report of a car holds now."""
        car, now = self.car(name), self.now()
        connection = self.consents.connections.get(car.spec.id)
        lasts = car.rules.consent_lasts
        heard_until = now if connection is None or lasts is None else min(now, connection.created_at + lasts)
        reported_at = known_at(car, heard_until, self.phase(car), self._faults.silences(car.spec.id, now))
        return known_of(car, reported_at, now)

    def stored(self, name: str) -> Known | None:
        """Return what Smartcar's store holds of a car now; None where nothing ever filled it."""
        car, now = self.car(name), self.now()
        if self.scenario.store is Filling.ALWAYS or self.webhooks.watches(car.spec.id):
            return self.known(name)
        last = self.webhooks.ever_watched(car.spec.id)
        if last is None:
            return None
        pulled_at = last + (now - last) // _DAY * _DAY
        return (
            known_of(car, known_at(car, pulled_at, self.phase(car)), now)
            if pulled_at > last
            else known_of(car, last, now)
        )

    def phase(self, car: Car) -> float:
        """Return where in its interval a car reports, 0 to 1: a fleet does not report in step."""
        return random.Random(f"{self._seed}/{car.spec.id}/phase").random()

    def next_report(self, name: str) -> datetime | None:
        """Return when anything more may be heard of a car, if nobody does anything."""
        car = self.car(name)
        return next_report_after(car, self.now(), self.phase(car))

    async def command(self, name: str, verb: Verb, percent: float | None = None) -> CommandReply:
        """Carry a command to a car: it takes its time, then acts or not, and is written down before it is answered."""
        car, started_at = self.car(name), self.now()
        extra_s, fault = self.struck(car.spec.id, verb)
        latency_s = self._latency(f"{car.spec.id}/{len(car.commands)}", self.scenario.latency.command_s) + extra_s
        await self._sleep(min(latency_s, STREAMS_AFTER_S))
        now = self.now()
        car.advance(now)
        end = fate(self._refusal(car, verb, now), fault)
        if latency_s > STREAMS_AFTER_S and not end.cut and not end.streamed:
            effect = "late" if end.effect == "acted" else end.effect
            end = replace(end, effect=effect, after_s=latency_s - STREAMS_AFTER_S, streamed=True)
        code = end.refusal.code if end.refusal else None
        facts = {"verb": verb, "percent": percent, "effect": end.effect, "after_s": end.after_s}
        self.record("command", car.spec.id, **facts, status=end.status, code=code)
        return CommandReply(started_at, now + timedelta(seconds=end.after_s if end.streamed else 0), end)

    def _refusal(self, car: Car, verb: Verb, now: datetime) -> Refusal | None:
        if not self.scenario.plan.commands:
            return refusal("INVALID_PLAN", "The plan includes no commands.")
        connection, lasts = self.consents.connections.get(car.spec.id), car.rules.consent_lasts
        if connection is not None and lasts is not None and now >= connection.created_at + lasts:
            return refusal("AUTHENTICATION_FAILED", "The owner has to log in again.")
        return own_refusal(car, verb, now)

    def _latency(self, what: str, bounds: tuple[float, float]) -> float:
        return random.Random(f"{self._seed}/{what}").uniform(*bounds)

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.clock.sleep(seconds)

    def _plugged_in(self, name: str) -> None:
        if not self.truth(name).plugged_in:
            raise InvalidValue(f"{name} is not plugged in")

    def _hand(self, name: str, act: str, **facts: object) -> None:
        self.record("hand", self.car(name).spec.id, act=act, **facts)
