"""
How a partial plan goes on: where the next run may begin, and where it may end.

All that is worth trying is a point of the grid, a last moment, as soon as a least run or pause is over, or a floating end
inside a cell; and of that only what can still be better than the best plan found.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from scheduler.planning.crossing import Crossing
from scheduler.planning.frontier import Frontier
from scheduler.planning.partial import Floating, Path, State
from scheduler.planning.passage import Passage
from scheduler.planning.relaxed import Relaxed
from scheduler.planning.task import UNLIMITED, Grid, LastMoments, Task


class Walk:
    """The ways through one task's time; what does not charge rests on the frontier, what is complete is kept there."""

    def __init__(self, task: Task, moments: LastMoments, relaxed: Relaxed, frontier: Frontier) -> None:
        self._task, self._moments, self._relaxed, self._frontier = task, moments, relaxed, frontier
        self._grid = grid = relaxed.grid if task is relaxed.task else Grid(task)
        self._bounds = relaxed.on_points(task.points)
        self._points = task.points
        self._begins = sorted((*task.points, *moments.starts))
        self._ends = sorted((*task.points, *moments.stops))
        self._rows = frozenset(moments.starts)
        self._total = task.targets[-1].energy_us
        self._passage = Passage(task, relaxed)
        across = len(task.targets) > 1 and task.least_run_us and not (task.least_pause_us or task.guarded)
        self._crossing = Crossing(task, grid, relaxed) if across else None
        runs = grid.last if task.starts == UNLIMITED else task.layers + len(task.exempt) + 1
        self.slack = max(map(abs, task.bends)) * grid.widest**2 * runs
        self._one_last = all(target.index < grid.last for target in task.targets[:-1])
        self._warm_until = task.points[grid.last_exempt + 1]

    def keep_to_points(self) -> None:
        """From now on begin no run at a last moment off the points: there are many, and haste cannot try them all."""
        self._moments, self._begins, self._ends = LastMoments(), list(self._points), list(self._points)

    def set_out(self) -> None:
        """Put the empty plan on the frontier, and what follows from a run that goes on from point 0."""
        nothing = State(0, 0, None, None)
        self._rest(0, self._task.starts, nothing)
        if self._task.running is not None and self._task.open[0]:
            self._begin(0, 0, self._task.running, nothing, bound_to=False)

    def _rest(self, time: int, left: int, state: State) -> None:
        """Take note of a plan that does not charge at *time*, if it can still be the best."""
        value, energy, floating, _ = state
        bound = value - self.slack
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

    def go_on(self, time: int, left: int, state: State) -> None:
        """Start at *time*, or at any later point, or inside any later cell, as long as waiting may be right."""
        task, points = self._task, self._points
        room = self._frontier.limit + self.slack - state.least_value()
        target = self._passage.next_target(time)
        j = bisect_left(points, time)
        if points[j] != time and task.open[j - 1]:
            self._start(time, j - 1, left, state)
        off, entry = self._bounds.off[max(left, 0)], self._bounds.entry[max(left, 0)]
        spent = self._frontier.limit - room
        while off[j] <= room:
            if points[j] == target:
                for settled in self._passage.passed(time, target, state, charging=False):
                    self._rest(target, left, settled)
                return
            if entry[j] <= room:
                self._start(points[j], j, left, state)
            else:
                self._frontier.leave_out(entry[j] + spent)
            j += 1
        self._frontier.leave_out(off[j] + spent)

    def _start(self, time: int, cell: int, left: int, state: State) -> None:
        """Start at *time* in *cell*, and within the rest of the cell, where that may be right."""
        for after, bound_to, begun in self._ways(time, cell, left, state):
            self._begin(time, cell, after, begun, bound_to=bound_to)
            if state.floating is None:
                self._begin_inside(time, cell, after, begun, bound_to=bound_to)
            elif self._crossing is not None:
                self._begin_across(time, cell, after, begun, bound_to=bound_to)
            for start in _within(self._moments.starts, time, self._points[cell + 1]):
                self._begin_row(start, after, begun, bound_to=bound_to)

    def _begin_across(self, time: int, cell: int, left: int, state: State, *, bound_to: bool) -> None:
        """Charge for a least run that follows the floating end, so that a target on the way is just met."""
        assert self._crossing is not None
        for reached, resume, charged in self._crossing.runs(time, cell, state, self._begins):
            since = self._points[reached]
            if not bound_to or self._reaches_exempt(cell, since + 1):
                for settled in self._passage.passed(since, resume, charged, charging=False):
                    self._rest(resume, left, settled)

    def _ways(self, time: int, cell: int, left: int, state: State) -> list[tuple[int, bool, State]]:
        """Return the ways to start in *cell*: starts left after it, whether bound for an exempt cell, and the state."""
        task = self._task
        if task.lone_from is not None and time >= task.lone_from:
            left = min(left, 1)
        begun = State(state.value + task.start_weight, state.energy, state.floating, state.path)
        ways = [(left - 1 if left > 0 else left, False, begun)] if left else []
        if left != UNLIMITED and self._grid.exempt_ahead[cell] is not None:
            ways.append((left, True, begun))
        return ways

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

    def _begin_row(self, time: int, left: int, state: State, *, bound_to: bool) -> None:
        """Charge for a least run from *time* on, a last moment, and then as the row goes on."""
        end, cell = time + self._task.least_run_us, bisect_right(self._points, time) - 1
        if end > self._grid.stretch_end[cell] or (bound_to and not self._reaches_exempt(cell, end)):
            return
        begun = state._replace(path=(state.path, time, 0))
        point = bisect_left(self._points, end)
        for settled in self._passage.charged(time, end, begun):
            if settled.least_energy() > self._total:
                continue
            if self._points[point] == end:
                self._stop(end, left, settled)
            else:
                self._stop_in_row(end, left, settled)

    def _stop_in_row(self, time: int, left: int, state: State) -> None:
        """End the run at *time*, a last moment: the next begins as soon as it may."""
        self._frontier.considered += 1
        resume = time + self._task.least_pause_us
        ended = state._replace(path=(state.path, time, 0))
        if not self._may_rest(resume, left, ended):
            return
        for settled in self._passage.passed(time, resume, ended, charging=False):
            cell = bisect_right(self._points, resume) - 1
            if resume not in self._rows:
                self._rest(resume, left, settled)
            elif self._task.open[cell]:
                for after, bound_to, begun in self._ways(resume, cell, left, settled):
                    self._begin_row(resume, after, begun, bound_to=bound_to)

    def _may_rest(self, time: int, left: int, state: State) -> bool:
        """Whether a plan that does not charge at *time* can still be the best."""
        return state.least_value() + self._relaxed.off_at(left, time) <= self._frontier.limit + self.slack

    def _begin_inside(self, time: int, cell: int, left: int, state: State, *, bound_to: bool) -> None:
        """Charge from `time + x` on, inside *cell*."""
        task, least, until = self._task, self._task.least_run_us, self._points[cell + 1]
        path: Path = (state.path, time, 1)
        bend = task.bends[cell]
        linear = -self._bounds.reduced[cell] - 2 * bend * time
        if not least or task.short_weight is not None:
            value = state.value + (task.short_weight or 0 if least else 0)
            floating = Floating(-1, 0, until - time, linear, -bend, 2 * time)
            for settled in self._passage.charged(time, until, State(value, state.energy, floating, path)):
                bound = bound_to and cell not in task.exempt
                self._charge(until, left, settled, fresh=False, bound_to=bound)
        if not least:
            return
        low = 0
        for end in _from(self._ends, time + least, until + least):
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
        off, on = self._bounds.off[max(left, 0)], self._bounds.on[max(left, 0)]
        room = self._frontier.limit + self.slack - weight
        while True:
            closing = cell >= self._grid.last or not task.open[cell]
            # A last run goes on to its end, save one that floats: it may end ahead of a goal that is met without it.
            may_stop = not (fresh or bound_to or (last_run and floating is None and not closing))
            if may_stop and (pause or value + off[cell] <= room):
                self._stop(time, left, State(value, energy, floating, path))
            if closing:
                return
            until = points[cell + 1]
            if self._stops_within(time, cell, left, State(value, energy, floating, path), bound_to):
                return
            if energy + until - time + least > self._total:
                return
            if cell in task.guarded or until == target:
                break
            value += self._bounds.whole[cell] if time == points[cell] else relaxed.weight_between(time, until)
            energy += until - time
            bound_to = bound_to and cell not in task.exempt
            fresh, time, cell = False, until, cell + 1
            if value + on[cell] > room:
                self._frontier.leave_out(value + on[cell] + self._frontier.limit - room)
                return
        for settled in self._passage.charged(time, until, State(value, energy, floating, path)):
            self._charge(until, left, settled, fresh=False, bound_to=bound_to and cell not in task.exempt)

    def _stops_within(self, time: int, cell: int, left: int, state: State, bound_to: bool) -> bool:
        """Stop inside *cell* wherever that may be right; say whether charging ends there because all is charged."""
        until, pause = self._points[cell + 1], self._task.least_pause_us
        if not bound_to:
            for stop in _within(self._moments.stops, time, until):
                for charged in self._passage.charged(time, stop, state):
                    self._stop_in_row(stop, left, charged)
        if state.floating is not None:
            return False
        last_run = left == 0 and time >= self._warm_until
        if not (bound_to or last_run):
            off = self._bounds.off[max(left, 0)][cell + 1]
            part = min(self._bounds.whole[cell], 0)
            if pause or state.value + part + off <= self._frontier.limit + self.slack:
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
            first, last = max(full - most, time), min(full - least, stretch_end)
            inner = points[bisect_left(points, first) : bisect_right(points, last)]
            ends = inner if first > time or points[cell] == time else (time, *inner)
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
        linear = self._bounds.reduced[cell] + 2 * task.bends[cell] * time
        path: Path = (state.path, time, 1)
        low = 0
        for resume in _from(self._begins, time + pause, until + pause):
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

    def _reaches_exempt(self, cell: int, until: int) -> bool:
        """Whether a run that goes on from *cell* to *until* comes into an exempt cell."""
        ahead = self._grid.exempt_ahead[cell]
        return ahead is not None and ahead < until


def _within(moments: Sequence[int], begin: int, until: int) -> Sequence[int]:
    """Return the *moments* between *begin* and *until*, neither included."""
    return moments[bisect_right(moments, begin) : bisect_left(moments, until)]


def _from(moments: Sequence[int], begin: int, until: int) -> Iterator[int]:
    """Yield the *moments* after *begin*, the last one being the first not before *until*."""
    for index in range(bisect_right(moments, begin), len(moments)):
        yield moments[index]
        if moments[index] >= until:
            return
