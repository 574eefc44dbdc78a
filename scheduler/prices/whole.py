"""Whether the slots of an answer are whole: no hole, and every market day they begin reaches its end."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.prices.reading import Reading, ReadingState, not_published
from scheduler.prices.wall import is_midnight


def day_reading(
    currency: str,
    slots: tuple[PriceSlot, ...],
    day_zone: ZoneInfo,
    *,
    source: str = "",
    published_at: datetime | None = None,
) -> Reading:
    """
    Return a reading of market days in *day_zone*: `partial` where a day lacks its end or has a hole in it.

    A first row inside a day is fine: some feeds answer from now on.
    """
    if not slots:
        return not_published(currency)
    reading = Reading(currency, slots, source=source, published_at=published_at)
    problem = _hole(reading.curve) or _cut(slots, day_zone)
    if problem is None:
        return reading
    return Reading(currency, slots, ReadingState.PARTIAL, problem, published_at, source)


def rolling_reading(
    currency: str, slots: tuple[PriceSlot, ...], *, source: str = "", published_at: datetime | None = None
) -> Reading:
    """Return a reading of a feed that answers for a stretch of its own choice: `partial` only where it has a hole."""
    if not slots:
        return not_published(currency)
    hole = _hole(TariffCurve(currency, slots))
    state = ReadingState.OK if hole is None else ReadingState.PARTIAL
    return Reading(currency, slots, state, hole or "", published_at, source)


def _hole(curve: TariffCurve) -> str | None:
    gaps = curve.gaps()
    if not gaps:
        return None
    return f"no price from {gaps[0].start.isoformat()} to {gaps[0].end.isoformat()}" + (
        f" and in {len(gaps) - 1} more gaps" if len(gaps) > 1 else ""
    )


def _cut(slots: tuple[PriceSlot, ...], zone: ZoneInfo) -> str | None:
    end = slots[-1].end
    return None if is_midnight(end, zone) else f"the prices end at {end.isoformat()}, inside the market day"
