"""What only a person can mend of one car, now: what its driver is told without looking at a page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.event import Event
from scheduler.domain.notice import Concern
from scheduler.domain.plan import ChargePlan
from scheduler.domain.roster import Seat
from scheduler.planning.car_sentence import NO_CALLS

LEAST_SHORT_KWH = 0.01

UNHEARD = frozenset({"command.ignored", "command.given_up"})
HEARD = frozenset({"command.confirmed", "vehicle.plugged_in", "vehicle.unplugged"})
PAID = frozenset({"plan.made", "vehicle.unplugged"})
"""Without credit there is nothing to plan: a plan says that there is some again."""


def concerns(
    seat: Seat,
    sentence: str,
    plan: ChargePlan | None,
    consent: Consent,
    calls_left: int | None,
    events: Sequence[Event],
    now: datetime,
) -> dict[Concern, str]:
    """
    Return what holds at *now*, each with a sentence that says what a person can do.

    *sentence* is the car's own, *plan* the one that is followed, *events* are the car's, oldest first.
    A car that was never connected, or was disconnected on purpose, is no concern.
    """
    held: dict[Concern, str] = {}
    if plan is not None and plan.shortfall_kwh > LEAST_SHORT_KWH:
        held[Concern.SHORT] = sentence
    unheard = _latest(events, UNHEARD, HEARD)
    if unheard is not None:
        verb, to_do = unheard.facts.get("verb", "start"), unheard.facts.get("to_do") or "look at the car"
        held[Concern.COMMAND] = f"{seat.title} does not obey a {verb}: {to_do}"
    if consent.status is ConsentStatus.LOST:
        held[Concern.CONSENT] = f"{seat.title}: {consent.words(now)}"
    if consent.ends_soon(now):
        held[Concern.CONSENT_ENDING] = f"{seat.title}: {consent.words(now)}"
    if calls_left == 0:
        held[Concern.CALLS] = f"{seat.title}: {NO_CALLS}"
    if _latest(events, frozenset({"credit.spent"}), PAID) is not None:
        held[Concern.CREDIT] = f"{seat.title}: its credit is used up; smartcharge prepaid {seat.driver.id} --add 20kWh"
    return held


def _latest(events: Sequence[Event], begins: frozenset[str], ends: frozenset[str]) -> Event | None:
    """Return the last event that *begins* something, unless one that *ends* it came after it."""
    last = next((event for event in reversed(events) if event.name in begins | ends), None)
    return last if last is not None and last.name in begins else None
