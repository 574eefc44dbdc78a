"""What the search is asked: cells of time with weights, energy targets, and the rules of runs. No money, no dates."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

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
    `targets` ascend, the last one lies on the last point and is never exceeded.

    `starts` may be `UNLIMITED`; `running` is the number of starts left to a plan that charges from point 0 without a
    start, None where it cannot. A run that reaches a cell of `exempt` takes none of the starts left. From `lone_from` on
    there is one start at most. A run shorter than `least_run_us` weighs `short_weight` more; None: there are none. In the
    cells of `guarded` nothing is charged beyond the first `guarded_us`.

    The same in outline, for `rates.py` alone: a microsecond charged costs `prices[i]` units of money, a start
    `start_price`; a unit of money weighs `money`, and there are `money_per_price` of it to a price of 1 per kWh.
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
    lone_from: int | None = None
    least_run_us: int = 0
    least_pause_us: int = 0
    short_weight: int | None = None
    guarded: frozenset[int] = frozenset()
    guarded_us: int = 0
    prices: tuple[float, ...] = ()
    start_price: float = 0.0
    money: int = 1
    money_per_price: float = 1.0

    @property
    def layers(self) -> int:
        """How many numbers of starts left there are to tell apart."""
        return 1 if self.starts == UNLIMITED else max(self.starts, self.running or 0) + 1


def refined(task: Task, marks: Iterable[int]) -> Task:
    """Return the same task with points at *marks* too."""
    extra = {mark for mark in marks if 0 < mark < task.points[-1]}.difference(task.points)
    if not extra:
        return task
    points = tuple(sorted(extra.union(task.points)))
    cells = [bisect_right(task.points, point) - 1 for point in points[:-1]]
    place = {point: index for index, point in enumerate(points)}
    return replace(
        task,
        points=points,
        open=tuple(task.open[cell] for cell in cells),
        slopes=tuple(task.slopes[cell] for cell in cells),
        bends=tuple(task.bends[cell] for cell in cells),
        targets=tuple(replace(target, index=place[task.points[target.index]]) for target in task.targets),
        exempt=frozenset(index for index, cell in enumerate(cells) if cell in task.exempt),
        guarded=frozenset(index for index, cell in enumerate(cells) if cell in task.guarded),
        prices=tuple(task.prices[cell] for cell in cells),
    )


class Grid:
    """
    Where a task's runs may go, worked out once.

    Per cell `stretch_end`, how far charging can go on, and `exempt_ahead`, where it then comes to the next exempt cell.
    `run_ends` and `pause_ends` tell per point where a least run or pause from there ends.
    """

    def __init__(self, task: Task) -> None:
        points = task.points
        self.points, self.end = points, points[-1]
        self.last = len(points) - 1
        self.stretch_end = [0] * self.last
        self.exempt_ahead: list[int | None] = [None] * self.last
        until: int = 0
        ahead: int | None = None
        for i in range(self.last - 1, -1, -1):
            if task.open[i]:
                until = until if i + 1 < self.last and task.open[i + 1] else points[i + 1]
                ahead = points[i] if i in task.exempt else ahead
            else:
                until, ahead = 0, None
            self.stretch_end[i], self.exempt_ahead[i] = until, ahead
        self.last_exempt = max(task.exempt, default=-1)
        self.run_ends = self._moved(task.least_run_us)
        self.pause_ends = self._moved(task.least_pause_us)
        self.widest = max(later - earlier for earlier, later in pairwise(points))

    def reaches_exempt(self, cell: int, until: int) -> bool:
        """Whether a run that goes on from *cell* to *until* comes into an exempt cell."""
        ahead = self.exempt_ahead[cell]
        return ahead is not None and ahead < until

    def _moved(self, by: int) -> list[int]:
        """Return per point the index of the point *by* later; one past the last beyond the end, -1 where there is none."""
        if not by:
            return list(range(self.last + 1))
        moved: list[int] = []
        for point in self.points:
            index = bisect_left(self.points, point + by)
            moved.append(index if index > self.last or self.points[index] == point + by else -1)
        return moved


MOST_MOMENTS = 3000
"""Last moments to keep; slots of odd lengths under odd runs and pauses could have a hundred thousand."""

MOST_ROWS = 100
"""Runs and pauses in one row; the search follows a row in calls within each other, and Python allows a thousand."""


@dataclass(frozen=True, slots=True)
class LastMoments:
    """
    Where rows of least runs and pauses begin that end on a point, off the points themselves.

        |--run--|pause|--run--|        a start, a stop and a start, none later than they must be
      start   stop  start   point

    A run that begins at such a start ends a least run later; after a run that ends at such a stop the next begins a least
    pause later. `complete`: there are no others.
    """

    starts: tuple[int, ...] = ()
    stops: tuple[int, ...] = ()
    complete: bool = True


def last_moments(task: Task) -> LastMoments:
    """Return the last moments of *task*: no plan is better for beginning or ending anywhere else, floating ends aside."""
    run, pause = task.least_run_us, task.least_pause_us
    points = set(task.points)
    starts, stops = _across_targets(task)
    starts, stops = starts - points, stops - points
    fresh_starts, fresh_stops = points - {task.points[-1]}, points - {0}
    rows = len(task.points) if task.starts == UNLIMITED else task.layers + 1
    complete = rows <= MOST_ROWS
    for _ in range(min(rows, MOST_ROWS)):
        earlier_starts = {end - run for end in fresh_stops if end > run} - points - starts if run else set()
        earlier_stops = {start - pause for start in fresh_starts if start > pause} - points - stops if pause else set()
        fresh_starts, fresh_stops = earlier_starts, earlier_stops
        if not (fresh_starts or fresh_stops):
            complete = True
            break
        starts |= fresh_starts
        stops |= fresh_stops
        if len(starts) + len(stops) > MOST_MOMENTS:
            complete = False
            break
    return LastMoments(tuple(sorted(starts)), tuple(sorted(stops)), complete)


def _across_targets(task: Task) -> tuple[set[int], set[int]]:
    """
    Return where a least run that lasts beyond a target begins, and a least pause, so that the next one is just met.

    Such a run or pause cannot move without missing one target or the other, while another end floats ahead of both.
    """
    starts: set[int] = set()
    stops: set[int] = set()
    for before, after in pairwise(task.targets):
        moment, more = task.points[before.index], after.energy_us - before.energy_us
        begins = (moment + more - task.least_run_us,)
        ends = (point - more - task.least_pause_us for point in task.points[before.index :])
        starts.update(begin for begin in begins if max(moment - task.least_run_us, 0) < begin < moment)
        stops.update(end for end in ends if max(moment - task.least_pause_us, 0) < end < moment)
    return starts, stops
