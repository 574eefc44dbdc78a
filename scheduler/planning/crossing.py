"""
Least runs across a target, when an end before them floats.

        ...--|x          |---least run---|             the start follows x so that the target t is met to the microsecond,
                              t                        and the end follows the start

Such a run moves along with the floating end: all three come to rest once a later target pins x. Without pauses nothing else
in an optimum floats together: the used and the idle time before each end are the nodes of a tree, whose edges are the ends
on points, the least runs and the targets met to the microsecond, and only through a least run that crosses a target can
two ends of it hang on another one that floats.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from scheduler.planning.partial import Floating, State
from scheduler.planning.relaxed import Relaxed
from scheduler.planning.task import Grid, Task

FAR = 1 << 62
"""Beyond any moment of a task."""


class Crossing:
    """The least runs across the targets of one task, the last one aside."""

    def __init__(self, task: Task, grid: Grid, relaxed: Relaxed) -> None:
        self._task, self._grid, self._relaxed, self._points = task, grid, relaxed, task.points
        self._reduced = relaxed.on_points(task.points).reduced

    def runs(self, time: int, cell: int, state: State, resumes: Sequence[int]) -> Iterator[tuple[int, int, State]]:
        """
        Yield what a floating state becomes by each least run across a target that begins between *time* and the end of *cell*.

        With each the cell in which the run ends, and the first of *resumes* (all points among them) that is not earlier.
        """
        least, points = self._task.least_run_us, self._points
        for target in self._task.targets[:-1]:
            moment = points[target.index]
            end = max(time + least, moment)
            latest = min(min(points[cell + 1], moment) + least, self._grid.stretch_end[cell])
            while time < moment and end < latest:
                resume = resumes[bisect_right(resumes, end)]
                until = min(resume, latest)
                charged = self._charged(cell, moment - target.energy_us, (end, until), state)
                if charged is not None:
                    yield bisect_right(points, end) - 1, resume, charged
                end = until

    def _charged(self, cell: int, idle: int, ends: tuple[int, int], state: State) -> State | None:
        """Return the state after a run that begins in *cell* when *idle* has passed uncharged; it ends within *ends*."""
        value, energy, floating, path = state
        assert floating is not None
        least, reached = self._task.least_run_us, bisect_right(self._points, ends[0]) - 1
        rate, begin, end = floating.rate, idle + energy, idle + energy + least
        bounds = sorted(((ends[0] - end) * rate, (ends[1] - end) * rate))
        low, high = max(floating.low, bounds[0]), min(floating.high, bounds[1])
        if low > high:
            return None
        for target, pay in zip(self._task.targets, self._relaxed.rates, strict=True):
            if self._points[cell] < self._points[target.index] <= self._points[reached]:
                missing = target.energy_us - (self._points[target.index] - idle)
                value += missing * (target.penalty - pay if missing > 0 else -pay)
        until_begin, rise_begin = self._along(cell, begin)
        until_end, rise_end = self._along(reached, end)
        moved = Floating(
            rate,
            low,
            high,
            floating.linear + rate * (rise_end - rise_begin),
            floating.square + self._task.bends[reached] - self._task.bends[cell],
            (floating.origin * FAR + begin) * FAR + reached,
        )
        path = ((path, begin, rate), end, rate)
        return State(value + until_end - until_begin, energy + least, moved, path)

    def _along(self, cell: int, time: int) -> tuple[int, int]:
        """Return what charging up to *time*, as if all were in *cell*, weighs less pay, and how fast that rises."""
        bend, since, reduced = self._task.bends[cell], self._points[cell], self._reduced[cell]
        weight = self._relaxed.weight_until(since) + reduced * (time - since) + bend * (time**2 - since**2)
        return weight, reduced + 2 * bend * time
