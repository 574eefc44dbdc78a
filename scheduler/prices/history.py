"""The prices of past weeks, as the archive remembers them, and what they let us expect beyond those that are published."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.prices.forecast import DAYS, expected
from scheduler.prices.overlay import overlaid
from scheduler.prices.wall import midnight

_ONE_DAY = timedelta(days=1)


class PastCurves(Protocol):
    """What is needed of the archive: the curve in force at a moment."""

    def curve(self, tariff_id: TariffId, at: datetime | None = None) -> tuple[TariffCurve, datetime] | None: ...


class PriceHistory:
    """
    The firm prices of each origin over the last weeks.

    Read from the archive once, a curve per day, and kept up by what is fetched after that.
    """

    def __init__(self, archive: PastCurves) -> None:
        self._archive = archive
        self._slots: dict[str, tuple[PriceSlot, ...]] = {}

    def foreseen(self, key: str, curve: TariffCurve, days: int, now: datetime, zone: ZoneInfo) -> TariffCurve:
        """Return *curve* with what is expected after it, to the end of *days* local days after today, not firm."""
        history = self._upto(key, curve, now)
        known_until = curve.known_until(now)
        end = midnight(now.astimezone(zone).date() + timedelta(days=days + 1), zone)
        if known_until is None or known_until >= end:
            return curve
        guess = expected([slot for slot in history if slot.start < known_until], Interval(known_until, end), zone)
        if not guess:
            return curve
        source = f"{curve.source}; after {known_until.astimezone(zone):%a %H:%M} a forecast from the last weeks"
        return replace(curve, slots=overlaid(guess, curve.slots), source=source)

    def _upto(self, key: str, curve: TariffCurve, now: datetime) -> tuple[PriceSlot, ...]:
        if key not in self._slots:
            self._slots[key] = self._read(key, now)
        oldest = now - (DAYS + 1) * _ONE_DAY
        firm = tuple(slot for slot in curve.slots if slot.firm)
        self._slots[key] = tuple(slot for slot in overlaid(self._slots[key], firm) if slot.start >= oldest)
        return self._slots[key]

    def _read(self, key: str, now: datetime) -> tuple[PriceSlot, ...]:
        slots: tuple[PriceSlot, ...] = ()
        for back in range(DAYS, 0, -1):
            kept = self._archive.curve(TariffId(key), at=now - back * _ONE_DAY)
            if kept is not None:
                slots = overlaid(slots, tuple(slot for slot in kept[0].slots if slot.firm))
        return slots
