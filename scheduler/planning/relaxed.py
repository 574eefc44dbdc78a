"""
The task with each microsecond charged paid for at a fixed rate instead of demanded (Lagrange): a shortest path.

Its optimum, less the pay for what was demanded, weighs no more than any plan of the task: a lower bound from every point
on. Any rates give a true bound, if none but the last target's is below 0; good ones (`rates.py`) give one that is nearly
the optimum.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from scheduler.planning.task import UNLIMITED, Grid, Task

NEVER = 1 << 4096
"""Heavier than any plan."""

ROW = 8
"""Runs off the points to look into, one as soon as it may be after the other; a row may have thousands."""


class Bounds(NamedTuple):
    """What `Relaxed` says of some points and the cells between them; `whole` of shut cells is 0."""

    off: list[list[int]]
    on: list[list[int]]
    entry: list[list[int]]
    whole: list[int]
    reduced: list[int]


class Relaxed:
    """
    `off[k][i]` and `on[k][i]`: the least reduced weight from point *i* on, not charging or charging, with *k* starts left
    (one layer, 0, where they are unlimited). Charging here may stop: the run is long enough. `entry[k][i]`: the same for
    a plan that does not charge and starts within cell *i*.
    """

    def __init__(self, task: Task, grid: Grid, rates: list[int]) -> None:
        points, bends = task.points, task.bends
        self.task, self.grid, self._points = task, grid, points
        self.rates = rates
        self.constant = sum(rate * target.energy_us for rate, target in zip(rates, task.targets, strict=True))
        self.reduced = [slope - pay for slope, pay in zip(task.slopes, _paid(task, rates), strict=True)]
        self.whole = [
            reduced * (points[i + 1] - points[i]) + bends[i] * (points[i + 1] ** 2 - points[i] ** 2)
            for i, reduced in enumerate(self.reduced)
        ]
        self._start = task.start_weight
        self._short = task.short_weight
        self.sums = [0]
        for is_open, whole in zip(task.open, self.whole, strict=True):
            self.sums.append(self.sums[-1] + (whole if is_open else 0))
        self.off: list[list[int]] = []
        self.on: list[list[int]] = []
        self.entry: list[list[int]] = []
        self._loose: dict[tuple[int, int, bool], int] = {}
        for left in range(task.layers):
            self._add_layer(left)

    def on_points(self, points: Sequence[int]) -> Bounds:
        """Return the bounds as seen from some of the points: one entry per cell between those."""
        if points is self._points:
            open_whole = [whole if is_open else 0 for is_open, whole in zip(self.task.open, self.whole, strict=True)]
            return Bounds(self.off, self.on, self.entry, open_whole, self.reduced)
        places = [bisect_left(self._points, point) for point in points]
        cells = list(pairwise(places))
        return Bounds(
            [[layer[place] for place in places] for layer in self.off],
            [[layer[place] for place in places] for layer in self.on],
            [[min(layer[first:last]) for first, last in cells] + [NEVER] for layer in self.entry],
            [self.sums[last] - self.sums[first] for first, last in cells],
            [self.reduced[first] for first, _ in cells],
        )

    def least(self) -> int:
        """Return what the lightest relaxed plan weighs, without the constant."""
        task = self.task
        least = self.off[max(task.starts, 0)][0]
        if task.running is not None:
            least = min(least, self.on[max(task.running, 0)][0])
        return least

    def _add_layer(self, left: int) -> None:
        task, grid = self.task, self.grid
        last, whole, is_open, pause = grid.last, self.whole, task.open, task.least_pause_us
        off, on, entry = [0] * (last + 1), [0] * (last + 1), [NEVER] * (last + 1)
        self.off.append(off)
        self.on.append(on)
        self.entry.append(entry)
        fresh = left - 1 if left else 0
        then_off, then_on, simple = self.off[fresh], self.on[fresh], not task.least_run_us
        may_start = left > 0 or task.starts == UNLIMITED
        rest_off, rest_on, begin = 0, 0, last
        if task.lone_from is not None and left > 1:
            begin = bisect_left(self._points, task.lone_from)
            for lists in (self.off, self.on, self.entry):
                lists[left][begin:] = lists[1][begin:]
            rest_off, rest_on = off[begin], on[begin]
        later = later_exempt = NEVER
        for i in range(begin - 1, -1, -1):
            going = NEVER
            if is_open[i]:
                going = whole[i] + rest_on
                if may_start:
                    if simple:
                        begun = self._start + whole[i] + then_on[i + 1]
                        rest_off = min(rest_off, begun)
                        here = rest_off if fresh == left else then_off[i]
                        entry[i] = min(begun, later, self._start + min(here, then_on[i + 1]))
                    else:
                        begun = self._begun(fresh, i)
                        rest_off = min(rest_off, begun)
                        entry[i] = min(begun, later, self._brief(fresh, i, rest_off))
                    later = begun
                ahead = grid.exempt_ahead[i]
                if ahead is not None:
                    begun = self._bound_for(ahead, left, i)
                    rest_off = min(rest_off, begun)
                    brief = self._brief(left, i, rest_off) if i in task.exempt else NEVER
                    entry[i] = min(entry[i], begun, later_exempt, brief)
                    later_exempt = begun
            else:
                later = later_exempt = NEVER
            off[i] = rest_off
            rest_on = min(going, self._ended(left, i) if pause else rest_off)
            on[i] = rest_on

    def _brief(self, left: int, i: int, off: int) -> int:
        """
        Return the least reduced weight of a plan that starts and stops within cell *i*, or starts at its very end.

        *off* stands for what this layer has not noted yet.
        """
        if not self.task.least_run_us:
            extra = 0
        elif self._short is not None:
            extra = self._short
        else:
            return NEVER
        here = off if self.task.starts == UNLIMITED or left == len(self.off) - 1 else self.off[left][i]
        return self._start + extra + min(here, self.on[left][i + 1])

    def _begun(self, left: int, i: int) -> int:
        """Return the least reduced weight of a plan that starts at point *i*, after which *left* starts are left."""
        through = self._start + self.whole[i] + self.on[left][i + 1]
        if not self.task.least_run_us:
            return through
        least = NEVER if self._short is None else self._short + through
        until = self._points[i] + self.task.least_run_us
        if until > self.grid.stretch_end[i]:
            return least
        j = self.grid.run_ends[i]
        if j >= 0:
            return min(least, self._start + self.sums[j] - self.sums[i] + self.on[left][j])
        return min(least, self._start + self.weight_until(until) - self.sums[i] + self.on_at(left, until))

    def _bound_for(self, ahead: int, left: int, i: int) -> int:
        """Return the same for a run that takes none of the starts, since it goes on into the exempt cell at *ahead*."""
        if self._points[i] + self.task.least_run_us > ahead or self._points[i] == ahead:
            return self._begun(left, i)
        j = bisect_left(self._points, ahead)
        return self._start + self.sums[j] - self.sums[i] + self.on[left][j]

    def _ended(self, left: int, i: int) -> int:
        j = self.grid.pause_ends[i]
        if j > self.grid.last:
            return 0
        return self.off[left][j] if j >= 0 else self.off_at(left, self._points[i] + self.task.least_pause_us)

    def weight_between(self, begin: int, end: int) -> int:
        """Return the reduced weight of charging through every open cell from *begin* to *end*."""
        return self.weight_until(end) - self.weight_until(begin)

    def weight_until(self, time: int) -> int:
        """Return the reduced weight of charging through every open cell up to *time*."""
        i = bisect_left(self._points, time)
        return (
            self.sums[i] if self._points[i] == time else self.sums[i - 1] + self._part(i - 1, self._points[i - 1], time)
        )

    def _part(self, cell: int, begin: int, end: int) -> int:
        return self.reduced[cell] * (end - begin) + self.task.bends[cell] * (end * end - begin * begin)

    def on_at(self, left: int, time: int, row: int = ROW) -> int:
        """Return the least reduced weight from *time* on for a plan that charges and may stop."""
        i, left = bisect_left(self._points, time), max(left, 0)
        if self._points[i] == time:
            return self.on[left][i]
        key = (left, time, True)
        if key not in self._loose:
            stopped = self.off_at(left, time + self.task.least_pause_us, row)
            self._loose[key] = min(stopped, self._part(i - 1, time, self._points[i]) + self.on[left][i])
        return self._loose[key]

    def off_at(self, left: int, time: int, row: int = ROW) -> int:
        """Return the least reduced weight from *time* on for a plan that does not charge and may start."""
        if time >= self.grid.end:
            return 0
        i, left = bisect_left(self._points, time), max(left, 0)
        if self._points[i] == time:
            return self.off[left][i]
        key = (left, time, False)
        if key not in self._loose:
            if not row:
                return self._rested(left, time)
            self._loose[key] = min([self.off[left][i], *self._starts_at(left, time, i - 1, row - 1)])
        return self._loose[key]

    def _starts_at(self, left: int, time: int, cell: int, row: int) -> list[int]:
        """Return what plans weigh that start at *time*, inside a cell; *row* more runs of the row are looked into."""
        task = self.task
        if not task.open[cell]:
            return []
        plans: list[int] = []
        until = time + task.least_run_us
        for after in self._remaining(left, cell):
            if until <= self.grid.stretch_end[cell]:
                run = self.weight_until(until) - self.weight_until(time) if task.least_run_us else 0
                plans.append(self._start + run + self.on_at(after, until, row))
            if self._short is not None:
                following = self._part(cell, time, self._points[cell + 1]) + self.on[after][cell + 1]
                plans.append(self._start + self._short + following)
        return plans

    def _rested(self, left: int, time: int) -> int:
        """Return what no plan is below that does not charge at *time*, inside a cell: there runs may be of any length."""
        i = bisect_left(self._points, time)
        rest = self.off[left][i]
        part = min(self._part(i - 1, time, self._points[i]), 0)
        for after in self._remaining(left, i - 1):
            rest = min(rest, self._start + part + min(self.off[after][i], self.on[after][i]))
        return rest

    def _remaining(self, left: int, cell: int) -> list[int]:
        """Return how many starts may be left after one in *cell*."""
        remaining = [left - 1] if left else [0] if self.task.starts == UNLIMITED else []
        return remaining if self.grid.exempt_ahead[cell] is None else [*remaining, left]


def _paid(task: Task, rates: list[int]) -> list[int]:
    """Return per cell what a microsecond charged there is paid: the rates of all targets still ahead."""
    paid: list[int] = []
    ahead = sum(rates)
    for target, rate in zip(task.targets, rates, strict=True):
        paid += [ahead] * (target.index - len(paid))
        ahead -= rate
    return paid


def unruled_bound(task: Task, rates: list[int]) -> int:
    """Return a weight that no plan of *task* is below, even if runs and pauses could be of any length."""
    free = replace(task, least_run_us=0, least_pause_us=0, short_weight=None)
    relaxed = Relaxed(free, Grid(free), rates)
    return relaxed.least() + relaxed.constant
