"""
The plan a household gets: the cheapest one, where being ready comes before the price cap, and the battery has its price.

`cheapest_plan` keeps a cap strictly, as design/problem.md says. At home a cap is one on known prices: where it would leave
the car short, and some price on the way is not known, the car charges there all the same, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from scheduler.domain.interval import Interval, without
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, PlanOutcome, Prefer
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.wear import Ageing, Wear
from scheduler.planning.cheapest import cheapest_plan
from scheduler.planning.timeline import Standing
from scheduler.planning.wear import sparing_plan

CAP_DROPPED = "the price cap was dropped where prices are not known yet: being ready comes first"


@dataclass(frozen=True, slots=True)
class ConsideratePlan:
    """A plan, sentences about what had to give way for it, and how it weighs the battery's ageing, if anything ages it."""

    plan: ChargePlan
    notes: tuple[str, ...] = ()
    ageing: Ageing | None = None


def considerate_plan(
    now: datetime,
    curve: TariffCurve,
    need: ChargeNeed,
    rules: ChargeRules,
    *,
    charging: bool = False,
    wear: Wear | None = None,
) -> ConsideratePlan:
    """
    Return the cheapest plan from *now*; *charging*: the car charges now, so that going on is no start.

    *wear*: what the battery loses by standing full counts as money does; where its money is not known, the latest of the
    cheapest plans is taken.
    """
    if wear is not None and not wear.priced:
        rules = replace(rules, prefer=Prefer.LATE)
    plan_of = partial(_plan_of, now, curve, need, charging)
    notes: tuple[str, ...] = ()
    plan = plan_of(rules)
    if _short_by_the_unknown(plan, need, rules, curve, now):
        rules, notes = _cap_as_blocks(rules, curve), (CAP_DROPPED,)
        plan = plan_of(rules)
    if wear is None or not plan.windows:
        return ConsideratePlan(plan, notes)
    if not wear.priced:
        return ConsideratePlan(plan, notes, Ageing(wear))
    spared = sparing_plan(plan, partial(plan_of, rules), wear, now, need.goals[-1].ready_by)
    return ConsideratePlan(spared.plan, notes, spared.ageing)


def _plan_of(
    now: datetime,
    curve: TariffCurve,
    need: ChargeNeed,
    charging: bool,
    rules: ChargeRules,
    standing: Standing | None = None,
) -> ChargePlan:
    return cheapest_plan(now, curve, need, rules, charging=charging, standing=standing)


def _short_by_the_unknown(
    plan: ChargePlan, need: ChargeNeed, rules: ChargeRules, curve: TariffCurve, now: datetime
) -> bool:
    """Whether the cap alone leaves the car short, and some time before the departure has no known price."""
    if rules.max_price is None or plan.outcome is not PlanOutcome.SHORT_OF_PRICES or need.reserve_kwh > 0:
        return False
    known = (slot.interval for slot in curve.slots if slot.firm)
    return any(without(Interval(now, need.goals[-1].ready_by), known))


def _cap_as_blocks(rules: ChargeRules, curve: TariffCurve) -> ChargeRules:
    """Return rules that keep the cap on every known price and leave the unknown free."""
    cap = rules.max_price
    dear = tuple(slot.interval for slot in curve.slots if slot.firm and cap is not None and slot.price_per_kwh > cap)
    return replace(rules, max_price=None, blocked=rules.blocked + dear)
