"""From a driver's wish, a state of charge and the prices to a promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.dispatch.ageing import wear_of
from scheduler.dispatch.promising import UNPRICED, Circumstances, Promising
from scheduler.domain.driver import BlockedHours, Car, ChargeGoal, ChargePreferences, Departure, Driver, DriverId, Trip
from scheduler.domain.plan import ChargeNeed, EnergyGoal, PlanOutcome, Prefer
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Seat
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.planning.considerate import CAP_DROPPED
from scheduler.planning.credit import Credit

NOW = datetime(2026, 2, 1, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
HOME = TariffId("home")
CAR = Vehicle(VehicleId("ada"), "ID.3", "VW", "ID.3", Powertrain.BEV, "v", "u", 58, 11, 0.9)
DAILY = dict.fromkeys(range(7), Departure(time(7), 80.0))


class Flat:
    """Prices of 0.30, and 0.10 between 01:00 and 03:00 UTC, for *hours* from `NOW` on."""

    def __init__(self, hours: int = 26) -> None:
        self.hours = hours

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        hours = [NOW + hour * HOUR for hour in range(self.hours)]
        slots = (PriceSlot(hour, hour + HOUR, 0.1 if hour.hour in (1, 2) else 0.3) for hour in hours)
        return TariffCurve("EUR", tuple(slots), simulated=True) if hours else None


def seat(**wishes: Any) -> Seat:
    given: dict[str, Any] = {"departures": DAILY, "reserve_pct": 20.0}
    car = Car(CAR, ChargePreferences(**given | wishes))
    return Seat(Driver(DriverId("ada"), "Ada", BERLIN, HOME, (car,)), car)


def promised(seat: Seat, stay: Circumstances | None = None, hours: int = 26) -> Promise:
    return Promising(Flat(hours)).promise(seat, stay or Circumstances(46.0), NOW)


def test_the_next_departure_is_planned_for_at_the_cheapest_time() -> None:
    promise = promised(seat())

    assert promise.goal is not None
    assert (datetime(2026, 2, 2, 6, tzinfo=UTC), 80.0) == (promise.goal.ready_by, promise.goal.target_pct)
    assert [1] == [window.start.hour for window in promise.plan.windows]
    assert (PlanOutcome.MET, (), True) == (promise.plan.outcome, promise.notes, promise.simulated)


def test_what_it_was_planned_with_is_kept() -> None:
    promise = promised(seat(), Circumstances(46.0, charging=True))

    assert promise.need is not None
    assert promise.rules is not None
    assert 58 * 0.34 / 0.9 == pytest.approx(promise.need.energy_kwh)
    assert (11.0, True) == (promise.rules.max_power_kw, promise.charging)


@pytest.mark.parametrize(
    ("max_starts", "used", "charging", "left"),
    [(2, 0, False, 2), (2, 1, False, 1), (2, 5, False, 1), (2, 5, True, 0), (None, 5, False, None)],
)
def test_starts_that_were_used_are_gone_but_for_a_last_one(
    max_starts: int | None, used: int, charging: bool, left: int | None
) -> None:
    rules = promised(seat(max_starts=max_starts), Circumstances(46.0, charging, used)).rules

    assert rules is not None
    assert left == rules.max_starts


def test_a_trip_soon_after_a_departure_is_planned_with_it() -> None:
    promise = promised(seat(trips=(Trip(datetime(2026, 2, 2, 12), name="Skiing"),)))

    assert promise.goal is not None
    assert ((80.0, ""), [(100.0, "Skiing")]) == (
        (promise.goal.target_pct, promise.goal.name),
        [(goal.target_pct, goal.name) for goal in promise.later_goals],
    )
    assert promise.need is not None
    assert 2 == len(promise.need.goals)


def test_a_later_departure_that_wants_no_more_changes_nothing() -> None:
    assert () == promised(seat()).later_goals


def test_a_trip_that_is_far_away_is_not_planned_for_yet() -> None:
    assert () == promised(seat(trips=(Trip(datetime(2026, 2, 3, 12)),))).later_goals


def test_a_car_that_is_always_ready_counts_from_its_plug_in() -> None:
    ready = seat(departures={}, always_ready_within=timedelta(hours=8))

    goal = promised(ready, Circumstances(46.0, plugged_in_at=NOW - 2 * HOUR)).goal

    assert goal is not None
    assert (NOW + 6 * HOUR, 80.0) == (goal.ready_by, goal.target_pct)


def test_without_a_departure_only_the_reserve_is_charged_and_at_once() -> None:
    promise = promised(seat(departures={}), Circumstances(10.0))

    assert (None, [NOW]) == (promise.goal, [window.start for window in promise.plan.windows])
    assert 58 * 0.1 / 0.9 == pytest.approx(promise.plan.energy_kwh)


def test_without_a_departure_and_above_the_reserve_it_rests() -> None:
    assert PlanOutcome.NOTHING_NEEDED is promised(seat(departures={})).plan.outcome


def test_a_stated_target_is_never_cut_by_the_daily_limit() -> None:
    eager = {"departures": dict.fromkeys(range(7), Departure(time(7), 100.0))}

    goal = promised(seat(**eager)).goal

    assert goal is not None
    assert (100.0, None) == (goal.target_pct, goal.wanted_pct)


def test_what_the_cars_own_limit_forbids_is_neither_planned_nor_promised() -> None:
    promise = promised(seat(), Circumstances(46.0, limit_pct=70.0))

    assert promise.goal is not None
    assert (70.0, 80.0) == (promise.goal.target_pct, promise.goal.wanted_pct)
    assert 58 * 0.24 / 0.9 == pytest.approx(promise.plan.energy_kwh)
    assert PlanOutcome.MET is promise.plan.outcome


def test_a_limit_of_the_car_above_the_target_changes_nothing() -> None:
    assert promised(seat()) == promised(seat(), Circumstances(46.0, limit_pct=80.0))


@pytest.mark.parametrize(
    ("stale", "words"),
    [(False, "the state of charge is not known"), (True, "the car has not reported for long")],
)
def test_an_unknown_charge_counts_as_empty_and_is_said(stale: bool, words: str) -> None:
    promise = promised(seat(), Circumstances(None, stale=stale))

    assert (f"{words}, so the car is taken to be empty",) == promise.notes
    assert 58 * 0.8 / 0.9 == pytest.approx(promise.plan.energy_kwh + promise.plan.shortfall_kwh, rel=0.01)


def test_without_prices_charging_is_as_late_as_is_safe_and_is_said() -> None:
    promise = promised(seat(), hours=0)

    assert ("no prices are known, so charging is planned as late as is safe",) == promise.notes
    assert promise.goal is not None
    assert timedelta(0) <= promise.goal.ready_by - promise.plan.windows[-1].end < timedelta(minutes=10)


def test_a_cap_gives_way_where_prices_are_not_known_and_that_is_said() -> None:
    promise = promised(seat(max_price=0.2), hours=2)

    assert (CAP_DROPPED,) == promise.notes


def test_blocked_hours_are_known_for_an_hour_after_the_departure_too() -> None:
    rules = promised(seat(blocked=(BlockedHours(time(7), time(9)),))).rules

    assert rules is not None
    assert [(6, 0)] == [(interval.start.hour, interval.start.minute) for interval in rules.blocked]


def test_a_trip_is_told_by_its_own_time_on_the_drivers_clock() -> None:
    elsewhere = replace(seat().driver, timezone=ZoneInfo("America/New_York"))
    travelling = seat(departures={}, trips=(Trip(datetime(2026, 2, 2, 7)),))

    goal = promised(replace(travelling, driver=elsewhere)).goal

    assert goal is not None
    assert datetime(2026, 2, 2, 12, tzinfo=UTC) == goal.ready_by


def test_what_a_car_was_measured_to_draw_beats_its_file_and_is_said() -> None:
    promise = promised(seat(), Circumstances(46.0, vehicle=replace(CAR, max_power_kw=7.0)))

    assert promise.rules is not None
    assert 7.0 == promise.rules.max_power_kw
    (note,) = promise.notes
    assert "planned with 7.0 kW, which this car was measured to draw, and not with the 11 kW of its file" == note


def test_a_car_that_draws_what_its_file_says_is_no_news() -> None:
    assert () == promised(seat(), Circumstances(46.0, vehicle=CAR)).notes


class NearlyEven(Flat):
    """The same price at any time, but for a twentieth of a cent less between 01:00 and 03:00 UTC."""

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        even = super().curve(tariff_id)
        return even and replace(
            even,
            slots=tuple(replace(slot, price_per_kwh=0.3 - (slot.price_per_kwh < 0.2) / 2000) for slot in even.slots),
        )


@pytest.mark.parametrize(
    ("wishes", "begins", "weighed"),
    [
        ({"battery_cost": 9000.0}, 4, True),
        ({}, 5, True),
        ({"battery_cost": 0.0}, 1, False),
        ({"daily_limit_pct": 100.0}, 1, False),
    ],
)
def test_what_is_above_the_daily_limit_waits_unless_the_driver_says_that_standing_costs_nothing(
    wishes: dict[str, Any], begins: int, weighed: bool
) -> None:
    full = seat(departures=dict.fromkeys(range(7), Departure(time(7), 100.0)), **wishes)

    promise = Promising(NearlyEven()).promise(full, Circumstances(80.0), NOW)

    assert begins == promise.plan.windows[-1].start.hour
    assert PlanOutcome.MET is promise.plan.outcome
    assert weighed == (promise.ageing is not None)


def test_a_battery_costs_what_a_pack_of_its_size_does_where_nobody_says() -> None:
    full = {"departures": dict.fromkeys(range(7), Departure(time(7), 100.0))}

    unsaid, said = (promised(seat(**full, **worth)).ageing for worth in ({}, {"battery_cost": 58 * 111.0}))

    assert unsaid is not None
    assert unsaid == said
    assert unsaid.wear.priced


def test_a_battery_ages_faster_in_a_warm_place() -> None:
    full = {"departures": dict.fromkeys(range(7), Departure(time(7), 100.0))}

    temperate, hot = (promised(seat(**full, parked_at_c=warmth)).ageing for warmth in (20.0, 40.0))

    assert temperate is not None
    assert hot is not None
    assert hot.wear.per_kwh_h > 1.5 * temperate.wear.per_kwh_h


class Foreign(NearlyEven):
    """The same prices in a currency for which nobody knows what a battery costs."""

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        even = super().curve(tariff_id)
        return even and replace(even, currency="XTS")


class ForeignEven(Foreign):
    """One price at any time, in that currency."""

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        even = super().curve(tariff_id)
        return even and replace(even, slots=tuple(replace(slot, price_per_kwh=0.3) for slot in even.slots))


@pytest.mark.parametrize(("prices", "begins"), [(Foreign(), 1), (ForeignEven(), 3)])
def test_in_a_currency_without_a_figure_standing_decides_between_equals_alone(prices: Flat, begins: int) -> None:
    full = seat(departures=dict.fromkeys(range(7), Departure(time(7), 100.0)), prefer=Prefer.EARLY)

    promise = Promising(prices).promise(full, Circumstances(80.0), NOW)

    assert begins == promise.plan.windows[0].start.hour
    assert promise.ageing is not None
    assert (False, 0.0) == (promise.ageing.wear.priced, promise.ageing.dearer)


def test_a_battery_that_is_fuller_than_the_limit_ages_by_what_is_charged_on_top() -> None:
    full = seat(departures=dict.fromkeys(range(7), Departure(time(7), 100.0)))

    ageing = promised(full, Circumstances(90.0)).ageing

    assert ageing is not None
    assert (0.0, 90.0) == (ageing.wear.free_kwh, ageing.wear.limit_pct)


def test_less_than_up_to_the_limit_ages_nothing_and_more_begins_to_age_at_the_limit() -> None:
    full = seat(departures=dict.fromkeys(range(7), Departure(time(7), 100.0)))
    whole = promised(full, Circumstances(70.0)).need
    assert whole is not None
    goals = (ChargeGoal(NOW + 9 * HOUR, 100.0),)

    below, above, entire = (
        wear_of(full, 70.0, goals, ChargeNeed((EnergyGoal(NOW + 9 * HOUR, energy_kwh),)), "EUR")
        for energy_kwh in (6.0, 7.0, whole.energy_kwh)
    )

    assert None is below
    assert above == entire
    assert entire is not None
    assert 58 * 0.1 / 0.9 == pytest.approx(entire.free_kwh)


def test_without_a_goal_no_battery_stands_full() -> None:
    assert None is promised(seat(departures={})).ageing


@pytest.mark.parametrize("soc_pct", [46.0, None])
def test_not_a_watt_hour_more_than_the_credit_is_planned(soc_pct: float | None) -> None:
    promise = promised(seat(), Circumstances(soc_pct, credit=Credit(energy_kwh=7.3)))

    assert promise.plan.energy_kwh <= 7.3


@pytest.mark.parametrize("soc_pct", [46.0, None])
def test_not_a_cent_more_than_the_credit_is_planned_and_it_goes_to_the_cheapest_hours(soc_pct: float | None) -> None:
    whole = promised(seat(), Circumstances(soc_pct))

    promise = promised(seat(), Circumstances(soc_pct, credit=Credit(money=whole.plan.cost / 2)))

    assert whole.plan.cost / 2 - 0.1 < promise.plan.cost <= whole.plan.cost / 2
    assert promise.plan.cost / promise.plan.energy_kwh <= whole.plan.cost / whole.plan.energy_kwh
    assert promise.plan.energy_kwh > whole.plan.energy_kwh / 2 - 0.6
    assert soc_pct is None or (promise.goal is not None and promise.goal.by_credit)


def test_money_enough_for_the_goal_changes_nothing() -> None:
    whole = promised(seat(), Circumstances(46.0))

    promise = promised(seat(), Circumstances(46.0, credit=Credit(money=100.0)))

    assert (whole.plan, whole.goal, whole.notes) == (promise.plan, promise.goal, promise.notes)


def test_money_buys_nothing_at_a_price_that_is_not_known_and_the_promise_says_so() -> None:
    promise = promised(seat(), Circumstances(46.0, credit=Credit(money=100.0)), hours=0)

    assert () == promise.plan.windows
    assert (UNPRICED,) == promise.notes
