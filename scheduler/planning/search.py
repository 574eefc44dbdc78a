"""
The best set of runs, found best first.

An optimal set of runs has all its ends on points of the grid, or a least run or pause away from such an end, save at most
one between two targets that are met to the microsecond: that one floats, and its place follows from the energy (facts:
performance.md, section 7). So a partial plan is a `_Label`: where it stands in time, whether it charges, how many starts
are left, how much has been charged, and at most one floating end, an unknown *x* whose range shrinks until a target pins
it down.

    value(label) + rest(label)    lower bound of every plan that begins like this label
        |              └─ the best rest if every microsecond charged were paid for at a fixed rate (`relaxed.py`)
        └─ what it weighs so far, less that pay

Labels are taken up in the order of that bound, so the first complete one is an optimum and its own proof. Weights are
whole numbers of any size that carry the whole order of merit (`merit.py`): no rounding, no tolerance.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple, TypeAlias

from scheduler.planning.rates import good_rates
from scheduler.planning.relaxed import Relaxed
from scheduler.planning.task import UNLIMITED, Grid, Task

Path: TypeAlias = "tuple[Path, int | None, int] | None"
"""The ends so far, last first: `(before, base, factor)` is an end at `base + factor * x`, `(before, None, x)` pins x."""


class Found(NamedTuple):
    """The best runs as pairs of microseconds, and what they weigh."""

    runs: list[tuple[int, int]]
    weight: int


class _Float(NamedTuple):
    """A floating end: the energy is `energy + rate * x`, the weight `value + (linear + square * x) * x`, low <= x <= high."""

    rate: int
    low: int
    high: int
    linear: int
    square: int

    def weight(self, x: int) -> int:
        return (self.linear + self.square * x) * x


class _Label(NamedTuple):
    """
    A partial plan at *time*, not later than point *at*. Charging (`on`), its run is long enough to stop.

    `key` first and `order` second, so that labels sort by bound, newest first. `bound_to`: the run has yet to reach an
    exempt cell. `energy` is as of *time*.
    """

    key: int
    order: int
    value: int
    time: int
    at: int
    on: bool
    left: int
    bound_to: bool
    energy: int
    floating: _Float | None
    path: Path


def best_runs(task: Task, guess: list[int]) -> Found:
    """Return the lightest runs of *task*. A good *guess* of the rates, one per target, makes it quicker, no more."""
    grid = Grid(task)
    return _Search(task, grid, Relaxed(task, grid, good_rates(task, grid, guess))).run()


class _Search:
    """One best-first search; see the head of this file."""

    def __init__(self, task: Task, grid: Grid, relaxed: Relaxed) -> None:
        self.task, self.grid, self.relaxed = task, grid, relaxed
        self.total = task.targets[-1].energy_us
        self.target_times = [task.points[target.index] for target in task.targets]
        runs = grid.last if task.starts == UNLIMITED else task.layers + len(task.exempt) + 1
        self.slack = max(map(abs, task.bends)) * grid.widest**2 * runs
        self.heap: list[_Label] = []
        self.best: dict[object, int] = {}
        self.order = 0

    def run(self) -> Found:
        task = self.task
        self._push(0, 0, False, task.starts, False, 0, None, None)
        if task.running is not None and task.open[0]:
            self._begin(0, 0, task.running, False, 0, None, None, 0)
        while True:
            label = heappop(self.heap)
            if label.time == self.grid.end:
                return Found(_runs(label.path, self.grid.end), label.value + self.relaxed.constant)
            if label.on:
                self._charging(label)
            else:
                self._waiting(label)

    def _waiting(self, label: _Label) -> None:
        """Take up a label that does not charge: wait on, or start here, or somewhere before the next point."""
        _, _, value, time, at, _, left, _, energy, floating, path = label
        task = self.task
        if task.lone_from is not None and time >= task.lone_from:
            left = min(left, 1)
        if left == 0 and at > self.grid.last_exempt:
            self._finish(value, time, energy, floating, path)
            return
        after = at + (self.grid.points[at] == time)
        cell = after - 1
        self._pass(value, time, self.grid.points[after], False, left, False, energy, floating, path)
        if not task.open[cell]:
            return
        ways = [(left - 1 if left > 0 else left, False)] if left else []
        if left != UNLIMITED and self.grid.exempt_ahead[cell] is not None:
            ways.append((left, True))
        for remaining, bound_to in ways:
            begun = value + task.start_weight
            self._begin(begun, time, remaining, bound_to, energy, floating, path, cell)
            if floating is None:
                self._begin_inside(begun, time, remaining, bound_to, energy, path, cell)

    def _begin(
        self, value: int, time: int, left: int, bound_to: bool, energy: int, floating: _Float | None, path: Path, cell: int
    ) -> None:
        """Start at *time*, which lies in *cell*."""
        task, path = self.task, (path, time, 0)
        least = task.least_run_us
        if not least or task.short_weight is not None:
            more = 0 if not least else task.short_weight or 0
            self._push(value + more, time, True, left, bound_to, energy, floating, path)
        if least and time + least <= self.grid.stretch_end[cell]:
            run = self.relaxed.weight_until(time + least) - self.relaxed.weight_until(time)
            self._pass(value + run, time, time + least, True, left, bound_to, energy, floating, path)

    def _begin_inside(
        self, value: int, time: int, left: int, bound_to: bool, energy: int, path: Path, cell: int
    ) -> None:
        """Start at `time + x` inside *cell*."""
        task, grid, least = self.task, self.grid, self.task.least_run_us
        until, bend = grid.points[cell + 1], task.bends[cell]
        linear = -self.relaxed.reduced[cell] - 2 * bend * time
        if not least or task.short_weight is not None:
            more = 0 if not least else task.short_weight or 0
            floating = _Float(-1, 0, until - time, linear, -bend)
            run = self.relaxed.weight_until(until) - self.relaxed.weight_until(time)
            self._pass(value + more + run, time, until, True, left, bound_to, energy, floating, (path, time, 1))
        if not least:
            return
        low = 0
        for end in self._points_from(time + least, until + least):
            high = min(end - least, until) - time
            if end > grid.stretch_end[cell]:
                break
            floating = _Float(-1, low, high, linear, -bend)
            run = self.relaxed.weight_until(end) - self.relaxed.weight_until(time)
            self._pass(value + run, time, end, True, left, bound_to, energy, floating, (path, time, 1))
            low = high
        for begin in self._tight(time, energy, -1):
            if time < begin < until:
                skipped = self.relaxed.weight_until(begin) - self.relaxed.weight_until(time)
                del skipped
                self._begin(value, begin, left, bound_to, energy, None, path, cell)

    def _charging(self, label: _Label) -> None:
        """Take up a label that charges: stop here, or somewhere before the next point, or go on."""
        _, _, value, time, at, _, left, bound_to, energy, floating, path = label
        task, grid = self.task, self.grid
        after = at + (grid.points[at] == time)
        cell, until = after - 1, grid.points[after]
        assert path is not None
        if not bound_to and path[1] != time:
            self._stop(value, time, left, energy, floating, (path, time, 0))
        if not task.open[cell]:
            return
        part = self.relaxed.weight_until(until) - self.relaxed.weight_until(time)
        self._pass(value + part, time, until, True, left, bound_to, energy, floating, path)
        if floating is None and not bound_to:
            self._stop_inside(value, time, until, left, energy, path, cell)

    def _stop(self, value: int, time: int, left: int, energy: int, floating: _Float | None, path: Path) -> None:
        """End the run at *time*; nothing may start before the pause is over."""
        resume = time + self.task.least_pause_us
        if resume >= self.grid.end:
            self._finish(value, time, energy, floating, path)
        elif resume == time:
            self._push(value, time, False, left, False, energy, floating, path)
        else:
            self._pass(value, time, resume, False, left, False, energy, floating, path)

    def _stop_inside(self, value: int, time: int, until: int, left: int, energy: int, path: Path, cell: int) -> None:
        """End the run at `time + x` inside *cell*."""
        task, pause = self.task, self.task.least_pause_us
        linear = self.relaxed.reduced[cell] + 2 * task.bends[cell] * time
        if cell in task.guarded:
            until = min(until, time + task.guarded_us - energy)
            if until <= time:
                return
        low, high = 0, 0
        for resume in self._points_from(time + pause, until + pause):
            high = min(resume - pause, until) - time
            floating = _Float(1, low, high, linear, task.bends[cell])
            self._pass(value, time, resume, False, left, False, energy, floating, (path, time, 1))
            low = high
        if high < until - time:
            floating = _Float(1, high, until - time, linear, task.bends[cell])
            self._finish(value, time, energy, floating, (path, time, 1))
        if pause:
            for end in self._tight(time, energy, 1):
                if time < end < until:
                    part = self.relaxed.weight_until(end) - self.relaxed.weight_until(time)
                    self._stop(value + part, end, left, energy + end - time, None, (path, end, 0))

    def _points_from(self, begin: int, until: int) -> Iterator[int]:
        """Yield the points after *begin*, the last one being the first not before *until*."""
        points = self.grid.points
        for index in range(bisect_right(points, begin), len(points)):
            yield points[index]
            if points[index] >= until:
                return

    def _tight(self, time: int, energy: int, direction: int) -> Iterator[int]:
        """Yield the moments at which to start (-1) or stop (1) so that a target ahead is met to the microsecond."""
        for target, moment in zip(self.task.targets, self.target_times, strict=True):
            if moment > time:
                missing = target.energy_us - energy
                yield moment - missing if direction < 0 else time + missing

    def _finish(self, value: int, time: int, energy: int, floating: _Float | None, path: Path) -> None:
        """Charge no more."""
        self._pass(value, time, self.grid.end, False, 0, False, energy, floating, path)

    def _pass(
        self, value: int, time: int, until: int, on: bool, left: int, bound_to: bool,
        energy: int, floating: _Float | None, path: Path,
    ) -> None:  # fmt: skip
        """Move on to *until*, charging or not; settle with the targets on the way."""
        if on:
            if bound_to:
                bound_to = not self._reaches_exempt(time, until)
            if self.task.guarded:
                kept = self._guarded(time, until, energy, floating)
                if kept is None:
                    return
                floating = kept[0]
        first = bisect_right(self.target_times, time)
        last = bisect_right(self.target_times, until)
        states = [(value, floating, path, energy)]
        for number in range(first, last):
            gained = self.target_times[number] - time if on else 0
            states = [after for state in states for after in self._settled(number, gained, *state)]
        for settled, still_floating, way, had in states:
            self._push(
                settled, until, on, left, bound_to, had + until - time if on else had, still_floating, way
            )

    def _reaches_exempt(self, time: int, until: int) -> bool:
        """Whether a run that goes on from *time* to *until* comes into an exempt cell."""
        ahead = self.grid.exempt_ahead[bisect_right(self.grid.points, time) - 1]
        return ahead is not None and ahead < until

    def _guarded(self, time: int, until: int, energy: int, floating: _Float | None) -> tuple[_Float | None] | None:
        """Return the floating end as far as guarded cells allow charging from *time* to *until*; None where they do not."""
        points = self.grid.points
        cell = bisect_left(points, until) - 1
        while cell not in self.task.guarded:
            cell -= 1
            if cell < 0 or points[cell + 1] <= time:
                return (floating,)
        room = self.task.guarded_us - energy - (min(until, points[cell + 1]) - time)
        if floating is None:
            return (None,) if room >= 0 else None
        low = floating.low if floating.rate > 0 else max(floating.low, -room)
        high = min(floating.high, room) if floating.rate > 0 else floating.high
        return (floating._replace(low=low, high=high),) if low <= high else None

    def _settled(
        self, number: int, gained: int, value: int, floating: _Float | None, path: Path, energy: int
    ) -> Iterator[tuple[int, _Float | None, Path, int]]:
        """Yield what a state becomes at target *number*, by when it has *gained* on top of *energy*."""
        target, rate = self.task.targets[number], self.relaxed.rates[number]
        missing = target.energy_us - energy - gained
        if floating is None:
            yield value + missing * (target.penalty - rate if missing > 0 else -rate), None, path, energy
            return
        pinned = missing * floating.rate
        if floating.low <= pinned <= floating.high:
            yield value + floating.weight(pinned), None, (path, None, pinned), target.energy_us - gained
        for low, high, factor in _sides(floating, pinned, target.penalty - rate, -rate):
            kept = _Float(floating.rate, low, high, floating.linear - factor * floating.rate, floating.square)
            yield value + factor * missing, kept, path, energy

    def _push(
        self, value: int, time: int, on: bool, left: int, bound_to: bool, energy: int, floating: _Float | None, path: Path
    ) -> None:
        """Put a label on the heap, unless it charges too much or is known already, and no heavier."""
        least, key = energy, value
        if floating is not None:
            low, high = floating.low, floating.high
            least = energy + (low if floating.rate > 0 else -high)
            key += min(floating.weight(low), floating.weight(high))
            if time == self.grid.end:
                return
        if least > self.total:
            return
        state = (time, on, left, bound_to, energy, floating)
        if self.best.get(state, value + 1) <= value:
            return
        self.best[state] = value
        at = bisect_left(self.grid.points, time)
        if time < self.grid.end:
            layer = max(left, 0)
            if self.grid.points[at] == time:
                key += (self.relaxed.on if on else self.relaxed.off)[layer][at]
            else:
                key += self.relaxed.on_at(layer, time) if on else self.relaxed.off_at(layer, time)
            key -= self.slack
        self.order -= 1
        heappush(
            self.heap, _Label(key, self.order, value, time, at, on, left, bound_to, energy, floating, path)
        )


def _sides(floating: _Float, pinned: int, below: int, above: int) -> list[tuple[int, int, int]]:
    """Return the parts of the range that leave a target short and that do not, each with its pay per missing unit."""
    low, high = floating.low, floating.high
    if floating.rate > 0:
        parts = [(low, min(high, pinned), below), (max(low, pinned), high, above)]
    else:
        parts = [(max(low, pinned), high, below), (low, min(high, pinned), above)]
    return [(begin, end, factor) for begin, end, factor in parts if begin < end]


def _runs(path: Path, end: int) -> list[tuple[int, int]]:
    """Return the runs along *path*, ascending; touching ones are one."""
    ends: list[int] = []
    x = 0
    while path is not None:
        path, base, factor = path
        if base is None:
            x = factor
        else:
            ends.append(base + factor * x)
    ends.reverse()
    if len(ends) % 2:
        ends.append(end)
    runs: list[tuple[int, int]] = []
    for begin, until in zip(ends[::2], ends[1::2], strict=True):
        if runs and runs[-1][1] == begin:
            runs[-1] = (runs[-1][0], until)
        elif begin < until:
            runs.append((begin, until))
    return runs
