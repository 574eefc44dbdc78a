"""
What the API answers, as pydantic models: the public face of the domain's values. All times are UTC, all shares 0-100, all
energies at the plug, all money in the major unit of the named currency. Null means not known; it never means no or zero.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from scheduler.domain.command import Command, CommandStatus, Reason, Verb
from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.event import Event, Fact, Level
from scheduler.domain.plan import PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.domain.vehicle import VehicleState
from scheduler.operations import CarView, FleetView

Pct = Annotated[float, Field(description="0-100, share of the battery")]
Kwh = Annotated[float, Field(description="kWh at the plug")]


class Answer(BaseModel):
    """A model that is only ever written, straight from domain values of the same field names."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class StateAnswer(Answer):
    """What the car last reported, and when it was true."""

    seen_at: datetime = Field(description="When the car itself recorded plug and charging")
    soc_pct: Pct | None
    soc_seen_at: datetime | None = Field(description="When the car itself recorded its state of charge")
    soc_age_s: float | None = Field(description="Seconds from then to the answer's `now`")
    plugged_in: bool | None
    charging: bool | None
    fully_charged: bool | None
    limit_pct: Pct | None = Field(description="The limit set in the car, 0-100")
    power_kw: float | None = Field(description="Charging power in kW")

    @classmethod
    def of(cls, state: VehicleState, now: datetime) -> StateAnswer:
        """Return *state* with its age at *now*."""
        age_s = (now - state.soc_seen_at).total_seconds() if state.soc_seen_at else None
        names = cls.model_fields.keys() - {"soc_age_s"}
        return cls(soc_age_s=age_s, **{name: getattr(state, name) for name in names})


class SessionAnswer(Answer):
    """The plug-in the car is in."""

    plugged_in_at: datetime
    start_soc_pct: Pct | None
    hand: Hand = Field(description="What the driver's own hand on the car did; it wins until unplugged")
    energy_kwh: Kwh = Field(description="kWh seen to flow so far, an estimate")
    cost: float = Field(description="What that cost so far, in the promise's currency, an estimate")

    @classmethod
    def of(cls, session: ChargeSession) -> SessionAnswer:
        return cls.model_validate(session)


class WindowAnswer(Answer):
    """Planned charging during `[start, end)`."""

    start: datetime
    end: datetime
    power_kw: float = Field(description="kW at the plug")
    energy_kwh: Kwh


class GoalAnswer(Answer):
    """What the driver wants next."""

    ready_by: datetime
    target_pct: Pct
    reserve_pct: Pct = Field(description="Below this share the car never waits, 0-100")
    name: str = Field(description="What a trip is called, or empty")
    floor_pct: Pct | None = Field(description="So much will do: the target may wait for a later day, 0-100")
    wanted_pct: Pct | None = Field(description="What was asked for, where the car or its credit ends below it, 0-100")


class AgeingAnswer(Answer):
    """What standing above the daily limit costs the battery."""

    limit_pct: Pct = Field(description="Above this share it ages faster, 0-100")
    since: datetime | None = Field(
        description="From when it stands above it, until the last goal; null where it never does"
    )
    cost: float | None = Field(description="About what that costs; null where it is not known in this currency")
    dearer: float = Field(description="What the plan costs more than the cheapest one, to spare the battery")
    spared: float = Field(description="About what ageing that spares")

    @classmethod
    def of(cls, promise: Promise) -> AgeingAnswer | None:
        ageing, until = promise.ageing, promise.departure
        if ageing is None or until is None:
            return None
        return cls(
            limit_pct=ageing.wear.limit_pct,
            since=ageing.wear.begins(promise.plan),
            cost=ageing.wear.cost(promise.plan, until) if ageing.wear.priced else None,
            dearer=ageing.dearer,
            spared=ageing.spared,
        )


class PromiseAnswer(Answer):
    """The plan in force, and on which facts it was made."""

    made_at: datetime
    soc_pct: Pct | None
    goal: GoalAnswer | None
    later_goals: list[GoalAnswer] = Field(description="Goals soon after it that want more, planned with it")
    outcome: PlanOutcome
    windows: list[WindowAnswer]
    energy_kwh: Kwh
    shortfall_kwh: Kwh = Field(description="kWh that will be missing at the goal")
    currency: str
    cost: float = Field(description="Cost of the plan where its prices are known")
    cost_known: bool = Field(description="Whether every price in it is known")
    at_once_cost: float | None = Field(description="What charging at once would cost; null where a price is unknown")
    prices_known_until: datetime | None
    optimal: bool = Field(description="Whether no cheaper plan exists under the same rules")
    notes: list[str]
    ageing: AgeingAnswer | None = Field(description="Null where nothing is charged above the daily limit")

    @classmethod
    def of(cls, promise: Promise) -> PromiseAnswer:
        """Return *promise* with its plan laid flat."""
        plan = promise.plan
        return cls(
            made_at=promise.made_at,
            soc_pct=promise.soc_pct,
            goal=GoalAnswer.model_validate(promise.goal) if promise.goal else None,
            later_goals=[GoalAnswer.model_validate(goal) for goal in promise.later_goals],
            outcome=plan.outcome,
            windows=[WindowAnswer.model_validate(window) for window in plan.windows],
            energy_kwh=plan.energy_kwh,
            shortfall_kwh=plan.shortfall_kwh,
            currency=promise.currency,
            cost=plan.cost,
            cost_known=plan.cost_known,
            at_once_cost=promise.at_once_cost,
            prices_known_until=promise.prices_known_until,
            optimal=plan.optimal,
            notes=list(promise.notes),
            ageing=AgeingAnswer.of(promise),
        )


class CommandAnswer(Answer):
    """One wish to switch a car, and what came of it."""

    id: str
    vehicle_id: str
    verb: Verb
    reason: Reason
    status: CommandStatus
    queued_at: datetime
    expires_at: datetime = Field(description="After this it is dropped rather than sent late")
    sent_at: datetime | None
    settled_at: datetime | None
    attempts: int
    detail: str

    @classmethod
    def of(cls, command: Command) -> CommandAnswer:
        return cls.model_validate(command)


class NextEventAnswer(Answer):
    """What happens next by plan."""

    at: datetime
    kind: str = Field(description="start, stop or departure")


class ConsentAnswer(Answer):
    """Whether a car may be read and commanded."""

    status: ConsentStatus
    since: datetime | None = Field(description="When it became so; null: nobody knows")
    ends_at: datetime | None = Field(description="When it ends by itself; null: no end is known")
    words: str = Field(description="What to know of it and what to do; empty where all is well")

    @classmethod
    def of(cls, consent: Consent, now: datetime) -> ConsentAnswer:
        return cls(status=consent.status, since=consent.since, ends_at=consent.ends_at, words=consent.words(now))


class CarAnswer(Answer):
    """One car. `sentence` says it all; the rest is the same in pieces."""

    name: str = Field(description="The car's own name, as in the paths of this API")
    driver: str
    title: str
    timezone: str = Field(description="The driver's IANA time zone")
    sentence: str
    simulated: bool = Field(description="True: no real car, or no real prices")
    tariff: str
    looked_at: datetime | None = Field(description="When the car was last asked with success")
    state: StateAnswer | None
    session: SessionAnswer | None
    override: Override = Field(description="What a person asked of smartcharge, until unplugged or resumed")
    promise: PromiseAnswer | None
    next_event: NextEventAnswer | None
    calls_left: int | None = Field(description="Calls left with Smartcar this month; null: not counted")
    consent: ConsentAnswer

    @classmethod
    def of(cls, car: CarView, now: datetime) -> CarAnswer:
        """Return *car* with its ages at *now*."""
        return cls(
            name=str(car.vehicle_id),
            driver=car.driver_id,
            title=car.title,
            timezone=car.timezone.key,
            sentence=car.sentence,
            simulated=car.simulated,
            tariff=str(car.tariff_id),
            looked_at=car.looked_at,
            state=StateAnswer.of(car.state, now) if car.state else None,
            session=SessionAnswer.of(car.session) if car.session else None,
            override=car.override,
            promise=PromiseAnswer.of(car.promise) if car.promise else None,
            next_event=NextEventAnswer(at=car.next_event_at, kind=car.next_event) if car.next_event_at else None,
            calls_left=car.calls_left,
            consent=ConsentAnswer.of(car.consent, now),
        )


class FleetAnswer(Answer):
    """Cars at one moment."""

    now: datetime
    started_at: datetime
    version: str
    simulated: bool = Field(description="True: nothing here is real")
    cars: list[CarAnswer]

    @classmethod
    def of(cls, fleet: FleetView, cars: tuple[CarView, ...]) -> FleetAnswer:
        """Return *cars* out of *fleet*."""
        return cls(
            now=fleet.now,
            started_at=fleet.started_at,
            version=fleet.version,
            simulated=fleet.simulated,
            cars=[CarAnswer.of(car, fleet.now) for car in cars],
        )


class WishAnswer(Answer):
    """What a wish means for each car it names, in sentences."""

    sentences: list[str]


class EventAnswer(Answer):
    """Something that happened, once."""

    seq: int = Field(description="Counts without a gap; ask for what came after it")
    at: datetime
    name: str = Field(description="noun.past_verb, as in the catalogue of events")
    level: Level
    vehicle_id: str | None
    facts: dict[str, Fact] = Field(description="With their units in their names")

    @classmethod
    def of(cls, event: Event) -> EventAnswer:
        return cls.model_validate(event)


class EventsAnswer(Answer):
    """Events, oldest first."""

    events: list[EventAnswer]


class CommandsAnswer(Answer):
    """Commands of the last 36 hours, oldest first."""

    commands: list[CommandAnswer]


class ErrorMessage(Answer):
    """What is wrong, in a sentence."""

    message: str


class ErrorAnswer(Answer):
    """Every answer that is not a success looks like this."""

    error: ErrorMessage


class HealthAnswer(Answer):
    """Whether the daemon does its work."""

    status: str = Field(description="well or unwell")
    reasons: list[str] = Field(description="Sentences, one for each thing that is wrong")
    facts: dict[str, Fact]
