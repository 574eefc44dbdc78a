"""
A third oracle, for problems too long to enumerate: step by step through the grid, every way to be charging or not.

Shares no code with the planner. A state is (energy had, starts left, length of the run, length of the pause), its worth the
least (shortfall of each goal, short runs, cost and starts) of all ways there; worths add up and compare as tuples. Where all
energies, goals and lengths are whole steps, some optimum has all its ends on steps.
"""

from __future__ import annotations

from tests.planning.enumeration import SmallProblem

Worth = tuple[float, ...]
State = tuple[int, int, int, int]


def best_worth(problem: SmallProblem) -> Worth:
    """Return the least shortfall of each goal, then the fewest short runs, then the least cost; prices must be known."""
    least = min(problem.min_run, problem.goals[-1][1])
    starts = problem.steps if problem.max_starts is None else problem.max_starts
    states: dict[State, Worth] = {(0, starts, 0, problem.min_pause): (0.0,) * (len(problem.goals) + 2)}
    for step in range(problem.steps):
        reached: dict[State, Worth] = {}
        for state, worth in states.items():
            for following, extra in _ways(problem, step, least, state):
                total = _plus(worth, extra)
                if following not in reached or total < reached[following]:
                    reached[following] = total
        states = {state: _plus(worth, _missed(problem, step, state[0])) for state, worth in reached.items()}
    return min(_plus(worth, _short(problem, 0 < state[2] < least)) for state, worth in states.items())


def _ways(problem: SmallProblem, step: int, least: int, state: State) -> list[tuple[State, Worth]]:
    had, left, run, pause = state
    idle = (had, left, 0, 1 if run else min(pause + 1, problem.min_pause))
    ways = [(idle, _short(problem, 0 < run < least))]
    price = problem.prices[step]
    assert price is not None
    if had < problem.goals[-1][1] and step not in problem.blocked:
        if run:
            ways.append(((had + 1, left, min(run + 1, max(least, 1)), 0), _paid(problem, price)))
        elif left and pause >= problem.min_pause:
            ways.append(((had + 1, left - 1, 1, 0), _paid(problem, price + problem.start_cost)))
    return ways


def _missed(problem: SmallProblem, step: int, had: int) -> Worth:
    return (*(float(max(energy - had, 0)) if by == step + 1 else 0.0 for by, energy in problem.goals), 0.0, 0.0)


def _short(problem: SmallProblem, short: bool) -> Worth:
    return (*(0.0 for _ in problem.goals), float(short), 0.0)


def _paid(problem: SmallProblem, money: int) -> Worth:
    return (*(0.0 for _ in problem.goals), 0.0, float(money))


def _plus(some: Worth, other: Worth) -> Worth:
    return tuple(one + another for one, another in zip(some, other, strict=True))
