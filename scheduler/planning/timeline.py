"""
The stretch a plan may use, cut into cells: within one cell the price, and what is allowed, do not change.

    now     τ          t1                T          points, in whole microseconds since `origin`
     |--0--|--1--|-2-|---3---|-4-|---5---|          cells: price, and whether one may charge there

Energy is time at full power here; money appears only as each cell's price. What a cell weighs in the order of merit is
`weighing.py`'s business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from scheduler.domain.interval import Interval, merged
from scheduler.domain.tariff import PriceSlot, TariffCurve

HOUR_US = 3_600_000_000
QUARTER_US = HOUR_US // 4
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Stretch = tuple[int, int]
"""From the first to the second moment, in microseconds since an origin."""


class Kind(IntEnum):
    """What charging in a cell means."""

    KNOWN = 0
    FORECAST = 1
    UNKNOWN = 2
    BLOCKED = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What energy costs by standing in the battery: `per_kwh_h` for each hour from its charging to the last goal.

    What is charged before `since` counts as charged then.
    """

    per_kwh_h: float
    since: datetime


class Timeline(NamedTuple):
    """
    `points` ascend from 0; cell *i* is `[points[i], points[i + 1])` with `kinds[i]` and `prices[i]` (0 where unknown).

    A cell that is `capped` (above the price cap, or of no known price under one) is open to the reserve alone.
    """

    points: tuple[int, ...]
    kinds: tuple[Kind, ...]
    prices: tuple[float, ...]
    capped: tuple[bool, ...]

    def cut_at(self, marks: Iterable[int]) -> Timeline:
        """Return the same timeline with points at *marks* too; marks outside it are ignored."""
        points, end = self.points, self.points[-1]
        extra = {mark for mark in marks if 0 < mark < end}.difference(points)
        if not extra:
            return self
        union = sorted(extra.union(points))
        cells = [bisect_right(points, point) - 1 for point in union[:-1]]
        return Timeline(
            tuple(union),
            tuple(self.kinds[cell] for cell in cells),
            tuple(self.prices[cell] for cell in cells),
            tuple(self.capped[cell] for cell in cells),
        )

    def standing(self, per_kwh_h: float, since_us: int) -> Timeline:
        """Return the same timeline, dearer by what energy costs that stands from *since_us*, or later, to the end."""
        end = self.points[-1]
        line = self.cut_at((since_us, *range(end, max(since_us, 0), -QUARTER_US)))
        prices = tuple(
            price if kind >= Kind.UNKNOWN else price + per_kwh_h * (end - max((begin + until) / 2, since_us)) / HOUR_US
            for price, kind, (begin, until) in zip(line.prices, line.kinds, pairwise(line.points), strict=True)
        )
        return Timeline(line.points, line.kinds, prices, line.capped)

    def stretches(self, *, known: bool = False, capped: bool = False) -> list[Stretch]:
        """
        Return the stretches without interruption in which one may charge, ascending.

        *known*: those of unknown price are left out; *capped*: capped ones are let in.
        """
        shut = Kind.UNKNOWN if known else Kind.BLOCKED
        found: list[Stretch] = []
        for index, kind in enumerate(self.kinds):
            if kind >= shut or (self.capped[index] and not capped):
                continue
            begin, until = self.points[index], self.points[index + 1]
            if found and found[-1][1] == begin:
                found[-1] = (found[-1][0], until)
            else:
                found.append((begin, until))
        return found


def microseconds(duration: timedelta) -> int:
    """Return *duration* as whole microseconds."""
    return (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds


def shared(some: Iterable[Stretch], other: Sequence[Stretch]) -> int:
    """Return the time that both *some* and *other* (each disjoint) cover."""
    return sum(max(min(until, last) - max(begin, first), 0) for begin, until in some for first, last in other)


def timeline(
    curve: TariffCurve, window: Interval, closed: Iterable[Interval] = (), max_price: float | None = None
) -> Timeline:
    """
    Return the cells of *window*: prices of *curve*, nothing allowed in *closed*, nothing dearer than *max_price*.

    Under a cap neither a forecast nor an unknown price will do. Neighbouring cells that are alike are one.
    """
    cells = tabulated(curve).between(microseconds(window.start - EPOCH), microseconds(window.end - EPOCH))
    holes = [
        (microseconds(hole.start - window.start), microseconds(hole.end - window.start))
        for hole in merged(closed)
        if hole.start < window.end and hole.end > window.start
    ]
    if holes:
        cells = _pierced(cells, holes)
    capped = (False,) * len(cells.kinds)
    if max_price is not None:
        capped = tuple(
            kind is not Kind.KNOWN or price > max_price for kind, price in zip(cells.kinds, cells.prices, strict=True)
        )
    return Timeline(tuple(cells.points), tuple(cells.kinds), tuple(cells.prices), capped)


class Cells:
    """Cells in the making, with points as `Timeline` has them; what is like the cell before it is added to that cell."""

    def __init__(self, begin: int = 0) -> None:
        self.points: list[int] = [begin]
        self.kinds: list[Kind] = []
        self.prices: list[float] = []

    def add(self, until: int, kind: Kind, price: float) -> None:
        if self.kinds and self.kinds[-1] is kind and self.prices[-1] == price:
            self.points[-1] = until
        else:
            self.points.append(until)
            self.kinds.append(kind)
            self.prices.append(price)

    def between(self, start: int, end: int) -> Cells:
        """Return the cells from *start* to *end*, with points since *start*; beyond what is known all is unknown."""
        points = self.points
        first, last = bisect_right(points, start) - 1, bisect_left(points, end)
        inner = max(first, 0)
        part = Cells()
        if first < 0:
            part.add(min(points[0], end) - start, Kind.UNKNOWN, 0.0)
        part.points += [point - start for point in points[inner + 1 : last]]
        part.kinds += self.kinds[inner:last]
        part.prices += self.prices[inner:last]
        if len(part.points) <= len(part.kinds):
            part.points.append(min(points[-1], end) - start)
        if part.points[-1] < end - start:
            part.add(end - start, Kind.UNKNOWN, 0.0)
        return part


_TABLES: dict[int, tuple[TariffCurve, Cells]] = {}
"""The cells of the curves asked for last, by identity: a curve is asked for again and again, and hashing one takes longer
than planning with it. Each entry holds its curve, so that no identity is used twice."""

MOST_TABLES = 16


def tabulated(curve: TariffCurve) -> Cells:
    """Return the whole curve as cells in microseconds since the epoch, gaps as unknown."""
    entry = _TABLES.get(id(curve))
    if entry is None:
        if len(_TABLES) >= MOST_TABLES:
            _TABLES.clear()
        entry = _TABLES[id(curve)] = (curve, _tabulated(curve.slots))
    return entry[1]


def _tabulated(slots: tuple[PriceSlot, ...]) -> Cells:
    cells = Cells(microseconds(slots[0].start - EPOCH) if slots else 0)
    for slot in slots:
        begin = microseconds(slot.start - EPOCH)
        if begin > cells.points[-1]:
            cells.add(begin, Kind.UNKNOWN, 0.0)
        kind = Kind.KNOWN if slot.firm else Kind.FORECAST
        cells.add(microseconds(slot.end - EPOCH), kind, slot.price_per_kwh)
    return cells


def _pierced(cells: Cells, holes: list[Stretch]) -> Cells:
    """Return the cells with *holes* (ascending, disjoint) blocked."""
    end = cells.points[-1]
    marks = {min(max(mark, 0), end) for hole in holes for mark in hole}
    pierced = Cells()
    hole_ends = [hole_end for _, hole_end in holes]
    for begin, until in pairwise(sorted(marks.union(cells.points))):
        cell = bisect_right(cells.points, begin) - 1
        hole = bisect_right(hole_ends, begin)
        if hole < len(holes) and holes[hole][0] <= begin:
            pierced.add(until, Kind.BLOCKED, 0.0)
        else:
            pierced.add(until, cells.kinds[cell], cells.prices[cell])
    return pierced
