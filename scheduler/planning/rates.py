"""
The pay per microsecond charged that makes the relaxed task's own optimum meet the targets as nearly as it can.

Any pay gives a true bound; the best gives a search that hardly has to look around. For one target the bound as a function
of the pay is concave and made of straight pieces, one per plan; the pay at which the best plan that charges too little and
the best one that charges enough weigh the same is its top, found in a few steps (Handler and Zang, 1980). So nothing here
has to be exact: money alone counts, in floats, as a shortest path in a few array operations per start.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.planning.task import UNLIMITED, Grid, Task

ROUNDS = 12
"""Steps per target; the top is reached in three to six. Fewer steps cost time in the search, never the optimum."""

MOST_RUNS = 24
"""Runs that the sketch tells apart where starts are unlimited; a day of prices has about ten cheap spells."""

NOISE = 1e-14
"""Relative difference below which two bounds count as one: what floats add up to on a few hundred cells."""

HAIR = 1e-9
"""Relative difference below which a rate is taken to be a cell's price."""

_Path = NDArray[np.complex128]


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
        rates[number] = sketch.best_rate(rates, number)
    return _whole(task, rates, sketch.highest)


def _whole(task: Task, rates: list[float], highest: float) -> list[int]:
    """
    Return the rates as weights.

    What a cell is paid is often the very price of a cell, the one with the floating end: there it must not be a hair off,
    or plans of equal cost no longer weigh the same.
    """
    prices, whole, ahead, ahead_whole = sorted(task.prices), [0] * len(rates), 0.0, 0
    for number in range(len(rates) - 1, -1, -1):
        if rates[number] >= highest:
            whole[number] = task.targets[number].penalty
            continue
        ahead += rates[number]
        place = bisect_left(prices, ahead)
        nearest = min(prices[max(place - 1, 0) : place + 1], key=lambda price: abs(price - ahead))
        paid = round(nearest if abs(nearest - ahead) <= abs(ahead) * HAIR else ahead)
        whole[number] = (paid - ahead_whole) * task.money if rates[number] or number == len(rates) - 1 else 0
        ahead_whole += whole[number] // task.money
    return whole


class _Sketch:
    """The relaxed task in money alone. A number's real part is cost less pay, its imaginary part energy."""

    def __init__(self, task: Task, grid: Grid) -> None:
        self._task = task
        lengths, prices, is_open = (
            np.diff(np.array(task.points, dtype=float)),
            np.array(task.prices),
            np.array(task.open),
        )
        dearest = float(np.abs(prices).max()) + task.start_price / float(lengths.min()) + 1.0
        self.highest = 1e3 * dearest
        self._lengths = np.where(is_open, lengths, 0.0)
        self._costs = np.where(is_open, prices * lengths, self.highest * grid.end)
        self._run_ends = np.array(grid.run_ends) if task.least_run_us else None
        self._pause_ends = np.array(grid.pause_ends) if task.least_pause_us else None
        self._never = np.array([10 * self.highest * grid.end + 0j])

    def best_rate(self, rates: list[float], number: int) -> float:
        """Return the rate for target *number* at which the bound is highest when the others pay *rates*."""
        targets = self._task.targets
        lowest = -self.highest if number == len(rates) - 1 else 0.0
        charged = _sums(np.where(np.arange(len(self._lengths)) < targets[number].index, self._lengths, 0.0))
        costs, constant = self._costs, 0.0
        for index, target in enumerate(targets):
            if index != number and rates[index]:
                constant += rates[index] * target.energy_us
                costs = costs.copy()
                costs[: target.index] -= rates[index] * self._lengths[: target.index]
        sums, energy_us = _sums(costs), targets[number].energy_us

        def line(rate: float) -> _Line:
            """Return the line of the relaxed plan that is best at *rate*."""
            best = self._shortest(sums + (1j - rate) * charged)
            return _Line(best.real + rate * best.imag + constant, energy_us - best.imag)

        below, above = line(lowest), line(self.highest)
        if below.short <= 0:
            return lowest
        if above.short > 0:
            return self.highest
        rate = lowest
        for _ in range(ROUNDS):
            rate = (above.cost - below.cost) / (below.short - above.short)
            found = line(rate)
            if found.at(rate) >= below.at(rate) - abs(below.at(rate)) * NOISE:
                break
            if found.short > 0:
                below = found
            else:
                above = found
        return rate

    def _shortest(self, sums: _Path) -> complex:
        """Return the lightest plan's cost and energy, where *sums* are those of charging from the first point on."""
        task = self._task
        unlimited = task.starts == UNLIMITED
        off = np.zeros(len(sums) + 1, dtype=complex)
        least = 0j
        for left in range(MOST_RUNS if unlimited else task.layers):
            stopped = sums + (off[:-1] if self._pause_ends is None else off[self._pause_ends])
            stopping = np.minimum.accumulate(stopped[::-1])[::-1]
            if task.running is not None and (unlimited or left == task.running):
                least = min(least, complex(stopping[0]), key=_cost)
            if not unlimited and left == task.starts:
                return min(least, complex(off[0]), key=_cost)
            if self._run_ends is not None:
                stopping = np.concatenate((stopping, self._never))[self._run_ends]
            begun = stopping - sums + task.start_price
            after = np.zeros_like(off)
            np.minimum(np.minimum.accumulate(begun[::-1])[::-1], 0j, out=after[:-1])
            if unlimited and np.array_equal(after, off):
                break
            off = after
        return min(least, complex(off[0]), key=_cost)


def _sums(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(lengths)))


def _cost(plan: complex) -> float:
    return plan.real
