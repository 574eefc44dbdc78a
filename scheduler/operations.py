"""
Everything a person may ask of a running smartcharge: see the fleet, start, stop, hold, resume. The command line, the API
and the page share it, so that all three say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.command import Command
from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.errors import InvalidValue
from scheduler.domain.event import Event
from scheduler.domain.make import rules_for
from scheduler.domain.plan import ChargePlan
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Roster, Seat
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.drivers import moment_of
from scheduler.planning.car_sentence import BY_SUPPLIER, car_sentence, next_of, trouble_sentence
from scheduler.planning.estimate import Estimate, estimate, estimate_words
from scheduler.planning.why import Explanation, explanation
from scheduler.planning.words import moment_words
from scheduler.ports import Clock, ConsentDesk, Journal, PriceBook, Returned, Store

RECENT = timedelta(hours=36)
"""How far back the page and the API show commands: last night and today."""

LONGEST_STAY = timedelta(days=30)
"""How far before a plan its plug-in is looked for: a car that stands longer is not asked about."""


@dataclass(frozen=True, slots=True)
class CarView:
    """
    One car as people see it. `sentence` says it all; the rest is the same in pieces.

    `calls_left`: this month, with Smartcar; None where they are not counted.
    """

    vehicle_id: VehicleId
    driver_id: str
    title: str
    timezone: ZoneInfo
    sentence: str
    tariff_id: TariffId
    state: VehicleState | None
    looked_at: datetime | None
    session: ChargeSession | None
    override: Override
    promise: Promise | None
    commands: tuple[Command, ...]
    next_event_at: datetime | None
    next_event: str
    simulated: bool
    by_supplier: bool = False
    calls_left: int | None = None
    consent: Consent = field(default_factory=lambda: Consent(VehicleId("")))

    @property
    def overruled(self) -> bool:
        """Whether a person's word or hand stands above the plan. `resume` ends it."""
        return self.override is not Override.NONE or (self.session is not None and self.session.hand is not Hand.NONE)

    @property
    def plan_in_force(self) -> ChargePlan | None:
        """The plan that is followed: none while the car is unplugged, overruled or out of reach."""
        followed = self.session and not self.overruled and self.in_reach
        return self.promise.plan if self.promise and followed else None

    @property
    def in_reach(self) -> bool:
        """Whether the car may be read and commanded: its driver lets us, and calls are left."""
        return self.consent.status is ConsentStatus.GIVEN and self.calls_left != 0

    def soc_age(self, now: datetime) -> timedelta | None:
        """Return how old the state of charge is; None while none was ever seen."""
        return now - self.state.soc_seen_at if self.state and self.state.soc_seen_at else None


@dataclass(frozen=True, slots=True)
class FleetView:
    """All cars at one moment."""

    now: datetime
    started_at: datetime
    version: str
    simulated: bool
    cars: tuple[CarView, ...]


@dataclass(frozen=True, slots=True)
class WhyView:
    """Why one car charges when it does. `explanation` is None where no plan was kept for it; `sentences` say that too."""

    vehicle_id: VehicleId
    title: str
    timezone: ZoneInfo
    explanation: Explanation | None
    sentences: tuple[str, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class EstimateView:
    """How long one car takes to charge."""

    vehicle_id: VehicleId
    title: str
    timezone: ZoneInfo
    estimate: Estimate
    sentence: str
    simulated: bool


class Operations:
    """
    What a person may ask. Reading never changes anything; each wish is written down and wakes the car's turn.

    *roster* is a callable, since a reload swaps the roster whole. *nudge* makes the next sweep come at once.
    """

    def __init__(
        self,
        clock: Clock,
        store: Store,
        prices: PriceBook,
        roster: Callable[[], Roster],
        journal: Journal,
        *,
        simulated: bool,
        version: str,
        nudge: Callable[[], None] = lambda: None,
        calls_left: Callable[[VehicleId], int | None] = lambda _vehicle_id: None,
        desk: ConsentDesk | None = None,
    ) -> None:
        self._clock, self._store, self._prices, self._roster, self._journal = clock, store, prices, roster, journal
        self._simulated, self._version, self._started_at = simulated, version, clock.now()
        self._nudge, self._calls_left, self._desk = nudge, calls_left, desk

    def fleet(self) -> FleetView:
        """Return every car as it stands now."""
        now = self._clock.now()
        cars = tuple(self._car(seat, now) for seat in self._roster().seats)
        return FleetView(now, self._started_at, self._version, self._simulated, cars)

    def cars(self, name: str) -> tuple[CarView, ...]:
        """Return the cars a person means by *name*; InvalidValue with a did-you-mean for one that is not known."""
        now = self._clock.now()
        return tuple(self._car(seat, now) for seat in self._roster().named(name))

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        """Return the prices in force on a tariff, as the driver pays them."""
        return self._prices.curve(tariff_id)

    def events(self, after_seq: int = -1, limit: int = 100, vehicle_id: VehicleId | None = None) -> list[Event]:
        """Return what happened, oldest first; by default the newest *limit*."""
        return self._store.events(after_seq, limit, vehicle_id)

    def why(self, name: str, at: str | None = None) -> tuple[WhyView, ...]:
        """
        Say why the cars that *name* means are charged as they are, or were *at* a past time (see `drivers.moment_of`).

        Told from what the ledger kept: the promise in force then, the prices as they were known, the commands since.
        """
        now = self._clock.now()
        return tuple(
            self._why(seat, None if at is None else moment_of(at, seat.driver.timezone, now), now)
            for seat in self._roster().named(name)
        )

    def estimate(
        self, name: str, to_pct: float, from_pct: float | None = None, power_kw: float | None = None
    ) -> tuple[EstimateView, ...]:
        """
        Say how long the cars that *name* means take to charge to *to_pct*, from now at the plug in the driver's file
        unless told otherwise. InvalidValue where the state of charge is not known and not given.
        """
        now = self._clock.now()
        return tuple(self._estimate(seat, to_pct, from_pct, power_kw, now) for seat in self._roster().named(name))

    def start(self, name: str) -> tuple[str, ...]:
        """Charge to the target now, whatever the price, until it is reached or the car is unplugged."""
        return self._wish(name, Override.START, "charges to its target now, whatever the price")

    def stop(self, name: str) -> tuple[str, ...]:
        """Do not charge until unplugged or resumed, even past a departure; the answer warns of that."""
        return self._wish(name, Override.STOP, "will not charge until it is unplugged or you resume")

    def hold(self, name: str) -> tuple[str, ...]:
        """Send the car no command at all until unplugged or resumed."""
        return self._wish(name, Override.HOLD, "gets no command until it is unplugged or you resume")

    def resume(self, name: str) -> tuple[str, ...]:
        """Follow the plan again; also forgets a hand on the car in this session."""
        return self._wish(name, Override.NONE, "follows its plan again")

    def connect_link(self, name: str) -> str:
        """Return the address by which a driver connects the cars that *name* means; InvalidValue where there is none."""
        return self._at_desk().link(name)

    def connect_notes(self, name: str) -> tuple[str, ...]:
        """Return what to know, before they are connected, of the makes of the cars that *name* means."""
        makes = (rules_for(seat.car.vehicle.make) for seat in self._roster().named(name))
        return tuple(dict.fromkeys(words for make in makes for words in make.words()))

    def connect_answer(self, name: str) -> Returned | None:
        """Return what came of the last way through Connect for *name*; None for none since the daemon's start."""
        return self._at_desk().returned(name)

    async def disconnect(self, name: str) -> tuple[str, ...]:
        """End the consents at Smartcar and forget the cars' ids and tokens here."""
        return await self._at_desk().disconnect(name)

    def _at_desk(self) -> ConsentDesk:
        if self._desk is None:
            raise InvalidValue("consents are given and ended at the running daemon only")
        return self._desk

    def _wish(self, name: str, override: Override, consequence: str) -> tuple[str, ...]:
        seats = self._roster().named(name)
        now = self._clock.now()
        with self._store.transaction():
            for seat in (seat for seat in seats if not seat.car.by_supplier):
                self._store.set_override(seat.vehicle_id, override, now)
                self._forget_hand(seat)
                if override is Override.NONE:
                    self._journal.note("override.ended", seat.vehicle_id, by="resume")
                else:
                    self._journal.note("override.set", seat.vehicle_id, override=override.value)
            self._store.wake([seat.vehicle_id for seat in seats], now)
        self._nudge()
        return tuple(self._answer(seat, override, consequence) for seat in seats)

    def _forget_hand(self, seat: Seat) -> None:
        """Let a word to smartcharge take the place of a hand on the car, which is older."""
        session = self._store.session(seat.vehicle_id)
        if session is not None and session.hand is not Hand.NONE:
            self._store.save_session(session.without_hand())

    def _answer(self, seat: Seat, override: Override, consequence: str) -> str:
        if seat.car.by_supplier:
            return f"{seat.title} is {BY_SUPPLIER}. Nothing was changed."
        promise = self._store.promise(seat.vehicle_id)
        if self._store.session(seat.vehicle_id) is None:
            return f"{seat.title} is not seen to be plugged in; once it is, it {consequence}."
        if override is Override.STOP and promise is not None and promise.goal is not None and promise.plan.windows:
            ready_by = promise.goal.ready_by.astimezone(seat.driver.timezone)
            return (
                f"{seat.title} {consequence}. It may miss its departure on {ready_by:%A at %H:%M} "
                f"(target {promise.goal.target_pct:.0f} %)."
            )
        return f"{seat.title} {consequence}."

    def _why(self, seat: Seat, at: datetime | None, now: datetime) -> WhyView:
        vehicle_id, timezone = seat.vehicle_id, seat.driver.timezone
        promise = self._store.promise(vehicle_id, at)
        if promise is None:
            by_then = "yet" if at is None else f"by {moment_words(at, now, timezone)}"
            said = f"No plan was made {by_then}."
            return WhyView(vehicle_id, seat.title, timezone, None, (said,), self._simulated)
        sessions = self._store.sessions(vehicle_id, promise.made_at - LONGEST_STAY)
        session = next((session for session in reversed(sessions) if session.plugged_in_at <= promise.made_at), None)
        until = session.unplugged_at if session is not None and session.unplugged_at is not None else now
        commands = [
            command for command in self._store.commands(vehicle_id, promise.made_at) if command.queued_at <= until
        ]
        kept = self._store.curve(promise.tariff_id, promise.made_at)
        curve = kept[0] if kept is not None else None
        told = explanation(promise, curve, seat.car.vehicle, session, commands, now, timezone)
        simulated = self._simulated or promise.simulated
        gone = (f"Unplugged {moment_words(until, now, timezone)}.",) if until < (at or now) else ()
        return WhyView(vehicle_id, seat.title, timezone, told, (*told.sentences, *gone), simulated)

    def _estimate(
        self, seat: Seat, to_pct: float, from_pct: float | None, power_kw: float | None, now: datetime
    ) -> EstimateView:
        state = self._store.last_state(seat.vehicle_id)
        begin_pct = from_pct if from_pct is not None else state.soc_pct if state is not None else None
        if begin_pct is None:
            raise InvalidValue(f"the state of charge of {seat.title} is not known; say where to begin, with --from")
        told = estimate(seat.car.vehicle, begin_pct, to_pct, power_kw)
        sentence = f"{seat.title} {estimate_words(told, now, seat.driver.timezone)}"
        return EstimateView(seat.vehicle_id, seat.title, seat.driver.timezone, told, sentence, self._simulated)

    def _car(self, seat: Seat, now: datetime) -> CarView:
        vehicle_id = seat.vehicle_id
        state, session = self._store.last_state(vehicle_id), self._store.session(vehicle_id)
        override, promise = self._store.override(vehicle_id), self._store.promise(vehicle_id)
        consent = self._desk.consent(vehicle_id) if self._desk is not None else Consent(vehicle_id)
        calls_left = self._calls_left(vehicle_id)
        if seat.car.by_supplier:
            override, promise = Override.NONE, None
        trouble = trouble_sentence(seat, state, consent, calls_left, now)
        followed = promise if session and session.hand is Hand.NONE and trouble is None else None
        next_event_at, next_event = next_of(followed, override, now)
        return CarView(
            vehicle_id,
            str(seat.driver.id),
            seat.title,
            seat.driver.timezone,
            trouble or car_sentence(seat, state, session, override, promise, now),
            seat.driver.tariff_id,
            state,
            self._store.last_look(vehicle_id),
            session,
            override,
            promise,
            tuple(self._store.commands(vehicle_id, now - RECENT)),
            next_event_at,
            next_event,
            self._simulated or bool(promise and promise.simulated),
            seat.car.by_supplier,
            calls_left,
            consent,
        )
