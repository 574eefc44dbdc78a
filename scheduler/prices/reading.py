"""
What one answer of a feed says, in the house's own form: slots with explicit ends, a state, and words for a person.

A reading is made from the payload alone. Missing is never 0: what is not known is not in `slots`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from scheduler.domain.errors import FeedError, PayloadInvalid
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.prices.overlay import overlaid


class ReadingState(StrEnum):
    """
    How much of what was asked for an answer holds.

    `ok`: all of it. `partial`: a hole, or a day that does not reach its end. `not_published`: the newest part is not out
    yet, which is ordinary; what is known is in the slots. `error`: the payload is wrong, and there are no slots.
    """

    OK = "ok"
    PARTIAL = "partial"
    NOT_PUBLISHED = "not_published"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One answer: ascending, disjoint slots in `currency` per kWh.

    `source` names where the prices come from, attribution included. `next_page` is where the rest of a long answer lies.
    """

    currency: str
    slots: tuple[PriceSlot, ...] = ()
    state: ReadingState = ReadingState.OK
    message: str = ""
    published_at: datetime | None = None
    source: str = ""
    simulated: bool = False
    next_page: str | None = None

    @property
    def curve(self) -> TariffCurve:
        return TariffCurve(self.currency, self.slots, self.source, self.published_at, self.simulated)

    @property
    def known_until(self) -> datetime | None:
        """Return the end before the first gap; None without slots."""
        gaps = self.curve.gaps()
        if gaps:
            return gaps[0].start
        return self.slots[-1].end if self.slots else None


def not_published(currency: str, message: str = "not published yet") -> Reading:
    """Return the reading of an answer that holds nothing yet."""
    return Reading(currency, state=ReadingState.NOT_PUBLISHED, message=message)


def failed(currency: str, error: FeedError) -> Reading:
    """Return the reading of a payload that is wrong."""
    return Reading(currency, state=ReadingState.ERROR, message=str(error))


def joined(readings: Sequence[Reading]) -> Reading:
    """
    Return several answers of one feed as one.

    Where two tell of the same time, the one published later counts; without dates, the later in *readings*. The state is
    the worst that the slots do not mend: an answer that was partial by itself is `ok` once the others fill its holes.
    """
    if len(readings) == 1:
        return readings[0]
    errors = [reading for reading in readings if reading.state is ReadingState.ERROR]
    if errors:
        return replace(errors[0], slots=())
    ordered = sorted(readings, key=lambda reading: reading.published_at or datetime.min.replace(tzinfo=UTC))
    slots: tuple[PriceSlot, ...] = ()
    for reading in ordered:
        slots = overlaid(slots, reading.slots)
    message = "; ".join(dict.fromkeys(reading.message for reading in ordered if reading.message))
    whole = replace(
        ordered[-1], currency=_one_currency(readings), slots=slots, message=message, source=_sources(ordered)
    )
    return replace(whole, state=_joined_state(whole, readings))


def _one_currency(readings: Sequence[Reading]) -> str:
    """Return the currency of them all; an answer that holds nothing yet may not know it."""
    named = {reading.currency for reading in readings if reading.currency}
    if len(named) > 1:
        raise PayloadInvalid(f"the answers are in {' and '.join(sorted(named))}, expected one currency")
    return named.pop() if named else ""


def _sources(readings: Sequence[Reading]) -> str:
    return "; ".join(dict.fromkeys(reading.source for reading in readings if reading.source))


def _joined_state(whole: Reading, readings: Sequence[Reading]) -> ReadingState:
    if not whole.slots:
        return ReadingState.NOT_PUBLISHED
    if whole.curve.gaps():
        return ReadingState.PARTIAL
    newest = max((reading for reading in readings if reading.slots), key=lambda reading: reading.slots[-1].end)
    unborn = any(reading.state is ReadingState.NOT_PUBLISHED for reading in readings)
    return ReadingState.NOT_PUBLISHED if unborn else newest.state


def reading_document(reading: Reading) -> dict[str, Any]:
    """Return the reading as the JSON of `smartcharge prices --json`: exactly these six keys, times in UTC with `Z`."""
    return {
        "currency": reading.currency,
        "slots": [[stamp(slot.start), stamp(slot.end), slot.price_per_kwh] for slot in reading.slots],
        "known_until": stamp(reading.known_until) if reading.known_until else None,
        "gaps": [[stamp(gap.start), stamp(gap.end)] for gap in reading.curve.gaps()],
        "state": reading.state.value,
        "message": reading.message,
    }


def stamp(moment: datetime) -> str:
    """Return a moment as `2026-02-10T00:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
