"""The nights on which the clocks change in Berlin, and times that are no whole minutes: planned right all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, EnergyGoal, PlanOutcome
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning.cheapest import cheapest_plan

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def local(text: str) -> datetime:
    """A wall time in Berlin as a moment; of two such times the first."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def hourly(start: datetime, prices: list[float]) -> TariffCurve:
    slots = (PriceSlot(start + i * HOUR, start + (i + 1) * HOUR, price) for i, price in enumerate(prices))
    return TariffCurve("EUR", tuple(slots))


def needed(ready_by: datetime, energy_kwh: float) -> ChargeNeed:
    return ChargeNeed((EnergyGoal(ready_by, energy_kwh),))


def walls(plan: ChargePlan) -> list[tuple[str, str]]:
    """Return the windows as a clock on the wall shows them."""
    return [tuple(f"{edge.astimezone(BERLIN):%H:%M:%S %z}" for edge in (w.start, w.end)) for w in plan.windows]  # type: ignore[misc]


def test_the_short_night_has_no_hour_from_two_to_three() -> None:
    start, ready_by = local("2026-03-28T22:00"), local("2026-03-29T06:00")
    assert 7 * HOUR == ready_by - start
    curve = hourly(start, [0.3, 0.3, 0.3, 0.1, 0.2, 0.3, 0.3])

    plan = cheapest_plan(start, curve, needed(ready_by, 3.0), ChargeRules(2.0))

    assert [("01:00:00 +0100", "03:30:00 +0200")] == walls(plan)
    assert pytest.approx(2 * 0.1 + 1 * 0.2) == plan.cost


def test_the_short_night_is_an_hour_too_short() -> None:
    start, ready_by = local("2026-03-28T22:00"), local("2026-03-29T06:00")

    plan = cheapest_plan(start, hourly(start, [0.3] * 7), needed(ready_by, 16.0), ChargeRules(2.0))

    assert (PlanOutcome.SHORT_OF_TIME, 14.0, 2.0) == (plan.outcome, plan.energy_kwh, plan.shortfall_kwh)


def test_the_long_night_has_the_hour_from_two_to_three_twice_and_takes_the_cheaper_one() -> None:
    start, ready_by = local("2026-10-24T22:00"), local("2026-10-25T06:00")
    assert 9 * HOUR == ready_by - start
    first = hourly(start, [0.3, 0.3, 0.3, 0.3, 0.1, 0.2, 0.3, 0.3, 0.3])
    second = hourly(start, [0.3, 0.3, 0.3, 0.3, 0.2, 0.1, 0.3, 0.3, 0.3])

    plans = [cheapest_plan(start, curve, needed(ready_by, 2.0), ChargeRules(2.0)) for curve in (first, second)]

    assert [("02:00:00 +0200", "02:00:00 +0100")] == walls(plans[0])
    assert [("02:00:00 +0100", "03:00:00 +0100")] == walls(plans[1])


def test_the_long_night_has_room_for_an_hour_more() -> None:
    start, ready_by = local("2026-10-24T22:00"), local("2026-10-25T06:00")

    plan = cheapest_plan(start, hourly(start, [0.3] * 9), needed(ready_by, 18.0), ChargeRules(2.0))

    assert PlanOutcome.MET is plan.outcome
    assert [("22:00:00 +0200", "06:00:00 +0100")] == walls(plan)


def test_a_block_by_the_wall_clock_lasts_as_long_as_it_really_does() -> None:
    start, ready_by = local("2026-10-24T22:00"), local("2026-10-25T06:00")
    twice = Interval(local("2026-10-25T02:00"), local("2026-10-25T03:00"))
    assert 2 * HOUR == twice.duration

    plan = cheapest_plan(start, hourly(start, [0.3] * 9), needed(ready_by, 18.0), ChargeRules(2.0, blocked=(twice,)))

    assert pytest.approx(14.0) == plan.energy_kwh
    assert [("22:00:00 +0200", "02:00:00 +0200"), ("03:00:00 +0100", "06:00:00 +0100")] == walls(plan)


def test_odd_seconds_of_now_and_of_the_departure_are_kept_to_the_microsecond() -> None:
    now = local("2026-10-25T01:13:37.000001")
    ready_by = local("2026-10-25T06:29:59.999999")
    curve = hourly(local("2026-10-24T22:00"), [0.3, 0.3, 0.3, 0.1, 0.3, 0.3, 0.3, 0.3, 0.3, 0.1])

    plan = cheapest_plan(now, curve, needed(ready_by, 2.0), ChargeRules(2.0))

    expected = [
        (local("2026-10-25T01:29:59.999999"), local("2026-10-25T02:00")),
        (local("2026-10-25T06:00"), ready_by),
    ]
    assert expected == [(window.start, window.end) for window in plan.windows]
    assert HOUR == sum((window.end - window.start for window in plan.windows), timedelta(0))
    assert pytest.approx(0.2) == plan.cost


def test_a_plan_may_end_at_the_very_departure_and_never_a_microsecond_later() -> None:
    now, ready_by = local("2026-03-28T23:59:59.5"), local("2026-03-29T04:17:03.25")

    plan = cheapest_plan(now, hourly(local("2026-03-28T23:00"), [0.3] * 6), needed(ready_by, 99.0), ChargeRules(2.0))

    (window,) = plan.windows
    assert (now, ready_by) == (window.start, window.end)
    assert timedelta(hours=3, minutes=17, seconds=3.75) == window.end - window.start
