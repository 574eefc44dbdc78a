"""
The cheapest split for a whole crowd of vehicles on one curve at once: where nothing but the price decides.

    cells of the curve      c0   c1   c2   c3   c4  ...        rank: 0 the cheapest, ties in time order;
    rank                     3    0    4    1    2             after all prices the unknown ones, the latest first

A vehicle takes the cells of its stay by rank until it has enough, so one number says what it takes: the rank of its
dearest cell, the marginal one, which it takes in part. The numbers of all are found together, bit by bit: the cells lie
sorted by the bits of their ranks (a wavelet matrix), with running sums of their time and money, and each bit asks whether
what a stay holds in the cheaper half of the ranks is enough. That is as many steps as a rank has bits, whatever the stays,
and each is a few array operations. Time is counted in whole microseconds, so nothing
but money is ever rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.errors import InvalidValue
from scheduler.domain.tariff import TariffCurve
from scheduler.planning.split import joined, part_beside
from scheduler.planning.terms import LONGEST_US
from scheduler.planning.timeline import HOUR_US, Kind, Stretch, tabulated

_Whole = NDArray[np.int64]
_Real = NDArray[np.float64]

EDGE_US = LONGEST_US
"""Where time ends on either side of 1970: what lies beyond the curve is one cell of unknown price, up to there."""

AT_ONCE = 1 << 14
"""Vehicles per pass: what a pass holds fits into a processor's cache."""

MOST_BUCKETS = 1 << 18
"""Equal parts of a curve by which the cell of a moment is found; more would take more memory than the cells do."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """
    Vehicles, one entry each in every array: they stay from `arrival_us` to `departure_us` (microseconds since 1970) and
    want `energy_kwh` at the plug, drawn at `power_kw`.

    Who leaves before arriving gets nothing. Refused: arrays of unequal lengths, numbers that are not finite, and a power
    that is not above 0.
    """

    arrival_us: _Whole
    departure_us: _Whole
    energy_kwh: _Real
    power_kw: _Real

    def __post_init__(self) -> None:
        lengths = [len(self.arrival_us), len(self.departure_us), len(self.energy_kwh), len(self.power_kw)]
        if len(set(lengths)) > 1:
            raise InvalidValue(
                f"a crowd has one arrival, departure, energy and power per vehicle, got {lengths} of them"
            )
        if not (np.isfinite(self.energy_kwh).all() and np.isfinite(self.power_kw).all() and (self.power_kw > 0).all()):
            raise InvalidValue("each energy of a crowd must be a finite number, and each power one above 0")

    def __len__(self) -> int:
        return len(self.arrival_us)

    def passes(self) -> Iterator[Crowd]:
        """Yield the crowd in parts of `AT_ONCE`; an empty one is one part."""
        for begin in range(0, max(len(self), 1), AT_ONCE):
            part = slice(begin, begin + AT_ONCE)
            yield Crowd(self.arrival_us[part], self.departure_us[part], self.energy_kwh[part], self.power_kw[part])


@dataclass(frozen=True, slots=True)
class CrowdPlans:
    """
    What each vehicle gets, one entry each.

    `cost` is the energy's money at the curve's prices, forecasts included; energy at an unknown price (`unknown_kwh`) adds
    nothing. `rank` is that of the marginal cell (of what type the ranks need: one byte up to 255 cells), of which `part_us`
    are taken.
    """

    cost: _Real
    energy_kwh: _Real
    shortfall_kwh: _Real
    unknown_kwh: _Real
    rank: NDArray[np.unsignedinteger]
    part_us: _Whole

    def __len__(self) -> int:
        return len(self.cost)


class _Level(NamedTuple):
    """
    One bit of the ranks, the cells in the order of the bits above it.

    `time` and `money` are running sums of the cells without the bit. `following`: where a place among the cells comes to
    lie on the next level, among those without the bit, and then the same among those with it.
    """

    half: int
    time: _Whole
    money: _Real
    following: _Whole


class RankedCurve:
    """A curve made ready for crowds, once for all of them."""

    def __init__(self, curve: TariffCurve) -> None:
        cells = tabulated(curve)
        self._points = np.array([-EDGE_US, *cells.points, EDGE_US], dtype=np.int64)
        self._prices = np.array([0.0, *cells.prices, 0.0])
        self._unknown = np.array([True, *(kind is Kind.UNKNOWN for kind in cells.kinds), True])
        place = np.arange(len(self._prices))
        self._order = np.lexsort((np.where(self._unknown, -place, place), self._prices, self._unknown))
        self._ranks = np.empty_like(place)
        self._ranks[self._order] = place
        self._priced = len(place) - int(np.count_nonzero(self._unknown))
        lengths = np.diff(self._points)
        self._unknown_us = _sums(lengths * self._unknown)
        self._levels = list(_levels(self._ranks, lengths, lengths * self._prices))
        self._bucket_us, self._buckets = _bucketed(self._points)

    def plans(self, crowd: Crowd) -> CrowdPlans:
        """Return the cheapest plan of each vehicle, with any number of starts."""
        parts = [self._plans(part) for part in crowd.passes()]
        return CrowdPlans(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def windows(self, crowd: Crowd, plans: CrowdPlans, number: int, *, late: bool = True) -> list[Stretch] | None:
        """
        Return when the vehicle of that *number* charges, in microseconds since 1970.

        *late*: where in the marginal cell, if its neighbours do not say. None where several cells of the marginal price
        leave a choice: what is best then depends on starts, and `cheapest_plan` knows it.
        """
        begin, until = int(crowd.arrival_us[number]), int(crowd.departure_us[number])
        marginal, missing = int(plans.rank[number]), int(plans.part_us[number])
        if not missing:
            return []
        first, last = self._cells_at(np.array([begin, until - 1])).tolist()
        stretches = list(pairwise([begin, *self._points[first + 1 : last + 1].tolist(), until]))
        ranks = self._ranks[first : last + 1].tolist()
        cell = int(self._order[marginal])
        unknown = bool(self._unknown[cell])
        equal = (self._prices[first : last + 1] == self._prices[cell]) & ~self._unknown[first : last + 1]
        if not unknown and np.count_nonzero(equal) > 1:
            return None
        taken = [stretch for stretch, rank in zip(stretches, ranks, strict=True) if rank < marginal]
        taken.append(part_beside(stretches[cell - first], taken, missing, late=late, at_end=unknown))
        return joined(taken)

    def _plans(self, crowd: Crowd) -> tuple[NDArray[Any], ...]:
        """Return the columns of the plans of a part of a crowd."""
        begin = crowd.arrival_us.clip(-EDGE_US, EDGE_US - 1)
        until = crowd.departure_us.clip(begin, EDGE_US)
        first, last = self._cells_at(begin), self._cells_at(until - 1)
        before, after = begin - self._points.take(first), until - self._points.take(last)
        wanted = np.rint(np.minimum(crowd.energy_kwh / crowd.power_kw * HOUR_US, LONGEST_US)).astype(np.int64).clip(0)
        stay = until - begin
        had = np.minimum(wanted, stay)
        ranks = self._ranks.take(first), self._ranks.take(last)
        marginal, part, money = self._descended(first, last, ranks, before, after, had)
        money += part * self._prices.take(self._order.take(marginal))
        money += after * (self._prices.take(last) * (ranks[1] < marginal))
        money -= before * (self._prices.take(first) * (ranks[0] < marginal))
        unknown = np.zeros_like(stay)
        if marginal.max(initial=0) >= self._priced:
            unknown = self._unknown_us.take(last) - self._unknown_us.take(first)
            unknown += after * self._unknown.take(last) - before * self._unknown.take(first)
            unknown = (had - (stay - unknown)).clip(0)
        per_us = crowd.power_kw / HOUR_US
        had_kwh, wanted_kwh = had * per_us, crowd.energy_kwh.clip(0.0)
        full = had == wanted
        return (
            money * per_us,
            np.where(full, wanted_kwh, had_kwh),
            np.where(full, 0.0, wanted_kwh - had_kwh),
            unknown * per_us,
            marginal.astype(np.min_scalar_type(len(self._prices))),
            part,
        )

    def _descended(
        self, low: _Whole, high: _Whole, ranks: tuple[_Whole, _Whole], before: _Whole, after: _Whole, wanted: _Whole
    ) -> tuple[_Whole, _Whole, _Real]:
        """
        Return the marginal rank, how much of that cell is taken, and price times microseconds of the whole cells below it.

        What is taken of whole cells lies between the places *low* and *high* of each level. The first cell of a stay counts
        there in full, so what of it is *before* the stay is taken off where its rank is asked for; the last one does not, so
        what of it is in the stay, *after* its begin, is added.
        """
        size = len(self._points)
        marginal, missing, money = np.zeros_like(low), wanted.copy(), np.zeros(len(low))
        for half, time, cost, following in self._levels:
            held = time.take(high)
            held -= time.take(low)
            held += after * ((ranks[1] - marginal).view(np.uint64) < half)
            held -= before * ((ranks[0] - marginal).view(np.uint64) < half)
            dearer = (held < missing).astype(np.int64)
            held *= dearer
            missing -= held
            paid = cost.take(high)
            paid -= cost.take(low)
            paid *= dearer
            money += paid
            shift = dearer * size
            low, high = following.take(low + shift), following.take(high + shift)
            marginal += dearer * half
        return marginal, missing, money

    def _cells_at(self, moments: _Whole) -> _Whole:
        """Return the cell that holds each moment."""
        buckets = (moments - self._points[1]) // self._bucket_us + 1
        cells: _Whole = self._buckets.take(buckets, mode="clip")
        while (over := self._points.take(cells + 1) <= moments).any():
            cells += over
        return cells


def _levels(ranks: _Whole, lengths: _Whole, money: _Real) -> Iterator[_Level]:
    """Yield the levels, the most significant bit first."""
    for bit in range(int(len(ranks) - 1).bit_length() - 1, -1, -1):
        low = ranks >> bit & 1 == 0
        lower = _sums(low)
        following = np.concatenate((lower, np.arange(len(lower)) - lower + lower[-1]))
        yield _Level(1 << bit, _sums(lengths * low), _sums(money * low), following)
        ranks, lengths, money = (np.concatenate((cells[low], cells[~low])) for cells in (ranks, lengths, money))


def _bucketed(points: _Whole) -> tuple[int, _Whole]:
    """
    Return the length of equal parts of the curve, and the cell at the begin of each; the first part is all before them.

    Most parts lie in one cell: they are as long as the shortest cell, unless that made too many.
    """
    inner = points[1:-1]
    span = int(inner[-1] - inner[0])
    shortest = int(np.diff(inner).min(initial=EDGE_US))
    length = max(shortest, span // MOST_BUCKETS + 1)
    begins = inner[0] + length * np.arange(span // length + 2)
    return length, np.concatenate(([0], points.searchsorted(begins, "right") - 1))


def _sums(values: NDArray[Any]) -> NDArray[Any]:
    """Return the running sums, from 0 on."""
    return np.concatenate((np.zeros(1, dtype=values.dtype if values.dtype != bool else np.int64), values.cumsum()))
