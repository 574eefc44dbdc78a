from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import VehicleId
from scheduler.planning.explain import promise_sentence

BERLIN = ZoneInfo("Europe/Berlin")


def local(day: int, hour: int, minute: int = 0, month: int = 2) -> datetime:
    """A local wall time of 2026 as a moment; the 1st of February and the 1st of March are Sundays."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


NOW = local(6, 17, 32)
GOAL = ChargeGoal(local(7, 7), 80.0)
NIGHT = ChargePlan(
    PlanOutcome.MET,
    (ChargeWindow(local(7, 1, 15), local(7, 3, 15), 7.4), ChargeWindow(local(7, 5), local(7, 5, 30), 7.4)),
    energy_kwh=18.5,
    cost=2.309,
    starts=2,
)


def promised(
    plan: ChargePlan = NIGHT,
    goal: ChargeGoal | None = GOAL,
    at_once_cost: float | None = 4.36,
    currency: str = "EUR",
    soc_pct: float | None = 46.0,
) -> Promise:
    return Promise(VehicleId("ada"), NOW, soc_pct, goal, plan, TariffId("home"), currency, at_once_cost)


def said(promise: Promise, soc_pct: float | None = 46.0, now: datetime = NOW, *, charging: bool | None = None) -> str:
    return promise_sentence("Ada's ID.3", promise, soc_pct, now, BERLIN, charging=charging)


def test_a_promise_says_when_how_full_how_much_and_what_comes_next() -> None:
    expected = (
        "Ada's ID.3: 46 %, ready 07:00 at 80 % for EUR 2.31, next start 01:15; charging at once would cost EUR 4.36"
    )

    assert expected == said(promised())


def test_a_state_of_charge_that_is_not_known_is_said() -> None:
    assert said(promised(), soc_pct=None).startswith("Ada's ID.3: state of charge unknown, ready 07:00")


def test_a_car_that_does_not_do_yet_what_its_plan_says_is_said_so() -> None:
    promise = promised(at_once_cost=None)

    assert said(promise, now=local(7, 2), charging=False).endswith(", due to charge until 03:15, not charging yet")
    assert said(promise, now=local(7, 2), charging=True).endswith(", charging now until 03:15")
    assert said(promise, charging=True).endswith(", still charging, next start 01:15")
    assert said(promise, charging=False).endswith(", next start 01:15")


def test_while_it_charges_the_sentence_says_until_when() -> None:
    sentence = said(promised(at_once_cost=None), now=local(7, 2))

    assert "Ada's ID.3: 46 %, ready 07:00 at 80 % for EUR 2.31, charging now until 03:15" == sentence


def test_after_the_last_window_no_charging_is_ahead() -> None:
    assert said(promised(at_once_cost=None), now=local(7, 6)).endswith("for EUR 2.31, no charging ahead")


def test_a_moment_beyond_the_coming_day_has_its_weekday() -> None:
    goal = ChargeGoal(local(9, 7), 80.0)

    assert "ready Mon 07:00 at 80 %" in said(promised(goal=goal))


def test_a_moment_a_day_ahead_to_the_minute_has_its_weekday_and_one_minute_less_has_none() -> None:
    assert "ready Sat 17:32 at" in said(promised(goal=ChargeGoal(local(7, 17, 32), 80.0)))
    assert "ready 17:31 at" in said(promised(goal=ChargeGoal(local(7, 17, 31), 80.0)))


def test_a_moment_that_is_past_has_its_weekday() -> None:
    assert "ready Sat 07:00" in said(promised(), now=local(7, 7, 1))


def test_the_days_hours_are_elapsed_hours_when_the_clocks_change() -> None:
    before_the_change = local(28, 17, month=3)
    goal = ChargeGoal(local(29, 17, 59, month=3), 80.0)

    assert "ready 17:59 at" in said(promised(goal=goal), now=before_the_change)
    assert "ready Sun 18:00 at" in said(
        promised(goal=replace(goal, ready_by=goal.ready_by + timedelta(minutes=1))), now=before_the_change
    )


def test_a_car_at_its_target_has_nothing_to_do() -> None:
    assert "Ada's ID.3: 81 %, at its target of 80 % for 07:00, nothing to do" == said(
        promised(ChargePlan.rest()), soc_pct=81.0
    )


def test_a_car_that_stops_below_what_was_asked_for_says_so() -> None:
    limited = ChargeGoal(local(7, 7), 80.0, wanted_pct=100.0)

    assert "ready 07:00 at 80 % (of 100 %: the car stops there by itself) for EUR 2.31" in said(promised(goal=limited))
    assert "81 %, at 80 % (of 100 %: the car stops there by itself) for 07:00, nothing to do" in said(
        promised(ChargePlan.rest(), goal=limited), soc_pct=81.0
    )


def test_several_goals_are_told_in_their_order_and_a_car_at_the_last_is_at_its_target() -> None:
    floor, later = replace(GOAL, target_pct=40.0, floor_pct=40.0), ChargeGoal(local(9, 7), 80.0)

    assert "ready 07:00 at 40 % and Mon 07:00 at 80 % for EUR 2.31" in said(
        replace(promised(goal=floor), later_goals=(later,))
    )
    assert "at its target of 80 % for 07:00" in said(
        replace(promised(ChargePlan.rest(), goal=floor), later_goals=(later,))
    )


def test_a_car_without_a_departure_and_above_its_reserve_has_nothing_to_do() -> None:
    assert "Ada's ID.3: 46 %, no departure ahead, nothing to do" == said(promised(ChargePlan.rest(), goal=None))


def test_a_car_without_a_departure_charges_to_its_reserve() -> None:
    sentence = said(promised(goal=None, at_once_cost=None))

    assert "Ada's ID.3: 46 %, no departure ahead, charging to its reserve for EUR 2.31, next start 01:15" == sentence


def test_a_reserve_that_cannot_be_had_is_said() -> None:
    plan = replace(NIGHT, outcome=PlanOutcome.SHORT_OF_TIME)

    assert "no departure ahead, its reserve cannot be had in full for EUR 2.31" in said(promised(plan, goal=None))


def test_what_is_short_of_time_says_how_far_it_comes() -> None:
    plan = replace(NIGHT, outcome=PlanOutcome.SHORT_OF_TIME, shortfall_kwh=18.5)

    assert "Ada's ID.3: 46 %, 63 % of 80 % by 07:00 for EUR 2.31, short of time, charging all it can, next" in said(
        promised(plan)
    )


def test_what_is_short_of_prices_says_so() -> None:
    plan = replace(NIGHT, outcome=PlanOutcome.SHORT_OF_PRICES, shortfall_kwh=18.5)

    assert "63 % of 80 % by 07:00 for EUR 2.31, the rest is above the price cap" in said(promised(plan))


def test_a_short_plan_of_a_car_that_never_told_its_charge_counts_from_empty() -> None:
    plan = replace(NIGHT, outcome=PlanOutcome.SHORT_OF_TIME, shortfall_kwh=18.5)

    assert "40 % of 80 % by 07:00" in said(promised(plan, soc_pct=None), soc_pct=None)


def test_a_plan_that_charges_nothing_stays_where_it_is_and_names_no_money() -> None:
    plan = ChargePlan(PlanOutcome.SHORT_OF_TIME)

    assert "Ada's ID.3: 46 %, 46 % of 80 % by 07:00, short of time, charging all it can, no charging ahead" == said(
        promised(plan)
    )


def test_without_a_currency_no_money_is_named() -> None:
    assert "Ada's ID.3: 46 %, ready 07:00 at 80 %, next start 01:15" == said(promised(currency=""))


def test_prices_that_are_all_unknown_are_no_cost() -> None:
    plan = replace(NIGHT, cost=0.0, unknown_kwh=18.5, cost_known=False)

    assert said(promised(plan)).endswith("ready 07:00 at 80 % at prices not known yet, next start 01:15")


def test_prices_that_are_partly_unknown_are_said_apart() -> None:
    plan = replace(NIGHT, unknown_kwh=3.3, cost_known=False)

    assert said(promised(plan)).endswith("at 80 % for EUR 2.31 and 3.3 kWh at prices not known yet, next start 01:15")


def test_a_forecast_is_marked() -> None:
    plan = replace(NIGHT, cost_known=False)

    assert "at 80 % for about EUR 2.31, prices partly a forecast, next start" in said(promised(plan))


def test_charging_at_once_is_named_only_where_it_is_known_and_another_amount() -> None:
    assert "at once" not in said(promised(at_once_cost=None))
    assert "at once" not in said(promised(at_once_cost=2.312))
    assert "at once would cost EUR 2.32" in said(promised(at_once_cost=2.32))


def test_an_amount_that_rounds_to_nothing_has_no_sign() -> None:
    plan = replace(NIGHT, cost=-0.001)

    assert "for EUR 0.00, next" in said(promised(plan, at_once_cost=None))


def test_money_earned_is_negative() -> None:
    plan = replace(NIGHT, cost=-0.129)

    assert "for EUR -0.13, next start 01:15; charging at once would cost EUR 4.36" in said(promised(plan))
