"""
Which of several stretches of the same price to charge in, when there is more of it than is needed.

    taken      |####|      |###|         |##|        cheaper: charged in whatever comes
    equal           |ab|cd||        |ef|    |gh|     the fewest starts: fill a gap between two runs, prolong a run,
                                                     begin another one only where nothing else holds what is missing

All but one of the stretches are taken whole or not at all: of two in part, the later (or the earlier) would better have
all. So it is a question of which ones add up, answered exactly: for each stretch that may be taken in part, what those
before it and those after it can add up to, each sum in its best way.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scheduler.planning.timeline import Stretch

MOST_SUMS = 2000
"""Sums to tell apart; stretches of quarter hours have some hundred at most, many of odd lengths could have billions."""


class _Way(NamedTuple):
    """How to take so much: the starts it adds, how far it is from what is preferred, and the stretches."""

    starts: int
    weight: int
    stretches: tuple[Stretch, ...]

    def and_also(self, other: _Way) -> _Way:
        return _Way(self.starts + other.starts, self.weight + other.weight, self.stretches + other.stretches)


class Equals:
    """Stretches of equal price, ascending and apart, beside those *taken* already; *late* is preferred, or early."""

    def __init__(self, stretches: Sequence[Stretch], taken: Iterable[Stretch], *, late: bool) -> None:
        taken = list(taken)
        self._stretches = stretches
        self._begins, self._ends = {begin for begin, _ in taken}, {until for _, until in taken}
        self._late, self._sign = late, -1 if late else 1

    def chosen(self, missing: int) -> list[Stretch] | None:
        """Return what to take, *missing* in all and no more than there is; None where there are too many sums to look at."""
        before, after = self._sums(self._stretches, missing), self._sums(self._stretches[::-1], missing)
        if before is None or after is None:
            return None
        best: _Way | None = None
        for number, (begin, until) in enumerate(self._stretches):
            later = after[len(self._stretches) - 1 - number]
            sums = sorted(later)
            for sum_before, way in before[number].items():
                least, most = missing - sum_before - (until - begin), missing - sum_before
                for sum_after in sums[bisect_left(sums, least) : bisect_left(sums, most)]:
                    part = self._taking(self._part((begin, until), most - sum_after))
                    found = way.and_also(later[sum_after]).and_also(part)
                    if best is None or found[:2] < best[:2]:
                        best = found
        assert best is not None
        return list(best.stretches)

    def _sums(self, stretches: Sequence[Stretch], missing: int) -> list[dict[int, _Way]] | None:
        """Return per number of *stretches* which sums below *missing* the first ones can make, each in its best way."""
        sums: list[dict[int, _Way]] = [{0: _Way(0, 0, ())}]
        for stretch in stretches:
            more = dict(sums[-1])
            length, whole = stretch[1] - stretch[0], self._taking(stretch)
            for total, way in sums[-1].items():
                if total + length < missing:
                    found = way.and_also(whole)
                    known = more.get(total + length)
                    if known is None or found[:2] < known[:2]:
                        more[total + length] = found
            if len(more) > MOST_SUMS:
                return None
            sums.append(more)
        return sums

    def _taking(self, part: Stretch) -> _Way:
        """Return what taking *part* does: a gap that is filled takes a start away."""
        begin, until = part
        starts = 1 - (begin in self._ends) - (until in self._begins)
        return _Way(starts, self._sign * (until**2 - begin**2), (part,))

    def _part(self, stretch: Stretch, length: int) -> Stretch:
        """Return which part of *stretch* to take: beside what is taken, else as is preferred."""
        begin, until = stretch
        follows, leads = begin in self._ends, until in self._begins
        if self._late if follows == leads else leads:
            return until - length, until
        return begin, begin + length
