"""
What a driver pays over time, as a value.

    EUR/kWh   0.31      0.22   (gap)   0.28
           |---------|-------)       |------)
         17:00     18:00   18:30   19:00  19:15

A curve is ordered and never overlaps; each slot has its own end, whatever the feed's resolution. **A gap means "not known",
never 0.** Prices may be negative. Money is in major units (EUR, GBP, never ct) per kWh.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite
from typing import NewType

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval, as_utc, without

TariffId = NewType("TariffId", str)


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """One named part of a price, so that a price can be taken apart: energy, grid fee, VAT."""

    name: str
    price_per_kwh: float


@dataclass(frozen=True, slots=True)
class PriceSlot:
    """
    One price for one interval `[start, end)` in UTC.

    `firm` is False for a forecast. `components` add up to `price_per_kwh` where they are known, else they are empty.
    """

    start: datetime
    end: datetime
    price_per_kwh: float
    firm: bool = True
    components: tuple[PriceComponent, ...] = ()

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            object.__setattr__(self, "start", as_utc(self.start))
            object.__setattr__(self, "end", as_utc(self.end))
        if self.end <= self.start:
            raise InvalidValue(
                f"a price slot must end after it starts, got {self.start.isoformat()} to {self.end.isoformat()}"
            )
        if not isfinite(self.price_per_kwh):
            raise InvalidValue(
                f"the price at {self.start.isoformat()} must be a finite number, got {self.price_per_kwh}"
            )

    @property
    def interval(self) -> Interval:
        return Interval(self.start, self.end)


@dataclass(frozen=True, slots=True)
class TariffCurve:
    """
    What the driver pays over time: ascending, disjoint slots, gaps allowed.

    `source` says where the prices come from, in words for a person (attribution included). `published_at` is when the
    newest of them became known. `simulated` marks prices that are real figures laid over another day, or invented.
    """

    currency: str
    slots: tuple[PriceSlot, ...] = ()
    source: str = ""
    published_at: datetime | None = None
    simulated: bool = False
    _starts: tuple[datetime, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        for earlier, later in pairwise(self.slots):
            if later.start < earlier.end:
                raise InvalidValue(
                    f"price slots must ascend without overlap, but {later.start.isoformat()} begins before the slot "
                    f"from {earlier.start.isoformat()} ends"
                )
        object.__setattr__(self, "_starts", tuple(slot.start for slot in self.slots))

    def __bool__(self) -> bool:
        return bool(self.slots)

    def slot_at(self, moment: datetime) -> PriceSlot | None:
        """Return the slot that covers *moment*; None where the price is not known."""
        index = bisect_right(self._starts, moment) - 1
        if index < 0 or self.slots[index].end <= moment:
            return None
        return self.slots[index]

    def next_change(self, after: datetime) -> datetime | None:
        """Return the first moment later than *after* at which the price changes, becomes known or stops being known."""
        index = max(bisect_right(self._starts, after) - 1, 0)
        for slot in self.slots[index:]:
            if slot.start > after:
                return slot.start
            if slot.end > after:
                return slot.end
        return None

    def within(self, window: Interval) -> TariffCurve:
        """Return the part of the curve inside *window*; slots on its edge are cut."""
        kept: list[PriceSlot] = []
        for slot in self.slots[max(bisect_right(self._starts, window.start) - 1, 0) :]:
            if slot.start >= window.end:
                break
            start, end = max(slot.start, window.start), min(slot.end, window.end)
            if start < end:
                kept.append(PriceSlot(start, end, slot.price_per_kwh, slot.firm, slot.components))
        return TariffCurve(self.currency, tuple(kept), self.source, self.published_at, self.simulated)

    def known_until(self, since: datetime | None = None) -> datetime | None:
        """
        Return the end of the unbroken firm stretch that covers *since* (default: the curve's first start).

        None where nothing firm covers that moment. A forecast slot ends the stretch as a gap does.
        """
        index = 0 if since is None else bisect_right(self._starts, since) - 1
        until: datetime | None = None
        for slot in self.slots[index:] if index >= 0 else ():
            if not slot.firm or (until is not None and slot.start != until):
                break
            if since is not None and slot.end <= since:
                break
            until = slot.end
        return until

    def gaps(self) -> tuple[Interval, ...]:
        """Return the stretches between the first start and the last end for which no price is known."""
        if not self.slots:
            return ()
        return tuple(without(Interval(self.slots[0].start, self.slots[-1].end), (slot.interval for slot in self.slots)))

    def cost(self, intervals: Iterable[Interval], power_kw: float) -> float:
        """Return the money for drawing *power_kw* during *intervals*; time at an unknown price adds nothing."""
        return sum(
            slot.price_per_kwh * power_kw * slot.interval.duration.total_seconds() / 3600
            for interval in intervals
            for slot in self.within(interval).slots
        )
