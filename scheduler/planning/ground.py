"""What all ways through a task's time share: its points, bounds and targets, and where ends may lie off the points."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from scheduler.planning.passage import Passage
from scheduler.planning.relaxed import Relaxed
from scheduler.planning.task import UNLIMITED, Grid, LastMoments, Task


class Ground:
    """
    One task made ready to be walked through.

    `begins` and `ends`: the points, and the last moments at which a run begins, or ends. `slack`: by how much a floating
    end may weigh less within its range than at the ends of it, over all runs. Until `warm_until` a run without a start may
    still come.
    """

    def __init__(self, task: Task, moments: LastMoments, relaxed: Relaxed) -> None:
        self.task, self.moments, self.relaxed, self.points = task, moments, relaxed, task.points
        self.grid = grid = relaxed.grid if task is relaxed.task else Grid(task)
        self.bounds = relaxed.on_points(task.points)
        self.begins = sorted((*task.points, *moments.starts))
        self.ends = sorted((*task.points, *moments.stops))
        self.rows = frozenset(moments.starts)
        self.total = task.targets[-1].energy_us
        self.passage = Passage(task, relaxed)
        runs = grid.last if task.starts == UNLIMITED else task.layers + len(task.exempt) + 1
        self.slack = max(map(abs, task.bends)) * grid.widest**2 * runs
        self.warm_until = task.points[grid.last_exempt + 1]

    def keep_to_points(self) -> None:
        """From now on begin no run at a last moment off the points: there are many, and haste cannot try them all."""
        self.moments, self.begins, self.ends = LastMoments(), list(self.points), list(self.points)


def within(moments: Sequence[int], begin: int, until: int) -> Sequence[int]:
    """Return the *moments* between *begin* and *until*, neither included."""
    return moments[bisect_right(moments, begin) : bisect_left(moments, until)]


def following(moments: Sequence[int], begin: int, until: int) -> Iterator[int]:
    """Yield the *moments* after *begin*, the last one being the first not before *until*."""
    for index in range(bisect_right(moments, begin), len(moments)):
        yield moments[index]
        if moments[index] >= until:
            return
