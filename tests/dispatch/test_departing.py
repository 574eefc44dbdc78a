"""A departure nobody stated: learned from the ledger's sessions, at the operator's risk, at once while they are few."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from scheduler.dispatch.departing import Departing
from scheduler.dispatch.promising import Circumstances, Promising
from scheduler.domain.driver import Trip
from scheduler.domain.plan import PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.session import ChargeSession
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from tests.dispatch.test_promising import CAR, HOME, HOUR, NOW, seat
from tests.fakes.store import MemoryStore

DAY = timedelta(days=1)
NIGHT = timedelta(hours=9)


class Past(MemoryStore):
    """Ada has come home at 23:00 for so many *nights* and left nine hours later; some left after *short* hours."""

    def __init__(self, nights: int, short: frozenset[int] = frozenset(), kwh: float = 11.0) -> None:
        super().__init__()
        self.sessions_read = self.curves_read = 0
        for back in range(nights, 0, -1):
            begin = NOW - back * DAY
            left_at = begin + (2 * HOUR if back in short else NIGHT)
            self.save_session(ChargeSession(CAR.id, begin, 30.0, left_at, 60.0, energy_kwh=kwh))
            self.save_curve(HOME, prices(begin), begin)

    def sessions(self, vehicle_id: object, since: datetime) -> list[ChargeSession]:
        self.sessions_read += 1
        return super().sessions(CAR.id, since)

    def curve(self, tariff_id: TariffId, at: datetime | None = None) -> tuple[TariffCurve, datetime] | None:
        self.curves_read += 1
        return super().curve(tariff_id, at)


def prices(now: datetime) -> TariffCurve:
    """Cheap from two to four in the morning in Berlin, for 26 hours."""
    hours = [now + n * HOUR for n in range(26)]
    return TariffCurve(
        "EUR", tuple(PriceSlot(hour, hour + HOUR, 0.1 if hour.hour in (1, 2) else 0.3) for hour in hours)
    )


class Book:
    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return prices(NOW)


LEARNER = seat(departures={})


def promised(ledger: Past, now: datetime = NOW, soc_pct: float | None = 60.0, risk: float = 0.05) -> Promise:
    return Promising(Book(), None, Departing(ledger, risk)).promise(
        LEARNER, Circumstances(soc_pct, plugged_in_at=NOW), now
    )


def starts(promise: Promise) -> list[int]:
    return [window.start.hour for window in promise.plan.windows]


def test_who_always_slept_at_home_is_waited_for() -> None:
    promise = promised(Past(40))

    assert promise.goal is not None
    assert (80.0, [1]) == (promise.goal.target_pct, starts(promise))
    assert NOW + 4 * HOUR <= promise.goal.ready_by <= NOW + NIGHT
    assert (
        "no departure is stated: this one is learned from 40 past stays, and may leave 5% of them short",
    ) == promise.notes


@pytest.mark.parametrize(("nights", "seen"), [(0, "0 past stays"), (1, "1 past stay"), (18, "18 past stays")])
def test_with_too_few_stays_it_is_charged_at_once(nights: int, seen: str) -> None:
    promise = promised(Past(nights))

    assert ([NOW], PlanOutcome.MET) == ([window.start for window in promise.plan.windows], promise.plan.outcome)
    assert (f"no departure is stated and {seen} cannot tell one yet, so charging is planned at once",) == promise.notes


def test_who_often_leaves_early_is_not_waited_for() -> None:
    assert [NOW.hour] == starts(promised(Past(40, frozenset(range(1, 40, 3)))))


def test_a_bolder_operator_waits_where_a_careful_one_does_not() -> None:
    short = frozenset({5, 15, 25})

    assert [NOW.hour] == starts(promised(Past(40, short), risk=0.02))
    assert [1] == starts(promised(Past(40, short), risk=0.3))


def test_stays_without_energy_set_no_price_of_risk() -> None:
    assert [NOW.hour] == starts(promised(Past(40, kwh=0.1)))


def test_what_is_learned_holds_for_the_stay_and_is_read_once() -> None:
    ledger = Past(40)
    departing = Departing(ledger, 0.05)
    promising = Promising(Book(), None, departing)

    first, later = (
        promising.promise(LEARNER, Circumstances(60.0, plugged_in_at=NOW), moment) for moment in (NOW, NOW + HOUR)
    )

    assert first.goal == later.goal
    assert 1 == ledger.sessions_read
    assert 40 == ledger.curves_read


def test_past_stays_are_asked_once_and_new_ones_with_the_next_plug_in() -> None:
    ledger = Past(40)
    promising = Promising(Book(), None, Departing(ledger, 0.05))

    promising.promise(LEARNER, Circumstances(60.0, plugged_in_at=NOW), NOW)
    promising.promise(LEARNER, Circumstances(60.0, plugged_in_at=NOW + HOUR), NOW + HOUR)

    assert (2, 40) == (ledger.sessions_read, ledger.curves_read)


def test_when_its_time_has_come_and_the_car_is_not_full_another_is_learned() -> None:
    ledger = Past(40)
    promising = Promising(Book(), None, Departing(ledger, 0.05))
    goal = promising.promise(LEARNER, Circumstances(60.0, plugged_in_at=NOW), NOW).goal
    assert goal is not None

    again = promising.promise(LEARNER, Circumstances(70.0, plugged_in_at=NOW), goal.ready_by).goal

    assert again is not None
    assert again.ready_by > goal.ready_by


def test_a_car_at_its_daily_limit_needs_no_departure() -> None:
    promise = promised(Past(40), soc_pct=80.0)

    assert (None, ()) == (promise.goal, promise.notes)


def test_a_tariff_without_a_past_teaches_nothing_and_is_charged_at_once() -> None:
    class Priceless(Past):
        def curve(self, tariff_id: TariffId, at: datetime | None = None) -> tuple[TariffCurve, datetime] | None:
            return None

    assert PlanOutcome.MET is promised(Priceless(40)).plan.outcome


def test_a_trip_before_it_comes_first() -> None:
    travelling = seat(departures={}, trips=(Trip(datetime(2026, 2, 2, 1)),))

    promise = Promising(Book(), None, Departing(Past(40), 0.05)).promise(
        travelling, Circumstances(60.0, plugged_in_at=NOW), NOW
    )

    assert promise.goal is not None
    assert (NOW + 2 * HOUR, 100.0, ()) == (promise.goal.ready_by, promise.goal.target_pct, promise.notes)


@pytest.mark.parametrize("wishes", [{}, {"departures": {}, "always_ready_within": 8 * HOUR}])
def test_who_states_a_rhythm_is_believed(wishes: dict[str, object]) -> None:
    ledger = Past(40)

    Promising(Book(), None, Departing(ledger, 0.05)).promise(
        seat(**wishes), Circumstances(60.0, plugged_in_at=NOW), NOW
    )

    assert 0 == ledger.sessions_read
