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
    CAPPED = 3
    BLOCKED = 4


@dataclass(frozen=True, slots=True)
class Timeline:
    """
    `points` ascend from 0; cell *i* is `[points[i], points[i + 1])` with `kinds[i]` and `prices[i]` (0 where unknown).

    `CAPPED` cells (above the price cap, or of no known price under one) are open to the reserve alone, `BLOCKED` ones to
    nobody.
    """

    origin: datetime
    points: tuple[int, ...]
    kinds: tuple[Kind, ...]
    prices: tuple[float, ...]

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
        kinds, prices = self.kinds, self.prices
        return Timeline(
            self.origin, tuple(union), tuple(kinds[cell] for cell in cells), tuple(prices[cell] for cell in cells)
        )


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
    points, kinds, prices = _priced(curve.slots, window, max_price)
    holes = [
        (microseconds(hole.start - window.start), microseconds(hole.end - window.start))
        for hole in merged(closed)
        if hole.start < window.end and hole.end > window.start
    ]
    if holes:
        points, kinds, prices = _pierced(points, kinds, prices, holes)
    return Timeline(window.start, tuple(points), tuple(kinds), tuple(prices))


def _priced(
    slots: tuple[PriceSlot, ...], window: Interval, max_price: float | None
) -> tuple[list[int], list[Kind], list[float]]:
    """Return points, kinds and prices of the window as the tariff alone has it."""
    start, end = window.start, microseconds(window.end - window.start)
    points, kinds, prices = [0], list[Kind](), list[float]()
    silent = Kind.UNKNOWN if max_price is None else Kind.CAPPED

    def add(until: int, kind: Kind, price: float) -> None:
        if kinds and kinds[-1] is kind and prices[-1] == price:
            points[-1] = until
        else:
            points.append(until)
            kinds.append(kind)
            prices.append(price)

    first = max(bisect_right(slots, start, key=_slot_start) - 1, 0)
    for slot in slots[first:]:
        begins, ends = slot.start - start, slot.end - start
        begin = (begins.days * 86_400 + begins.seconds) * 1_000_000 + begins.microseconds
        if begin >= end:
            break
        until = (ends.days * 86_400 + ends.seconds) * 1_000_000 + ends.microseconds
        if until <= 0:
            continue
        if begin > points[-1]:
            add(begin, silent, 0.0)
        price = slot.price_per_kwh
        if max_price is not None and (price > max_price or not slot.firm):
            kind = Kind.CAPPED
        else:
            kind = Kind.KNOWN if slot.firm else Kind.FORECAST
        add(min(until, end), kind, price)
    if points[-1] < end:
        add(end, silent, 0.0)
    return points, kinds, prices


def _slot_start(slot: PriceSlot) -> datetime:
    return slot.start


def _pierced(
    points: list[int], kinds: list[Kind], prices: list[float], holes: list[tuple[int, int]]
) -> tuple[list[int], list[Kind], list[float]]:
    """Return the cells with *holes* (ascending, disjoint) blocked."""
    end = points[-1]
    marks = {min(max(mark, 0), end) for hole in holes for mark in hole}
    union = sorted(marks.union(points))
    out_points, out_kinds, out_prices = [0], list[Kind](), list[float]()
    hole_ends = [hole_end for _, hole_end in holes]
    for begin, until in pairwise(union):
        cell = bisect_right(points, begin) - 1
        hole = bisect_right(hole_ends, begin)
        shut = hole < len(holes) and holes[hole][0] <= begin
        kind, price = (Kind.BLOCKED, 0.0) if shut else (kinds[cell], prices[cell])
        if out_kinds and out_kinds[-1] is kind and out_prices[-1] == price:
            out_points[-1] = until
        else:
            out_points.append(until)
            out_kinds.append(kind)
            out_prices.append(price)
    return out_points, out_kinds, out_prices


def stretches(line: Timeline, shut: Kind) -> list[tuple[int, int]]:
    """Return the stretches without interruption whose cells are all below *shut*, ascending."""
    found: list[tuple[int, int]] = []
    for index, kind in enumerate(line.kinds):
        if kind >= shut:
            continue
        begin, until = line.points[index], line.points[index + 1]
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], until)
        else:
            found.append((begin, until))
    return found
