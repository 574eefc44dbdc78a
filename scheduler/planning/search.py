"""
The best set of runs, found best first.

Time is cut into cells in which a microsecond of charging weighs the same (`Task`). An optimal set of runs has all its
ends on points of that grid, save at most one between two goals that are met to the microsecond: that one floats, and its
place follows from the energy (facts: performance.md, section 7). So a partial plan is a `_Label`: where it stands in
time, whether it charges, how many starts are left, how much has been charged, and at most one floating end, an unknown
*x* whose range shrinks until a goal pins it down.

    v(label) + h(label)   lower bound of every plan that begins like this label
       |           └─ the best rest if every microsecond charged were paid for at a fixed rate (Lagrange) per goal
       └─ what it weighs so far, less that pay

Labels are taken up in the order of that bound, so the first complete one is an optimum and is its own proof. Weights are
whole numbers of any size that carry the whole order of merit (`merit.py`): no rounding, no tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple, TypeAlias

UNLIMITED = -1
"""As a number of starts left: any number."""


@dataclass(frozen=True, slots=True)
class Target:
    """By point *index*, *energy_us* of charging; each microsecond short weighs *penalty*."""

    index: int
    energy_us: int
    penalty: int


@dataclass(frozen=True, slots=True)
class Task:
    """
    What to choose runs for.

    Cell *i* is `[points[i], points[i + 1])`; charging `[a, b)` in it weighs `slopes[i] * (b - a) + bends[i] * (b² - a²)`.
    `targets` ascend, the last one lies on the last point and is never exceeded. `starts` may be `UNLIMITED`. `running` is
    the number of starts left to a plan that charges from point 0 without a start, None where it cannot. A run that
    reaches a cell of `exempt` takes none of the starts left.
    """

    points: tuple[int, ...]
    open: tuple[bool, ...]
    slopes: tuple[int, ...]
    bends: tuple[int, ...]
    start_weight: int
    targets: tuple[Target, ...]
    starts: int = UNLIMITED
    running: int | None = None
    exempt: frozenset[int] = frozenset()


class Found(NamedTuple):
    """The best runs as pairs of microseconds, what they weigh, and the lower bound that proves it."""

    runs: list[tuple[int, int]]
    weight: int
    bound: int


Path: TypeAlias = "tuple[Path, int | None, int] | None"


class _Float(NamedTuple):
    """A floating end: charged energy is `u + rate * x`, the weight `v + linear * x + square * x²`, x in `[low, high]`."""

    rate: int
    low: int
    high: int
    linear: int
    square: int

    def weight(self, x: int) -> int:
        return (self.linear + self.square * x) * x


def best_runs(task: Task, rates: list[int]) -> Found:
    """Return the lightest runs of *task*; *rates* (one per target) only make the search shorter."""
    return _Search(task, rates).run()


class Relaxed:
    """
    The task with each microsecond charged paid for at a rate instead of demanded: a shortest path over the points.

    `off[k][i]` and `on[k][i]`: the least reduced weight from point *i* on, not charging or charging, with *k* starts left
    (one layer, 0, where they are unlimited).
    """

    def __init__(self, task: Task, rates: list[int]) -> None:
        points, bends = task.points, task.bends
        self.task, self.rates = task, rates
        self.paid = _paid(task, rates)
        self.reduced = [slope - pay for slope, pay in zip(task.slopes, self.paid, strict=True)]
        self.whole = [
            reduced * (points[i + 1] - points[i]) + bends[i] * (points[i + 1] ** 2 - points[i] ** 2)
            for i, reduced in enumerate(self.reduced)
        ]
        self.constant = sum(rate * target.energy_us for rate, target in zip(rates, task.targets, strict=True))
        self.off: list[list[int]] = []
        self.on: list[list[int]] = []
        layers = 1 if task.starts == UNLIMITED else max(task.starts, task.running or 0) + 1
        for left in range(layers):
            self._add_layer(left)

    def least(self) -> int:
        """Return the lower bound: what the lightest relaxed plan weighs."""
        task = self.task
        least = self.off[0 if task.starts == UNLIMITED else task.starts][0]
        if task.running is not None:
            least = min(least, self.on[0 if task.running == UNLIMITED else task.running][0])
        return least + self.constant

    def _add_layer(self, left: int) -> None:
        task, start = self.task, self.task.start_weight
        last = len(self.whole)
        off, on = [0] * (last + 1), [0] * (last + 1)
        fresh = self.on[left - 1] if left else on
        may_start = left > 0 or task.starts == UNLIMITED
        rest_off, rest_on, exempt = 0, 0, False
        for i in range(last - 1, -1, -1):
            if not task.open[i]:
                exempt, rest_on = False, rest_off
            else:
                whole = self.whole[i]
                going = whole + rest_on
                exempt = exempt or i in task.exempt
                if exempt and start + going < rest_off:
                    rest_off = start + going
                if may_start:
                    begun = start + whole + fresh[i + 1]
                    rest_off = min(rest_off, begun)
                rest_on = min(rest_off, going)
            off[i], on[i] = rest_off, rest_on
        self.off.append(off)
        self.on.append(on)


def _paid(task: Task, rates: list[int]) -> list[int]:
    """Return per cell what a microsecond charged there is paid: the rates of all targets still ahead."""
    paid: list[int] = []
    for target, rate in zip(task.targets, _suffix_sums(rates), strict=True):
        paid += [rate] * (target.index - len(paid))
    return paid


def _suffix_sums(rates: list[int]) -> list[int]:
    return [sum(rates[index:]) for index in range(len(rates))]


class _Label(NamedTuple):
    """A partial plan at point *at*. `key` first and `order` second, so that labels sort by bound, newest first."""

    key: int
    order: int
    value: int
    at: int
    on: bool
    left: int
    bound_to: bool
    energy_us: int
    floating: _Float | None
    path: Path


class _Search:
    """One best-first search; see the head of this file."""

    def __init__(self, task: Task, rates: list[int]) -> None:
        self.task = task
        self.relaxed = Relaxed(task, rates)
        self.total_us = task.targets[-1].energy_us
        self.target_at = {target.index: number for number, target in enumerate(task.targets)}
        widest = max(b - a for a, b in zip(task.points, task.points[1:], strict=False))
        self.slack = max(map(abs, task.bends)) * widest**2 * (len(task.points) + 1)
        self.heap: list[_Label] = []
        self.best: dict[object, int] = {}
        self.order = 0
        self.reach = self._open_after()

    def _open_after(self) -> list[int]:
        """Return per point the open time from there to the end."""
        points, total = self.task.points, 0
        reach = [0] * len(points)
        for i in range(len(points) - 2, -1, -1):
            if self.task.open[i]:
                total += points[i + 1] - points[i]
            reach[i] = total
        return reach

    def run(self) -> Found:
        task = self.task
        self._push(0, 0, False, task.starts, False, 0, None, None)
        if task.running is not None:
            self._push(0, 0, True, task.running, False, 0, None, (None, 0, 0))
        while True:
            label = heappop(self.heap)
            if label.at == len(task.open):
                if label.floating is None:
                    weight = label.value + self.relaxed.constant
                    return Found(_runs(label.path, task.points[-1]), weight, weight)
                continue
            self._expand(label)

    def _expand(self, label: _Label) -> None:
        _, _, value, at, on, left, bound_to, energy, floating, path = label
        task = self.task
        point = task.points[at]
        if on:
            if not bound_to:
                self._push(value, at, False, left, False, energy, floating, (path, point, 0))
            if task.open[at]:
                self._push_through(value, at, left, bound_to, energy, floating, path)
                if floating is None and not bound_to:
                    self._push_ending(value, at, left, energy, path)
            return
        self._push_past(value, at, False, left, False, energy, floating, path)
        if not task.open[at]:
            return
        for remaining, bound in self._starts(at, left):
            begun = value + task.start_weight
            self._push_through(begun, at, remaining, bound, energy, floating, (path, point, 0))
            if floating is None:
                if not bound:
                    self._push_ending(begun, at, remaining, energy, (path, point, 0))
                self._push_beginning(begun, at, remaining, bound, energy, path)

    def _starts(self, at: int, left: int) -> list[tuple[int, bool]]:
        """Return the ways to start here: starts left after it, and whether the run is bound to reach an exempt cell."""
        ways: list[tuple[int, bool]] = []
        if left:
            ways.append((left if left == UNLIMITED else left - 1, False))
        if left != UNLIMITED and self.task.exempt:
            ways.append((left, True))
        return ways

    def _push_through(
        self, value: int, at: int, left: int, bound_to: bool, energy: int, floating: _Float | None, path: Path
    ) -> None:
        """Charge through the whole of an open cell."""
        length = self.task.points[at + 1] - self.task.points[at]
        self._push_past(
            value + self.relaxed.whole[at],
            at,
            True,
            left,
            bound_to and at not in self.task.exempt,
            energy + length,
            floating,
            path,
        )

    def _push_ending(self, value: int, at: int, left: int, energy: int, path: Path) -> None:
        """End the run somewhere inside the cell."""
        task, begin = self.task, self.task.points[at]
        linear = self.relaxed.reduced[at] + 2 * task.bends[at] * begin
        floating = _Float(1, 0, task.points[at + 1] - begin, linear, task.bends[at])
        self._push_past(value, at, False, left, False, energy, floating, (path, begin, 1))

    def _push_beginning(self, value: int, at: int, left: int, bound_to: bool, energy: int, path: Path) -> None:
        """Begin a run somewhere inside the cell."""
        task, begin, end = self.task, self.task.points[at], self.task.points[at + 1]
        linear = -self.relaxed.reduced[at] - 2 * task.bends[at] * begin
        floating = _Float(-1, 0, end - begin, linear, -task.bends[at])
        self._push_past(
            value + self.relaxed.whole[at],
            at,
            True,
            left,
            bound_to and at not in task.exempt,
            energy + end - begin,
            floating,
            (path, begin, 1),
        )

    def _push_past(
        self, value: int, at: int, on: bool, left: int, bound_to: bool, energy: int, floating: _Float | None, path: Path
    ) -> None:
        """Move to the end of cell *at*; settle with the target that lies there."""
        number = self.target_at.get(at + 1)
        if number is None:
            self._push(value, at + 1, on, left, bound_to, energy, floating, path)
            return
        target, rate = self.task.targets[number], self.relaxed.rates[number]
        short = target.energy_us - energy
        if floating is None:
            value += -rate * short if short <= 0 else (target.penalty - rate) * short
            self._push(value, at + 1, on, left, bound_to, energy, None, path)
            return
        pinned = short * floating.rate
        if floating.low <= pinned <= floating.high:
            self._push(
                value + floating.weight(pinned),
                at + 1,
                on,
                left,
                bound_to,
                target.energy_us,
                None,
                (path, None, pinned),
            )
        for low, high, factor in _sides(floating, pinned, target.penalty - rate, -rate):
            kept = _Float(floating.rate, low, high, floating.linear - factor * floating.rate, floating.square)
            self._push(value + factor * short, at + 1, on, left, bound_to, energy, kept, path)

    def _push(
        self, value: int, at: int, on: bool, left: int, bound_to: bool, energy: int, floating: _Float | None, path: Path
    ) -> None:
        least = energy
        key = value
        if floating is not None:
            low, high = floating.low, floating.high
            least = energy + (low if floating.rate > 0 else -high)
            key += min(floating.weight(low), floating.weight(high))
        if least > self.total_us:
            return
        state = (at, on, left, bound_to, energy, floating)
        if self.best.get(state, value + 1) <= value:
            return
        self.best[state] = value
        layer = 0 if left == UNLIMITED else left
        rest = self.relaxed.on if on else self.relaxed.off
        key += rest[layer][at] + self.relaxed.constant
        if at < len(self.task.open) or floating is not None:
            key -= self.slack
        self.order -= 1
        heappush(self.heap, _Label(key, self.order, value, at, on, left, bound_to, energy, floating, path))


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
