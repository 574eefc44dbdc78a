"""
The reserve as early as it can be: when the first part of the charge is done if nothing but it matters.

The price and the cap do not count here; blocked times, starts and pauses do. Usually the reserve is simply the first open
time. Where blocked times cut that into more pieces than there are starts, or nearer than the least pause, some of it is
better left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scheduler.planning.task import UNLIMITED
from scheduler.planning.timeline import Stretch


@dataclass(frozen=True, slots=True)
class Reserve:
    """`energy_us` of charging is done by `until`."""

    until: int = 0
    energy_us: int = 0


@dataclass(frozen=True, slots=True)
class ReserveRules:
    """
    The rules of runs that bind a reserve. `running`: a run that begins at 0 takes no start; nor does one that reaches
    `warm_from`.
    """

    starts: int
    pause_us: int
    running: bool
    warm_from: int


def earliest_reserve(pieces: Sequence[Stretch], wanted_us: int, rules: ReserveRules) -> Reserve:
    """
    Return when *wanted_us* can have been charged in *pieces* (ascending, disjoint) at the earliest.

    Where that much cannot be had, the most that can; no energy where nothing can.
    """
    if wanted_us <= 0:
        return Reserve()
    states = list(_states(pieces, rules))
    wanted_us = min(wanted_us, max((had + end - begin for begin, end, had in states), default=0))
    done = [begin + wanted_us - had for begin, end, had in states if had < wanted_us <= had + end - begin]
    return Reserve(min(done), wanted_us) if done else Reserve()


def _states(pieces: Sequence[Stretch], rules: ReserveRules) -> Iterator[tuple[int, int, int]]:
    """
    Yield every run worth beginning as (begin, end, the most charged before it).

    A run begins or ends where a piece does, or some least pauses away from there.
    """
    begins = _moments(pieces, rules.pause_us)
    before: list[tuple[int, int, int]] = [(0, 0, 0)]
    for begin, (_, last) in begins:
        reached: dict[int, int] = {}
        for ready, used, had in before:
            if ready <= begin:
                reached[used] = max(reached.get(used, 0), had)
        for used, had in reached.items():
            for end in sorted({end for end, _ in _ends(pieces, rules.pause_us) if begin < end <= last}):
                free = (rules.running and begin == 0) or end > rules.warm_from
                starts = used + (not free)
                if rules.starts != UNLIMITED and starts > rules.starts:
                    continue
                yield begin, end, had
                before.append((end + rules.pause_us, starts, had + end - begin))


def _moments(pieces: Sequence[Stretch], pause_us: int) -> list[tuple[int, Stretch]]:
    """Return the moments at which a run may be worth beginning, ascending, each with its piece."""
    return sorted({(moment, piece) for moment, piece in _chains(pieces, pause_us, 1) if piece[0] <= moment < piece[1]})


def _ends(pieces: Sequence[Stretch], pause_us: int) -> list[tuple[int, Stretch]]:
    """Return the moments at which a run may be worth ending, ascending, each with its piece."""
    return sorted({(moment, piece) for moment, piece in _chains(pieces, pause_us, -1) if piece[0] < moment <= piece[1]})


def _chains(pieces: Sequence[Stretch], pause_us: int, direction: int) -> Iterator[tuple[int, Stretch]]:
    for piece in pieces:
        yield (piece[0] if direction > 0 else piece[1]), piece
        for other in pieces:
            yield (other[1] + pause_us if direction > 0 else other[0] - pause_us), piece
