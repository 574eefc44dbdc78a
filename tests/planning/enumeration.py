"""
The brute-force oracle: every on/off pattern of a small grid, judged by design/problem.md's rules and order of merit.

Shares no code with the planner. Time is a handful of equal steps; every boundary, goal and energy is a whole number of
steps, so an optimum with its ends on steps exists. The judgement of all patterns at once is plain numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pattern = NDArray[np.bool_]
Counts = NDArray[np.int_]
Column = NDArray[np.float64]

KNOWN, FORECAST, UNKNOWN = "known", "forecast", "unknown"


@dataclass(frozen=True)
class SmallProblem:
    """One vehicle on a grid of steps; powers and lengths are 1, so energy is steps. Prices are whole numbers."""

    prices: tuple[int | None, ...]
    goals: tuple[tuple[int, int], ...]
    forecast: tuple[bool, ...] = ()
    reserve: int = 0
    charging: bool = False
    max_starts: int | None = 2
    min_run: int = 0
    min_pause: int = 0
    start_cost: int = 0
    continuous: bool = False
    max_price: int | None = None
    blocked: frozenset[int] = frozenset()
    precondition: int = 0
    late: bool = True
    first: int = 0
    seed: int = field(default=0, compare=False)

    @property
    def steps(self) -> int:
        return len(self.prices)

    def kind(self, step: int) -> str:
        if self.prices[step] is None:
            return UNKNOWN
        return FORECAST if self.forecast and self.forecast[step] else KNOWN

    def capped(self, step: int) -> bool:
        """Whether the price cap keeps this step from everything but the reserve."""
        if self.max_price is None:
            return False
        price = self.prices[step]
        return self.kind(step) != KNOWN or price is None or price > self.max_price


def all_patterns(steps: int) -> Pattern:
    numbers = np.arange(2**steps, dtype=np.uint32)
    patterns: Pattern = (numbers[:, None] >> np.arange(steps, dtype=np.uint32)) & 1 == 1
    return patterns


def best_merit(problem: SmallProblem) -> tuple[tuple[float, ...], list[int]]:
    """Return the best merit and one pattern that has it, as the list of its steps."""
    patterns = allowed(problem, all_patterns(problem.steps))
    merits = merit_columns(problem, patterns)
    order = np.lexsort(tuple(reversed(merits)))
    best = order[0]
    return tuple(float(column[best]) for column in merits), [int(step) for step in np.flatnonzero(patterns[best])]


def allowed(problem: SmallProblem, patterns: Pattern) -> Pattern:
    """Return the patterns that keep the hard rules."""
    for step in range(problem.steps):
        if step < problem.first or step in problem.blocked or step >= problem.goals[-1][0]:
            patterns = patterns[~patterns[:, step]]
    patterns = patterns[patterns.sum(axis=1) <= problem.goals[-1][1]]
    total_before: Counts = np.cumsum(patterns, axis=1) - patterns
    for step in range(problem.steps):
        if problem.capped(step):
            keep = ~patterns[:, step] | (total_before[:, step] < reserved(problem))
            patterns, total_before = patterns[keep], total_before[keep]
    patterns = patterns[_starts_kept(problem, patterns)]
    return patterns[_pauses_kept(problem, patterns)]


def starts_of(problem: SmallProblem, patterns: Pattern) -> Pattern:
    """Mark the steps at which a run begins."""
    before = np.hstack([np.zeros((len(patterns), 1), bool), patterns[:, :-1]])
    begins: Pattern = patterns & ~before
    return begins


def ends_of(patterns: Pattern) -> Pattern:
    after = np.hstack([patterns[:, 1:], np.zeros((len(patterns), 1), bool)])
    ends: Pattern = patterns & ~after
    return ends


def _starts_kept(problem: SmallProblem, patterns: Pattern) -> NDArray[np.bool_]:
    begins = starts_of(problem, patterns)
    run_number = np.cumsum(begins, axis=1)
    counted = np.zeros(len(patterns), int)
    main = np.zeros(len(patterns), int)
    charged_before: Counts = np.cumsum(patterns, axis=1) - patterns
    warm = [step for step in range(problem.steps) if is_warm(problem, step)]
    for run in range(1, problem.steps // 2 + 2):
        member = patterns & (run_number == run)
        exists = member.any(axis=1)
        warms = member[:, warm].any(axis=1) if warm else np.zeros(len(patterns), bool)
        first = member.argmax(axis=1)
        free = exists & (first == 0) & problem.charging & (problem.first == 0)
        reserves = exists & (charged_before[np.arange(len(patterns)), first] < reserved(problem))
        counted += exists & ~warms & ~free
        main += exists & ~warms & ~reserves
    keep = np.ones(len(patterns), bool)
    if problem.max_starts is not None:
        keep &= counted <= problem.max_starts
    if problem.continuous:
        keep &= main <= 1
    return keep


def _pauses_kept(problem: SmallProblem, patterns: Pattern) -> NDArray[np.bool_]:
    keep = np.ones(len(patterns), bool)
    begins, ends = starts_of(problem, patterns), ends_of(patterns)
    for pause in range(1, problem.min_pause):
        for step in range(problem.steps - pause - 1):
            keep &= ~(ends[:, step] & begins[:, step + pause + 1])
    return keep


def is_warm(problem: SmallProblem, step: int) -> bool:
    """Whether the precondition wants this step and nothing that wins over it forbids it."""
    deadline, energy = problem.goals[-1]
    wanted = deadline - min(problem.precondition, energy) <= step < deadline
    return wanted and step not in problem.blocked and not problem.capped(step)


def reserved(problem: SmallProblem) -> int:
    """Return the reserve that the precondition leaves: the two share the last goal's energy."""
    warm = sum(is_warm(problem, step) for step in range(problem.steps))
    return min(problem.reserve, problem.goals[-1][1] - warm)


def merit_columns(problem: SmallProblem, patterns: Pattern) -> list[Column]:
    """Return the columns to be minimised, most significant first."""
    columns: list[Column] = []
    warm = [step for step in range(problem.steps) if is_warm(problem, step)]
    columns.append(-patterns[:, warm].sum(axis=1).astype(float))
    charged = np.cumsum(patterns, axis=1)
    full = np.minimum(charged[:, -1], reserved(problem))
    columns.append(-full.astype(float))
    columns.append((charged < full[:, None]).sum(axis=1).astype(float))
    for by, energy in problem.goals:
        had = charged[:, by - 1] if by > 0 else np.zeros(len(patterns))
        columns.append(np.maximum(energy - had, 0).astype(float))
    columns.append(_short_runs(problem, patterns))
    unknown = [step for step in range(problem.steps) if problem.kind(step) == UNKNOWN]
    columns.append(patterns[:, unknown].sum(axis=1).astype(float))
    moments = np.array([2 * step + 1 for step in range(problem.steps)])
    columns.append(-(patterns[:, unknown] * moments[unknown]).sum(axis=1).astype(float))
    prices = np.array([price or 0 for price in problem.prices])
    begins = starts_of(problem, patterns)
    starts = begins.sum(axis=1)
    if problem.charging and problem.first == 0:
        starts = starts - begins[:, 0]
    columns.append((patterns * prices).sum(axis=1).astype(float) + starts * float(problem.start_cost))
    columns.append(starts.astype(float))
    mean = (patterns * moments).sum(axis=1).astype(float)
    columns.append(-mean if problem.late else mean)
    return columns


def _short_runs(problem: SmallProblem, patterns: Pattern) -> Column:
    least = min(problem.min_run, problem.goals[-1][1])
    run_number = np.cumsum(starts_of(problem, patterns), axis=1)
    short = np.zeros(len(patterns))
    for run in range(1, problem.steps // 2 + 2):
        length = (patterns & (run_number == run)).sum(axis=1)
        short += (length > 0) & (length < least)
    return short
