"""
The stretch a plan may use, cut into cells: within one cell the price, and what is allowed, do not change.

    now     τ          t1                T          points, in whole microseconds since `origin`
     |--0--|--1--|-2-|---3---|-4-|---5---|          cells: price, and whether one may charge there

Energy is time at full power here; money appears only as each cell's price. What a cell *weighs* in the order of merit is
`merit.py`'s business.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import pairwise

from scheduler.domain.interval import Interval, merged
from scheduler.domain.tariff import PriceSlot, TariffCurve

HOUR_US = 3_600_000_000


class Kind(IntEnum):
    """What charging in a cell means."""

    KNOWN = 0
    FORECAST = 1
    UNKNOWN = 2
    BLOCKED = 3


@dataclass(frozen=True, slots=True)
class Timeline:
    """
    `points` ascend from 0; cell *i* is `[points[i], points[i + 1])` with `kinds[i]` and `prices[i]` (0 where unknown).

    A cell that is `capped` (above the price cap, or of no known price under one) is open to the reserve alone.
    """

    origin: datetime
    points: tuple[int, ...]
    kinds: tuple[Kind, ...]
    prices: tuple[float, ...]
    capped: tuple[bool, ...]

    def moment(self, point: int) -> datetime:
        """Return the moment *point* microseconds after the origin."""
        return self.origin + timedelta(microseconds=point)

    def cut_at(self, marks: Iterable[int]) -> Timeline:
        """Return the same timeline with points at *marks* too; marks outside it are ignored."""
        points, end = self.points, self.points[-1]
        extra = sorted({mark for mark in marks if 0 < mark < end}.difference(points))
        if not extra:
            return self
        union = sorted((*points, *extra))
        cells = [bisect_right(points, point) - 1 for point in union[:-1]]
        return Timeline(
            self.origin,
            tuple(union),
            tuple(self.kinds[cell] for cell in cells),
            tuple(self.prices[cell] for cell in cells),
            tuple(self.capped[cell] for cell in cells),
        )

    def stretches(self, *, known: bool = False, capped: bool = False) -> list[tuple[int, int]]:
        """
        Return the stretches without interruption in which one may charge, ascending.

        *known*: those of unknown price are left out; *capped*: capped ones are let in.
        """
        shut = Kind.UNKNOWN if known else Kind.BLOCKED
        found: list[tuple[int, int]] = []
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


def timeline(
    curve: TariffCurve, window: Interval, closed: Iterable[Interval] = (), max_price: float | None = None
) -> Timeline:
    """
    Return the cells of *window*: prices of *curve*, nothing allowed in *closed*, nothing dearer than *max_price*.

    Under a cap neither a forecast nor an unknown price will do. Neighbouring cells that are alike are one.
    """
    points, kinds, prices = _priced(curve.slots, window)
    holes = [
        (microseconds(hole.start - window.start), microseconds(hole.end - window.start))
        for hole in merged(closed)
        if hole.start < window.end and hole.end > window.start
    ]
    if holes:
        points, kinds, prices = _pierced(points, kinds, prices, holes)
    capped = (False,) * len(kinds)
    if max_price is not None:
        capped = tuple(
            kind is not Kind.KNOWN or price > max_price for kind, price in zip(kinds, prices, strict=True)
        )
    return Timeline(window.start, tuple(points), tuple(kinds), tuple(prices), capped)


def _priced(slots: tuple[PriceSlot, ...], window: Interval) -> tuple[list[int], list[Kind], list[float]]:
    """Return points, kinds and prices of the window as the tariff alone has it."""
    start, end = window.start, microseconds(window.end - window.start)
    cells = _Cells()
    first = max(bisect_right(slots, start, key=_slot_start) - 1, 0)
    for slot in slots[first:]:
        begin, until = microseconds(slot.start - start), microseconds(slot.end - start)
        if begin >= end:
            break
        if until <= 0:
            continue
        if begin > cells.points[-1]:
            cells.add(begin, Kind.UNKNOWN, 0.0)
        cells.add(min(until, end), Kind.KNOWN if slot.firm else Kind.FORECAST, slot.price_per_kwh)
    if cells.points[-1] < end:
        cells.add(end, Kind.UNKNOWN, 0.0)
    return cells.points, cells.kinds, cells.prices


def _slot_start(slot: PriceSlot) -> datetime:
    return slot.start


class _Cells:
    """Cells in the making; what is like the cell before it is added to that cell."""

    def __init__(self) -> None:
        self.points, self.kinds, self.prices = [0], list[Kind](), list[float]()

    def add(self, until: int, kind: Kind, price: float) -> None:
        if self.kinds and self.kinds[-1] is kind and self.prices[-1] == price:
            self.points[-1] = until
        else:
            self.points.append(until)
            self.kinds.append(kind)
            self.prices.append(price)


def _pierced(
    points: list[int], kinds: list[Kind], prices: list[float], holes: list[tuple[int, int]]
) -> tuple[list[int], list[Kind], list[float]]:
    """Return the cells with *holes* (ascending, disjoint) blocked."""
    end = points[-1]
    marks = {min(max(mark, 0), end) for hole in holes for mark in hole}
    cells = _Cells()
    hole_ends = [hole_end for _, hole_end in holes]
    for begin, until in pairwise(sorted(marks.union(points))):
        cell = bisect_right(points, begin) - 1
        hole = bisect_right(hole_ends, begin)
        if hole < len(holes) and holes[hole][0] <= begin:
            cells.add(until, Kind.BLOCKED, 0.0)
        else:
            cells.add(until, kinds[cell], prices[cell])
    return cells.points, cells.kinds, cells.prices
