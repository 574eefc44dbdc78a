"""
What a prepaid credit buys: the most energy whose cheapest plan costs no more, and not a watt-hour beyond it.

A price that is not known yet may turn out to be any price, so nothing is bought at one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite

from scheduler.domain.errors import InvalidValue
from scheduler.domain.plan import ChargeNeed, ChargePlan

FINEST_KWH = 0.0005
"""How near the energy comes to the most that the money buys: less than a watt-hour, and never above."""


@dataclass(frozen=True, slots=True)
class Credit:
    """What may still be bought: `energy_kwh`, or energy that costs `money`, or no more than both; None is no limit."""

    energy_kwh: float | None = None
    money: float | None = None

    def __post_init__(self) -> None:
        for name, amount in (("energy_kwh", self.energy_kwh), ("money", self.money)):
            if amount is not None and not isfinite(amount):
                raise InvalidValue(f"a credit's {name} must be a finite number, got {amount}")


def affordable(need: ChargeNeed, credit: Credit, plan_of: Callable[[ChargeNeed], ChargePlan]) -> ChargeNeed:
    """
    Return as much of *need* as *credit* buys: each goal as far as the energy reaches, the early ones first.

    *plan_of* gives the best plan for a need: `cheapest_plan` with everything else. A start's cost is no price of energy, and
    is not paid from the credit. More credit never buys less. Of a credit of 0 or below nothing is left, at any price; what
    the need has lost is the caller's to say.
    """
    most_kwh = need.energy_kwh if credit.energy_kwh is None else min(need.energy_kwh, max(credit.energy_kwh, 0.0))
    money = credit.money
    if money is None:
        return first_of(need, most_kwh)
    if money <= 0:
        return first_of(need, 0.0)

    def bought(energy_kwh: float) -> bool:
        plan = plan_of(first_of(need, energy_kwh))
        return plan.cost <= money and plan.unknown_kwh <= 0

    if bought(most_kwh):
        return first_of(need, most_kwh)
    enough_kwh = 0.0
    while most_kwh - enough_kwh > FINEST_KWH:
        energy_kwh = (enough_kwh + most_kwh) / 2
        if bought(energy_kwh):
            enough_kwh = energy_kwh
        else:
            most_kwh = energy_kwh
    return first_of(need, enough_kwh)


def first_of(need: ChargeNeed, energy_kwh: float) -> ChargeNeed:
    """Return the first *energy_kwh* of *need*: each goal as far as they reach."""
    return ChargeNeed(
        tuple(replace(goal, energy_kwh=min(goal.energy_kwh, energy_kwh)) for goal in need.goals),
        min(need.reserve_kwh, energy_kwh),
    )
