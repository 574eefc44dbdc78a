"""Cases from other schedulers' tests, and a handful of our own: never dearer than the optimum, never short, no rule broken."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.planning.problem import parse_problem, solve
from tests.planning.checker import Document, broken_rules, moment_s, overlap_s

CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "planning_cases.json"
RELATIVE = 1e-6


def shared_cases() -> list[Document]:
    return json.loads(CASES.read_text()) if CASES.exists() else []


def as_problem(case: Document) -> Document | None:
    """Return a case as a problem; None where design/problem.md has no words for it."""
    given, rules = case["input"], case["input"]["constraints"]
    if case["kind"] == "onoff":
        return onoff_problem(given, rules)
    if rules.get("min_price") is not None:
        return None
    return a_problem(
        given["now"],
        given["deadline"],
        given["tariff"],
        energy_kwh=given["need"]["seconds_at_power"] / 3600 * given["power_kw"],
        max_power_kw=given["power_kw"],
        plugged_in_from=given["earliest_start"],
        continuous=rules["mode"] == "continuous",
        max_price=rules["max_price"],
        blocked=rules["blocked"],
        precondition_s=rules["precondition_s"],
        prefer=given["prefer_on_ties"] or "late",
    )


def onoff_problem(given: Document, rules: Document) -> Document | None:
    unsayable = ("start_cost_by_slot", "must_be_on", "max_total_cost", "on_for_slots", "off_for_slots")
    if any(rules[key] for key in unsayable):
        return None
    start, slot_s = datetime.fromisoformat(given["start"]), given["slot_s"]
    moments = [(start + timedelta(seconds=slot_s * index)).isoformat() for index in range(len(given["prices"]) + 1)]
    shut = [] if rules["allowed_slots"] is None else set(range(len(given["prices"]))) - set(rules["allowed_slots"])
    return a_problem(
        moments[0],
        moments[-1],
        [[moments[i], moments[i + 1], price] for i, price in enumerate(given["prices"])],
        energy_kwh=given["need_slots"] * slot_s / 3600 * given["power_kw"],
        max_power_kw=given["power_kw"],
        charging=rules["running_now"],
        continuous=rules["mode"] == "continuous",
        max_starts=rules["max_starts"],
        min_run_s=rules["min_on_slots"] * slot_s if rules["min_on_slots"] > 1 else 0,
        min_pause_s=rules["min_off_slots"] * slot_s if rules["min_off_slots"] > 1 else 0,
        blocked=[[moments[i], moments[i + 1]] for i in sorted(shut)],
    )


def a_problem(now: str, ready_by: str, tariff: list[Any], energy_kwh: float, **vehicle: object) -> Document:
    goals = [{"ready_by": ready_by, "energy_kwh": energy_kwh}]
    return {
        "now": now,
        "tariff": tariff,
        "vehicles": [{"id": "ada", "max_power_kw": 1.0, "goals": goals, "max_starts": None} | vehicle],
    }


def answered(problem: Document) -> Document:
    answer = solve(parse_problem(problem))
    assert [] == broken_rules(problem, answer)
    return answer


def sayable(*, optimum: bool) -> list[Any]:
    cases = [case for case in shared_cases() if (case["optimal_cost"] is not None) is optimum and as_problem(case)]
    if not cases:
        absent = pytest.mark.skip(reason="the peers' cases (../shared/cases) are not beside this checkout")
        return [pytest.param({}, marks=absent)]
    return [pytest.param(case, id=case["id"]) for case in cases]


@pytest.mark.parametrize("case", sayable(optimum=True))
def test_a_peers_case_is_met_at_no_more_than_its_optimum(case: Document) -> None:
    problem = as_problem(case)
    assert problem is not None

    answer = answered(problem)

    (plan,) = answer["plans"]
    assert plan["outcome"] in {"met", "nothing_needed"}
    assert 0.0 == plan["unknown_kwh"]
    assert answer["optimal"]
    assert answer["cost"] <= case["optimal_cost"] + RELATIVE * abs(case["optimal_cost"]) + 1e-9
    if case["kind"] == "single" and answer["cost"] >= case["optimal_cost"] * (1 - RELATIVE):
        side = case["input"]["prefer_on_ties"] or "late"
        rival = [(moment_s(problem, start), moment_s(problem, end)) for start, end in case["optimal"][f"slots_{side}"]]
        ours = [(moment_s(problem, start), moment_s(problem, end)) for start, end, _ in plan["windows"]]
        assert tie_rank(ours, side) <= tie_rank(rival, side)


def tie_rank(windows: list[tuple[float, float]], side: str) -> tuple[int, float]:
    """Return what decides between equals, the smaller the better: the starts, then the mean moment to the second."""
    runs = sum(all(abs(start - end) > 1e-3 for _, end in windows) for start, _ in windows)
    moment = sum(end**2 - start**2 for start, end in windows) / max(2 * sum(end - start for start, end in windows), 1)
    return runs, round(-moment if side == "late" else moment)


@pytest.mark.parametrize("case", sayable(optimum=False))
def test_a_peers_case_that_has_no_optimum_is_charged_with_all_that_can_be_had(case: Document) -> None:
    problem = as_problem(case)
    assert problem is not None

    answer = answered(problem)

    expected_s = min(case["input"]["need"]["seconds_at_power"], most_s(problem))
    assert pytest.approx(expected_s / 3600 * case["input"]["power_kw"], abs=1e-6) == answer["plans"][0]["energy_kwh"]


def most_s(problem: Document) -> float:
    """Return how long a vehicle may charge at all: everything that is open, or the longest of it in one run."""
    (vehicle,) = problem["vehicles"]
    end = moment_s(problem, vehicle["goals"][-1]["ready_by"])
    priced = [(moment_s(problem, a), moment_s(problem, b), price) for a, b, price in problem["tariff"]]
    shut = [(moment_s(problem, a), moment_s(problem, b)) for a, b in vehicle["blocked"]]
    inside = {0.0, end, *(mark for a, b, _ in priced for mark in (a, b)), *(mark for span in shut for mark in span)}
    marks = sorted(mark for mark in inside if 0 <= mark <= end)
    stretches = [0.0]
    for cell in itertools.pairwise(marks):
        price = next((price for a, b, price in priced if overlap_s((a, b), cell) > 0), None)
        capped = vehicle["max_price"] is not None and (price is None or price > vehicle["max_price"])
        if capped or any(overlap_s(span, cell) > 0 for span in shut):
            stretches.append(0.0)
        else:
            stretches[-1] += cell[1] - cell[0]
    return max(stretches) if vehicle["continuous"] else sum(stretches)


def test_most_of_the_peers_cases_can_be_said() -> None:
    cases = shared_cases()
    if not cases:
        pytest.skip("the peers' cases (../shared/cases) are not beside this checkout")

    assert ["emhass-004", "emhass-010"] == [case["id"] for case in cases if as_problem(case) is None]


def hours(*prices: float | None) -> list[Any]:
    return [[clock(i * 60), clock(i * 60 + 60), price] for i, price in enumerate(prices) if price is not None]


def clock(minute: float) -> str:
    moment = datetime.fromisoformat("2026-02-01T17:00:00+00:00") + timedelta(minutes=minute)
    return moment.isoformat().replace("+00:00", "Z")


def own(prices: list[float | None], energy_kwh: float, **vehicle: object) -> Document:
    """One kilowatt, hourly prices from 17:00 on, ready with their end."""
    return a_problem(clock(0), clock(60 * len(prices)), hours(*prices), energy_kwh, **vehicle)


def small_goal_first(energy_kwh: float) -> Document:
    """One start; a small goal ten minutes before the last one, in the last hour."""
    problem = own([10, 4, 40], 1.5, max_starts=1)
    problem["vehicles"][0]["goals"].insert(0, {"ready_by": clock(170), "energy_kwh": energy_kwh})
    return problem


OWN: list[tuple[str, Document, list[tuple[float, float]], str]] = [
    ("one of two equal hours, the later", own([1, 2, 1], 1), [(120, 180)], "met"),
    ("one of two equal hours, the earlier", own([1, 2, 1], 1, prefer="early"), [(0, 60)], "met"),
    ("part of an hour goes beside the rest", own([1, 2, 4], 1.5), [(0, 90)], "met"),
    ("part of a lone hour goes late", own([4, 2, 4], 0.5), [(90, 120)], "met"),
    ("no more than wanted, though it is paid for", own([-1, -1, -1], 1.5), [(90, 180)], "met"),
    ("a gap is no price of nothing", own([5, None, 6], 2), [(0, 60), (120, 180)], "met"),
    ("what is unknown comes as late as can be", own([5, None, 6], 2.5), [(0, 60), (90, 180)], "met"),
    ("one start cannot jump a dear hour", own([1, 9, 2, 2], 2, max_starts=1), [(120, 240)], "met"),
    ("two starts can", own([1, 9, 2, 2], 2, max_starts=2), [(0, 60), (180, 240)], "met"),
    ("a start that costs more than it saves", own([1, 9, 2, 2], 2, start_cost=1.5), [(120, 240)], "met"),
    ("charging already is no start", own([1, 9, 2, 2], 2, charging=True, start_cost=1.5), [(0, 60), (180, 240)], "met"),
    ("a cap leaves the rest", own([1, 3, 2], 3, max_price=2), [(0, 60), (120, 180)], "short_of_prices"),
    ("a cap does not bind the reserve", own([5, 5, 1], 2, max_price=1, reserve_kwh=1), [(0, 60), (120, 180)], "met"),
    ("a block is worked around", own([3, 1, 2], 1, blocked=[[clock(60), clock(90)]]), [(90, 150)], "met"),
    ("too much to ask is all there is", own([3, 1, 2], 4), [(0, 180)], "short_of_time"),
    ("the last minutes are warm", own([1, 2, 3], 1, precondition_s=600), [(10, 60), (170, 180)], "met"),
    ("a run lasts its least", own([3, 1, 3], 2, min_run_s=5400), [(60, 180)], "met"),
    ("a pause lasts its least", own([1, 5, 1, 4], 2, min_pause_s=5400), [(0, 30), (120, 210)], "met"),
    ("nothing", own([1, 2], 0), [], "nothing_needed"),
]


@pytest.mark.parametrize(("problem", "windows", "outcome"), [row[1:] for row in OWN], ids=[row[0] for row in OWN])
def test_our_own_cases_come_out_as_worked_out_by_hand(
    problem: Document, windows: list[tuple[float, float]], outcome: str
) -> None:
    (plan,) = answered(problem)["plans"]

    assert [[clock(start), clock(end), 1.0] for start, end in windows] == plan["windows"]
    assert outcome == plan["outcome"]


@pytest.mark.parametrize("energy_kwh", [0.25, 0.0])
def test_a_last_run_floats_ahead_of_a_small_goal_that_is_long_met(energy_kwh: float) -> None:
    (plan,) = answered(small_goal_first(energy_kwh))["plans"]

    assert [[clock(30), clock(120), 1.0]] == plan["windows"]


def lamed(answer: Document, **plan: object) -> Document:
    return answer | {"plans": [answer["plans"][0] | plan]}


def test_the_checker_sees_what_it_is_for() -> None:
    problem = own([1, 2, 1, 3], 2, min_run_s=1800, min_pause_s=3600, max_price=2, blocked=[[clock(60), clock(70)]])
    good = answered(problem)

    bad_windows: dict[str, list[tuple[float, float]]] = {
        "blocked": [(60, 180)],
        "above the cap": [(120, 240)],
        "disjoint": [(70, 130), (120, 180)],
        "lasts": [(0, 60), (100, 120), (160, 180)],
        "the pause": [(0, 60), (80, 140)],
        "needed": [(0, 60), (70, 180)],
        "plugging in": [(-60, 60)],
    }
    for words, windows in bad_windows.items():
        told = [[clock(start), clock(end), 1.0] for start, end in windows]
        assert any(words in complaint for complaint in broken_rules(problem, lamed(good, windows=told))), words
    for key, value, words in (
        ("cost", 9.0, "cost"),
        ("starts", 7, "starts"),
        ("outcome", "short_of_time", "says short_of_time"),
        ("shortfall_kwh", 1.0, "shortfall"),
        ("energy_kwh", 1.0, "kWh for"),
        ("cost_known", False, "cost_known"),
        ("unknown_kwh", 1.0, "unknown_kwh"),
    ):
        assert any(words in complaint for complaint in broken_rules(problem, lamed(good, **{key: value}))), key
    assert any("lower_bound" in complaint for complaint in broken_rules(problem, good | {"lower_bound": 0.0}))
