"""One car as its card on the page: everything in words and shares of a width, so that the template only places it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.domain.command import Command, CommandStatus
from scheduler.domain.consent import ConsentStatus
from scheduler.domain.plan import ChargePlan
from scheduler.domain.promise import Promise
from scheduler.domain.session import Hand, Override
from scheduler.domain.tariff import TariffCurve
from scheduler.operations import CarView
from scheduler.planning.ageing_words import told_notes
from scheduler.web.drawing import Drawing, drawing
from scheduler.web.wording import (
    REASON_WORDS,
    STATUS_WORDS,
    VERB_WORDS,
    age_words,
    amount_words,
    duration_words,
    moment_words,
    money_words,
    price_words,
    span_words,
)

COMMANDS_SHOWN = 4

TONES = {
    CommandStatus.CONFIRMED: "good",
    CommandStatus.CONTRADICTED: "bad",
    CommandStatus.FAILED: "bad",
    CommandStatus.REFUSED: "bad",
    CommandStatus.UNKNOWN: "doubt",
    CommandStatus.EXPIRED: "doubt",
    CommandStatus.SUPERSEDED: "quiet",
}
"""How a status looks. One that is not here is still under way."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A short fact with a tone: `good`, `busy`, `doubt`, `bad` or `quiet`."""

    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One command as it is told: when, what, why, and what came of it."""

    at: str
    verb: str
    reason: str
    status: str
    tone: str
    detail: str


@dataclass(frozen=True, slots=True)
class WindowLine:
    """One planned window: its time, what flows, and what that costs where its prices are known."""

    when: str
    energy: str
    cost: str


@dataclass(frozen=True, slots=True)
class CarCard:
    """
    What the template places. Shares (`soc`, `target`, `reserve`) run from 0 to 100 and are None where nothing is known.

    `to_connect`: its driver is to consent, for the first time or again.
    `overruled`: a person's word or hand stands above the plan, and `resume` ends that. `explained`: there is a plan to explain.
    """

    vehicle_id: str
    title: str
    sentence: str
    chips: tuple[Chip, ...]
    soc: float | None
    soc_age: str
    target: float | None
    reserve: float | None
    next_event: str
    next_event_in: str
    saving: str
    warning: str
    notes: tuple[str, ...]
    windows: tuple[WindowLine, ...]
    drawing: Drawing
    prices: str
    price_now: str
    source: str
    commands: tuple[CommandLine, ...]
    overruled: bool
    explained: bool
    by_supplier: bool
    simulated: bool
    to_connect: bool


def card(car: CarView, curve: TariffCurve | None, now: datetime) -> CarCard:
    """Return the card of *car* over the prices in force on its tariff; None: no prices yet."""
    prices = curve or TariffCurve("")
    if car.promise is not None:
        prices = car.promise.outlook(prices)
    promise = car.promise
    plan = car.plan_in_force
    goal = promise.goal if promise else None
    soc_age = car.soc_age(now)
    return CarCard(
        vehicle_id=str(car.vehicle_id),
        title=car.title,
        sentence=_without_title(car),
        chips=tuple(_chips(car, now)),
        soc=car.state.soc_pct if car.state else None,
        soc_age=f"seen {age_words(soc_age)}" if soc_age is not None else "never seen",
        target=goal.target_pct if goal else None,
        reserve=goal.reserve_pct if goal and goal.reserve_pct > 0 else None,
        next_event=f"{car.next_event} {moment_words(car.next_event_at, now, car.timezone)}"
        if car.next_event_at
        else "",
        next_event_in=f"in {duration_words(car.next_event_at - now)}" if car.next_event_at else "",
        saving=_saving(promise) if promise and plan and plan.windows else "",
        warning=_warning(car, now),
        notes=told_notes(promise, now, car.timezone) if promise and plan else (),
        windows=tuple(_window_lines(plan, prices, now, car.timezone)) if plan else (),
        drawing=drawing(prices, plan, goal, now, car.timezone),
        prices=_prices(prices, now, car.timezone),
        price_now=_price_now(prices, now),
        source=prices.source,
        commands=tuple(
            _command_line(command, now, car.timezone) for command in car.commands[: -COMMANDS_SHOWN - 1 : -1]
        ),
        overruled=car.overruled,
        explained=promise is not None,
        by_supplier=car.by_supplier,
        simulated=car.simulated,
        to_connect=bool(car.consent.words(now)),
    )


def _without_title(car: CarView) -> str:
    words = car.sentence.removeprefix(f"{car.title}: ")
    return words[:1].upper() + words[1:]


CONSENT_CHIPS = {
    ConsentStatus.NEVER: Chip("not connected", "doubt"),
    ConsentStatus.LOST: Chip("consent lost", "bad"),
    ConsentStatus.ENDED: Chip("disconnected", "doubt"),
}
"""A given consent is the ordinary case, and only spoken of when it is about to end."""


def _chips(car: CarView, now: datetime) -> list[Chip]:
    consent = CONSENT_CHIPS.get(car.consent.status)
    if consent is None and car.consent.ends_soon(now):
        consent = Chip("consent ends soon", "doubt")
    return [*([consent] if consent else []), *_state_chips(car)]


def _state_chips(car: CarView) -> list[Chip]:
    state = car.state
    if state is None:
        return [Chip("not seen yet", "quiet")]
    plugged = {
        True: Chip("plugged in", "good"),
        False: Chip("not plugged in", "quiet"),
        None: Chip("plug unknown", "doubt"),
    }
    chips = [plugged[state.plugged_in]]
    if state.charging:
        power = f" at {state.power_kw:.1f} kW" if state.power_kw else ""
        chips.append(Chip(f"charging{power}", "busy"))
    elif state.charging is None:
        chips.append(Chip("charging unknown", "doubt"))
    elif state.plugged_in:
        chips.append(Chip("full" if state.fully_charged else "not charging", "quiet"))
    overrides = {Override.START: "start asked for", Override.STOP: "stopped by you", Override.HOLD: "on hold"}
    if car.override in overrides:
        chips.append(Chip(overrides[car.override], "doubt"))
    if car.session and car.session.hand is not Hand.NONE:
        chips.append(Chip("started by hand" if car.session.hand is Hand.CHARGING else "stopped by hand", "doubt"))
    return chips


def _saving(promise: Promise) -> str:
    if promise.at_once_cost is None or not promise.plan.cost_known:
        return ""
    saving = promise.at_once_cost - promise.plan.cost
    return f"saves {money_words(saving, promise.currency)}" if round(saving, 2) > 0 else ""


def _warning(car: CarView, now: datetime) -> str:
    if car.consent.ends_soon(now):
        return f"{car.consent.words(now).capitalize()}."
    goal = car.promise.goal if car.promise else None
    if car.session is None or goal is None or goal.ready_by <= now:
        return ""
    departure = f"the departure {moment_words(goal.ready_by, now, car.timezone)} at {goal.target_pct:.0f} %"
    if car.override is Override.STOP:
        return f"It may miss {departure}: nothing charges until it is unplugged or you resume."
    if car.override is Override.HOLD:
        return f"Nobody watches {departure}: no command is sent until it is unplugged or you resume."
    return ""


def _window_lines(plan: ChargePlan, prices: TariffCurve, now: datetime, timezone: ZoneInfo) -> list[WindowLine]:
    lines = []
    for window in plan.windows:
        known = prices.within(window.interval)
        covered = sum((slot.interval.duration for slot in known.slots), start=window.interval.duration * 0)
        whole = covered == window.interval.duration
        cost = (
            money_words(prices.cost([window.interval], window.power_kw), prices.currency) if whole else "price unknown"
        )
        when = span_words(window.start, window.end, now, timezone)
        lines.append(WindowLine(when, f"{window.energy_kwh:.1f} kWh", cost))
    return lines


def _prices(prices: TariffCurve, now: datetime, timezone: ZoneInfo) -> str:
    known_until = prices.known_until(now) if prices else None
    if known_until is None:
        return "no price is known yet"
    return f"{prices.currency} per kWh, known until {moment_words(known_until, now, timezone)}"


def _price_now(prices: TariffCurve, now: datetime) -> str:
    """Return the price of this moment, taken apart; empty where it is not known or has no parts."""
    slot = prices.slot_at(now)
    if slot is None or not slot.components:
        return ""
    parts = ", ".join(f"{part.name} {amount_words(part.price_per_kwh)}" for part in slot.components)
    return f"{price_words(slot.price_per_kwh, prices.currency)}: {parts}"


def _command_line(command: Command, now: datetime, timezone: ZoneInfo) -> CommandLine:
    return CommandLine(
        at=moment_words(command.sent_at or command.queued_at, now, timezone),
        verb=VERB_WORDS[command.verb],
        reason=REASON_WORDS.get(command.reason, command.reason.value.replace("_", " ")),
        status=STATUS_WORDS[command.status],
        tone=TONES.get(command.status, "busy"),
        detail=command.detail,
    )
