"""What the API answers to *why* and *how long*, as pydantic models beside those of `answers.py`."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from scheduler.operations import EstimateView, FleetView, WhyView
from scheduler.planning.account import WindowAccount
from scheduler.planning.relaxation import Relaxation, Wish
from scheduler.web.answers import Answer, CommandAnswer, Kwh, Pct, PromiseAnswer
from scheduler.web.price_answers import ComponentAnswer


class WindowAccountAnswer(Answer):
    """What one window costs, and what its price is made of."""

    start: datetime
    end: datetime
    energy_kwh: Kwh
    cost: float = Field(description="Without the energy at an unknown price")
    price_per_kwh: float | None = Field(description="The mean over what has a price; null where nothing has")
    forecast_kwh: Kwh = Field(description="kWh priced by a forecast")
    unknown_kwh: Kwh = Field(description="kWh at a price that was not known")
    components: list[ComponentAnswer] = Field(description="Add up to the mean price, or empty")

    @classmethod
    def of(cls, told: WindowAccount) -> WindowAccountAnswer:
        return cls(
            start=told.window.start,
            end=told.window.end,
            energy_kwh=told.window.energy_kwh,
            cost=told.cost,
            price_per_kwh=told.price_per_kwh,
            forecast_kwh=told.forecast_kwh,
            unknown_kwh=told.unknown_kwh,
            components=[ComponentAnswer.model_validate(component) for component in told.components],
        )


class RelaxationAnswer(Answer):
    """A wish that was binding, and what relaxing it would save or bring."""

    wish: Wish
    saving: float = Field(description="How much less the plan would cost, ageing counted; negative where it is more")
    ageing: float = Field(description="How much of that is the battery's, which stands full for less time")
    gained_kwh: Kwh = Field(description="How much less would be missing at the departure")
    less_kwh: Kwh = Field(description="How much less would be charged")
    delay_s: float | None = Field(description="How much later the departure would be")
    target_pct: Pct | None = Field(description="The lower target")

    @classmethod
    def of(cls, relaxation: Relaxation) -> RelaxationAnswer:
        return cls(
            wish=relaxation.wish,
            saving=relaxation.saving,
            ageing=relaxation.ageing,
            gained_kwh=relaxation.gained_kwh,
            less_kwh=relaxation.less_kwh,
            delay_s=relaxation.delay.total_seconds() if relaxation.delay is not None else None,
            target_pct=relaxation.target_pct,
        )


class CarWhyAnswer(Answer):
    """Why one car charges when it does. `sentences` say it all; the rest is the same in pieces."""

    name: str
    title: str
    timezone: str
    simulated: bool
    sentences: list[str]
    promise: PromiseAnswer | None = Field(description="The plan that was in force; null where none was made by then")
    windows: list[WindowAccountAnswer]
    relaxations: list[RelaxationAnswer] | None = Field(description="Null where the facts of the plan were not kept")
    commands: list[CommandAnswer] = Field(description="Those that followed in the same plug-in, oldest first")

    @classmethod
    def of(cls, view: WhyView) -> CarWhyAnswer:
        told = view.explanation
        relaxations = told.relaxations if told is not None else None
        return cls(
            name=str(view.vehicle_id),
            title=view.title,
            timezone=view.timezone.key,
            simulated=view.simulated,
            sentences=list(view.sentences),
            promise=PromiseAnswer.of(told.promise) if told is not None else None,
            windows=[WindowAccountAnswer.of(account) for account in told.accounts] if told is not None else [],
            relaxations=None if relaxations is None else [RelaxationAnswer.of(found) for found in relaxations],
            commands=[CommandAnswer.of(command) for command in told.commands] if told is not None else [],
        )


class WhyAnswer(Answer):
    """Why cars charge when they do."""

    now: datetime
    simulated: bool
    cars: list[CarWhyAnswer]

    @classmethod
    def of(cls, fleet: FleetView, views: tuple[WhyView, ...]) -> WhyAnswer:
        return cls(now=fleet.now, simulated=fleet.simulated, cars=[CarWhyAnswer.of(view) for view in views])


class CarEstimateAnswer(Answer):
    """How long one car takes to charge without a pause."""

    name: str
    title: str
    timezone: str
    simulated: bool
    sentence: str
    from_pct: Pct
    to_pct: Pct
    power_kw: float = Field(description="kW at the plug")
    duration_s: float
    energy_kwh: Kwh = Field(description="kWh that flow at the plug")
    slow_end_s: float = Field(description="How much longer it takes than the same energy at full power")

    @classmethod
    def of(cls, view: EstimateView) -> CarEstimateAnswer:
        told = view.estimate
        return cls(
            name=str(view.vehicle_id),
            title=view.title,
            timezone=view.timezone.key,
            simulated=view.simulated,
            sentence=view.sentence,
            from_pct=told.from_pct,
            to_pct=told.to_pct,
            power_kw=told.power_kw,
            duration_s=told.duration.total_seconds(),
            energy_kwh=told.energy_kwh,
            slow_end_s=told.slow_end.total_seconds(),
        )


class EstimateAnswer(Answer):
    """How long cars take to charge."""

    now: datetime
    simulated: bool
    cars: list[CarEstimateAnswer]

    @classmethod
    def of(cls, fleet: FleetView, views: tuple[EstimateView, ...]) -> EstimateAnswer:
        return cls(now=fleet.now, simulated=fleet.simulated, cars=[CarEstimateAnswer.of(view) for view in views])
