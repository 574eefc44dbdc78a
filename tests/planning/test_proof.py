"""What a plan claims of itself is true: `optimal` is the best there is, and hardly any plan has to leave it open."""

from __future__ import annotations

import os
from datetime import datetime
from random import Random
from typing import Any

import pytest

from tests.planning.enumeration import SmallProblem
from tests.planning.lattice import best_worth
from tests.planning.small_problems import EVENING, STEP, UNIT, answer_to

FORTIES = 25 if "PROVE" in os.environ else 3

FOLLOWING = [
    SmallProblem(
        (24,) * 5 + (4,) * 8 + (26,) * 5 + (6,) * 7 + (18,) * 3, ((19, 12), (28, 15)), max_starts=3, min_run=6
    ),
    SmallProblem(
        (22,) * 7 + (0,) * 6 + (23,) * 7 + (21,) * 7 + (7,) * 3 + (28,) * 6 + (8,) * 5, ((18, 11), (41, 15)), min_run=5
    ),
]
"""A least run crosses the first goal, and both its ends follow another end that floats."""


def several_goals(random: Random, *, pauses: bool) -> SmallProblem:
    """Price slots of several steps, least runs, two or three goals that can often be had in few ways."""
    steps = random.randint(14, 28)
    prices: list[int | None] = []
    while len(prices) < steps:
        prices += [random.choice([random.randint(-3, 30), random.randint(0, 9)])] * random.randint(1, 7)
    energy = random.randint(3, steps * 2 // 3)
    goals = sorted((random.randint(3, steps - 1), random.randint(1, energy)) for _ in range(random.choice([1, 1, 2])))
    rising = {by: max(had for other, had in goals if other <= by) for by, _ in goals}
    return SmallProblem(
        prices=tuple(prices[:steps]),
        goals=(*rising.items(), (steps, energy)),
        max_starts=random.choice([1, 2, 2, 3, None]),
        min_run=random.choice([2, 3, 5, 7]),
        min_pause=random.choice([2, 3, 5]) if pauses else 0,
        start_cost=random.choice([0, 0, 2, 10]),
    )


def worth_of(problem: SmallProblem, answer: Any) -> tuple[float, ...]:
    """Return what the plan achieves, as the oracle says it."""
    (plan,) = answer["plans"]
    least = min(problem.min_run, problem.goals[-1][1])
    lengths = [(moment(end) - moment(begin)) for begin, end, _ in plan["windows"]]
    short = sum(length < least - 1e-6 for length in lengths)
    return (*(goal["shortfall_kwh"] for goal in plan["goals"]), float(short), answer["cost"] * UNIT)


def moment(text: str) -> float:
    """Return a moment in steps."""
    return (datetime.fromisoformat(text) - EVENING) / STEP


@pytest.mark.parametrize("pauses", [False, True])
@pytest.mark.parametrize("forty", range(FORTIES))
def test_with_several_goals_and_least_runs_a_plan_is_the_best_and_nearly_always_says_so(
    forty: int, pauses: bool
) -> None:
    proven = 0
    for seed in range(40 * forty, 40 * (forty + 1)):
        problem = several_goals(Random(seed), pauses=pauses)

        answer = answer_to(problem)

        assert pytest.approx(best_worth(problem), abs=1e-6) == worth_of(problem, answer), f"seed {seed}: {problem}"
        proven += answer["optimal"]
    assert proven >= (28 if pauses else 40)


@pytest.mark.parametrize("problem", FOLLOWING)
def test_a_least_run_across_a_goal_may_follow_another_end(problem: SmallProblem) -> None:
    answer = answer_to(problem)

    assert pytest.approx(best_worth(problem), abs=1e-6) == worth_of(problem, answer)
    assert answer["optimal"]
