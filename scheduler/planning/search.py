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
from typing import NamedTuple

from scheduler.planning.frontier import Frontier
from scheduler.planning.partial import Floating, Path, State, runs_along
from scheduler.planning.passage import Passage
from scheduler.planning.relaxed import Relaxed
from scheduler.planning.task import UNLIMITED, Grid, Task


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
        self._frontier = Frontier(grid.end)

    def lightest(self, steps: Iterator[int]) -> Found:
        """
        Return the lightest plan.

        *steps*, without end: how far above the lower bound to look first, and how far where nothing was found there. When
        patience is at an end the search goes on in haste: it finds a plan, but no proof.
        """
        least, constant = self._relaxed.least() - self._slack, self._relaxed.constant
        bound, gap = least, 0
        found: tuple[int, Path] | None = None
        while found is None and self._frontier.patient:
            gap = next(steps)
            complete, found = self._sweep(least + gap, hasty=False)
            if complete:
                bound = least + gap if found is None else found[0]
        while found is None:
            _, found = self._sweep(least + gap, hasty=True)
            gap += gap >> 1
        value, path = found
        return Found(runs_along(path), value + constant, bound + constant)

    def _sweep(self, limit: int, *, hasty: bool) -> tuple[bool, tuple[int, Path] | None]:
        """Look at the plans that may weigh no more than *limit*; say whether none was left out, and the lightest."""
        frontier, nothing = self._frontier, State(0, 0, None, None)
        frontier.begin(limit)
        self._rest(0, self._task.starts, nothing)
        if self._task.running is not None and self._task.open[0]:
            self._begin(0, 0, self._task.running, nothing, bound_to=False)
        while (taken := frontier.pop(hasty=hasty)) is not None:
            if not hasty and not frontier.patient:
                return False, frontier.found
            self._wait(*taken)
        return not hasty, frontier.found

    def _rest(self, time: int, left: int, state: State) -> None:
        """Take note of a plan that does not charge at *time*, if it can still be the best."""
        value, energy, floating, _ = state
        bound = value - self._slack
        marks: tuple[int, ...] = (time, left, energy)
        if floating is not None:
            least, _, weight = floating.ends()
            bound += weight
            energy += least
            marks += (floating.origin, floating.low, floating.high)
        self._frontier.considered += 1
        if energy > self._total:
            return
        if time == self._grid.end or (left == 0 and time >= self._warm_until):
            self._finish(time, state)
            return
        self._frontier.add(bound + self._relaxed.off_at(left, time), marks, time, left, state)

    def _finish(self, time: int, state: State) -> None:
        """Charge no more after *time*."""
        for settled in self._passage.passed(time, self._grid.end, state, charging=False):
            if settled.floating is None:
                self._frontier.keep(settled.value, settled.path)

    def _wait(self, time: int, left: int, state: State) -> None:
        """Start at *time*, or at any later point, or inside any later cell, as long as waiting may be right."""
        task, points = self._task, self._points
        room = self._frontier.limit + self._slack - state.value
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
        task, points, relaxed, pause = self._task, self._points, self._relaxed, self._task.least_pause_us
        value, energy, floating, path = state
        least, _, weight = (0, 0, 0) if floating is None else floating.ends()
        if energy + least > self._total:
            return
        cell = bisect_right(points, time) - 1
        target = self._passage.next_target(time)
        last_run = left == 0 and time >= self._warm_until
        if last_run and target == self._grid.end and self._one_last:
            self._charge_last(time, cell, state)
            return
        off, on = relaxed.off[max(left, 0)], relaxed.on[max(left, 0)]
        room = self._frontier.limit + self._slack - weight
        while True:
            closing = cell >= self._grid.last or not task.open[cell]
            # A last run goes on to its end, save one that floats: it may end ahead of a goal that is met without it.
            may_stop = not (fresh or bound_to or (last_run and floating is None and not closing))
            if may_stop and (pause or value + off[cell] <= room):
                self._stop(time, left, State(value, energy, floating, path))
            if closing:
                return
            until = points[cell + 1]
            if floating is None and self._stops_within(
                time, cell, left, state._replace(value=value, energy=energy), bound_to
            ):
                return
            if energy + until - time + least > self._total:
                return
            if cell in task.guarded or until == target:
                break
            value += relaxed.whole[cell] if time == points[cell] else relaxed.weight_between(time, until)
            energy += until - time
            bound_to = bound_to and cell not in task.exempt
            fresh, time, cell = False, until, cell + 1
            if value + on[cell] > room:
                return
        for settled in self._passage.charged(time, until, State(value, energy, floating, path)):
            self._charge(until, left, settled, fresh=False, bound_to=bound_to and cell not in task.exempt)

    def _stops_within(self, time: int, cell: int, left: int, state: State, bound_to: bool) -> bool:
        """Stop inside *cell* wherever that may be right; say whether charging ends there because all is charged."""
        until, pause = self._points[cell + 1], self._task.least_pause_us
        last_run = left == 0 and time >= self._warm_until
        if not (bound_to or last_run):
            off = self._relaxed.off[max(left, 0)][cell + 1]
            part = min(self._relaxed.whole[cell], 0)
            if pause or state.value + part + off <= self._frontier.limit + self._slack:
                self._stop_inside(time, cell, left, state)
        if state.energy + until - time < self._total:
            return False
        self._stop_full(time, cell, state, bound_to=bound_to)
        return True

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
        self._frontier.keep(value, path)

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
