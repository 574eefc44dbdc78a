"""When the search must hurry: the plan keeps every rule and is as full, and its bound is money that no plan undercuts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from scheduler.planning.problem import parse_problem, solve
from tests.planning.checker import Document, broken_rules
from tests.planning.small_problems import document_of, full_problem, long_problem
from tests.planning.test_highs import odd_problem

EVENING = datetime(2026, 2, 1, 17, tzinfo=UTC)
HAIR = 1e-6


def awkward_problem(random: Random, slots: int) -> Document:
    """Any number of runs of 21 minutes and more, 27 minutes apart, on slots that are never as long as another."""
    tariff: list[list[Any]] = []
    at = 0
    for _ in range(slots):
        length = random.randint(200, 900)
        tariff.append([clock(at), clock(at + length), random.randint(0, 400) / 1000])
        at += length
    rules = {"max_starts": None, "min_run_s": 1260, "min_pause_s": 1620}
    goal = {"ready_by": clock(at), "energy_kwh": at / 3600 * 3.7}
    return {
        "now": clock(0),
        "tariff": tariff,
        "vehicles": [{"id": "ada", "max_power_kw": 7.4, "goals": [goal], **rules}],
    }


def clock(second: float) -> str:
    return (EVENING + timedelta(seconds=second)).isoformat()


def problem_of(kind: int, seed: int) -> Document:
    random = Random(seed)
    if kind == 0:
        return odd_problem(random)
    return document_of(full_problem(random) if kind == 1 else long_problem(random))


@pytest.mark.parametrize("kind", range(3))
def test_a_plan_in_haste_keeps_the_rules_and_its_bound_is_true(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(100):
        problem = problem_of(kind, seed)
        exact: Any = solve(parse_problem(problem))
        with monkeypatch.context() as hurried:
            hurried.setattr("scheduler.planning.frontier.PATIENCE", 20)

            hasty: Any = solve(parse_problem(problem))

        (plan,), (best,) = hasty["plans"], exact["plans"]
        assert [] == broken_rules(problem, hasty, short_runs=True), f"kind {kind}, seed {seed}"
        assert hasty["lower_bound"] <= hasty["cost"]
        if [goal["shortfall_kwh"] for goal in best["goals"]] == [goal["shortfall_kwh"] for goal in plan["goals"]]:
            same_unknown = abs(plan["unknown_kwh"] - best["unknown_kwh"]) < HAIR
            assert not same_unknown or hasty["lower_bound"] <= exact["cost"] + HAIR, f"kind {kind}, seed {seed}"


def test_a_plan_found_in_haste_is_not_short() -> None:
    problem = awkward_problem(Random(1), 120)

    answer: Any = solve(parse_problem(problem))

    (plan,) = answer["plans"]
    assert [] == broken_rules(problem, answer)
    assert "met" == plan["outcome"]
    assert not answer["optimal"]
    assert 0.5 * answer["cost"] < answer["lower_bound"] < answer["cost"]


@pytest.mark.parametrize("rules", [{"min_run_s": 2400}, {"min_run_s": 60, "min_pause_s": 60}, {"min_pause_s": 120}])
def test_a_row_of_runs_may_be_longer_than_the_stack_is_deep(rules: Document) -> None:
    goal = {"ready_by": clock(86_400.5), "energy_kwh": 0.02}
    vehicle = {"id": "ada", "max_power_kw": 7.4, "goals": [goal], "max_starts": None, "precondition_s": 5, **rules}
    tariff = [[clock(0), clock(50_000), 0.2], [clock(50_000), clock(86_400), 0.3]]
    problem = {"now": clock(0), "tariff": tariff, "vehicles": [vehicle]}

    answer: Any = solve(parse_problem(problem))

    assert [] == broken_rules(problem, answer)
    assert "met" == answer["plans"][0]["outcome"]
