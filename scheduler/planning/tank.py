"""
What the rest of a plan weighs at least when just so much is still to be charged.

`relaxed.py` pays for each microsecond and does not count them; with few starts and several goals its best plans charge far
too much or too little. Here energy is counted, in steps: a state is a point, the starts left, and how many whole steps are
still to be charged. Whatever rounding does, it does in the plan's favour, so this too is a lower bound.
"""

from __future__ import annotations

from bisect import bisect_right

from scheduler.planning.relaxed import NEVER, Relaxed
from scheduler.planning.task import UNLIMITED, Grid, Task

MOST_STEPS = 128
"""Steps in the whole need. On stays of two to seven days with two or three goals and two starts, half as many leave ten
times the work to the search, and twice as many take as long as they save."""


class Tank:
    """
    `off[k][i][b]`, `on[k][i][b]`: the least reduced weight from point *i* on, not charging or charging, with *k* starts
    left (one layer, 0, where they are unlimited) and *b* whole steps still to be charged.

    Least runs and pauses, guarded cells and the one start from `lone_from` on are not heeded. *slack*: what bends of the
    weight inside cells may come to.
    """

    def __init__(self, task: Task, relaxed: Relaxed, slack: int) -> None:
        grid = Grid(task)
        self._task, self._points = task, task.points
        self._whole, self._rates, self._slack = relaxed.on_points(task.points).whole, relaxed.rates, slack
        self._total = task.targets[-1].energy_us
        self._step = self._step_for(grid.widest)
        self._top = self._total // self._step
        self._exempt_ahead = [ahead is not None for ahead in grid.exempt_ahead]
        self._settled = self._settlements()
        self.off: list[list[list[int]]] = []
        self.on: list[list[list[int]]] = []
        for left in range(task.layers):
            self._add_layer(left)

    def off_at(self, left: int, time: int, least: int, most: int) -> int:
        """
        Return the least reduced weight from *time* on for a plan that does not charge then, with *left* starts left.

        It has charged *least* to *most* microseconds.
        """
        place = bisect_right(self._points, time) - 1
        steps = self.off[max(left, 0)][place]
        first = max(self._total - most, 0) // self._step
        return min(steps[first : (self._total - least) // self._step + 1]) - self._slack

    def least(self) -> int:
        """Return the least reduced weight of all plans."""
        task = self._task
        least = self.off[max(task.starts, 0)][0][self._top]
        if task.running is not None:
            least = min(least, self.on[max(task.running, 0)][0][self._top])
        return least - self._slack

    def _step_for(self, widest: int) -> int:
        """Return a step of which the widest cell is a whole number, where that is fine enough."""
        step = widest
        while step % 2 == 0 and self._total // step < MOST_STEPS // 2:
            step //= 2
        return max(step, self._total // MOST_STEPS, 1)

    def _settlements(self) -> dict[int, list[int]]:
        """Return per target's point what missing it, or more than meeting it, weighs with *b* steps to charge."""
        settled: dict[int, list[int]] = {}
        steps = range(self._top + 1)
        for target, rate in zip(self._task.targets, self._rates, strict=True):
            later = self._total - target.energy_us
            missing = [max(b * self._step - later, 0) * (target.penalty - rate) for b in steps]
            over = [max(later - (b + 1) * self._step + 1, 0) * rate for b in steps]
            before = settled.get(target.index, [0] * len(steps))
            last = target.index == len(self._points) - 1
            settled[target.index] = [
                sum(weights) for weights in zip(before, missing, [0] * len(steps) if last else over, strict=True)
            ]
        return settled

    def _add_layer(self, left: int) -> None:
        task, last = self._task, len(self._points) - 1
        nothing = [0] * (self._top + 1)
        off, on = [nothing] * (last + 1), [nothing] * (last + 1)
        self.off.append(off)
        self.on.append(on)
        for i in range(last - 1, -1, -1):
            settled = self._settled.get(i + 1)
            rest = _plus(off[i + 1], settled)
            if not task.open[i]:
                off[i] = on[i] = rest
                continue
            ways = [rest]
            for after in self._after_a_start(left, i):
                ways += self._begun(i, _plus(self.on[after][i + 1], settled), _plus(self.off[after][i + 1], settled))
            off[i] = _least(ways)
            on[i] = _least([off[i], self._partly(i, rest), self._through(i, _plus(on[i + 1], settled))])

    def _after_a_start(self, left: int, i: int) -> list[int]:
        """Return how many starts may be left after one in cell *i*."""
        same = [left] if self._task.starts == UNLIMITED or self._exempt_ahead[i] else []
        return [*same, left - 1] if left else same

    def _begun(self, i: int, going: list[int], rest: list[int]) -> list[list[int]]:
        """Return what plans weigh that start at point *i*, or within the cell, and go on from its end or *rest* there."""
        ways = (self._through(i, going), self._partly(i, going), self._partly(i, rest))
        return [[weight + self._task.start_weight for weight in way] for way in ways]

    def _through(self, i: int, after: list[int]) -> list[int]:
        """Return what the rest weighs when all of cell *i* is charged first: so many steps, or one more."""
        weight, states = self._whole[i], self._top + 1
        whole, part = divmod(self._points[i + 1] - self._points[i], self._step)
        drops = [min(drop, states) for drop in range(whole, whole + 1 + bool(part))]
        return _least([[NEVER] * drop + [weight + rest for rest in after[: states - drop]] for drop in drops])

    def _partly(self, i: int, after: list[int]) -> list[int]:
        """Return what the rest weighs when any part of cell *i* is charged first."""
        weight, length = self._whole[i], self._points[i + 1] - self._points[i]
        best = after if weight >= 0 else [rest + weight * min(self._step, length) // length for rest in after]
        for drop in range(1, min(length // self._step + 1, self._top) + 1):
            low, high = (drop - 1) * self._step, min((drop + 1) * self._step, length)
            part = weight * (low if weight >= 0 else high) // length
            best = [*best[:drop], *(min(a, b + part) for a, b in zip(best[drop:], after, strict=False))]
        return best


def _plus(weights: list[int], more: list[int] | None) -> list[int]:
    return weights if more is None else [one + other for one, other in zip(weights, more, strict=True)]


def _least(ways: list[list[int]]) -> list[int]:
    return ways[0] if len(ways) == 1 else list(map(min, *ways))
