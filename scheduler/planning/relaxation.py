"""
What each wish costs: the plan made again with one wish relaxed, and what that would have saved or brought.

    facts of a promise --one wish relaxed--> another plan;  saving = what the first costs more
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import Vehicle
from scheduler.domain.wear import Wear
from scheduler.planning.considerate import considerate_plan
from scheduler.planning.need import plug_energy_kwh

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 45, 60))
"""How much later a driver may be willing to leave. A longer one is another day's plan."""

NEARLY_ALL = 0.9
"""The shortest delay that saves this share of what the longest saves is the one worth telling."""

STEP_PCT = 5.0
"""By how much a lower target is tried."""

LEAST_SAVING = 0.005
LEAST_KWH = 0.05
"""Less than half a cent, or half a minute's charging, binds nobody."""


class Wish(StrEnum):
    """A wish that can cost money."""

    READY_BY = "ready_by"
    MAX_STARTS = "max_starts"
    CONTINUOUS = "continuous"
    MAX_PRICE = "max_price"
    BLOCKED = "blocked"
    MIN_RUN = "min_run"
    RESERVE = "reserve"
    TARGET = "target_pct"


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """All that a plan was made from; the same facts give the same plan again."""

    made_at: datetime
    curve: TariffCurve
    need: ChargeNeed
    rules: ChargeRules
    charging: bool = False
    wear: Wear | None = None

    def plan(self) -> ChargePlan:
        asked = (self.made_at, self.curve, self.need, self.rules)
        return considerate_plan(*asked, charging=self.charging, wear=self.wear).plan

    def aged(self, plan: ChargePlan) -> float:
        """Return what *plan* costs the battery that stands full until the departure of these facts."""
        return 0.0 if self.wear is None else self.wear.cost(plan, self.need.goals[-1].ready_by)


@dataclass(frozen=True, slots=True)
class Relaxation:
    """
    One wish relaxed. `saving`: how much less the plan costs, energy, starts and ageing; negative where it costs more.
    `ageing` is that part of it which no bill shows: the battery stands full for a shorter time, or, below 0, a longer one.

    `gained_kwh`: how much less is missing at the goals; `less_kwh`: how much less is charged (a lower target). `delay`
    and `target_pct` are what those two wishes were relaxed by and to.
    """

    wish: Wish
    saving: float
    gained_kwh: float = 0.0
    ageing: float = 0.0
    less_kwh: float = 0.0
    delay: timedelta | None = None
    target_pct: float | None = None

    @property
    def binding(self) -> bool:
        """Whether the wish made a difference: it cost money, or energy was missing for it."""
        return self.gained_kwh > LEAST_KWH or (self.gained_kwh > -LEAST_KWH and self.saving > LEAST_SAVING)


def relaxations(
    facts: PlanFacts, base: ChargePlan, vehicle: Vehicle, soc_pct: float, goal: ChargeGoal | None
) -> tuple[Relaxation, ...]:
    """
    Return the wishes that bound *base*, the plan of *facts*: what brings most energy first, then what saves most.

    *goal* is the departure the plan is for; None where only the reserve is. Where a relaxed plan has more or less energy
    at an unknown price, its money cannot be compared, and nothing is said of that wish.
    """
    if not base.windows and base.shortfall_kwh <= 0:
        return ()
    found = [*_simple(facts, base)]
    if goal is not None:
        found += [*_later(facts, base), *_lower(facts, base, vehicle, soc_pct, goal.target_pct)]
    binding = [relaxation for relaxation in found if relaxation.binding]
    binding.sort(key=lambda relaxation: (-round(relaxation.gained_kwh, 1), relaxation.less_kwh > 0, -relaxation.saving))
    return tuple(binding)


def _later(facts: PlanFacts, base: ChargePlan) -> Iterator[Relaxation]:
    """Yield the shortest delay of all departures that has nearly all of what the longest brings."""
    tried: list[Relaxation] = []
    for delay in DELAYS:
        goals = tuple(replace(goal, ready_by=goal.ready_by + delay) for goal in facts.need.goals)
        relaxed = replace(facts, need=replace(facts.need, goals=goals))
        tried += (replace(relaxation, delay=delay) for relaxation in _compared(Wish.READY_BY, facts, base, relaxed))
    most_kwh = max((relaxation.gained_kwh for relaxation in tried), default=0.0)
    most = max((relaxation.saving for relaxation in tried), default=0.0)
    if most_kwh > LEAST_KWH:
        yield next(relaxation for relaxation in tried if relaxation.gained_kwh >= NEARLY_ALL * most_kwh)
    elif most > LEAST_SAVING:
        yield next(relaxation for relaxation in tried if relaxation.saving >= NEARLY_ALL * most)


def _simple(facts: PlanFacts, base: ChargePlan) -> Iterator[Relaxation]:
    """Yield each other wish that was set, lifted or loosened by one step."""
    rules, need = facts.rules, facts.need
    loosened: list[tuple[Wish, PlanFacts]] = []
    if rules.continuous:
        loosened.append((Wish.CONTINUOUS, replace(facts, rules=replace(rules, continuous=False))))
    elif rules.max_starts is not None:
        more = replace(rules, max_starts=rules.max_starts + 1)
        loosened.append((Wish.MAX_STARTS, replace(facts, rules=more)))
    if rules.max_price is not None:
        loosened.append((Wish.MAX_PRICE, replace(facts, rules=replace(rules, max_price=None))))
    if rules.blocked:
        loosened.append((Wish.BLOCKED, replace(facts, rules=replace(rules, blocked=()))))
    if rules.min_run:
        loosened.append((Wish.MIN_RUN, replace(facts, rules=replace(rules, min_run=timedelta(0)))))
    if need.reserve_kwh > 0:
        loosened.append((Wish.RESERVE, replace(facts, need=replace(need, reserve_kwh=0.0))))
    for wish, relaxed in loosened:
        yield from _compared(wish, facts, base, relaxed)


def _lower(
    facts: PlanFacts, base: ChargePlan, vehicle: Vehicle, soc_pct: float, target_pct: float
) -> Iterator[Relaxation]:
    """Yield a target one step lower. Where several goals stand in a row, one of them alone says little: nothing then."""
    lower_pct = target_pct - STEP_PCT
    goals, rules = facts.need.goals, facts.rules
    if len(goals) > 1 or lower_pct <= soc_pct or rules.max_power_kw <= 0:
        return
    planned_for = replace(vehicle, max_power_kw=rules.max_power_kw)
    energy_kwh = min(plug_energy_kwh(planned_for, soc_pct, lower_pct), goals[0].energy_kwh)
    need = ChargeNeed((replace(goals[0], energy_kwh=energy_kwh),), min(facts.need.reserve_kwh, energy_kwh))
    for relaxation in _compared(Wish.TARGET, facts, base, replace(facts, need=need)):
        less_kwh = goals[0].energy_kwh - energy_kwh
        yield replace(relaxation, gained_kwh=0.0, less_kwh=less_kwh, target_pct=lower_pct)


def _compared(wish: Wish, facts: PlanFacts, base: ChargePlan, relaxed: PlanFacts) -> Iterator[Relaxation]:
    """
    Yield what the relaxed plan saves and brings; nothing where energy at unknown prices makes that a guess.

    Both plans weigh the battery alike: what is cheaper only because it stands full for longer is no saving.
    """
    plan = relaxed.plan()
    if abs(plan.unknown_kwh - base.unknown_kwh) <= LEAST_KWH:
        ageing = facts.aged(base) - relaxed.aged(plan)
        saving = base.cost + base.start_costs - plan.cost - plan.start_costs + ageing
        yield Relaxation(wish, saving, base.shortfall_kwh - plan.shortfall_kwh, ageing)
