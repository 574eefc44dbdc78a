"""
From the rows of a payload to slots: order, duplicates and ends.

Where a slot ends is never a constant added to its start. In order of trust: the end on the wire; the next row's start; for
the last row, the resolution the feed declares, else the step before it.

    starts    00:00  00:15         00:45  01:00      02:00      rows
    slots     |------|------)      |------|----------|----------)
                         a step twice as long that comes once is a hole; one that goes on is a new resolution
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import as_utc
from scheduler.domain.tariff import PriceSlot
from scheduler.prices.units import Unit

LARGEST_ROWS = 200_000
"""Two years of five-minute prices. More than this in one payload is not an answer to what we asked."""

ALMOST = timedelta(seconds=1)
"""Some writers end a slot at 23:59:59 (evcc #24914, open-dynamic-export #124): one second short of the next start touches it."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of a payload: when it begins, its amount in the wire's unit, and its end where the wire tells it.

    `amount=None`: the wire has the row but no price; the time is not known, and ends the row before it.
    """

    start: datetime
    amount: Decimal | None
    end: datetime | None = None
    firm: bool = True


def slots_of(rows: Iterable[Row], unit: Unit, resolution: timedelta | None = None) -> tuple[PriceSlot, ...]:
    """
    Return rows in any order as slots. `resolution` is what the feed declares, for the last row without an end.

    The same row twice counts once; two prices for one start, or ends that overlap the next start, are refused: nobody can
    say which one is billed.
    """
    ordered = _distinct(sorted(rows, key=lambda row: row.start))
    if len(ordered) > LARGEST_ROWS:
        raise PayloadInvalid(f"{len(ordered)} rows in one answer, expected at most {LARGEST_ROWS}")
    ends = _ends(ordered, resolution)
    return tuple(
        PriceSlot(as_utc(row.start), as_utc(end), unit.per_kwh(row.amount), row.firm)
        for row, end in zip(ordered, ends, strict=True)
        if row.amount is not None
    )


def _distinct(ordered: Sequence[Row]) -> list[Row]:
    distinct: list[Row] = []
    for row in ordered:
        if distinct and distinct[-1].start == row.start:
            if distinct[-1].amount != row.amount:
                raise PayloadInvalid(
                    f"two prices for {row.start.isoformat()}: {distinct[-1].amount} and {row.amount}, expected one"
                )
            continue
        distinct.append(row)
    return distinct


def _ends(ordered: Sequence[Row], resolution: timedelta | None) -> list[datetime]:
    steps = [later.start - earlier.start for earlier, later in pairwise(ordered)]
    ends: list[datetime] = []
    length: timedelta | None = None
    for index, row in enumerate(ordered):
        following = ordered[index + 1].start if index + 1 < len(ordered) else None
        if row.end is None:
            end = row.start + _length(steps[index : index + 2], length, resolution)
        else:
            end = _stated_end(row, row.end, following)
        ends.append(end)
        length = end - row.start
    return ends


def _stated_end(row: Row, end: datetime, following: datetime | None) -> datetime:
    if end <= row.start:
        raise PayloadInvalid(f"the row of {row.start.isoformat()} ends at {end.isoformat()}, expected a later time")
    if following is None or end < following - ALMOST:
        return end
    if end > following:
        raise PayloadInvalid(
            f"the row of {row.start.isoformat()} ends at {end.isoformat()}, after the next one has begun"
        )
    return following


def _length(ahead: Sequence[timedelta], before: timedelta | None, resolution: timedelta | None) -> timedelta:
    """
    Return how long a row lasts whose end is not on the wire.

    *ahead* are the next two steps between starts, *before* is the length of the row before it.
    """
    if not ahead:
        length = before if resolution is None else min(before or resolution, resolution)
        if length is None:
            raise PayloadInvalid("one row and no resolution: nobody can say when it ends")
        return length
    step = ahead[0]
    goes_on = len(ahead) == 2 and ahead[1] == step
    usual = min((known for known in (before, resolution) if known is not None), default=step)
    return step if step <= usual or goes_on else usual
