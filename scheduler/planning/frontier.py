"""
The partial plans still to be looked at, most promising first, and the best complete plan so far.

What cannot be better than that plan, or than the limit of the sweep, is dropped; so is what is known already in the same
state and no heavier. In haste only the most promising few of each while are handed out.
"""

from __future__ import annotations

from heapq import heappop, heappush

from scheduler.planning.partial import Path, State
from scheduler.planning.relaxed import NEVER

PATIENCE = 250_000
"""Partial plans to consider before haste: two or three seconds. Nights of quarter hours take some hundred to ten thousand."""

WHILES = 32
FEW = 4
"""In haste: the parts of the horizon, and the partial plans followed in each."""


class Frontier:
    """
    `limit`: the heaviest plan of interest; `found`: the lightest complete one so far; `considered`: how many steps in all.

    `beyond`: the lightest bound above the limit that a sweep came across, as far as anybody took note.
    """

    def __init__(self, end: int) -> None:
        self.limit, self.considered = 0, 0
        self.beyond = NEVER
        self.found: tuple[int, Path] | None = None
        self._end = end
        self._heap: list[tuple[int, int, int, int, State]] = []
        self._known: dict[tuple[int, ...], int] = {}
        self._handed_out = [0] * (WHILES + 1)
        self._order = 0

    @property
    def patient(self) -> bool:
        """Whether there is time to look at everything."""
        return self.considered <= PATIENCE

    def begin(self, limit: int) -> None:
        """Begin anew, with plans that weigh no more than *limit*."""
        self.limit, self.found, self.beyond = limit, None, NEVER
        self._heap.clear()
        self._known.clear()
        self._handed_out = [0] * (WHILES + 1)

    def add(self, bound: int, marks: tuple[int, ...], time: int, left: int, state: State) -> None:
        """Take up a partial plan that does not charge at *time*; *marks* tell in which state it is, but for its value."""
        if bound > self.limit:
            self.leave_out(bound)
            return
        if self._known.get(marks, state.value + 1) <= state.value:
            return
        self._known[marks] = state.value
        self._order -= 1
        heappush(self._heap, (bound, self._order, time, left, state))

    def leave_out(self, bound: int) -> None:
        """Take note that what begins like this weighs *bound* at least, which is more than the limit."""
        self.beyond = min(self.beyond, bound)

    def keep(self, value: int, path: Path) -> None:
        """Keep a complete plan if it is the lightest so far."""
        if value <= self.limit:
            self.found = value, path
            self.limit = value - 1

    def pop(self, *, hasty: bool) -> tuple[int, int, State] | None:
        """Hand out the most promising partial plan, the newest of equals: its time, its starts left, its state."""
        while self._heap and self._heap[0][0] <= self.limit:
            _, _, time, left, state = heappop(self._heap)
            part = time * WHILES // self._end
            self._handed_out[part] += 1
            if not hasty or self._handed_out[part] <= FEW:
                return time, left, state
        return None
