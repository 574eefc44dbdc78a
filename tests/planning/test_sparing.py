"""The battery is never an excuse: with its ageing weighed, no goal is shorter and no unknown price taken that need not be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, EnergyGoal, Prefer
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.domain.wear import Wear
from scheduler.planning.considerate import considerate_plan

NOW = datetime(2026, 2, 1, 17, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SLOTS = 20

moments = st.integers(1, SLOTS).map(lambda slot: NOW + slot * QUARTER)
stretches = st.builds(lambda begin, length: Interval(begin, begin + length * QUARTER), moments, st.integers(1, 8))
prices = st.integers(-5, 30).map(lambda cents: cents / 100)


@st.composite
def curves(draw: st.DrawFn) -> TariffCurve:
    """Quarters of an hour, some of them at an unknown price or at a forecast."""
    slots = []
    for slot in range(SLOTS):
        price = draw(st.none() | prices)
        if price is not None:
            slots.append(PriceSlot(NOW + slot * QUARTER, NOW + (slot + 1) * QUARTER, price, draw(st.booleans())))
    return TariffCurve("EUR", tuple(slots))


@st.composite
def needs(draw: st.DrawFn) -> ChargeNeed:
    steps = draw(st.lists(st.tuples(moments, st.floats(0.5, 20.0)), min_size=1, max_size=2))
    had_kwh, goals = 0.0, []
    for ready_by, more_kwh in sorted(steps):
        had_kwh += more_kwh
        goals.append(EnergyGoal(ready_by, had_kwh))
    return ChargeNeed(tuple(goals), draw(st.sampled_from([0.0, 0.0, had_kwh / 3])))


rules = st.builds(
    ChargeRules,
    st.just(8.0),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([timedelta(0), timedelta(minutes=30)]),
    st.just(timedelta(0)),
    st.sampled_from([0.0, 0.05]),
    st.booleans(),
    st.none() | prices,
    st.lists(stretches, max_size=2).map(tuple),
    prefer=st.sampled_from(Prefer),
)
wears = st.builds(Wear, st.floats(0.0, 30.0), st.sampled_from([0.0, 0.0003, 0.003, 0.05]))


def reserve_had_at(plan: ChargePlan, reserve_kwh: float) -> datetime | None:
    """Return when *plan* has charged the reserve; None where it never has."""
    left_kwh = reserve_kwh
    for window in plan.windows:
        if window.energy_kwh >= left_kwh - 1e-9:
            return window.start + timedelta(hours=left_kwh / window.power_kw)
        left_kwh -= window.energy_kwh
    return None


@given(curves(), needs(), rules, wears, st.booleans())
def test_no_goal_is_shorter_by_a_watt_hour_for_the_batterys_sake(
    curve: TariffCurve, need: ChargeNeed, asked: ChargeRules, wear: Wear, charging: bool
) -> None:
    plain = considerate_plan(NOW, curve, need, asked, charging=charging)

    weighed = considerate_plan(NOW, curve, need, asked, charging=charging, wear=wear)

    plan, cheapest = weighed.plan, plain.plan
    assert (cheapest.outcome, plain.notes, cheapest.goals) == (plan.outcome, weighed.notes, plan.goals)
    assert abs(plan.energy_kwh - cheapest.energy_kwh) < 1e-6
    assert plan.unknown_kwh <= cheapest.unknown_kwh
    assert not need.reserve_kwh or reserve_had_at(plan, need.reserve_kwh) == reserve_had_at(cheapest, need.reserve_kwh)
    assert asked.max_starts is None or plan.starts <= max(asked.max_starts, cheapest.starts)
    assert not any(window.interval.overlaps(hole) for window in plan.windows for hole in asked.blocked)


@given(curves(), needs(), rules, wears)
def test_the_cheapest_plan_is_never_better_once_its_ageing_is_counted(
    curve: TariffCurve, need: ChargeNeed, asked: ChargeRules, wear: Wear
) -> None:
    departure = need.goals[-1].ready_by
    cheapest = considerate_plan(NOW, curve, need, asked).plan

    plan = considerate_plan(NOW, curve, need, asked, wear=wear).plan

    counted, ignored = (one.cost + one.start_costs + wear.cost(one, departure) for one in (plan, cheapest))
    assert counted <= ignored + 1e-9
    assert plan.lower_bound <= plan.cost + plan.start_costs
    assert not plan.optimal or plan.cost + plan.start_costs <= cheapest.lower_bound + 1e-9
