from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, EnergyGoal, PlanOutcome
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning.cheapest import cheapest_plan
from scheduler.planning.futures import QUARTER, Futures
from scheduler.planning.horizon import outlook, two_stage
from scheduler.planning.safe_start import latest_safe_start

NOW = datetime(2026, 2, 1, 8, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SPLIT = ChargeRules(4.0, max_starts=None)
"""4 kW: a quarter of an hour is 1 kWh."""


def quarters(prices: list[float], start: datetime = NOW) -> TariffCurve:
    slots = (PriceSlot(start + n * QUARTER, start + (n + 1) * QUARTER, price) for n, price in enumerate(prices))
    return TariffCurve("EUR", tuple(slots))


def courses(*prices: list[float], start: datetime) -> Futures:
    return Futures(tuple(start + n * QUARTER for n in range(len(prices[0]))), QUARTER, np.array(prices))


def needed(energy_kwh: float, ready_by: datetime) -> ChargeNeed:
    return ChargeNeed((EnergyGoal(ready_by, energy_kwh),))


def energy_before(plan: ChargePlan, moment: datetime) -> float:
    window = Interval(NOW, moment)
    parts = (charged.interval.clipped(window) for charged in plan.windows)
    return sum(part.duration / HOUR * 4.0 for part in parts if part is not None)


def test_a_known_price_is_taken_up_to_what_waiting_is_expected_to_cost() -> None:
    # After the news the cheapest quarter costs 1 or 3: 2 is expected. The second one costs 3 or 5.
    unknown = np.array([[1.0, 5.0], [3.0, 3.0]])

    waiting = two_stage(np.array([1.9, 2.1, 9.0]), np.array([]), unknown, 2)

    assert 1 == waiting.first
    assert 4.0 == waiting.price


def test_waiting_is_worth_more_than_the_mean_forecast_says() -> None:
    # Each slot is expected to cost 2, but the cheaper of the two 1: who waits takes it.
    unknown = np.array([[1.0, 3.0], [3.0, 1.0]])

    assert 0 == two_stage(np.array([1.5]), np.array([]), unknown, 1).first
    assert 1 == two_stage(np.array([0.9]), np.array([]), unknown, 1).first


def test_a_later_known_hour_is_a_way_out_too() -> None:
    unknown = np.array([[1.0], [9.0]])

    assert 1 == two_stage(np.array([4.0]), np.array([]), unknown, 1).first
    assert 0 == two_stage(np.array([4.0]), np.array([5.0]), unknown, 1).first


def test_of_equal_choices_the_one_that_charges_now_is_taken() -> None:
    assert 1 == two_stage(np.array([2.0]), np.array([]), np.array([[2.0]]), 1).first


prices = st.integers(-200, 500).map(lambda number: number / 10)
some = st.lists(prices, max_size=6)


@given(
    first=some,
    later=some,
    unknown=st.lists(st.lists(prices, min_size=3, max_size=3), min_size=1, max_size=5),
    data=st.data(),
)
def test_the_rule_is_the_best_split_over_the_courses(
    first: list[float], later: list[float], unknown: list[list[float]], data: st.DataObject
) -> None:
    wanted = data.draw(st.integers(1, len(first) + len(later) + 3))

    def expected_cost(now: int) -> float:
        rest = wanted - now
        after = [sum(sorted(later + course)[:rest]) for course in unknown]
        return sum(sorted(first)[:now]) + sum(after) / len(after)

    possible = range(max(wanted - len(later) - 3, 0), min(wanted, len(first)) + 1)
    waiting = two_stage(np.array(first), np.array(later), np.array(unknown), wanted)

    assert min(map(expected_cost, possible)) == pytest.approx(expected_cost(waiting.first))


distinct = st.permutations(range(24)).map(lambda order: [number / 10 for number in order])
course = st.lists(st.integers(-5, 40).map(lambda number: number / 10 + 0.0137), min_size=24, max_size=24)


@given(known=distinct, unknown=st.lists(course, min_size=1, max_size=6), units=st.integers(1, 48))
def test_the_cheapest_plan_on_the_outlook_keeps_the_rule(
    known: list[float], unknown: list[list[float]], units: int
) -> None:
    news_at, known_until, ready_by = NOW + 3 * HOUR, NOW + 6 * HOUR, NOW + 12 * HOUR
    ahead = courses(*unknown, start=known_until)
    need = needed(units, ready_by)

    plan = cheapest_plan(NOW, outlook(NOW, quarters(known), ahead, need, SPLIT, news_at), need, SPLIT)

    waiting = two_stage(np.array(known[:12]), np.array(known[12:]), np.array(unknown), units)
    assert waiting.first == pytest.approx(energy_before(plan, news_at), abs=1e-6)


def test_forecast_prices_are_marked_and_firm_ones_stay() -> None:
    curve = quarters([0.3, 0.2])
    ready_by = NOW + HOUR

    seen = outlook(NOW, curve, courses([0.1] * 8, start=NOW), needed(2, ready_by), SPLIT, NOW + QUARTER)

    assert curve.slots == seen.slots[:2]
    assert [False, False] == [slot.firm for slot in seen.slots[2:]]
    assert ready_by == seen.slots[-1].end
    assert NOW + 2 * QUARTER == seen.known_until(NOW)
    plan = cheapest_plan(NOW, seen, needed(2, ready_by), SPLIT)
    assert not plan.cost_known


def test_a_forecast_that_came_with_the_curve_gives_way() -> None:
    old = PriceSlot(NOW, NOW + HOUR, 7.0, firm=False)

    seen = outlook(NOW, TariffCurve("EUR", (old,)), courses([0.1] * 4, start=NOW), needed(1, NOW + HOUR), SPLIT, NOW)

    assert [pytest.approx(0.1)] * 4 == [slot.price_per_kwh for slot in seen.slots]


def test_a_forecast_ends_where_a_firm_price_begins() -> None:
    firm = PriceSlot(NOW + 5 * MINUTE, NOW + HOUR, 0.3)
    curve = TariffCurve("EUR", (firm,))

    seen = outlook(NOW, curve, courses([0.1] * 4, start=NOW), needed(1, NOW + HOUR), SPLIT, NOW + HOUR)

    assert [(NOW, NOW + 5 * MINUTE), (firm.start, firm.end)] == [(slot.start, slot.end) for slot in seen.slots]


@pytest.mark.parametrize(
    ("ahead", "need", "rules"),
    [
        (None, needed(2, NOW + 9 * HOUR), SPLIT),
        (courses([0.1] * 40, start=NOW), ChargeNeed(), SPLIT),
        (courses([0.1] * 40, start=NOW), needed(2, NOW + 9 * HOUR), ChargeRules(0.0)),
        (courses([0.1] * 40, start=NOW), needed(2, NOW + HOUR), SPLIT),
    ],
    ids=["no courses", "nothing needed", "no power", "every price is published"],
)
def test_the_curve_stays_what_it_is_where_nothing_is_to_be_expected(
    ahead: Futures | None, need: ChargeNeed, rules: ChargeRules
) -> None:
    curve = quarters([0.3] * 4)

    assert curve is outlook(NOW, curve, ahead, need, rules, NOW + HOUR)


def test_blocked_hours_are_no_way_out() -> None:
    # The cheap unknown hour is blocked, so that the dear known one is worth taking.
    known_until = NOW + QUARTER
    blocked = ChargeRules(4.0, None, blocked=(Interval(known_until, known_until + QUARTER),))
    ahead = courses([0.0, 5.0], start=known_until)
    need = needed(1, NOW + 3 * QUARTER)

    for rules, expected in ((SPLIT, 0.0), (blocked, 1.0)):
        seen = outlook(NOW, quarters([1.0]), ahead, need, rules, known_until)
        assert pytest.approx(expected) == energy_before(cheapest_plan(NOW, seen, need, rules), known_until)


def test_a_known_price_in_a_blocked_hour_is_no_choice() -> None:
    # Of the known quarters only the one at 3 is open; the unknown one is expected to cost 2.
    rules = ChargeRules(4.0, None, blocked=(Interval(NOW + QUARTER, NOW + 2 * QUARTER),))
    need, known_until = needed(1, NOW + 3 * QUARTER), NOW + 2 * QUARTER

    seen = outlook(NOW, quarters([3.0, 0.0]), courses([1.0], [3.0], start=known_until), need, rules, known_until)

    assert pytest.approx(2.0) == seen.slots[-1].price_per_kwh
    assert 0.0 == energy_before(cheapest_plan(NOW, seen, need, rules), known_until)


def test_where_all_unknown_hours_are_blocked_they_are_shown_as_they_are_expected() -> None:
    known_until = NOW + QUARTER
    rules = ChargeRules(4.0, None, blocked=(Interval(known_until, NOW + HOUR),))

    seen = outlook(
        NOW,
        quarters([1.0]),
        courses([2.0] * 3, [4.0] * 3, start=known_until),
        needed(1, NOW + HOUR),
        rules,
        known_until,
    )

    assert [1.0, 3.0, 3.0, 3.0] == [slot.price_per_kwh for slot in seen.slots]


@given(
    known=st.lists(prices, min_size=1, max_size=12),
    unknown=st.lists(st.lists(prices, min_size=40, max_size=40), min_size=1, max_size=3),
    energy_kwh=st.floats(0.1, 9.0),
    starts=st.sampled_from([1, 2, None]),
)
def test_no_forecast_moves_the_latest_safe_start(
    known: list[float], unknown: list[list[float]], energy_kwh: float, starts: int | None
) -> None:
    curve, ready_by = quarters(known), NOW + 4 * HOUR
    rules, need = ChargeRules(4.0, starts), needed(energy_kwh, ready_by)
    ahead = courses(*unknown, start=curve.slots[-1].end)

    plan = cheapest_plan(NOW, outlook(NOW, curve, ahead, need, rules, NOW + HOUR), need, rules)

    assert PlanOutcome.MET is plan.outcome
    assert pytest.approx(energy_kwh) == plan.energy_kwh
    safe = latest_safe_start(NOW, need, rules)
    assert safe is not None
    assert min(window.start for window in plan.windows) <= safe + timedelta(microseconds=1)
