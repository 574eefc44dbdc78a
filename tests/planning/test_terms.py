"""What no plan is made of: the planner refuses numbers that mean nothing, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf, nan

import pytest

from scheduler.domain.errors import InvalidValue
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning.cheapest import cheapest_plan

NOW = datetime(2026, 2, 1, 17, tzinfo=UTC)
CURVE = TariffCurve("EUR", (PriceSlot(NOW, NOW + timedelta(hours=4), 0.3),))
GOAL = EnergyGoal(NOW + timedelta(hours=4), 11.0)
RULES = ChargeRules(11.0)


@pytest.mark.parametrize(
    ("need", "rules", "words"),
    [
        (ChargeNeed((replace(GOAL, energy_kwh=nan),)), RULES, r"energy_kwh must be a finite number, got nan"),
        (ChargeNeed((GOAL,), nan), RULES, "reserve_kwh must be a finite number"),
        (ChargeNeed((GOAL,)), replace(RULES, max_power_kw=inf), "max_power_kw must be a finite number"),
        (ChargeNeed((GOAL,)), replace(RULES, max_price=nan), "max_price must be a finite number"),
        (ChargeNeed((GOAL,)), replace(RULES, start_cost=-0.1), "start_cost must not be negative"),
        (ChargeNeed((GOAL, replace(GOAL, energy_kwh=5.0))), RULES, "goals must be in time order and cumulative"),
        (ChargeNeed((GOAL, replace(GOAL, ready_by=NOW))), RULES, "goals must be in time order and cumulative"),
    ],
)
def test_a_number_that_means_nothing_is_refused_by_its_name(need: ChargeNeed, rules: ChargeRules, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        cheapest_plan(NOW, CURVE, need, rules)
