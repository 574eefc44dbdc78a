"""
How a partial plan fares while time passes: what it charges, what that weighs, and how it settles with the targets.

Settling with a target splits a plan whose end still floats: the target may pin it, or be missed, or be more than met.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from scheduler.planning.partial import State
from scheduler.planning.relaxed import Relaxed
from scheduler.planning.task import Task


class Passage:
    """The targets of one task, and the way past them."""

    def __init__(self, task: Task, relaxed: Relaxed) -> None:
        self._task, self._relaxed = task, relaxed
        self._points = task.points
        self._target_times = [task.points[target.index] for target in task.targets]

    def next_target(self, time: int) -> int:
        """Return the moment of the first target after *time*; one after the end where there is none."""
        index = bisect_right(self._target_times, time)
        return self._target_times[index] if index < len(self._target_times) else self._points[-1] + 1

    def tight(self, time: int, energy: int, direction: int) -> Iterator[int]:
        """Yield the moments at which to start (-1) or stop (1) so that a target ahead is met to the microsecond."""
        for target, moment in zip(self._task.targets, self._target_times, strict=True):
            if moment > time:
                missing = target.energy_us - energy
                yield moment - missing if direction < 0 else time + missing

    def charged(self, time: int, until: int, state: State) -> Iterator[State]:
        """Yield what a state becomes by charging from *time* to *until*, which lie in one stretch."""
        guarded = self.guarded(time, until, state) if self._task.guarded else state
        if guarded is not None:
            weight = self._relaxed.weight_between(time, until)
            yield from self.passed(time, until, guarded._replace(value=guarded.value + weight), charging=True)

    def guarded(self, time: int, until: int, state: State) -> State | None:
        """Return the state as far as guarded cells allow charging from *time* to *until*; None where they do not."""
        points, floating = self._points, state.floating
        cell = bisect_left(points, until) - 1
        while cell not in self._task.guarded:
            if cell < 0 or points[cell] <= time:
                return state
            cell -= 1
        room = self._task.guarded_us - state.energy - (min(until, points[cell + 1]) - time)
        if floating is None:
            return state if room >= 0 else None
        low = floating.low if floating.rate > 0 else max(floating.low, -room)
        high = min(floating.high, room) if floating.rate > 0 else floating.high
        return state._replace(floating=floating._replace(low=low, high=high)) if low <= high else None

    def passed(self, time: int, until: int, state: State, *, charging: bool) -> list[State]:
        """Return what a state becomes from *time* to *until*: it settles with the targets on the way."""
        states = [state]
        first = bisect_right(self._target_times, time)
        for number in range(first, bisect_right(self._target_times, until)):
            gained = self._target_times[number] - time if charging else 0
            states = [settled for before in states for settled in self._settled(number, gained, before)]
        if charging:
            return [settled._replace(energy=settled.energy + until - time) for settled in states]
        return states

    def _settled(self, number: int, gained: int, state: State) -> Iterator[State]:
        """Yield what a state becomes at target *number*, by when it has *gained* energy."""
        target, rate = self._task.targets[number], self._relaxed.rates[number]
        value, energy, floating, path = state
        missing = target.energy_us - energy - gained
        if floating is None:
            yield state._replace(value=value + missing * (target.penalty - rate if missing > 0 else -rate))
            return
        pinned = missing * floating.rate
        low, high = floating.low, floating.high
        if low <= pinned <= high:
            yield State(value + floating.weight(pinned), target.energy_us - gained, None, (path, None, pinned))
        short, enough = (low, min(high, pinned)), (max(low, pinned), high)
        if floating.rate < 0:
            short, enough = enough, short
        for (begin, end), pay in ((short, target.penalty - rate), (enough, -rate)):
            if begin < end:
                linear = floating.linear - pay * floating.rate
                kept = floating._replace(low=begin, high=end, linear=linear)
                yield State(value + pay * missing, energy, kept, path)
