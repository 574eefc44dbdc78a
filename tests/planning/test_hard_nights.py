"""Nights on which the search once ran out of patience, or took a dearer plan: each must now be proven, and quickly so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import pi, sin
from random import Random

import pytest

from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, EnergyGoal
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning import frontier, search
from scheduler.planning.cheapest import cheapest_plan
from scheduler.planning.problem import parse_problem, solve
from tests.planning.small_problems import document_of, full_problem

NOON = datetime(2025, 12, 1, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
FEW = 30_000
"""Partial plans that are enough for these; on such nights a quarter of a million once were not."""


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontier, "PATIENCE", FEW)


def curve(days: float, seed: int) -> TariffCurve:
    noise = Random(seed)
    slots = range(round(days * 96))
    prices = [round(0.1 + 0.04 * sin(pi * slot / 48) + noise.gauss(0, 0.015), 5) for slot in slots]
    return TariffCurve(
        "EUR",
        tuple(
            PriceSlot(NOON + slot * QUARTER, NOON + (slot + 1) * QUARTER, price)
            for slot, price in zip(slots, prices, strict=True)
        ),
    )


def plan(
    days: float, seed: int, rules: ChargeRules, *goals: tuple[float, float], reserve_kwh: float = 0.0
) -> ChargePlan:
    """Return the plan from a moment off the quarter hours; *goals* are (hours since noon, kWh)."""
    need = ChargeNeed(tuple(EnergyGoal(NOON + timedelta(hours=hour), kwh) for hour, kwh in goals), reserve_kwh)
    return cheapest_plan(NOON + timedelta(minutes=7, seconds=46), curve(days, seed), need, rules)


@pytest.mark.parametrize("seed", range(5))
def test_a_precondition_does_not_let_the_bound_forget_how_few_starts_there_are(seed: int) -> None:
    rules = ChargeRules(7.4, max_starts=2, precondition=timedelta(minutes=20))

    found = plan(2, seed, rules, (45.6, 44.3))

    assert found.optimal
    assert found.starts <= 3


@pytest.mark.parametrize("seed", range(5))
def test_a_goal_with_no_room_beside_the_precondition_is_as_short_as_it_must_be(seed: int) -> None:
    rules = ChargeRules(22.0, max_starts=2, precondition=timedelta(minutes=20))

    found = plan(2, seed, rules, (44.6, 66.92), (45.5, 67.76))

    assert found.optimal
    # What the last twenty minutes take of the whole need is missing an hour before.
    assert 66.92 - (67.76 - 22 / 3) == pytest.approx(found.shortfall_kwh, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_shut_hours_between_open_ones_are_no_shortcut_for_least_runs(seed: int) -> None:
    rules = ChargeRules(
        22.0,
        max_starts=3,
        min_run=timedelta(minutes=30),
        min_pause=timedelta(minutes=15),
        start_cost=0.02,
        max_price=0.1,
    )

    found = plan(1, seed, rules, (21.9, 60.0))

    assert found.optimal


@pytest.mark.parametrize("seed", range(5))
def test_one_long_run_and_a_precondition_are_found_beside_a_pause(seed: int) -> None:
    rules = ChargeRules(
        3.7,
        max_starts=1,
        min_run=timedelta(minutes=10),
        min_pause=timedelta(minutes=15),
        precondition=timedelta(minutes=20),
    )

    found = plan(1.5, seed, rules, (35.2, 53.8))

    assert found.optimal


@pytest.mark.parametrize("seed", range(5))
def test_a_stay_of_days_with_a_goal_for_each_is_proven_with_two_starts(seed: int) -> None:
    found = plan(3, seed, ChargeRules(3.7), (20, 3.1), (44, 20.5), (69, 39.6))

    assert found.optimal
    assert found.starts <= 2


@pytest.mark.parametrize("seed", range(0, 300, 3))
def test_counting_energy_from_the_first_on_leaves_every_plan_as_good(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = document_of(full_problem(Random(seed)))
    without = solve(parse_problem(problem))
    monkeypatch.setattr(search, "TANK_AFTER", -1)

    counted = solve(parse_problem(problem))

    assert (without["plans"], without["cost"]) == (counted["plans"], counted["cost"])
    assert counted["optimal"] or not without["optimal"]
