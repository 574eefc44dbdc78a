"""Random problems with odd times against HiGHS: no plan worse than the optimum, and no rule broken."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from scheduler.planning.problem import parse_problem, solve
from tests.planning.checker import Document, broken_rules, moment_s
from tests.planning.milp import RunProgram

TWENTIES = 100 if "PROVE" in os.environ else 10
"""2,000 problems in `make prove`, 200 in `make test`."""
MOST_RUNS = 3
"""Runs the program may make where the problem sets no limit: more would only cost it time, and it is to be beaten."""
SLACK = 1e-6
EVENING = datetime(2026, 2, 1, 17, tzinfo=UTC)


def odd_problem(random: Random) -> Document:
    """Slots of odd lengths, and everything else at odd seconds; three or four hours, so that HiGHS takes a tenth of a second."""
    tariff: list[list[Any]] = []
    forecast: list[list[Any]] = []
    at = -random.uniform(0, 3000)
    while at < 3.6 * 3600:
        length = random.choice([1800, 2700, 3600, 5400]) + random.choice([0, 0, random.randint(-600, 600)])
        price = random.choice([random.randint(-5, 40) / 100, random.uniform(-0.05, 0.4), 0.1, 0.2])
        fate = random.random()
        if fate < 0.88:
            tariff.append([clock(at), clock(at + length), price])
        elif fate < 0.94:
            forecast.append([clock(at), clock(at + length), price])
        at += length
    end = random.uniform(2.2 * 3600, 4 * 3600)
    power_kw = random.choice([3.7, 7.4, 11.0])
    energy_kwh = random.uniform(0.1, 0.8) * end / 3600 * power_kw
    goals = [(end, energy_kwh)]
    if random.random() < 0.4:
        goals.insert(0, (random.uniform(600, end), random.uniform(0, energy_kwh * 0.7)))
    begins = [random.uniform(0, end) for _ in range(random.choice([0, 0, 1, 2]))]
    return {
        "now": clock(0),
        "tariff": tariff,
        "forecast": forecast,
        "power_limits": [[clock(end / 2), clock(end / 2 + 500), random.choice([1.0, 20.0])]] * (random.random() < 0.2),
        "vehicles": [
            {
                "id": "ada",
                "max_power_kw": power_kw,
                "charging": random.random() < 0.25,
                "plugged_in_from": clock(random.uniform(0, 3000)) if random.random() < 0.2 else None,
                "goals": [{"ready_by": clock(by), "energy_kwh": energy} for by, energy in goals],
                "max_starts": random.choice([1, 2, 2, 3, None]),
                "min_run_s": random.choice([0, 0, 1200, 2400]),
                "min_pause_s": random.choice([0, 0, 900, 2400]),
                "start_cost": random.choice([0.0, 0.0, 0.05, 0.3]),
                "continuous": random.random() < 0.15,
                "max_price": random.choice([None, None, None, 0.25]),
                "blocked": [[clock(begin), clock(begin + random.uniform(60, 2400))] for begin in sorted(begins)],
                "prefer": random.choice(["late", "early"]),
            }
        ],
    }


def clock(second: float) -> str:
    return (EVENING + timedelta(seconds=77.25 + second)).isoformat()


@pytest.mark.parametrize("twenty", range(TWENTIES))
def test_no_plan_is_worse_than_the_optimum_of_a_mixed_integer_program(twenty: int) -> None:
    for seed in range(20 * twenty, 20 * (twenty + 1)):
        problem = odd_problem(Random(seed))

        answer = solve(parse_problem(problem))

        assert [] == worse_than_optimal(problem, answer), f"seed {seed}: {problem}"


def worse_than_optimal(problem: Document, answer: Document) -> list[str]:
    """Return the levels of merit in which *answer* is worse than the best there is, and the rules it breaks."""
    (vehicle,), (plan,) = problem["vehicles"], answer["plans"]
    runs = MOST_RUNS if vehicle["max_starts"] is None else vehicle["max_starts"] + vehicle["charging"]
    program = RunProgram(problem, runs)
    minutes = 60 / vehicle["max_power_kw"]
    short_runs = runs_below_least(problem, plan)
    levels = [
        *(
            (f"goal {number}", terms, goal["shortfall_kwh"] * minutes)
            for number, (terms, goal) in enumerate(zip(program.shortfalls, plan["goals"], strict=True))
        ),
        ("short runs", program.short_runs, short_runs),
        ("unknown", program.unknown, plan["unknown_kwh"] * minutes),
    ]
    if not plan["unknown_kwh"]:
        levels += [("cost", program.cost, answer["cost"]), ("starts", program.starts, plan["starts"])]
    worse = broken_rules(problem, answer, short_runs=short_runs > 0)
    for name, terms, claimed in levels:
        bound = 0.0 if name != "cost" else float("-inf")
        best = claimed if claimed <= bound and vehicle["max_starts"] is not None else program.least(terms)
        if claimed < best - SLACK * max(1.0, abs(best)):
            break  # with more runs than the program may make; what ranks below cannot be compared
        if claimed > best + SLACK * max(1.0, abs(best)):
            worse.append(f"{name}: {claimed}, and {best} can be had")
        program.keep(terms, max(best, claimed) + SLACK)
    return worse


def runs_below_least(problem: Document, plan: Document) -> float:
    (vehicle,) = problem["vehicles"]
    needed_s = vehicle["goals"][-1]["energy_kwh"] / vehicle["max_power_kw"] * 3600
    least_s = min(vehicle["min_run_s"], needed_s) - 1e-5
    lengths = (moment_s(problem, end) - moment_s(problem, start) for start, end, _ in plan["windows"])
    return float(sum(length < least_s for length in lengths))
