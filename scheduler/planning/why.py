"""
Why a car charges when it does, in plain sentences, from what was kept: the promise, the prices then, the commands since.

    promise -- the same facts, the same plan again -- one wish relaxed at a time -- what that wish cost

Nothing here is remembered from when the plan was made but what the ledger holds, so a past night can be asked about too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.domain.command import Command
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.session import ChargeSession, Hand
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import Vehicle
from scheduler.planning.account import WindowAccount, accounts
from scheduler.planning.ageing_words import proof_words, told_notes
from scheduler.planning.relaxation import LEAST_KWH, LEAST_SAVING, PlanFacts, Relaxation, Wish, relaxations
from scheduler.planning.safe_start import latest_safe_start
from scheduler.planning.words import (
    REASON_WORDS,
    STATUS_WORDS,
    VERB_WORDS,
    clock_words,
    duration_words,
    moment_words,
    money_words,
    price_words,
    span_words,
)

CENT = 0.005


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    A promise taken apart.

    `relaxations` are the wishes that were binding; None where that cannot be said: the facts were not kept, or they do not
    lead to the same plan again. `sentences` say all of it, in the driver's local time.
    """

    promise: Promise
    accounts: tuple[WindowAccount, ...]
    relaxations: tuple[Relaxation, ...] | None
    commands: tuple[Command, ...]
    sentences: tuple[str, ...]


def explanation(
    promise: Promise,
    curve: TariffCurve | None,
    vehicle: Vehicle,
    session: ChargeSession | None,
    commands: Sequence[Command],
    now: datetime,
    timezone: ZoneInfo,
) -> Explanation:
    """
    Return why *promise* is what it is. *curve* are the prices as they were known then; None: they were not kept.

    *session* is the plug-in it belongs to, *commands* those that followed. Moments are told as seen from *now*.
    """
    prices = promise.outlook(curve or TariffCurve(promise.currency))
    told = accounts(promise.plan, prices)
    relaxed = _relaxed(promise, prices, vehicle)
    account = _Account(promise, told, now, timezone)
    sentences = (
        *account.promised(),
        *account.windows(),
        *account.sureness(),
        *account.relaxed(relaxed),
        *(_sentence(note) for note in (*told_notes(promise, now, timezone), *proof_words(promise))),
        *_hand(session),
        *(_command(command, now, timezone) for command in commands),
    )
    return Explanation(promise, told, relaxed, tuple(commands), sentences)


def _relaxed(promise: Promise, curve: TariffCurve, vehicle: Vehicle) -> tuple[Relaxation, ...] | None:
    if promise.need is None or promise.rules is None:
        return None
    wear = promise.ageing.wear if promise.ageing is not None else None
    facts = PlanFacts(promise.made_at, curve, promise.need, promise.rules, promise.charging, wear)
    base = facts.plan()
    if not _same(base, promise.plan):
        return None
    return relaxations(facts, base, vehicle, promise.soc_pct or 0.0, promise.goal)


def _same(again: ChargePlan, plan: ChargePlan) -> bool:
    """Whether a plan made again is the one that was promised, as far as money and energy go."""
    return (
        abs(again.cost + again.start_costs - plan.cost - plan.start_costs) < LEAST_SAVING
        and abs(again.energy_kwh - plan.energy_kwh) < LEAST_KWH
        and abs(again.unknown_kwh - plan.unknown_kwh) < LEAST_KWH
    )


class _Account:
    """One promise and its windows, as they are told at one moment."""

    def __init__(self, promise: Promise, told: tuple[WindowAccount, ...], now: datetime, timezone: ZoneInfo) -> None:
        self._promise, self._plan, self._told = promise, promise.plan, told
        self._now, self._timezone = now, timezone

    def promised(self) -> Iterator[str]:
        """Say what was promised, when, for how much, and what charging at once would have cost."""
        promise, plan = self._promise, self._plan
        level = "with the state of charge unknown" if promise.soc_pct is None else f"at {promise.soc_pct:.0f} %"
        yield f"Promised {self._moment(promise.made_at)}, {level}: {self._achievement()}."
        if not plan.windows:
            return
        power_kw = plan.windows[0].power_kw
        duration = sum(
            (window.end - window.start for window in plan.windows), start=plan.windows[0].interval.duration * 0
        )
        yield f"That takes {plan.energy_kwh:.1f} kWh at the plug, {duration_words(duration)} at {power_kw:g} kW."
        if promise.at_once_cost is None:
            yield "What charging at once would have cost is not known: a price on that way is missing."
        elif plan.unknown_kwh <= 0:
            yield self._comparison(promise.at_once_cost)

    def _comparison(self, at_once_cost: float) -> str:
        saving = at_once_cost - self._plan.cost
        at_once = f"Charging at once would have cost {self._money(at_once_cost)}"
        if saving >= CENT:
            return f"{at_once}; the plan saves {self._money(saving)}."
        return f"{at_once}, which is no more." if saving > -CENT else f"{at_once}; being ready comes before the price."

    def _achievement(self) -> str:
        goal, plan = self._promise.goal, self._plan
        if plan.outcome is PlanOutcome.NOTHING_NEEDED:
            if goal is None:
                return "no departure is ahead and the reserve is held, so there is nothing to charge"
            target = f"the target of {goal.target_pct:.0f} % for {self._moment(goal.ready_by)}"
            return f"{target} is held, so there is nothing to charge"
        goals = (goal, *self._promise.later_goals) if goal else ()
        what = " and ".join(self._target(goal) for goal in goals) or "the reserve, at once"
        cost = f" for {self._cost()}" if plan.windows else ""
        if plan.outcome is PlanOutcome.MET:
            return f"{what}{cost}"
        missing = f"{plan.shortfall_kwh:.1f} kWh will be missing"
        if plan.outcome is PlanOutcome.SHORT_OF_PRICES:
            return f"{what}{cost}, but {missing}: the rest is above the price cap"
        return f"{what}{cost}, but {missing}: there is no time for more"

    def _target(self, goal: ChargeGoal) -> str:
        name = f" ({goal.name})" if goal.name else ""
        why = "where the prepaid credit buys no more" if goal.by_credit else "where the car stops by itself"
        limited = "" if goal.wanted_pct is None else f" instead of {goal.wanted_pct:.0f} %, {why},"
        return f"{goal.target_pct:.0f} %{limited} by {self._moment(goal.ready_by)}{name}"

    def _cost(self) -> str:
        plan = self._plan
        if plan.unknown_kwh >= plan.energy_kwh:
            return "a price that is not known yet"
        about = "" if plan.cost_known else "about "
        starts = f" and {self._money(plan.start_costs)} for its starts" if plan.start_costs >= CENT else ""
        return f"{about}{self._money(plan.cost)}{starts}"

    def windows(self) -> Iterator[str]:
        """Say of each window what it costs and what its price is made of."""
        for told in self._told:
            window = told.window
            when = span_words(window.start, window.end, self._now, self._timezone)
            yield f"{when}: {window.energy_kwh:.1f} kWh{self._price(told)}."

    def _price(self, told: WindowAccount) -> str:
        if told.price_per_kwh is None:
            return " at a price that is not known yet"
        words = f" at {price_words(told.price_per_kwh, self._promise.currency)}, {self._money(told.cost)}"
        if len(told.components) > 1:
            parts = (f"{component.name} {component.price_per_kwh:.4f}" for component in told.components)
            words += f" ({', '.join(parts)})"
        return words

    def sureness(self) -> Iterator[str]:
        """Say what is forecast, not known or not real, and how far prices were known."""
        forecast_kwh = sum(told.forecast_kwh for told in self._told)
        unknown_kwh = sum(told.unknown_kwh for told in self._told)
        if forecast_kwh > LEAST_KWH:
            yield f"{forecast_kwh:.1f} kWh of it are at forecast prices, which may turn out otherwise.{self._guard()}"
        if unknown_kwh > LEAST_KWH:
            yield f"{unknown_kwh:.1f} kWh of it are at prices not known then; they are charged as late as is safe."
        until = self._promise.prices_known_until
        if until is None:
            yield "No price was known then."
        else:
            yield f"Prices were known until {self._moment(until)}."
        if self._promise.simulated:
            yield "SIMULATED: these prices are not today's real ones."

    def _guard(self) -> str:
        """Say from when on no price has a say any more."""
        need, rules = self._promise.need, self._promise.rules
        latest = latest_safe_start(self._promise.made_at, need, rules) if need and rules else None
        return f" Whatever they become, it charges from {self._moment(latest)} on at the latest." if latest else ""

    def relaxed(self, found: tuple[Relaxation, ...] | None) -> Iterator[str]:
        """Say which wishes were binding, and what relaxing each would save."""
        if not self._plan.windows and self._plan.shortfall_kwh <= 0:
            return
        if found is None:
            yield "What a wish cost cannot be said: not everything this plan was made from was kept."
        elif not found:
            yield "No wish made it dearer: leaving later or more starts would save nothing."
        for relaxation in found or ():
            yield f"{self._condition(relaxation)} would {self._effect(relaxation)}."

    def _condition(self, relaxation: Relaxation) -> str:
        promise = self._promise
        rules, goal = promise.rules, promise.goal
        if relaxation.delay is not None and goal is not None:
            later = clock_words(goal.ready_by + relaxation.delay, self._timezone)
            return f"Leaving at {later} instead of {clock_words(goal.ready_by, self._timezone)}"
        if relaxation.target_pct is not None and goal is not None:
            return f"A target of {relaxation.target_pct:.0f} % instead of {goal.target_pct:.0f} %"
        if relaxation.wish is Wish.MAX_PRICE and rules is not None and rules.max_price is not None:
            return f"Lifting the price cap of {price_words(rules.max_price, promise.currency)}"
        if relaxation.wish is Wish.MIN_RUN and rules is not None:
            return f"Windows shorter than {duration_words(rules.min_run)}"
        return CONDITIONS[relaxation.wish]

    def _effect(self, relaxation: Relaxation) -> str:
        if relaxation.gained_kwh > LEAST_KWH:
            more = relaxation.saving <= -CENT
            money = f"{self._money(abs(relaxation.saving))} {'more' if more else 'less'}"
            return f"bring {relaxation.gained_kwh:.1f} kWh more, for {money}"
        less = f", with {relaxation.less_kwh:.1f} kWh less" if relaxation.less_kwh > 0 else ""
        return f"save {self._money(relaxation.saving)}{self._aged(relaxation)}{less}"

    def _aged(self, relaxation: Relaxation) -> str:
        """Say how much of a saving is the battery's and on no bill."""
        ageing, billed = relaxation.ageing, relaxation.saving - relaxation.ageing
        if ageing <= -CENT:
            return f" after {self._money(-ageing)} more of ageing"
        if ageing < CENT:
            return ""
        if billed > -CENT:
            return f", {self._money(ageing)} of it in ageing"
        return f": {self._money(ageing)} of ageing, for {self._money(-billed)} more on the bill"

    def _moment(self, at: datetime) -> str:
        return moment_words(at, self._now, self._timezone)

    def _money(self, amount: float) -> str:
        return money_words(amount, self._promise.currency)


CONDITIONS = {
    Wish.MAX_STARTS: "One more start",
    Wish.CONTINUOUS: "Several windows instead of one",
    Wish.BLOCKED: "Charging in the blocked hours too",
    Wish.RESERVE: "Waiting below the reserve",
}


def _hand(session: ChargeSession | None) -> Iterator[str]:
    if session is not None and session.hand is not Hand.NONE:
        did = "started" if session.hand is Hand.CHARGING else "stopped"
        yield f"The car was {did} by hand in this plug-in; that wins over the plan."


def _command(command: Command, now: datetime, timezone: ZoneInfo) -> str:
    at = moment_words(command.sent_at or command.queued_at, now, timezone)
    settled = f" at {clock_words(command.settled_at, timezone)}" if command.settled_at is not None else ""
    detail = f" ({command.detail})" if command.detail else ""
    what = f"{VERB_WORDS[command.verb].lower()} ({REASON_WORDS[command.reason]})"
    return f"{at} {what}: {STATUS_WORDS[command.status]}{settled}{detail}."


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}."
