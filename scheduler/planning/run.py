"""How a run goes on, cell by cell, and where it may end: at a point, at a last moment, or floating inside a cell."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Protocol

from scheduler.planning.frontier import Frontier
from scheduler.planning.ground import Ground, following, within
from scheduler.planning.partial import Floating, Path, State


class Afterwards(Protocol):
    """What may follow a run."""

    def rest(self, time: int, left: int, state: State) -> None:
        """Do not charge at *time*, and perhaps later."""

    def finish(self, time: int, state: State) -> None:
        """Charge no more after *time*."""

    def begin_again(self, time: int, left: int, state: State) -> None:
        """Charge again as soon as may be after a run that ended at *time*, or not just then."""


class Run:
    """The runs of one task, from where charging goes on."""

    def __init__(self, ground: Ground, frontier: Frontier, afterwards: Afterwards) -> None:
        self._ground, self._frontier, self._afterwards = ground, frontier, afterwards
        self._task, self._grid, self._bounds, self._points = ground.task, ground.grid, ground.bounds, ground.points
        self._relaxed, self._passage, self._total = ground.relaxed, ground.passage, ground.total
        self._warm_until = ground.warm_until
        self._one_last = all(target.index < self._grid.last for target in self._task.targets[:-1])

    def charge(self, time: int, left: int, state: State, *, fresh: bool, bound_to: bool) -> None:
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
        room = self._frontier.limit + self._ground.slack - weight
        while True:
            closing = cell >= self._grid.last or not task.open[cell]
            # A last run goes on to its end, save one that floats: it may end ahead of a goal that is met without it.
            may_stop = not (fresh or bound_to or (last_run and floating is None and not closing))
            if may_stop and (pause or value + off[cell] <= room):
                self.stop(time, left, State(value, energy, floating, path))
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
            self.charge(until, left, settled, fresh=False, bound_to=bound_to and cell not in task.exempt)

    def _stops_within(self, time: int, cell: int, left: int, state: State, bound_to: bool) -> bool:
        """Stop inside *cell* wherever that may be right; say whether charging ends there because all is charged."""
        until, pause = self._points[cell + 1], self._task.least_pause_us
        if not bound_to:
            for stop in within(self._ground.moments.stops, time, until):
                for charged in self._passage.charged(time, stop, state):
                    self.stop_in_row(stop, left, charged)
        if state.floating is not None:
            return False
        last_run = left == 0 and time >= self._warm_until
        if not (bound_to or last_run):
            off = self._bounds.off[max(left, 0)][cell + 1]
            part = min(self._bounds.whole[cell], 0)
            if pause or state.value + part + off <= self._frontier.limit + self._ground.slack:
                self._stop_inside(time, cell, left, state)
        if state.energy + until - time < self._total:
            return False
        self._stop_full(time, cell, state, bound_to=bound_to)
        return True

    def stop_in_row(self, time: int, left: int, state: State) -> None:
        """End the run at *time*, a last moment: the next begins as soon as it may."""
        self._frontier.considered += 1
        self._afterwards.begin_again(time, left, state._replace(path=(state.path, time, 0)))

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

    def stop(self, time: int, left: int, state: State) -> None:
        """End the run at *time*; nothing starts before the pause is over."""
        resume = time + self._task.least_pause_us
        ended = state._replace(path=(state.path, time, 0))
        if resume >= self._grid.end:
            self._afterwards.finish(time, ended)
        elif resume == time:
            self._afterwards.rest(time, left, ended)
        else:
            for settled in self._passage.passed(time, resume, ended, charging=False):
                self._afterwards.rest(resume, left, settled)

    def _stop_full(self, time: int, cell: int, state: State, *, bound_to: bool) -> None:
        """End the last run when all has been charged that ever will."""
        end = time + self._total - state.energy
        if bound_to and not self._grid.reaches_exempt(cell, end):
            return
        for settled in self._passage.charged(time, end, state):
            self._afterwards.finish(end, settled._replace(path=(settled.path, end, 0)))

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
        for resume in following(self._ground.begins, time + pause, until + pause):
            high = min(resume - pause, until) - time
            floating = Floating(1, low, high, linear, task.bends[cell], 2 * time + 1)
            for settled in self._passage.passed(
                time, resume, State(state.value, state.energy, floating, path), charging=False
            ):
                self._afterwards.rest(resume, left, settled)
            low = high
        if low < until - time:
            floating = Floating(1, low, until - time, linear, task.bends[cell], 2 * time + 1)
            self._afterwards.finish(time, State(state.value, state.energy, floating, path))
        if pause:
            for end in self._passage.tight(time, state.energy, 1):
                if time < end < until:
                    for settled in self._passage.charged(time, end, state):
                        self.stop(end, left, settled)
