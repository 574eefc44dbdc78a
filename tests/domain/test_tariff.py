from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf, nan
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceComponent, PriceSlot, TariffCurve

EVENING = datetime(2026, 2, 1, 17, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minute: int) -> datetime:
    return EVENING + minute * MINUTE


def slot(start: int, end: int, price: float, *, firm: bool = True) -> PriceSlot:
    return PriceSlot(at(start), at(end), price, firm)


def span(start: int, end: int) -> Interval:
    return Interval(at(start), at(end))


# The curve drawn in scheduler/domain/tariff.py.
DRAWN = TariffCurve("EUR", (slot(0, 60, 0.31), slot(60, 90, 0.22), slot(120, 135, 0.28)))


@st.composite
def some_curve(draw: st.DrawFn) -> TariffCurve:
    slots: list[PriceSlot] = []
    minute = 0
    for _ in range(draw(st.integers(0, 8))):
        start = minute + draw(st.sampled_from([0, 0, 7, 30]))
        minute = start + draw(st.sampled_from([5, 15, 60]))
        slots.append(slot(start, minute, draw(st.integers(-50, 100)) / 100, firm=draw(st.booleans())))
    return TariffCurve("EUR", tuple(slots), source="invented", published_at=EVENING, simulated=True)


some_minute = st.integers(-20, 700)


def test_a_slot_keeps_utc_whatever_it_is_given() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    given_local = PriceSlot(datetime(2026, 2, 1, 18, tzinfo=berlin), datetime(2026, 2, 1, 19, tzinfo=berlin), 0.3)

    assert slot(0, 60, 0.3) == given_local
    assert UTC is given_local.start.tzinfo


def test_a_slot_is_never_empty() -> None:
    with pytest.raises(InvalidValue, match="a price slot must end after it starts"):
        slot(5, 5, 0.3)


@pytest.mark.parametrize("price", [nan, inf, -inf])
def test_a_price_is_a_number(price: float) -> None:
    with pytest.raises(InvalidValue, match="must be a finite number"):
        slot(0, 15, price)


def test_a_price_may_be_negative() -> None:
    assert slot(0, 15, -0.5).price_per_kwh == -0.5


def test_slots_that_overlap_are_refused() -> None:
    with pytest.raises(InvalidValue, match="ascend without overlap"):
        TariffCurve("EUR", (slot(0, 60, 0.3), slot(45, 90, 0.2)))


def test_slots_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(InvalidValue, match="ascend without overlap"):
        TariffCurve("EUR", (slot(60, 90, 0.3), slot(0, 60, 0.2)))


def test_an_empty_curve_is_false_and_knows_nothing() -> None:
    empty = TariffCurve("EUR")

    assert not empty
    assert empty.slot_at(EVENING) is None
    assert empty.next_change(EVENING) is None
    assert empty.known_until() is None
    assert () == empty.gaps()


def test_two_curves_with_the_same_facts_are_equal_and_hash_alike() -> None:
    again = TariffCurve("EUR", (slot(0, 60, 0.31), slot(60, 90, 0.22), slot(120, 135, 0.28)))

    assert DRAWN == again
    assert hash(DRAWN) == hash(again)


@pytest.mark.parametrize(
    ("minute", "price"),
    [(-1, None), (0, 0.31), (59, 0.31), (60, 0.22), (90, None), (119, None), (120, 0.28), (135, None)],
)
def test_a_price_is_found_where_it_is_known_and_nowhere_else(minute: int, price: float | None) -> None:
    found = DRAWN.slot_at(at(minute))

    assert price == (found.price_per_kwh if found else None)


@pytest.mark.parametrize(
    ("minute", "change"), [(-30, 0), (0, 60), (30, 60), (60, 90), (90, 120), (100, 120), (120, 135), (135, None)]
)
def test_a_change_is_a_new_price_or_the_edge_of_a_gap(minute: int, change: int | None) -> None:
    assert (None if change is None else at(change)) == DRAWN.next_change(at(minute))


def test_a_window_cuts_the_slots_on_its_edges() -> None:
    cut = DRAWN.within(span(30, 125))

    assert (slot(30, 60, 0.31), slot(60, 90, 0.22), slot(120, 125, 0.28)) == cut.slots


def test_a_cut_curve_keeps_where_it_came_from() -> None:
    parts = (PriceComponent("energy", 0.2), PriceComponent("grid fee", 0.1))
    whole = TariffCurve("SEK", (PriceSlot(at(0), at(60), 0.3, firm=False, components=parts),), "a feed", EVENING, True)

    cut = whole.within(span(15, 30))

    expected = TariffCurve(
        "SEK", (PriceSlot(at(15), at(30), 0.3, firm=False, components=parts),), "a feed", EVENING, True
    )
    assert expected == cut


def test_a_window_between_slots_holds_nothing() -> None:
    assert not DRAWN.within(span(95, 110))


def test_prices_are_known_until_the_first_gap() -> None:
    assert at(90) == DRAWN.known_until()
    assert at(90) == DRAWN.known_until(at(70))


def test_prices_are_known_from_inside_a_later_stretch() -> None:
    assert at(135) == DRAWN.known_until(at(121))


@pytest.mark.parametrize("minute", [-1, 90, 100, 135])
def test_nothing_is_known_where_no_price_covers_the_moment(minute: int) -> None:
    assert DRAWN.known_until(at(minute)) is None


def test_a_forecast_ends_what_is_known() -> None:
    curve = TariffCurve("EUR", (slot(0, 60, 0.3), slot(60, 120, 0.2, firm=False)))

    assert at(60) == curve.known_until()
    assert curve.known_until(at(60)) is None


def test_a_gap_is_named_with_both_its_ends() -> None:
    assert (span(90, 120),) == DRAWN.gaps()


def test_cost_is_power_times_time_times_price() -> None:
    cost = DRAWN.cost([span(30, 90)], power_kw=11.0)

    assert pytest.approx(0.5 * 11 * 0.31 + 0.5 * 11 * 0.22) == cost


def test_time_at_an_unknown_price_costs_nothing_known() -> None:
    assert DRAWN.cost([span(90, 120)], power_kw=11.0) == 0


@given(some_curve(), some_minute)
def test_the_slot_at_a_moment_is_the_one_that_covers_it(curve: TariffCurve, minute: int) -> None:
    covering = [s for s in curve.slots if s.start <= at(minute) < s.end]

    assert (covering[0] if covering else None) == curve.slot_at(at(minute))


@given(some_curve(), some_minute)
def test_nothing_changes_before_the_next_change(curve: TariffCurve, minute: int) -> None:
    change = curve.next_change(at(minute))

    last_minute = 1000 if change is None else (change - EVENING) // MINUTE
    assert all(curve.slot_at(at(minute)) == curve.slot_at(at(m)) for m in range(minute + 1, last_minute))
    assert change is None or curve.slot_at(change) != curve.slot_at(change - MINUTE)


@given(some_curve(), some_minute, st.integers(1, 200))
def test_inside_a_window_every_moment_costs_what_it_cost_before(curve: TariffCurve, start: int, length: int) -> None:
    cut = curve.within(span(start, start + length))

    for minute in range(start - 2, start + length + 2):
        whole, part = curve.slot_at(at(minute)), cut.slot_at(at(minute))
        inside = start <= minute < start + length
        assert (whole.price_per_kwh if whole and inside else None) == (part.price_per_kwh if part else None)


@given(some_curve())
def test_slots_and_gaps_together_cover_the_curve_once(curve: TariffCurve) -> None:
    pieces = sorted([s.interval for s in curve.slots] + list(curve.gaps()))

    assert all(earlier.end == later.start for earlier, later in pairwise(pieces))


@given(some_curve(), some_minute)
def test_everything_is_firm_up_to_the_moment_it_is_known_until(curve: TariffCurve, minute: int) -> None:
    until = curve.known_until(at(minute))

    if until is None:
        here = curve.slot_at(at(minute))
        assert here is None or not here.firm
    else:
        known = [curve.slot_at(at(m)) for m in range(minute, (until - EVENING) // MINUTE)]
        assert all(s is not None and s.firm for s in known)
        beyond = curve.slot_at(until)
        assert beyond is None or not beyond.firm


@given(some_curve(), some_minute, st.integers(1, 200), st.integers(1, 200))
def test_the_cost_of_a_stretch_is_the_cost_of_its_parts(curve: TariffCurve, start: int, one: int, two: int) -> None:
    whole = curve.cost([span(start, start + one + two)], 7.4)

    parts = curve.cost([span(start, start + one), span(start + one, start + one + two)], 7.4)

    assert pytest.approx(whole, abs=1e-9) == parts
