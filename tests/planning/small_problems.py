"""Random problems small enough for the oracles, and their way through the planner's public form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scheduler.planning.problem import parse_problem, solve
from tests.planning.enumeration import SmallProblem

EVENING = datetime(2026, 2, 1, 17, tzinfo=UTC)
STEP = timedelta(minutes=7)
"""An odd length, so that steps, hours and quarter hours never fall together by chance."""

UNIT = 10.0
"""Prices of the small problems are whole tenths."""


def plain_problem(random: Random) -> SmallProblem:
    """One goal: starts, one run, a cap, a reserve, blocked steps, gaps, ties, negative prices."""
    steps = random.randint(4, 12)
    energy = random.randint(1, steps // 2 + 1)
    return SmallProblem(
        prices=some_prices(random, steps),
        goals=((steps if random.random() < 0.7 else random.randint(max(1, steps - 3), steps), energy),),
        reserve=min(random.choice([0, 0, 0, 1, 2, 3]), energy),
        charging=random.random() < 0.3,
        max_starts=random.choice([0, 1, 2, 2, 3, None]),
        continuous=random.random() < 0.2,
        max_price=random.choice([None, None, None, 2, 4]),
        blocked=frozenset(step for step in range(steps) if random.random() < 0.1),
        late=random.random() < 0.6,
        first=random.choice([0, 0, 0, 0, 1, 2]),
    )


def full_problem(random: Random) -> SmallProblem:
    """Everything that design/problem.md can say of one vehicle."""
    plain = plain_problem(random)
    by, energy = plain.goals[-1]
    earlier = sorted((random.randint(0, by), random.randint(0, energy)) for _ in range(random.choice([0, 0, 1, 2])))
    goals = tuple((moment, max(e for _, e in earlier[: index + 1])) for index, (moment, _) in enumerate(earlier))
    forecast = tuple(random.random() < 0.3 for _ in plain.prices) if random.random() < 0.4 else ()
    return SmallProblem(
        prices=plain.prices,
        goals=(*goals, (by, energy)),
        forecast=forecast,
        reserve=plain.reserve,
        charging=plain.charging,
        max_starts=plain.max_starts,
        min_run=random.choice([0, 2, 3, 4]),
        min_pause=random.choice([0, 0, 2, 3]),
        start_cost=random.choice([0, 0, 1, 3, 5]),
        continuous=plain.continuous,
        max_price=plain.max_price,
        blocked=plain.blocked,
        precondition=random.choice([0, 0, 0, 1, 2, 3]),
        late=plain.late,
        first=plain.first,
    )


def long_problem(random: Random) -> SmallProblem:
    """Too long to enumerate: run lengths, pauses, start costs and two goals on price slots of several steps."""
    steps = random.randint(16, 36)
    prices: list[int | None] = []
    while len(prices) < steps:
        prices += [random.randint(-3, 30)] * random.randint(1, 6)
    energy = random.randint(4, steps * 2 // 3)
    goals = [(steps, energy)]
    if random.random() < 0.5:
        goals.insert(0, (random.randint(3, steps - 1), random.randint(1, energy)))
    return SmallProblem(
        prices=tuple(prices[:steps]),
        goals=tuple(goals),
        charging=random.random() < 0.2,
        max_starts=random.choice([1, 2, 2, 3, None]),
        min_run=random.choice([0, 0, 2, 3, 5]),
        min_pause=random.choice([0, 0, 2, 4]),
        start_cost=random.choice([0, 0, 2, 10]),
        max_price=random.choice([None, None, 20]),
        blocked=frozenset(step for step in range(steps) if random.random() < 0.06),
    )


def some_prices(random: Random, steps: int) -> tuple[int | None, ...]:
    prices: list[int | None] = []
    while len(prices) < steps:
        price = random.choice([0, 1, 1, 2, 3, 5, 8, -2, -1, 7, 4]) if random.random() < 0.9 else None
        prices += [price] * random.choice([1, 1, 2, 3])
    return tuple(prices[:steps])


def document_of(problem: SmallProblem) -> dict[str, Any]:
    """Return the problem as design/problem.md writes it; a step at full power is 1 kWh."""
    slots = [
        [iso(step), iso(step + 1), price / UNIT, problem.kind(step)]
        for step, price in enumerate(problem.prices)
        if price is not None
    ]
    return {
        "now": iso(0),
        "currency": "EUR",
        "tariff": [slot[:3] for slot in slots if slot[3] == "known"],
        "forecast": [slot[:3] for slot in slots if slot[3] == "forecast"],
        "vehicles": [
            {
                "id": "ada",
                "max_power_kw": timedelta(hours=1) / STEP,
                "charging": problem.charging,
                "plugged_in_from": iso(problem.first),
                "goals": [{"ready_by": iso(moment), "energy_kwh": float(energy)} for moment, energy in problem.goals],
                "reserve_kwh": float(problem.reserve),
                "max_starts": problem.max_starts,
                "min_run_s": problem.min_run * STEP.seconds,
                "min_pause_s": problem.min_pause * STEP.seconds,
                "start_cost": problem.start_cost / UNIT,
                "continuous": problem.continuous,
                "max_price": None if problem.max_price is None else problem.max_price / UNIT,
                "blocked": [[iso(step), iso(step + 1)] for step in sorted(problem.blocked)],
                "precondition_s": problem.precondition * STEP.seconds,
                "prefer": "late" if problem.late else "early",
            }
        ],
    }


def iso(step: int) -> str:
    return (EVENING + step * STEP).isoformat()


def answer_to(problem: SmallProblem) -> dict[str, Any]:
    return solve(parse_problem(document_of(problem)))


def pattern_of(problem: SmallProblem, answer: dict[str, Any]) -> NDArray[np.bool_]:
    """Return the answer's windows as one on/off pattern; their ends must lie on steps."""
    pattern = np.zeros((1, problem.steps), bool)
    for begin, end, _ in answer["plans"][0]["windows"]:
        first, last = step_of(begin), step_of(end)
        pattern[0, first:last] = True
    return pattern


def step_of(moment: str) -> int:
    steps = (datetime.fromisoformat(moment) - EVENING) / STEP
    assert abs(steps - round(steps)) < 1e-6, f"{moment} is not on a step"
    return round(steps)
