"""How far a promise looks: known prices, then courses of past days, from the ledger's own curves."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from scheduler.dispatch.outlooks import AHEAD, KEPT, Outlooks
from scheduler.dispatch.promising import Circumstances, Promising
from scheduler.domain.driver import Departure
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal, PlanOutcome
from scheduler.domain.roster import Seat
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from tests.dispatch.test_promising import HOME, HOUR, NOW, seat
from tests.fakes.store import MemoryStore

DAY = timedelta(days=1)
RULES = ChargeRules(11.0)
KNOWN_UNTIL = NOW + HOUR
"""Midnight in Berlin: tomorrow's prices are late."""


def price(moment: datetime) -> float:
    """Cheap from two to three in Berlin, 0.30 else; today's known night is dear throughout."""
    return 0.05 if moment.hour == 1 else 0.3


class Past(MemoryStore):
    """A ledger with *days* of prices behind it, and a count of how often it was asked."""

    def __init__(self, days: int) -> None:
        super().__init__()
        self.reads = 0
        for back in range(days, 0, -1):
            first = KNOWN_UNTIL - back * DAY
            hours = [first + n * HOUR for n in range(24)]
            curve = TariffCurve("EUR", tuple(PriceSlot(hour, hour + HOUR, price(hour)) for hour in hours))
            self.save_curve(HOME, curve, first - 11 * HOUR)

    def curve(self, tariff_id: TariffId, at: datetime | None = None) -> tuple[TariffCurve, datetime] | None:
        self.reads += 1
        return super().curve(tariff_id, at)


class Book:
    """A price book whose prices end at *until*."""

    def __init__(self, until: datetime = KNOWN_UNTIL) -> None:
        self.until = until

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return TariffCurve("EUR", (PriceSlot(NOW, self.until, 0.3),) if self.until > NOW else ())


def looked(
    days: int = 40, ready_by: datetime = NOW + 8 * HOUR, known_until: datetime = KNOWN_UNTIL
) -> tuple[TariffCurve, TariffCurve]:
    """Return the known curve and what is made of it for 11 kWh by *ready_by*."""
    known = Book(known_until).curve(HOME)
    assert known is not None
    need = ChargeNeed((EnergyGoal(ready_by, 11.0),))
    return known, Outlooks(Past(days)).curve(seat(), known, need, RULES, NOW)


def test_beyond_the_known_prices_stands_what_past_days_let_us_expect() -> None:
    known, seen = looked()

    assert known.slots == seen.slots[:1]
    assert not any(slot.firm for slot in seen.slots[1:])
    assert NOW + 8 * HOUR == seen.slots[-1].end
    cheapest = min(seen.slots, key=lambda slot: slot.price_per_kwh)
    assert 1 == cheapest.start.hour


@pytest.mark.parametrize(
    ("days", "ready_by", "known_until"),
    [(40, KNOWN_UNTIL, KNOWN_UNTIL), (10, NOW + 8 * HOUR, KNOWN_UNTIL), (40, NOW + 8 * HOUR, NOW)],
    ids=["all is known", "too short a past", "nothing is known"],
)
def test_a_curve_stays_as_it_is_where(days: int, ready_by: datetime, known_until: datetime) -> None:
    known, seen = looked(days, ready_by, known_until)

    assert known is seen


def test_who_needs_nothing_has_no_outlook() -> None:
    known = Book().curve(HOME)
    assert known is not None

    assert known is Outlooks(Past(40)).curve(seat(), known, ChargeNeed(), RULES, NOW)


def test_a_departure_farther_than_courses_reach_is_left_open() -> None:
    _, seen = looked(ready_by=KNOWN_UNTIL + AHEAD + DAY)

    assert KNOWN_UNTIL + AHEAD == seen.slots[-1].end


def test_the_past_is_read_once_a_publication_and_the_oldest_is_forgotten() -> None:
    past = Past(40)
    outlooks = Outlooks(past)
    need = ChargeNeed((EnergyGoal(NOW + 20 * HOUR, 11.0),))

    def ask(minutes: int) -> None:
        known = Book(KNOWN_UNTIL + timedelta(minutes=minutes)).curve(HOME)
        assert known is not None
        outlooks.curve(seat(), known, need, RULES, NOW)

    ask(0)
    once = past.reads
    ask(0)
    assert once == past.reads
    for minutes in range(15, 15 * (KEPT + 1), 15):
        ask(minutes)
    before = past.reads
    ask(0)
    assert past.reads > before


def promised(where: Seat, days: int) -> tuple[PlanOutcome, list[int], bool, bool]:
    promise = Promising(Book(), Outlooks(Past(days))).promise(where, Circumstances(60.0), NOW)
    hours = [window.start.hour for window in promise.plan.windows]
    return promise.plan.outcome, hours, promise.plan.cost_known, bool(promise.forecast)


def test_a_promise_waits_for_the_cheap_hour_that_is_not_published_yet_and_is_marked_so() -> None:
    assert (PlanOutcome.MET, [1], False, True) == promised(seat(), 40)


def test_without_a_past_it_charges_at_the_prices_that_are_known() -> None:
    outcome, _, _, forecast = promised(seat(), 0)

    assert (PlanOutcome.MET, False) == (outcome, forecast)


def test_a_promise_within_known_prices_keeps_no_forecast() -> None:
    soon = seat(departures=dict.fromkeys(range(7), Departure(time(), 61.0)))

    assert not promised(soon, 40)[3]


FLOORS = seat(departures=dict.fromkeys(range(7), Departure(time(7), 80.0, 40.0)), reserve_pct=10.0)


class Dear(Book):
    """A night that is dear until nine in the morning: past nights were not."""

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return TariffCurve("EUR", (PriceSlot(NOW, NOW + 10 * HOUR, 0.5),))


class Cheap(Book):
    """A night as cheap as none before."""

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return TariffCurve("EUR", (PriceSlot(NOW, NOW + 10 * HOUR, 0.01),))


def tonight_kwh(book: Book, soc_pct: float) -> float:
    """Return what is charged before the next morning's departure of a car whose target may wait for three days."""
    stay = Circumstances(soc_pct, plugged_in_at=NOW - 4 * HOUR)
    promise = Promising(book, Outlooks(Past(40))).promise(FLOORS, stay, NOW)
    assert PlanOutcome.MET is promise.plan.outcome
    return sum(window.energy_kwh for window in promise.plan.windows if window.start < NOW + 8 * HOUR)


def test_a_dear_night_is_skipped_where_the_floor_is_held() -> None:
    assert 0.0 == tonight_kwh(Dear(), 50.0)


def test_a_floor_is_said_with_what_it_assumes() -> None:
    stay = Circumstances(50.0, plugged_in_at=NOW - 4 * HOUR)

    (note,) = Promising(Dear(), Outlooks(Past(40))).promise(FLOORS, stay, NOW).notes

    assert note.startswith("40 % will do for the next departure and the rest may wait for a cheaper night; ")


def test_below_the_floor_a_dear_night_brings_no_more_than_that() -> None:
    assert 58 * 0.1 / 0.9 == pytest.approx(tonight_kwh(Dear(), 30.0))


def test_a_cheap_night_brings_the_whole_target() -> None:
    assert 58 * 0.3 / 0.9 == pytest.approx(tonight_kwh(Cheap(), 50.0))
