"""
The pay per microsecond charged that makes the relaxed task's own optimum meet the targets as nearly as it can.

Any pay gives a true bound; the best gives a search that hardly has to look around. For one target the bound as a function
of the pay is concave and made of straight pieces, one per plan; the pay at which the best plan that charges too little and
the best one that charges enough weigh the same is its top, found in a few steps (Handler and Zang, 1980). So nothing here
has to be exact: money alone counts, in floats, as a shortest path in a few array operations per start.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.planning.task import UNLIMITED, Grid, Task

ROUNDS = 12
"""Steps per climb; the top is reached in three to six. Fewer steps cost time in the search, never the optimum."""

PASSES = 6
"""Climbs along every direction where there are several targets."""

WORTH = 1e-9
"""Relative rise of the bound that is worth another pass."""

MOST_RUNS = 500
"""Runs that the sketch tells apart where starts are unlimited; it is done when one more makes no difference."""

NOISE = 1e-14
"""Relative difference below which two bounds count as one: what floats add up to on a few hundred cells."""

HAIR = 1e-9
"""Relative difference below which a rate is taken to be a cell's price."""

_Path = NDArray[np.complex128]
_Reals = NDArray[np.float64]


class _Line(NamedTuple):
    """A relaxed plan's cost as a function of one rate: `cost + rate * short`."""

    cost: float
    short: float

    def at(self, rate: float) -> float:
        return self.cost + rate * self.short


def good_rates(task: Task, grid: Grid) -> list[int]:
    """Return rates for the search, one per target."""
    sketch = _Sketch(task, grid)
    count = len(task.targets)
    rates = np.zeros(count)
    bound = sketch.climb(rates, np.eye(count)[-1])
    for _ in range(PASSES if count > 1 else 0):
        before = bound
        for direction in _directions(count):
            bound = sketch.climb(rates, direction)
        if bound - before <= abs(bound) * WORTH:
            break
    return _whole(task, [float(rate) for rate in rates], sketch.highest)


def _directions(count: int) -> Iterator[_Reals]:
    """Yield each rate by itself, then each with one before it in its place: along rates alone a climb may get stuck."""
    units = np.eye(count)
    for later in range(count - 1, -1, -1):
        yield units[later]
        for earlier in range(later):
            yield units[earlier] - units[later]


def _whole(task: Task, rates: list[float], highest: float) -> list[int]:
    """
    Return the rates as weights.

    What a cell is paid is often the very price of a cell, the one with the floating end: there it must not be a hair off,
    or plans of equal cost no longer weigh the same.
    """
    prices, whole, ahead, ahead_whole = sorted(task.prices), [0] * len(rates), 0.0, 0
    last, out_of_reach = len(rates) - 1, [number for number, rate in enumerate(rates) if rate >= highest * (1 - HAIR)]
    for number in range(last, -1, -1):
        rate, beyond = rates[number], 0
        if number in out_of_reach:
            whole[number] = task.targets[number].penalty
            continue
        if number == last and out_of_reach and rate < -highest / 2:
            # What an earlier target would pay for and the whole need has no room for.
            rate, beyond = rate + highest, task.targets[out_of_reach[-1]].penalty
        ahead += rate
        place = bisect_left(prices, ahead)
        nearest = min(prices[max(place - 1, 0) : place + 1], key=lambda price: abs(price - ahead))
        paid = round(nearest if abs(nearest - ahead) <= abs(ahead) * HAIR else ahead)
        more = paid - ahead_whole
        whole[number] = more * task.money - beyond if number == last else max(more, 0) * task.money
        ahead_whole += (whole[number] + beyond) // task.money
    return whole


def _top(line: Callable[[float], _Line], below: _Line, lowest: float, highest: float) -> tuple[float, float]:
    """
    Return where between *lowest* and *highest* the least of all lines is highest, and how high.

    *below* is a line that rises, or the least one at *lowest*; *line* gives the least one anywhere.
    """
    if below.short <= 0:
        return lowest, below.at(lowest)
    above = line(highest)
    if above.short > 0:
        return highest, above.at(highest)
    step = lowest
    for _ in range(ROUNDS):
        step = max((above.cost - below.cost) / (below.short - above.short), lowest)
        found = line(step)
        if found.at(step) >= below.at(step) - abs(below.at(step)) * NOISE or (step == lowest and found.short <= 0):
            break
        if found.short > 0:
            below = found
        else:
            above = found
    return step, found.at(step)


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
        # The precondition stands above every goal, so its pay does above every rate.
        self._costs[list(task.exempt)] -= 4 * self.highest * self._lengths[list(task.exempt)]
        self._run_ends = _next_points(grid, task.least_run_us)
        self._pause_ends = _next_points(grid, task.least_pause_us)
        # More than all shut cells together: it is compared with sums over them.
        self._never = np.array([2 * float(self._costs[~is_open].sum()) + 10 * self.highest * grid.end + 0j])
        self._exempt = _exempt_ahead(grid)

    def climb(self, rates: _Reals, direction: _Reals) -> float:
        """Move *rates* along *direction* to where the bound is highest, and return the bound."""
        targets = self._task.targets
        demanded = np.array([target.energy_us for target in targets], dtype=float)
        costs, paid = self._costs.copy(), np.zeros(len(self._costs))
        for target, rate, share in zip(targets, rates, direction, strict=True):
            costs[: target.index] -= rate * self._lengths[: target.index]
            paid[: target.index] += share * self._lengths[: target.index]
        sums, charged = _sums(costs), _sums(paid)
        constant, wanted = float(rates @ demanded), float(direction @ demanded)

        def line(step: float) -> _Line:
            """Return the line of the relaxed plan that is best *step* along the direction."""
            best = self._shortest(sums + (1j - step) * charged)
            return _Line(best.real + step * best.imag + constant, wanted - best.imag)

        lowest, highest = self._room(rates, direction)
        nothing = _Line(constant, wanted)
        step, found = _top(line, nothing if wanted > 0 else line(lowest), lowest, highest)
        rates += step * direction
        return found

    def _room(self, rates: _Reals, direction: _Reals) -> tuple[float, float]:
        """Return how far *rates* may go along *direction*: only the last target may be charged for, not paid."""
        lowest, highest = -2 * self.highest, 2 * self.highest
        for number, (rate, share) in enumerate(zip(rates, direction, strict=True)):
            floor = -self.highest if number == len(rates) - 1 else 0.0
            if share:
                ends = sorted(((floor - rate) / share, (self.highest - rate) / share))
                lowest, highest = max(lowest, float(ends[0])), min(highest, float(ends[1]))
        return lowest, highest

    def _shortest(self, sums: _Path) -> complex:
        """Return the lightest plan's cost and energy, where *sums* are those of charging from the first point on."""
        task = self._task
        unlimited = task.starts == UNLIMITED
        off = self._exempt_run(sums)
        never_again, least = off[:-1], 0j
        left, most = 0, MOST_RUNS if unlimited else task.starts
        while True:
            stopped = sums + (off[:-1] if self._pause_ends is None else off[self._pause_ends])
            stopping = np.minimum.accumulate(stopped[::-1])[::-1]
            if task.running is not None and (unlimited or left == task.running):
                least = min(least, complex(stopping[0]), key=_cost)
            if left == most:
                return min(least, complex(off[0]), key=_cost)
            if self._run_ends is not None:
                stopping = np.concatenate((stopping, self._never))[self._run_ends]
            begun = stopping - sums + task.start_price
            after = np.zeros_like(off)
            np.minimum(np.minimum.accumulate(begun[::-1])[::-1], never_again, out=after[:-1])
            if unlimited and np.array_equal(after, off):
                return min(least, complex(off[0]), key=_cost)
            left, off = left + 1, after

    def _exempt_run(self, sums: _Path) -> _Path:
        """Return the lightest plan from each point on without any start left: a run into exempt cells takes none."""
        off = np.zeros(len(sums) + 1, dtype=complex)
        if self._exempt.any():
            going = np.minimum.accumulate(sums[::-1])[::-1]
            begun = np.where(self._exempt, going - sums + self._task.start_price, 0j)
            np.minimum(np.minimum.accumulate(begun[::-1])[::-1], 0j, out=off[:-1])
        return off


def _exempt_ahead(grid: Grid) -> NDArray[np.bool_]:
    """Return per point whether a run from there on comes to an exempt cell."""
    return np.array([*(ahead is not None for ahead in grid.exempt_ahead), False])


def _next_points(grid: Grid, by: int) -> NDArray[np.intp] | None:
    """Return per point the first one no less than *by* later, one past the last where there is none; None: its own."""
    points = np.array(grid.points)
    return np.searchsorted(points, points + by) if by else None


def _sums(lengths: _Reals) -> _Reals:
    return np.concatenate(([0.0], np.cumsum(lengths)))


def _cost(plan: complex) -> float:
    return plan.real
