"""
The best set of runs, found best first.

An optimal set of runs has all its ends on points of the grid, or a least run or pause away from such an end, save at most
one between two targets that are met to the microsecond: that one floats, and its place follows from the energy (facts:
performance.md, section 7). So a partial plan is a label: its runs so far are over, and it says how many starts are left,
how much has been charged, and which end floats, an unknown *x* whose range shrinks until a target pins it down.

    value(label) + rest(label)    lower bound of every plan that begins like this label
        |              └─ the best rest if every microsecond charged were paid for at a fixed rate (`relaxed.py`)
        └─ what it weighs so far, less that pay

Where that bound leaves many, energy is counted too (`tank.py`), which costs more and tells more.

Labels are taken up in the order of that bound; what cannot be better than the best plan found is dropped, so what remains
at the end is an optimum and its own proof. Weights are whole numbers of any size that carry the whole order of merit
(`merit.py`): no rounding, no tolerance.
"""

from __future__ import annotations

from typing import NamedTuple

from scheduler.planning.frontier import Frontier
from scheduler.planning.partial import Path, runs_along
from scheduler.planning.relaxed import NEVER, Relaxed
from scheduler.planning.tank import Tank
from scheduler.planning.task import LastMoments, Task
from scheduler.planning.walk import Walk


class Found(NamedTuple):
    """
    The lightest runs found, what they weigh, and a weight that no plan is below: the same where it is proven.

    `bound` holds among plans of such ends as are tried; `least`, that of the relaxed task or of the tank, among all.
    """

    runs: list[tuple[int, int]]
    weight: int
    bound: int
    least: int


TANK_AFTER = 2_000
"""Partial plans to consider before energy is counted too (`tank.py`): that takes as long as some thousand of them."""


class Search:
    """One best-first search; see the head of this file."""

    def __init__(self, task: Task, moments: LastMoments, relaxed: Relaxed) -> None:
        self._task, self._relaxed = task, relaxed
        self._frontier = Frontier(task.points[-1])
        self._walk = Walk(task, moments, relaxed, self._frontier)

    def lightest(self, ties: int, step: int) -> Found:
        """
        Return the lightest plan.

        *step*: how far above the lower bound to look next where there is nothing at the bound itself; ever farther, and
        not before the lightest of what was left out. When patience is at an end the search goes on in haste: it finds a
        plan, but no proof.
        """
        relaxed, walk, frontier = self._relaxed, self._walk, self._frontier
        least = relaxed.least() - walk.slack
        bound, limit, finest, hasty = least, least + ties, step, False
        while True:
            complete, found = self._sweep(limit, hasty=hasty)
            if complete:
                bound = limit if found is None else found[0]
            if found is not None and (complete or not self._wants_tank):
                break
            if self._wants_tank:
                walk.tank = tank = Tank(self._task, relaxed, 2 * walk.slack)
                bound = max(bound, tank.least())
                limit, step = max(bound, least + ties), max(finest, bound - least >> 6)
            elif not (complete or hasty):
                hasty = True
                walk.keep_to_points()
            else:
                # What stands on a shut cell is at NEVER, and a little above or below it.
                ahead = limit if frontier.beyond > NEVER >> 1 else max(frontier.beyond, limit)
                step = max(step, ahead - least >> 10)
                limit, step = ahead + step, 6 * step
        value, path = found
        among_all = relaxed.least() if walk.tank is None else max(relaxed.least(), walk.tank.least())
        return Found(runs_along(path), *(weight + relaxed.constant for weight in (value, bound, among_all)))

    @property
    def _wants_tank(self) -> bool:
        """Whether this is no easy task, and energy is not counted yet."""
        return self._walk.tank is None and self._frontier.considered > TANK_AFTER

    def _sweep(self, limit: int, *, hasty: bool) -> tuple[bool, tuple[int, Path] | None]:
        """Look at the plans that may weigh no more than *limit*; say whether none was left out, and the lightest."""
        frontier, walk = self._frontier, self._walk
        frontier.begin(limit)
        walk.set_out()
        while (taken := frontier.pop(hasty=hasty)) is not None:
            if not hasty and (self._wants_tank or not frontier.patient):
                return False, frontier.found
            walk.go_on(*taken)
        return not hasty, frontier.found
