"""
The plan a household gets: the cheapest one, where being ready comes before the price cap.

`cheapest_plan` keeps a cap strictly, as design/problem.md says. At home a cap is one on known prices: where it would leave
the car short, and some price on the way is not known, the car charges there all the same, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.domain.interval import Interval, without
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, PlanOutcome
from scheduler.domain.tariff import TariffCurve
from scheduler.planning.cheapest import cheapest_plan

CAP_DROPPED = "the price cap was dropped where prices are not known yet: being ready comes first"


@dataclass(frozen=True, slots=True)
class ConsideratePlan:
    """A plan, and sentences about what had to give way for it."""

    plan: ChargePlan
    notes: tuple[str, ...] = ()


def considerate_plan(
    now: datetime, curve: TariffCurve, need: ChargeNeed, rules: ChargeRules, *, charging: bool = False
) -> ConsideratePlan:
    """Return the cheapest plan from *now*; *charging*: the car charges now, so that going on is no start."""
    plan = cheapest_plan(now, curve, need, rules, charging=charging)
    if not _short_by_the_unknown(plan, need, rules, curve, now):
        return ConsideratePlan(plan)
    return ConsideratePlan(
        cheapest_plan(now, curve, need, _cap_as_blocks(rules, curve), charging=charging), (CAP_DROPPED,)
    )


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
