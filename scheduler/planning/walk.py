"""
How a partial plan goes on while it does not charge: where the next run may begin.

All that is worth trying is a point of the grid, a last moment, as soon as a least run or pause is over, or a floating end
inside a cell; and of that only what can still be better than the best plan found. `run.py` goes on from there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from scheduler.planning.crossing import Crossing
from scheduler.planning.frontier import Frontier
from scheduler.planning.ground import Ground, following, within
from scheduler.planning.partial import Floating, Path, State
from scheduler.planning.relaxed import Relaxed
from scheduler.planning.run import Run
from scheduler.planning.tank import Tank
from scheduler.planning.task import UNLIMITED, LastMoments, Task


class Walk:
    """The ways through one task's time; what does not charge rests on the frontier, what is complete is kept there."""

    def __init__(self, task: Task, moments: LastMoments, relaxed: Relaxed, frontier: Frontier) -> None:
        self._ground = ground = Ground(task, moments, relaxed)
        self._frontier, self._run = frontier, Run(ground, frontier, self)
        self._task, self._grid, self._bounds, self._points = task, ground.grid, ground.bounds, ground.points
        self._relaxed, self._passage, self._total = relaxed, ground.passage, ground.total
        self._warm_until, self._rows = ground.warm_until, ground.rows
        self.slack = ground.slack
        self.tank: Tank | None = None
        across = len(task.targets) > 1 and task.least_run_us and not (task.least_pause_us or task.guarded)
        self._crossing = Crossing(task, ground.grid, relaxed) if across else None

    def keep_to_points(self) -> None:
        """From now on begin no run at a last moment off the points."""
        self._ground.keep_to_points()

    def set_out(self) -> None:
        """Put the empty plan on the frontier, and what follows from a run that goes on from point 0."""
        nothing = State(0, 0, None, None)
        self.rest(0, self._task.starts, nothing)
        if self._task.running is not None and self._task.open[0]:
            self._begin(0, 0, self._task.running, nothing, bound_to=False)

    def rest(self, time: int, left: int, state: State) -> None:
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
            self.finish(time, state)
            return
        rest = self._relaxed.off_at(left, time)
        if self.tank is not None:
            most = energy if floating is None else state.energy + floating.ends()[1]
            rest = max(rest, self.tank.off_at(left, time, energy, most))
        self._frontier.add(bound + rest, marks, time, left, state)

    def finish(self, time: int, state: State) -> None:
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
                    self.rest(target, left, settled)
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
            for start in within(self._ground.moments.starts, time, self._points[cell + 1]):
                self._begin_row(start, after, begun, bound_to=bound_to)

    def _begin_across(self, time: int, cell: int, left: int, state: State, *, bound_to: bool) -> None:
        """Charge for a least run that follows the floating end, so that a target on the way is just met."""
        assert self._crossing is not None
        for reached, resume, charged in self._crossing.runs(time, cell, state, self._ground.begins):
            since = self._points[reached]
            if not bound_to or self._grid.reaches_exempt(cell, since + 1):
                for settled in self._passage.passed(since, resume, charged, charging=False):
                    self.rest(resume, left, settled)

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
            self._run.charge(time, left, state, fresh=True, bound_to=bound_to)
            return
        if short is not None:
            self._run.charge(time, left, state._replace(value=state.value + short), fresh=True, bound_to=bound_to)
        if time + least <= self._grid.stretch_end[cell]:
            for settled in self._passage.charged(time, time + least, state):
                bound = bound_to and not self._grid.reaches_exempt(cell, time + least)
                self._run.charge(time + least, left, settled, fresh=False, bound_to=bound)

    def _begin_row(self, time: int, left: int, state: State, *, bound_to: bool) -> None:
        """Charge for a least run from *time* on, a last moment, and then as the row goes on."""
        end, cell = time + self._task.least_run_us, bisect_right(self._points, time) - 1
        if end > self._grid.stretch_end[cell] or (bound_to and not self._grid.reaches_exempt(cell, end)):
            return
        begun = state._replace(path=(state.path, time, 0))
        point = bisect_left(self._points, end)
        for settled in self._passage.charged(time, end, begun):
            if settled.least_energy() > self._total:
                continue
            if self._points[point] == end:
                self._run.stop(end, left, settled)
            else:
                self._run.stop_in_row(end, left, settled)

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
                self._run.charge(until, left, settled, fresh=False, bound_to=bound)
        if not least:
            return
        low = 0
        for end in following(self._ground.ends, time + least, until + least):
            if end > self._grid.stretch_end[cell]:
                break
            floating = Floating(-1, low, min(end - least, until) - time, linear, -bend, 2 * time)
            for settled in self._passage.charged(time, end, State(state.value, state.energy, floating, path)):
                bound = bound_to and not self._grid.reaches_exempt(cell, end)
                self._run.charge(end, left, settled, fresh=False, bound_to=bound)
            low = floating.high
        for begin in self._passage.tight(time, state.energy, -1):
            if time < begin < until:
                self._begin(begin, cell, left, state, bound_to=bound_to)

    def begin_again(self, time: int, left: int, state: State) -> None:
        """Charge again as soon as the least pause after *time* is over, or rest from then on."""
        resume = time + self._task.least_pause_us
        if not self._may_rest(resume, left, state):
            return
        for settled in self._passage.passed(time, resume, state, charging=False):
            cell = bisect_right(self._points, resume) - 1
            if resume not in self._rows:
                self.rest(resume, left, settled)
            elif self._task.open[cell]:
                for after, bound_to, begun in self._ways(resume, cell, left, settled):
                    self._begin_row(resume, after, begun, bound_to=bound_to)

    def _may_rest(self, time: int, left: int, state: State) -> bool:
        """Whether a plan that does not charge at *time* can still be the best."""
        return state.least_value() + self._relaxed.off_at(left, time) <= self._frontier.limit + self.slack
