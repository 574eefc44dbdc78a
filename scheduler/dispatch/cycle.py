"""
One turn of the ring for one vehicle: see, understand, plan, decide, command, and say when to turn again.

    claim -> see -> observe -> settle commands -> plan -> decide -> [queue -> send] -> complete

Each turn recomputes from facts, so a lost turn costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.dispatch.budget import need_of, useful_until
from scheduler.dispatch.calm import Calm, keeps
from scheduler.dispatch.commands import Commands
from scheduler.dispatch.decide import Decision, Situation, decide
from scheduler.dispatch.departing import Departing
from scheduler.dispatch.due import after_failure, next_turn
from scheduler.dispatch.looking import LookPlan, Sight
from scheduler.dispatch.make_limits import (
    MONTH,
    NOT_COUNTED,
    MakeLimits,
    answered,
    driven_at,
    is_away,
    left_alone,
    make_limits,
)
from scheduler.dispatch.measuring import Measuring
from scheduler.dispatch.observe import Observation, is_full, metered, observe, soc_now
from scheduler.dispatch.outlooks import Outlooks
from scheduler.dispatch.own_limit import own_limit_pct
from scheduler.dispatch.prepaid import Prepaid
from scheduler.dispatch.promising import Circumstances, Promising
from scheduler.dispatch.purse import Purse
from scheduler.dispatch.sights import Sights
from scheduler.dispatch.spread import share_of_day
from scheduler.dispatch.stale import age, outlives
from scheduler.dispatch.telling import Telling
from scheduler.domain.command import Command, Reason, Verb
from scheduler.domain.errors import BudgetExhausted, ConsentLost, StoreUnavailable, VehicleError, VehicleUnreachable
from scheduler.domain.lease import Lease
from scheduler.domain.make import rules_for
from scheduler.domain.plan import ChargePlan
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Roster, Seat
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.ports import Clock, Journal, PriceBook, Store, VehicleGateway

HOPELESS = timedelta(hours=6)
"""
The pause before a car is tried again that only a person can bring back (consent, budget): each try may cost a call of the
month. Whoever connects the car again, or says `resume`, wakes it at once.
"""

POISON = timedelta(minutes=5)
"""How far a vehicle is pushed ahead whose turn failed in a way nobody foresaw, so that it cannot starve the others."""


@dataclass(frozen=True, slots=True)
class CycleRules:
    """
    What the operator decides about turning: pauses, calm, what counts as an automatic start, how long a turn may take
    (`lease_for`, longer than the longest call to a car), over how long planned starts are spread, how old a report may be
    to be planned on, the share of stays that a learned departure may leave short (None: none is learned), and whether it is
    learned when a car is usually plugged in.
    """

    looks: LookPlan
    calm: Calm
    automatic_within: timedelta
    lease_for: timedelta
    spread: timedelta = timedelta(0)
    stale_after: timedelta = timedelta(days=1)
    learned_risk: float | None = None
    learned_looks: bool = False


class Cycle:
    """Turns vehicles' rings. Holds no truth: what must survive is in the store; failure counts may be lost."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        gateway: VehicleGateway,
        prices: PriceBook,
        roster: Callable[[], Roster],
        journal: Journal,
        commands: Commands,
        rules: CycleRules,
        purse: Purse,
    ) -> None:
        self._clock, self._store, self._prices = clock, store, prices
        self._roster, self._journal, self._commands, self._rules = roster, journal, commands, rules
        departing = None if rules.learned_risk is None else Departing(store, rules.learned_risk)
        self._promising, self._measuring = Promising(prices, Outlooks(store), departing), Measuring(store)
        self._sights = Sights(clock, store, gateway, rules.looks, purse, learned=rules.learned_looks)
        self._purse = purse
        self._prepaid, self._telling = Prepaid(store, prices), Telling(store, journal)
        self._failures: dict[VehicleId, int] = {}
        self._stale: set[VehicleId] = set()
        self._wanted_since: dict[VehicleId, datetime] = {}

    async def turn(self, lease: Lease) -> None:
        """Turn one vehicle's ring under *lease*. Whatever happens to it, the other vehicles go on."""
        held = next(iter(self._store.renew([lease], self._clock.now(), self._rules.lease_for)), None)
        if held is None or lease.vehicle_id not in self._roster():
            return
        seat = self._roster().seat(lease.vehicle_id)
        try:
            held, due_at = await self._turned(seat, held)
        except VehicleError as error:
            due_at = self._unreachable(lease.vehicle_id, error)
        except StoreUnavailable:
            # Nothing can be written of this car nor of any other; its lease ends by itself, and the turn is made again.
            raise
        except Exception as error:  # noqa: BLE001  one poisoned vehicle must not stop the others; pushed ahead, then told
            due_at = self._poisoned(lease.vehicle_id, error)
        self._store.complete(held, due_at)

    async def _turned(self, seat: Seat, lease: Lease) -> tuple[Lease, datetime]:
        vehicle_id = seat.vehicle_id
        seen = await self._sights.see(seat)
        if seen.looked:
            self._reached(vehicle_id)
        sight, state, now = seen.sight, seen.sight.state, self._clock.now()
        with self._store.transaction():
            session = self._understood(seat, sight, now)
            self._tell_age(state, session, now)
            promise = self._promised(seat, state, session, now)
            decision, command = self._decided(seat, state, session, promise, lease, now)
        if command is not None:
            lease = await self._commands.send(command, seat.car.vehicle, lease)
        after = self._clock.now()
        if command is not None:
            # A refusal is known at once. Its pause is minutes, and the next ordinary look may be hours away.
            decision = decide(self._situation(seat, state, session, promise, after))
        open_commands = self._store.open_commands(vehicle_id)
        report_every = rules_for(seat.car.vehicle.make).report_interval
        retry_at = self._prepaid.standing(seat, state, after).turn_by(decision.retry_at, after)
        return lease, next_turn(
            after, sight, promise, open_commands, seen.looks, retry_at, report_every, seen.look_from
        )

    def _understood(self, seat: Seat, sight: Sight, now: datetime) -> ChargeSession | None:
        """Record what was seen and what it means: the session, a hand on the car, the outcome of commands."""
        vehicle_id, state = seat.vehicle_id, sight.state
        before, session = self._store.last_state(vehicle_id), self._store.session(vehicle_id)
        self._commands.settle(self._store.open_commands(vehicle_id), state, now, self._patience(seat))
        commands, looked_at = self._of_session(session, now), self._store.last_look(vehicle_id)
        seen = observe(session, before, state, commands, self._rules.automatic_within, looked_at)
        self._prepaid.book(seat, before, state, seen, commands)
        self._store.record_sighting(state, sight.at)
        self._remember(seat, before, state, seen, now)
        return self._store.session(vehicle_id)

    def _remember(
        self, seat: Seat, before: VehicleState | None, state: VehicleState, seen: Observation, now: datetime
    ) -> None:
        vehicle_id, soc_pct = seat.vehicle_id, state.soc_pct
        if seen.closed is not None:
            self._store.save_session(seen.closed)
            self._journal.note(
                "vehicle.unplugged",
                vehicle_id,
                soc_pct=soc_pct,
                energy_kwh=round(seen.closed.energy_kwh, 2),
                cost=round(seen.closed.cost, 2),
            )
            self._telling.departure(seat, seen.closed, now)
            if self._store.override(vehicle_id) is not Override.NONE:
                self._store.set_override(vehicle_id, Override.NONE, now)
                self._journal.note("override.ended", vehicle_id, by="unplugged")
        if seen.session is None:
            return
        curve = self._prices.curve(seat.driver.tariff_id)
        self._store.save_session(metered(seen.session, before, state, seat.car.vehicle, curve))
        if seen.plugged_in:
            self._journal.note("vehicle.plugged_in", vehicle_id, soc_pct=soc_pct, charging=state.charging)
        if seen.hand is not Hand.NONE:
            self._journal.note("hand.seen", vehicle_id, hand=seen.hand.value)

    def _promised(
        self, seat: Seat, state: VehicleState, session: ChargeSession | None, now: datetime
    ) -> Promise | None:
        """Return the promise in force after this look; it is stored and told only when it differs."""
        if session is None or seat.car.by_supplier:
            return None
        before = self._store.promise(seat.vehicle_id)
        if before is not None and before.made_at < session.plugged_in_at:
            before = None
        soc_pct, stale = self._soc_pct(seat, state, now), self._is_stale(state, now)
        charging = bool(state.charging) and session.hand is Hand.NONE
        starts_used = sum(
            command.verb is Verb.START and command.sent_at is not None and command.status not in NOT_COUNTED
            for command in self._of_session(session, now)
        )
        limits, vehicle = self._limits(seat, session, now), self._measuring.vehicle(seat, session)
        own_limit, credit = own_limit_pct(self._store, state, now), self._prepaid.standing(seat, state, now).left
        stay = Circumstances(
            soc_pct, charging, starts_used, stale, session.plugged_in_at, limits, own_limit, vehicle, credit
        )
        fresh = self._promising.promise(seat, stay, now)
        if stale and outlives(before, fresh, now):
            return before
        if keeps(before, fresh, fresh.outlook(self._promising.curve(seat)), now, self._rules.calm):
            return before
        left_alone = session.hand is not Hand.NONE or self._store.override(seat.vehicle_id) is not Override.NONE
        if self._store.keep_promise(fresh) and not left_alone:
            # A plan that a hand or a wish stands above is kept for later, and no news to anybody.
            self._telling.promise(before, fresh)
        return fresh

    def _soc_pct(self, seat: Seat, state: VehicleState, now: datetime) -> float | None:
        """Return the state of charge to go by now; None where none is known, or only one that is too old."""
        return None if self._is_stale(state, now) else soc_now(state, seat.car.vehicle, now)

    def _is_stale(self, state: VehicleState, now: datetime) -> bool:
        return age(state, now) > self._rules.stale_after

    def _tell_age(self, state: VehicleState, session: ChargeSession | None, now: datetime) -> None:
        """Say it once when a plugged-in car begins to be silent for too long, and once when it speaks again."""
        stale, vehicle_id = session is not None and self._is_stale(state, now), state.vehicle_id
        if stale and vehicle_id not in self._stale:
            self._stale.add(vehicle_id)
            self._journal.note("vehicle.stale", vehicle_id, age_s=round(age(state, now).total_seconds()))
        elif not stale and vehicle_id in self._stale:
            self._stale.remove(vehicle_id)
            self._journal.note("vehicle.recovered", vehicle_id)

    def _decided(
        self,
        seat: Seat,
        state: VehicleState,
        session: ChargeSession | None,
        promise: Promise | None,
        lease: Lease,
        now: datetime,
    ) -> tuple[Decision, Command | None]:
        situation = self._situation(seat, state, session, promise, now)
        decision = decide(situation)
        if decision.target_reached:
            self._store.set_override(seat.vehicle_id, Override.NONE, now)
            self._journal.note("override.ended", seat.vehicle_id, by="target reached")
            return replace(decision, retry_at=now), None
        if decision.verb is not None and self._limits(seat, session, now).objection(decision.verb, situation.soc_pct):
            return replace(decision, verb=None), None
        if decision.verb is not None:
            need, by = need_of(decision.verb, situation), useful_until(decision.verb, situation)
            free_at = self._purse.free_at(seat.vehicle_id, need, now, by)
            if free_at > now:
                return replace(decision, verb=None, retry_at=free_at), None
        if decision.verb is not None and decision.reason is Reason.CREDIT:
            self._telling.spent(seat, situation, self._prepaid.standing(seat, state, now))
        if decision.reason is Reason.PLUG_IN and session is not None and decision.verb is Verb.STOP:
            self._store.save_session(replace(session, automatic_stopped=True))
        return decision, self._commands.queue(decision, lease, now)

    def _situation(
        self, seat: Seat, state: VehicleState, session: ChargeSession | None, promise: Promise | None, now: datetime
    ) -> Situation:
        goal = promise.goal if promise else None
        return Situation(
            now,
            state,
            session,
            promise.plan if promise else ChargePlan.rest(),
            Override.HOLD if seat.car.by_supplier else self._store.override(seat.vehicle_id),
            tuple(self._of_session(session, now)),
            self._soc_pct(seat, state, now),
            (promise.target_pct if promise else None) or 100.0,
            seat.car.preferences.reserve_pct,
            goal.ready_by if goal else None,
            is_full(state),
            share_of_day(seat, now) * self._rules.spread,
            self._since(state, promise, now),
            rules_for(seat.car.vehicle.make).can_set_limit,
            self._prepaid.standing(seat, state, now).may_charge,
            state.limit_pct is not None and own_limit_pct(self._store, state, now) is None,
            is_away(seat, state),
        )

    def _since(self, state: VehicleState, promise: Promise | None, now: datetime) -> datetime | None:
        """Return since when the plan has wanted a car to charge that does not; None where it does not want it now."""
        window = promise.plan.window_at(now) if promise is not None and not state.charging else None
        if window is None:
            self._wanted_since.pop(state.vehicle_id, None)
            return None
        return self._wanted_since.setdefault(state.vehicle_id, window.start)

    def _limits(self, seat: Seat, session: ChargeSession | None, now: datetime) -> MakeLimits:
        """Return what the make and the car itself leave us; a month is read only for a make that counts."""
        make, vehicle_id = rules_for(seat.car.vehicle.make), seat.vehicle_id
        limits = make_limits(make, (), now, now)
        if make.commands_per_drive is not None or make.stops_per_30_days is not None:
            commands = self._store.commands(vehicle_id, now - MONTH)
            seen = self._store.sightings(vehicle_id, now - MONTH)
            limits = make_limits(make, commands, driven_at(seen, session, now), now)
        limits = answered(limits, self._of_session(session, now), now)
        state = self._store.last_state(vehicle_id)
        return left_alone(limits) if state is not None and is_away(seat, state) else limits

    def _of_session(self, session: ChargeSession | None, now: datetime) -> list[Command]:
        since = session.plugged_in_at if session else now
        return self._store.commands(session.vehicle_id, since) if session else []

    def _patience(self, seat: Seat) -> timedelta:
        make = rules_for(seat.car.vehicle.make)
        return max(self._rules.looks.patience, 2 * make.report_interval)

    def _reached(self, vehicle_id: VehicleId) -> None:
        if self._failures.pop(vehicle_id, 0):
            self._journal.note("vehicle.recovered", vehicle_id)

    def _poisoned(self, vehicle_id: VehicleId, error: Exception) -> datetime:
        """Say it once when a turn fails in a way nobody foresaw, and return when to try again."""
        failures = self._failures.get(vehicle_id, 0) + 1
        self._failures[vehicle_id] = failures
        if failures == 1:
            self._journal.note("cycle.failed", vehicle_id, error=type(error).__name__, detail=str(error)[:200])
        return self._clock.now() + POISON

    def _unreachable(self, vehicle_id: VehicleId, error: VehicleError) -> datetime:
        """Say it once when a car stops answering, and return when to try again."""
        now, failures = self._clock.now(), self._failures.get(vehicle_id, 0) + 1
        self._failures[vehicle_id] = failures
        if isinstance(error, BudgetExhausted):
            self._purse.refused(vehicle_id)
        elif failures == 1 and not isinstance(error, ConsentLost):
            # A lost consent is told by the gateway, which knows whether it was known.
            self._journal.note("vehicle.unreachable", vehicle_id, reason=str(error))
        hopeless = isinstance(error, ConsentLost | BudgetExhausted)
        retry_after = error.retry_after if isinstance(error, VehicleUnreachable) else None
        return after_failure(now, failures, self._rules.looks, HOPELESS if hopeless else retry_after)
