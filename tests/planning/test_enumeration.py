from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import pytest

from tests.planning.checker import broken_rules
from tests.planning.enumeration import SmallProblem, allowed, best_merit, merit_columns
from tests.planning.small_problems import answer_to, document_of, full_problem, pattern_of, plain_problem

HUNDREDS = 20 if "PROVE" in os.environ else 3

AWKWARD = [
    (plain_problem, 301),  # the pay of the relaxed task is not found within its rounds
    (plain_problem, 381),  # the last run floats, and must not pass the reserve above the cap
    (full_problem, 381),  # a least run that would take more above the cap than the reserve is
    (full_problem, 660),  # a run that floats where the reserve is had already
]


def merit_of(problem: SmallProblem, answer: dict[str, object]) -> tuple[float, ...]:
    pattern = pattern_of(problem, answer)
    assert len(allowed(problem, pattern)) == 1, "the plan breaks a rule"
    return tuple(float(column[0]) for column in merit_columns(problem, pattern))


@pytest.mark.parametrize("hundred", range(HUNDREDS))
def test_a_plan_for_one_goal_is_as_good_as_the_best_of_all_patterns(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * (hundred + 1)):
        problem = plain_problem(Random(seed))

        answer = answer_to(problem)

        assert best_merit(problem)[0] == merit_of(problem, answer), f"seed {seed}: {problem}"
        assert [] == broken_rules(document_of(problem), answer), f"seed {seed}: {problem}"


@pytest.mark.parametrize("hundred", range(HUNDREDS))
def test_a_plan_under_all_rules_is_as_good_as_the_best_of_all_patterns(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * (hundred + 1)):
        check_under_all_rules(full_problem(Random(seed)), f"seed {seed}")


@pytest.mark.parametrize(("kind", "seed"), AWKWARD)
def test_an_awkward_problem_is_solved_as_well(kind: Callable[[Random], SmallProblem], seed: int) -> None:
    check_under_all_rules(kind(Random(seed)), f"seed {seed}")


def check_under_all_rules(problem: SmallProblem, name: str) -> None:
    answer = answer_to(problem)

    best = best_merit(problem)[0]
    short_runs = best[-6] > 0
    assert best == merit_of(problem, answer), f"{name}: {problem}"
    assert [] == broken_rules(document_of(problem), answer, short_runs=short_runs), f"{name}: {problem}"


@pytest.mark.parametrize("most_sums", [0, 2000])
def test_among_equal_prices_any_number_of_starts_are_as_few_and_as_late_as_can_be(
    most_sums: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.planning.equals.MOST_SUMS", most_sums)
    for seed in range(150):
        random = Random(seed)
        steps = random.randint(4, 12)
        problem = SmallProblem(
            prices=tuple(random.choice([0, 1, 1, 1, 2]) for _ in range(steps)),
            goals=((steps, random.randint(1, steps)),),
            charging=random.random() < 0.5,
            max_starts=None,
            blocked=frozenset(step for step in range(steps) if random.random() < 0.15),
            late=random.random() < 0.5,
        )

        answer = answer_to(problem)

        assert best_merit(problem)[0] == merit_of(problem, answer), f"seed {seed}: {problem}"
