"""
The pay per microsecond charged that makes the relaxed task's own optimum meet the targets as nearly as it can.

Any pay gives a true bound; the best gives a search that hardly has to look around. For one target the bound as a function
of the pay is concave and made of straight pieces, one per plan; the pay at which the best plan that charges too little and
the best one that charges enough weigh the same is its top, found in a few steps (Handler and Zang, 1980). So nothing here
has to be exact: money alone counts, in floats, as a shortest path in a few array operations per start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.planning.task import UNLIMITED, Grid, Task

ROUNDS = 12
"""Steps per target; the top is reached in three to six. Fewer steps cost time in the search, never the optimum."""

MOST_RUNS = 24
"""Runs that the sketch tells apart where starts are unlimited; a day of prices has about ten cheap spells."""

Path = NDArray[np.complex128]


class _Line(NamedTuple):
    """A relaxed plan's cost as a function of one rate: `cost + rate * short`."""

    cost: float
    short: float

    def at(self, rate: float) -> float:
        return self.cost + rate * self.short


def good_rates(task: Task, grid: Grid) -> list[int]:
    """Return rates for the search, one per target."""
    sketch = _Sketch(task, grid)
    rates = [0.0] * len(task.targets)
    for number in range(len(rates) - 1, -1, -1):
        rates[number] = _best_rate(sketch, rates, number)
    return [
        target.penalty if rate >= sketch.highest else int(rate) * task.money
        for rate, target in zip(rates, task.targets, strict=True)
    ]


def _best_rate(sketch: _Sketch, rates: list[float], number: int) -> float:
    lowest = -sketch.highest if number == len(rates) - 1 else 0.0
    below = sketch.line(rates, number, lowest)
    if below.short <= 0:
        return lowest
    above = sketch.line(rates, number, sketch.highest)
    if above.short > 0:
        return sketch.highest
    rate = lowest
    for _ in range(ROUNDS):
        rate = (above.cost - below.cost) / (below.short - above.short)
        found = sketch.line(rates, number, rate)
        if found.at(rate) >= below.at(rate) - abs(below.at(rate)) * 1e-14:
            break
        if found.short > 0:
            below = found
        else:
            above = found
    return rate


class _Sketch:
    """The relaxed task in money alone. A number's real part is cost less pay, its imaginary part energy."""

    def __init__(self, task: Task, grid: Grid) -> None:
        self._task = task
        self._lengths = np.diff(np.array(task.points, dtype=float))
        self._open = np.array(task.open)
        prices = np.array(task.prices)
        self.highest = 1e3 * (float(np.abs(prices).max()) + task.start_price / float(self._lengths.min()) + 1.0)
        self._costs = np.where(self._open, prices * self._lengths, 0.0)
        self._shut = np.where(self._open, 0.0, self.highest * float(self._lengths.sum()))
        last = grid.last
        self._run_ends = np.array([min(end, last + 1) if end >= 0 else start for start, end in enumerate(grid.run_ends)])
        self._pause_ends = np.array([end if end >= 0 else begin for begin, end in enumerate(grid.pause_ends)])
        self._never = complex(self.highest * float(self._lengths.sum()) * 10, 0.0)

    def line(self, rates: list[float], number: int, rate: float) -> _Line:
        """Return the line of the relaxed plan that is best when target *number* pays *rate*, the others *rates*."""
        task = self._task
        targets = task.targets
        pay = np.zeros(len(self._lengths))
        constant = 0.0
        for index, target in enumerate(targets):
            each = rate if index == number else rates[index]
            pay[: target.index] += each
            constant += each * target.energy_us
        sums = np.zeros(len(self._lengths) + 1, dtype=complex)
        reduced = np.where(self._open, self._costs - pay * self._lengths, 0.0) + self._shut
        sums.real[1:] = np.cumsum(reduced)
        until = targets[number].index
        sums.imag[1 : until + 1] = np.cumsum((self._lengths * self._open)[:until])
        sums.imag[until + 1 :] = sums.imag[until]
        best = self._shortest(sums)
        short = targets[number].energy_us - best.imag
        return _Line(best.real + constant - rate * short, short)

    def _shortest(self, sums: Path) -> complex:
        """Return the lightest plan's cost and energy."""
        task = self._task
        unlimited = task.starts == UNLIMITED
        layers = MOST_RUNS if unlimited else task.layers - 1
        off = np.zeros(len(sums) + 1, dtype=complex)
        least = 0j
        for left in range(layers + 1):
            stopping = np.minimum.accumulate((sums + off[self._pause_ends])[::-1])[::-1]
            if task.running is not None and (unlimited or left == task.running):
                least = min(least, complex(stopping[0]), key=_cost)
            if not unlimited and left == task.starts:
                least = min(least, complex(off[0]), key=_cost)
            begun = np.append(stopping, self._never)[self._run_ends] - sums + task.start_price
            after = np.zeros_like(off)
            after[:-1] = np.minimum(np.minimum.accumulate(begun[::-1])[::-1], 0j)
            if unlimited and np.array_equal(after, off):
                break
            off = after
        return min(least, complex(off[0]), key=_cost) if unlimited else least


def _cost(plan: complex) -> float:
    return plan.real
