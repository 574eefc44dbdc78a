"""
The best set of runs, found best first.

An optimal set of runs has all its ends on points of the grid, or a least run or pause away from such an end, save at most
one between two targets that are met to the microsecond: that one floats, and its place follows from the energy (facts:
performance.md, section 7). So a partial plan is a label: its runs so far are over, and it says how many starts are left,
how much has been charged, and which end floats, an unknown *x* whose range shrinks until a target pins it down.

    value(label) + rest(label)    lower bound of every plan that begins like this label
        |              └─ the best rest if every microsecond charged were paid for at a fixed rate (`relaxed.py`)
        └─ what it weighs so far, less that pay

Labels are taken up in the order of that bound; what cannot be better than the best plan found is dropped, so what remains
at the end is an optimum and its own proof. Weights are whole numbers of any size that carry the whole order of merit
(`merit.py`): no rounding, no tolerance.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple, TypeAlias

from scheduler.planning.partial import Floating, Path, State, runs_along
from scheduler.planning.passage import Passage
from scheduler.planning.relaxed import Relaxed
from scheduler.planning.task import UNLIMITED, Grid, Task

PATIENCE = 250_000
"""Partial plans to consider before haste: two or three seconds. Nights of quarter hours take some hundred to ten thousand."""

WHILES = 32
FEW = 4
"""In haste: the parts of the horizon, and the partial plans followed in each."""


Label: TypeAlias = tuple[int, int, int, int, State]
"""Key and order (newest first), then the time, the starts left and the state of a plan that does not charge."""


class Found(NamedTuple):
    """The lightest runs found, what they weigh, and a weight that no plan is below: the same where it is proven."""

    runs: list[tuple[int, int]]
    weight: int
    bound: int


class Search:
    """One best-first search; see the head of this file."""

    def __init__(self, task: Task, grid: Grid, relaxed: Relaxed) -> None:
        self._task, self._grid, self._relaxed = task, grid, relaxed
        self._points = task.points
        self._total = task.targets[-1].energy_us
        self._passage = Passage(task, grid, relaxed)
        runs = grid.last if task.starts == UNLIMITED else task.layers + len(task.exempt) + 1
        self._slack = max(map(abs, task.bends)) * grid.widest**2 * runs
        self._one_last = all(target.index < grid.last for target in task.targets[:-1])
        self._warm_until = task.points[grid.last_exempt + 1]
        self._heap: list[Label] = []
        self._known: dict[tuple[int, ...], int] = {}
        self._order = 0
        self._considered = 0
        self._limit = 0
        self._found: tuple[int, Path] | None = None

    def lightest(self, steps: Iterator[int]) -> Found:
        """
        Return the lightest plan.

        *steps*, without end: how far above the lower bound to look first, and how far where nothing was found there. A
        search beyond `PATIENCE` goes on in haste: it keeps the most promising few plans of each while, so it finds a
        plan, but no proof.
        """
        least, constant = self._relaxed.least() - self._slack, self._relaxed.constant
        bound, gap = least, 0
        while self._considered <= PATIENCE:
            gap = next(steps)
            complete = self._sweep(least + gap, hasty=False)
            if self._found is not None:
                value, path = self._found
                return Found(runs_along(path), value + constant, (value if complete else bound) + constant)
            bound = least + gap if complete else bound
        while self._found is None:
            self._sweep(least + gap, hasty=True)
            gap += gap >> 1
        value, path = self._found
        return Found(runs_along(path), value + constant, bound + constant)

    def _sweep(self, limit: int, *, hasty: bool) -> bool:
        """Look at the plans that may weigh no more than *limit*; keep the lightest; say whether none was left out."""
        task, heap = self._task, self._heap
        self._limit, self._found = limit, None
        heap.clear()
        self._known.clear()
        nothing = State(0, 0, None, None)
        self._rest(0, task.starts, nothing)
        if task.running is not None and task.open[0]:
            self._begin(0, 0, task.running, nothing, bound_to=False)
        looked_at = [0] * (WHILES + 1)
        while heap and heap[0][0] <= self._limit:
            _, _, time, left, state = heappop(heap)
            looked_at[time * WHILES // self._grid.end] += 1
            if hasty and looked_at[time * WHILES // self._grid.end] > FEW:
                continue
            if not hasty and self._considered > PATIENCE:
                return False
            self._wait(time, left, state)
        return not hasty

    def _rest(self, time: int, left: int, state: State) -> None:
        """Take note of a plan that does not charge at *time*, if it can still be the best."""
        self._considered += 1
        value, energy, floating, _ = state
        key = value - self._slack
        marks: tuple[int, ...] = (time, left, energy)
        if floating is not None:
            least, _, weight = floating.ends()
            key += weight
            energy += least
            marks += (floating.origin, floating.low, floating.high)
        if energy > self._total:
            return
        if time == self._grid.end or (left == 0 and time >= self._warm_until):
            self._finish(time, state)
            return
        key += self._relaxed.off_at(left, time)
        if key > self._limit or self._known.get(marks, value + 1) <= value:
            return
        self._known[marks] = value
        self._order -= 1
        heappush(self._heap, (key, self._order, time, left, state))

    def _finish(self, time: int, state: State) -> None:
        """Charge no more after *time*."""
        for settled in self._passage.passed(time, self._grid.end, state, charging=False):
            if settled.floating is None:
                self._keep(settled.value, settled.path)

    def _keep(self, value: int, path: Path) -> None:
        """Keep a complete plan if it is the lightest so far."""
        if value <= self._limit:
            self._found = value, path
            self._limit = value - 1

    def _wait(self, time: int, left: int, state: State) -> None:
        """Start at *time*, or at any later point, or inside any later cell, as long as waiting may be right."""
        task, points = self._task, self._points
        room = self._limit + self._slack - state.value
        room -= 0 if state.floating is None else state.floating.ends()[2]
        target = self._passage.next_target(time)
        j = bisect_left(points, time)
        if points[j] != time and task.open[j - 1]:
            self._start(time, j - 1, left, state)
        off, entry = self._relaxed.off[max(left, 0)], self._relaxed.entry[max(left, 0)]
        while off[j] <= room:
            if points[j] == target:
                for settled in self._passage.passed(time, target, state, charging=False):
                    self._rest(target, left, settled)
                return
            if entry[j] <= room:
                self._start(points[j], j, left, state)
            j += 1

    def _start(self, time: int, cell: int, left: int, state: State) -> None:
        """Start at *time* in *cell*, and inside the rest of the cell, where that may be right."""
        task = self._task
        if task.lone_from is not None and time >= task.lone_from:
            left = min(left, 1)
        ways = [(left - 1 if left > 0 else left, False)] if left else []
        if left != UNLIMITED and self._grid.exempt_ahead[cell] is not None:
            ways.append((left, True))
        begun = State(state.value + task.start_weight, state.energy, state.floating, state.path)
        for after, bound_to in ways:
            self._begin(time, cell, after, begun, bound_to=bound_to)
            if state.floating is None:
                self._begin_inside(time, cell, after, begun, bound_to=bound_to)

    def _begin(self, time: int, cell: int, left: int, state: State, *, bound_to: bool) -> None:
        """Charge from *time* on, with *left* starts left. *bound_to*: at least until an exempt cell."""
        least, short = self._task.least_run_us, self._task.short_weight
        state = state._replace(path=(state.path, time, 0))
        if not least:
            self._charge(time, left, state, fresh=True, bound_to=bound_to)
            return
        if short is not None:
            self._charge(time, left, state._replace(value=state.value + short), fresh=True, bound_to=bound_to)
        if time + least <= self._grid.stretch_end[cell]:
            for settled in self._passage.charged(time, time + least, state):
                bound = bound_to and not self._reaches_exempt(cell, time + least)
                self._charge(time + least, left, settled, fresh=False, bound_to=bound)

    def _begin_inside(self, time: int, cell: int, left: int, state: State, *, bound_to: bool) -> None:
        """Charge from `time + x` on, inside *cell*."""
        task, least, until = self._task, self._task.least_run_us, self._points[cell + 1]
        path: Path = (state.path, time, 1)
        bend = task.bends[cell]
        linear = -self._relaxed.reduced[cell] - 2 * bend * time
        if not least or task.short_weight is not None:
            value = state.value + (task.short_weight or 0 if least else 0)
            floating = Floating(-1, 0, until - time, linear, -bend, 2 * time)
            for settled in self._passage.charged(time, until, State(value, state.energy, floating, path)):
                bound = bound_to and cell not in task.exempt
                self._charge(until, left, settled, fresh=False, bound_to=bound)
        if not least:
            return
        low = 0
        for end in self._points_from(time + least, until + least):
            if end > self._grid.stretch_end[cell]:
                break
            floating = Floating(-1, low, min(end - least, until) - time, linear, -bend, 2 * time)
            for settled in self._passage.charged(time, end, State(state.value, state.energy, floating, path)):
                bound = bound_to and not self._reaches_exempt(cell, end)
                self._charge(end, left, settled, fresh=False, bound_to=bound)
            low = floating.high
        for begin in self._passage.tight(time, state.energy, -1):
            if time < begin < until:
                self._begin(begin, cell, left, state, bound_to=bound_to)

    def _charge(self, time: int, left: int, state: State, *, fresh: bool, bound_to: bool) -> None:
        """Go on charging, cell by cell, and stop wherever that may be right. *fresh*: the run begins at *time*."""
        task, points, relaxed = self._task, self._points, self._relaxed
        value, energy, floating, path = state
        least, most, weight = (0, 0, 0) if floating is None else floating.ends()
        if energy + least > self._total:
            return
        cell = bisect_right(points, time) - 1
        target = self._passage.next_target(time)
        last_run = left == 0 and time >= self._warm_until
        if last_run and target == self._grid.end and self._one_last:
            self._charge_last(time, cell, state)
            return
        off, on, pause = relaxed.off[max(left, 0)], relaxed.on[max(left, 0)], task.least_pause_us
        margin = self._slack - weight
        while True:
            closing = cell >= self._grid.last or not task.open[cell]
            if not (fresh or bound_to or (last_run and not closing)) and (
                pause or value - margin + off[cell] <= self._limit
            ):
                self._stop(time, left, State(value, energy, floating, path))
            if closing:
                return
            fresh = False
            until = points[cell + 1]
            if floating is None:
                if not (bound_to or last_run) and (
                    pause or value - margin + min(relaxed.whole[cell], 0) + off[cell + 1] <= self._limit
                ):
                    self._stop_inside(time, cell, left, State(value, energy, None, path))
                if energy + until - time >= self._total:
                    self._stop_full(time, cell, State(value, energy, None, path), bound_to=bound_to)
                    return
            elif energy + until - time + least > self._total:
                return
            if cell in task.guarded or until == target:
                bound = bound_to and cell not in task.exempt
                for settled in self._passage.charged(time, until, State(value, energy, floating, path)):
                    self._charge(until, left, settled, fresh=False, bound_to=bound)
                return
            value += relaxed.whole[cell] if time == points[cell] else relaxed.weight_between(time, until)
            energy += until - time
            bound_to = bound_to and cell not in task.exempt
            time, cell = until, cell + 1
            if value - margin + on[cell] > self._limit:
                return

    def _charge_last(self, time: int, cell: int, state: State) -> None:
        """Go on charging in the last run, to where all has been charged: a floating end leaves a choice of points."""
        points, floating = self._points, state.floating
        closing = cell >= self._grid.last or not self._task.open[cell]
        stretch_end = time if closing else self._grid.stretch_end[cell]
        full = time + self._total - state.energy
        if floating is None:
            ends: Sequence[int] = (min(full, stretch_end),)
        else:
            least, most, _ = floating.ends()
            ends = points[
                bisect_left(points, max(full - most, time)) : bisect_right(points, min(full - least, stretch_end))
            ]
        for end in ends:
            self._end_plan(time, end, state)

    def _end_plan(self, time: int, end: int, state: State) -> None:
        """Charge from *time* to *end* and never again; only the last target is ahead, and a floating end meets it."""
        value, energy, floating, path = state
        if self._task.guarded:
            guarded = self._passage.guarded(time, end, state)
            if guarded is None:
                return
            floating = guarded.floating
        value += self._relaxed.weight_between(time, end)
        missing = self._total - energy - (end - time)
        path = (path, end, 0)
        if floating is not None:
            pinned = missing * floating.rate
            if not floating.low <= pinned <= floating.high:
                return
            value, path = value + floating.weight(pinned), (path, None, pinned)
        elif missing > 0:
            value += missing * (self._task.targets[-1].penalty - self._relaxed.rates[-1])
        self._keep(value, path)

    def _stop(self, time: int, left: int, state: State) -> None:
        """End the run at *time*; nothing starts before the pause is over."""
        resume = time + self._task.least_pause_us
        ended = state._replace(path=(state.path, time, 0))
        if resume >= self._grid.end:
            self._finish(time, ended)
        elif resume == time:
            self._rest(time, left, ended)
        else:
            for settled in self._passage.passed(time, resume, ended, charging=False):
                self._rest(resume, left, settled)

    def _stop_full(self, time: int, cell: int, state: State, *, bound_to: bool) -> None:
        """End the last run when all has been charged that ever will."""
        end = time + self._total - state.energy
        if bound_to and not self._reaches_exempt(cell, end):
            return
        for settled in self._passage.charged(time, end, state):
            self._finish(end, settled._replace(path=(settled.path, end, 0)))

    def _stop_inside(self, time: int, cell: int, left: int, state: State) -> None:
        """End the run at `time + x` inside *cell*."""
        task, pause, until = self._task, self._task.least_pause_us, self._points[cell + 1]
        if cell in task.guarded:
            until = min(until, time + task.guarded_us - state.energy)
            if until <= time:
                return
        linear = self._relaxed.reduced[cell] + 2 * task.bends[cell] * time
        path: Path = (state.path, time, 1)
        low = 0
        for resume in self._points_from(time + pause, until + pause):
            high = min(resume - pause, until) - time
            floating = Floating(1, low, high, linear, task.bends[cell], 2 * time + 1)
            for settled in self._passage.passed(
                time, resume, State(state.value, state.energy, floating, path), charging=False
            ):
                self._rest(resume, left, settled)
            low = high
        if low < until - time:
            floating = Floating(1, low, until - time, linear, task.bends[cell], 2 * time + 1)
            self._finish(time, State(state.value, state.energy, floating, path))
        if pause:
            for end in self._passage.tight(time, state.energy, 1):
                if time < end < until:
                    for settled in self._passage.charged(time, end, state):
                        self._stop(end, left, settled)

    def _points_from(self, begin: int, until: int) -> Iterator[int]:
        """Yield the points after *begin*, the last one being the first not before *until*."""
        for index in range(bisect_right(self._points, begin), len(self._points)):
            yield self._points[index]
            if self._points[index] >= until:
                return

    def _reaches_exempt(self, cell: int, until: int) -> bool:
        """Whether a run that goes on from *cell* to *until* comes into an exempt cell."""
        ahead = self._grid.exempt_ahead[cell]
        return ahead is not None and ahead < until
