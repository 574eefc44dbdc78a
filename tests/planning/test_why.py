"""Why a car charges when it does, told from what was kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, EnergyGoal
from scheduler.domain.promise import Promise
from scheduler.domain.session import ChargeSession, Hand
from scheduler.domain.tariff import PriceComponent, PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.domain.wear import Wear
from scheduler.planning.considerate import considerate_plan
from scheduler.planning.need import at_once_cost
from scheduler.planning.relaxation import Wish
from scheduler.planning.why import Explanation, explanation

NOW = datetime(2026, 2, 1, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
ADA = VehicleId("ada")
CAR = Vehicle(ADA, "ID.3", "VW", "ID.3", Powertrain.BEV, "v", "u", 100, 10, 1.0)


def curve(*prices: float | None, firm: bool = True) -> TariffCurve:
    slots = (
        PriceSlot(NOW + hour * HOUR, NOW + (hour + 1) * HOUR, price, firm)
        for hour, price in enumerate(prices)
        if price is not None
    )
    return TariffCurve("EUR", tuple(slots))


def promise(
    prices: TariffCurve,
    hours: float = 2,
    to_pct: float = 60.0,
    *,
    soc_pct: float | None = 50.0,
    reserve_kwh: float = 0.0,
    goal: bool = True,
    wear: Wear | None = None,
    **rules: Any,
) -> Promise:
    """Return what a car with 100 kWh is promised at `NOW`."""
    ready_by = NOW + hours * HOUR
    need = ChargeNeed((EnergyGoal(ready_by, max(to_pct - (soc_pct or 0), 0)),), reserve_kwh)
    asked = replace(ChargeRules(10.0), **rules)
    considered = considerate_plan(NOW, prices, need, asked, wear=wear)
    return Promise(
        ADA,
        NOW,
        soc_pct,
        ChargeGoal(ready_by, to_pct) if goal else None,
        considered.plan,
        TariffId("home"),
        prices.currency,
        at_once_cost(NOW, prices, need, asked),
        prices.known_until(NOW),
        need=need,
        rules=asked,
        ageing=considered.ageing,
    )


def why(
    given: Promise,
    prices: TariffCurve | None,
    *commands: Command,
    session: ChargeSession | None = None,
    now: datetime = NOW,
) -> Explanation:
    return explanation(given, prices, CAR, session, commands, now, BERLIN)


def told(given: Promise, prices: TariffCurve | None, *commands: Command, **facts: Any) -> str:
    return "\n".join(why(given, prices, *commands, **facts).sentences)


def test_it_says_what_was_promised_when_for_how_much_and_against_what() -> None:
    prices = curve(0.4, 0.1)

    words = told(promise(prices), prices)

    assert "Promised 23:00, at 50 %: 60 % by Mon 01:00 for EUR 1.00." in words
    assert "That takes 10.0 kWh at the plug, 1 h at 10 kW." in words
    assert "Charging at once would have cost EUR 4.00; the plan saves EUR 3.00." in words
    assert "Mon 00:00–01:00: 10.0 kWh at EUR 0.1000/kWh, EUR 1.00." in words
    assert "Prices were known until Mon 01:00." in words


def test_several_goals_and_trips_by_their_name_are_told_in_their_order() -> None:
    prices = curve(0.4, 0.1)
    trip = ChargeGoal(NOW + 11 * HOUR, 100.0, name="Skiing")

    words = told(replace(promise(prices), later_goals=(trip,)), prices)

    assert "60 % by Mon 01:00 and 100 % by Mon 10:00 (Skiing) for EUR 1.00." in words


def test_a_target_beyond_the_cars_own_limit_is_told() -> None:
    prices = curve(0.4, 0.1)
    made = promise(prices)
    assert made.goal is not None

    words = told(replace(made, goal=replace(made.goal, wanted_pct=80.0)), prices)

    assert "60 % instead of 80 %, where the car stops by itself, by Mon 01:00 for" in words


def test_a_past_promise_is_told_with_its_days() -> None:
    prices = curve(0.4, 0.1)

    assert "Promised Sun 1 Feb 23:00" in told(promise(prices), prices, now=NOW + timedelta(days=10))


def test_leaving_later_is_told_on_the_drivers_clock() -> None:
    prices = curve(0.4, 0.4, 0.1)

    assert "Leaving at 02:00 instead of 01:00 would save EUR 3.00." in told(promise(prices), prices)


def test_a_lower_target_is_told_with_what_it_leaves_out() -> None:
    prices = curve(0.2, 0.2)

    assert "A target of 55 % instead of 60 % would save EUR 1.00, with 5.0 kWh less." in told(promise(prices), prices)


@pytest.mark.parametrize(
    ("prices", "hours", "facts", "words"),
    [
        ((0.1, 0.9, 0.1), 3, {"to_pct": 70.0, "max_starts": 1}, "One more start would save EUR 8.00."),
        (
            (0.1, 0.9, 0.1),
            3,
            {"to_pct": 70.0, "continuous": True},
            "Several windows instead of one would save EUR 8.00.",
        ),
        ((0.5, 0.1), 2, {"reserve_kwh": 5.0}, "Waiting below the reserve would save EUR 2.00."),
        (
            (0.1, 0.4),
            2,
            {"blocked": (Interval(NOW, NOW + HOUR),)},
            "Charging in the blocked hours too would save EUR 3.00.",
        ),
        (
            (0.1, 0.9, 0.1, 0.9),
            4,
            {"to_pct": 70.0, "min_run": 2 * HOUR},
            "Windows shorter than 2 h would save EUR 8.00.",
        ),
        (
            (0.1, 0.4),
            2,
            {"to_pct": 70.0, "max_price": 0.3},
            "Lifting the price cap of EUR 0.3000/kWh would bring 10.0 kWh more, for EUR 4.00 more.",
        ),
        ((0.4, 0.3, -0.2), 2, {"to_pct": 80.0}, "would bring 10.0 kWh more, for EUR 2.00 less."),
    ],
)
def test_each_wish_is_told_with_what_it_costs(
    prices: tuple[float, ...], hours: float, facts: dict[str, Any], words: str
) -> None:
    known = curve(*prices)

    assert words in told(promise(known, hours, **facts), known)


def test_a_price_is_taken_apart_where_its_parts_are_known() -> None:
    parts = (PriceComponent("energy", 0.05), PriceComponent("VAT", 0.05))
    prices = TariffCurve("EUR", (PriceSlot(NOW, NOW + 2 * HOUR, 0.1, components=parts),))

    assert "EUR 1.00 (energy 0.0500, VAT 0.0500)." in told(promise(prices), prices)


def test_forecast_prices_are_marked_as_such() -> None:
    prices = curve(0.4, 0.1, firm=False)

    words = told(promise(prices), prices)

    assert "60 % by Mon 01:00 for about EUR 1.00." in words
    assert "10.0 kWh of it are at forecast prices, which may turn out otherwise." in words
    assert "Whatever they become, it charges from Mon 00:00 on at the latest." in words
    assert "No price was known then." in words


def test_an_early_record_knows_no_latest_start() -> None:
    prices = curve(0.4, 0.1, firm=False)

    words = told(replace(promise(prices), need=None, rules=None), prices)

    assert "at forecast prices, which may turn out otherwise.\n" in words


def test_a_promise_is_told_on_the_forecast_it_was_made_on() -> None:
    prices = curve(0.4)
    expected = curve(0.4, 0.1, firm=False).slots[1:]

    words = told(replace(promise(TariffCurve("EUR", (*prices.slots, *expected))), forecast=expected), prices)

    assert "60 % by Mon 01:00 for about EUR 1.00." in words
    assert "10.0 kWh of it are at forecast prices" in words


def test_unknown_prices_are_named_and_never_taken_for_nothing() -> None:
    prices = curve(0.4)

    words = told(promise(prices, to_pct=70.0), prices)

    assert "Mon 00:00–01:00" not in words
    assert "10.0 kWh of it are at prices not known then; they are charged as late as is safe." in words
    assert "What charging at once would have cost is not known: a price on that way is missing." in words


def test_a_plan_without_any_price_has_no_cost() -> None:
    words = told(promise(curve()), None)

    assert "60 % by Mon 01:00 for a price that is not known yet." in words
    assert "10.0 kWh at a price that is not known yet." in words


def test_what_starts_cost_is_told_beside_the_energy() -> None:
    prices = curve(0.4, 0.1)

    assert "for EUR 1.00 and EUR 0.25 for its starts." in told(promise(prices, start_cost=0.25), prices)


def test_a_plan_that_is_no_cheaper_says_so() -> None:
    prices = curve(0.2, 0.2)

    assert "Charging at once would have cost EUR 2.00, which is no more." in told(promise(prices), prices)


def test_a_plan_that_is_dearer_says_what_came_first() -> None:
    prices = curve(0.1, 0.9)
    given = promise(prices)

    words = told(replace(given, at_once_cost=0.5), prices)

    assert "Charging at once would have cost EUR 0.50; being ready comes before the price." in words


def test_an_unknown_comparison_is_left_out_where_part_of_the_plan_is_unknown() -> None:
    prices = curve(0.4)
    given = promise(prices, to_pct=70.0)

    assert "Charging at once would" not in told(replace(given, at_once_cost=1.0), prices)


def test_a_shortage_of_time_is_told_with_what_is_missing() -> None:
    prices = curve(0.2, 0.2)

    assert "80 % by Mon 01:00 for EUR 4.00, but 10.0 kWh will be missing: there is no time for more." in told(
        promise(prices, to_pct=80.0), prices
    )


def test_a_shortage_of_prices_is_told_with_what_is_missing() -> None:
    prices = curve(0.2, 0.5)

    assert "70 % by Mon 01:00 for EUR 2.00, but 10.0 kWh will be missing: the rest is above the price cap." in told(
        promise(prices, to_pct=70.0, max_price=0.3), prices
    )


def test_a_shortage_without_any_window_has_no_cost() -> None:
    prices = curve(0.5, 0.5)

    words = told(promise(prices, max_price=0.3), prices)

    assert "60 % by Mon 01:00, but 10.0 kWh will be missing" in words
    assert "Lifting the price cap" in words


def test_a_car_at_its_target_is_told_to_have_nothing_to_charge() -> None:
    prices = curve(0.2, 0.2)

    words = told(promise(prices, to_pct=40.0), prices)

    assert "Promised 23:00, at 50 %: the target of 40 % for Mon 01:00 is held, so there is nothing to charge." in words
    assert "would save" not in words


def test_a_car_without_a_departure_is_told_what_its_reserve_needs() -> None:
    prices = curve(0.2, 0.2)

    assert "the reserve, at once for EUR 2.00." in told(promise(prices, reserve_kwh=10.0, goal=False), prices)
    assert "no departure is ahead and the reserve is held" in told(promise(prices, to_pct=40.0, goal=False), prices)


def test_an_unknown_charge_is_not_called_empty() -> None:
    prices = curve(0.2, 0.2)

    assert "Promised 23:00, with the state of charge unknown:" in told(
        promise(prices, to_pct=10.0, soc_pct=None), prices
    )


def test_a_plan_that_nothing_binds_says_so() -> None:
    prices = curve(-0.2, -0.2, -0.2)

    assert "No wish made it dearer: leaving later or more starts would save nothing." in told(promise(prices), prices)


def test_a_record_without_its_rules_does_not_guess_at_them() -> None:
    prices = curve(0.4, 0.1)
    given = replace(promise(prices), need=None, rules=None)

    explained = why(given, prices)

    assert None is explained.relaxations
    assert "What a wish cost cannot be said: not everything this plan was made from was kept." in explained.sentences


@pytest.mark.parametrize(
    "changed",
    [
        {"cost": 2.0},
        {"energy_kwh": 9.0},
        {"unknown_kwh": 1.0},
    ],
)
def test_facts_that_lead_to_another_plan_explain_nothing(changed: dict[str, Any]) -> None:
    prices = curve(0.4, 0.1)
    given = promise(prices)

    assert None is why(replace(given, plan=replace(given.plan, **changed)), prices).relaxations


def test_the_same_facts_lead_to_the_same_plan_and_its_wishes() -> None:
    prices = curve(0.4, 0.4, 0.1)

    relaxed = why(promise(prices), prices).relaxations

    assert relaxed is not None
    assert [Wish.READY_BY, Wish.TARGET] == [relaxation.wish for relaxation in relaxed]


def test_notes_and_simulated_prices_are_repeated() -> None:
    prices = curve(0.4, 0.1)
    given = replace(promise(prices), notes=("the cap was dropped",), simulated=True)

    words = told(given, prices)

    assert "The cap was dropped." in words
    assert "SIMULATED: these prices are not today's real ones." in words


@pytest.mark.parametrize(("hand", "did"), [(Hand.CHARGING, "started"), (Hand.STOPPED, "stopped")])
def test_a_hand_on_the_car_is_told(hand: Hand, did: str) -> None:
    prices = curve(0.4, 0.1)
    session = ChargeSession(ADA, NOW, hand=hand)

    assert f"The car was {did} by hand in this plug-in; that wins over the plan." in told(
        promise(prices), prices, session=session
    )


def test_no_hand_is_not_told() -> None:
    prices = curve(0.4, 0.1)

    assert "by hand" not in told(promise(prices), prices, session=ChargeSession(ADA, NOW))


def test_the_commands_that_followed_are_told_with_their_reason_and_outcome() -> None:
    prices = curve(0.4, 0.1)
    start = Command(
        CommandId("c1"),
        ADA,
        Verb.START,
        Reason.PLAN,
        NOW + HOUR,
        NOW + 2 * HOUR,
        CommandStatus.CONFIRMED,
        sent_at=NOW + HOUR,
        settled_at=NOW + HOUR + timedelta(minutes=3),
        detail="the car is charging",
    )
    stop = Command(CommandId("c2"), ADA, Verb.STOP, Reason.TARGET_REACHED, NOW + 2 * HOUR, NOW + 3 * HOUR)

    words = told(promise(prices), prices, start, stop)

    assert "Mon 00:00 start (the plan): confirmed by a look at the car at 00:03 (the car is charging)." in words
    assert "Mon 01:00 stop (target reached): waiting to be sent." in words


def test_a_plan_is_made_again_from_the_charging_it_was_made_in() -> None:
    prices = curve(0.4, 0.1)
    given = promise(prices, to_pct=70.0)
    rules, need = given.rules, given.need
    assert rules is not None
    assert need is not None
    running: ChargePlan = considerate_plan(NOW, prices, need, rules, charging=True).plan

    relaxed = why(replace(given, charging=True, plan=running), prices).relaxations

    assert relaxed is not None


def test_a_plan_that_spares_the_battery_is_told_with_what_that_costs_and_how_sure_it_is() -> None:
    prices = curve(0.100, 0.101, 0.101, 0.101)

    words = told(promise(prices, hours=4, to_pct=60.0, wear=Wear(0.0, 0.004)), prices)

    assert "From Mon 02:00 to Mon 03:00 the battery stands above 80 %; that ages it by about EUR 0.02." in words
    assert (
        "What lies above 80 % is charged late: that costs about EUR 0.01 more, and spares the battery about EUR 0.12"
        in words
    )
    assert "Ageing counted, no other plan costs less by more than EUR 0.01." in words


def test_a_wish_that_only_makes_the_battery_stand_is_not_told_as_a_cost() -> None:
    prices = curve(0.100, 0.101, 0.101, 0.101)
    sparing = promise(prices, hours=4, to_pct=60.0, wear=Wear(0.0, 0.004), max_price=0.5)

    words = told(sparing, prices)

    assert "A target of 55 % instead of 60 %" in words
    assert "price cap" not in words


def test_what_a_wish_costs_in_ageing_is_told_apart_from_the_bill() -> None:
    blocked = (Interval(NOW + 3 * HOUR, NOW + 4 * HOUR),)
    flat, dearer_late = curve(0.1, 0.1, 0.1, 0.1), curve(0.1, 0.1, 0.1, 0.105)

    words = [
        told(promise(prices, hours=4, to_pct=60.0, wear=Wear(0.0, 0.01), blocked=blocked), prices)
        for prices in (flat, dearer_late)
    ]

    assert "Charging in the blocked hours too would save EUR 0.10, EUR 0.10 of it in ageing." in words[0]
    assert (
        "Charging in the blocked hours too would save EUR 0.06: EUR 0.09 of ageing, for EUR 0.04 more on the bill."
        in words[1]
    )


def test_a_saving_for_which_the_battery_stands_longer_is_told_with_that() -> None:
    prices = curve(0.05, 0.1, 0.1, 0.1)

    words = told(
        promise(prices, hours=4, to_pct=60.0, wear=Wear(0.0, 0.01), blocked=(Interval(NOW, NOW + HOUR),)), prices
    )

    assert "Charging in the blocked hours too would save EUR 0.20 after EUR 0.30 more of ageing." in words
