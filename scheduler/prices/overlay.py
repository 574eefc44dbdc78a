"""Curves laid over one another: what is newer, or better, counts; the other fills the holes it leaves."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain.interval import Interval, merged, without
from scheduler.domain.tariff import PriceSlot


def overlaid(under: Sequence[PriceSlot], over: Sequence[PriceSlot]) -> tuple[PriceSlot, ...]:
    """
    Return all of *over*, and of *under* what lies in its holes.

        under    |---a---|---b---|---c---|---d---)
        over         |---x---|---y---)
        returns  |-a-|---x---|---y---|-c-|---d---)

    A shorter *over* therefore never deletes what was known.
    """
    if not under or not over:
        return tuple(over or under)
    covered = merged(slot.interval for slot in over)
    kept: list[PriceSlot] = []
    position = 0
    for slot in under:
        while position < len(covered) and covered[position].end <= slot.start:
            position += 1
        kept.extend(_outside(slot, covered[position:]))
    return tuple(sorted((*kept, *over), key=lambda slot: slot.start))


def _outside(slot: PriceSlot, covered: Sequence[Interval]) -> list[PriceSlot]:
    if not covered or covered[0].start >= slot.end:
        return [slot]
    if covered[0].start <= slot.start and slot.end <= covered[0].end:
        return []
    return [
        PriceSlot(part.start, part.end, slot.price_per_kwh, slot.firm, slot.components)
        for part in without(slot.interval, covered)
    ]
