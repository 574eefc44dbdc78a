"""
From a driver's wish, a state of charge and the prices to a promise: the planner asked with the facts of one car.

Pure but for the prices it is handed: no clock, no store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import floor

from scheduler.dispatch.ageing import wear_of
from scheduler.dispatch.departing import Departing, LearnedGoal
from scheduler.dispatch.goals import away, planned_goals
from scheduler.dispatch.make_limits import NO_LIMITS, MakeLimits
from scheduler.dispatch.outlooks import Outlooks
from scheduler.domain.command import Verb
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, Prefer
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Seat
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import Vehicle, VehicleState
from scheduler.drivers import blocked_intervals, upcoming_goals
from scheduler.planning.considerate import considerate_plan
from scheduler.planning.credit import Credit, affordable, first_of
from scheduler.planning.need import at_once_cost, charge_need
from scheduler.planning.relaxation import DELAYS
from scheduler.ports import PriceBook

UNPRICED = "its credit is money, which buys nothing at a price that is not known yet"

RESERVE_WITHIN = timedelta(hours=24)
"""The time within which a reserve is had where no departure is ahead; it is charged at once anyhow."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """
    What is known of one car's stay.

    `soc_pct` None: not known; with `stale` because the last report is too old. `starts_used`: in this stay, by us.
    `limits` is what the make leaves us. `limit_pct` is where the car stops charging by itself, None where it does not say.
    `vehicle` is the car as it was measured; None: as its file says. `credit` is what a prepaid driver may still use;
    None for one who is not.
    """

    soc_pct: float | None
    charging: bool = False
    starts_used: int = 0
    stale: bool = False
    plugged_in_at: datetime | None = None
    limits: MakeLimits = NO_LIMITS
    limit_pct: float | None = None
    vehicle: Vehicle | None = None
    credit: Credit | None = None


class Promising:
    """Plans for one seat at a time, on the prices in force."""

    def __init__(self, prices: PriceBook, outlooks: Outlooks | None = None, departing: Departing | None = None) -> None:
        """Without *outlooks* nothing is expected beyond what the price book says, without *departing* nothing learned."""
        self._prices, self._outlooks, self._departing = prices, outlooks, departing

    def curve(self, seat: Seat) -> TariffCurve:
        """Return the prices in force for this driver; an empty curve where none is known yet."""
        return self._prices.curve(seat.driver.tariff_id) or TariffCurve("")

    def promise(self, seat: Seat, stay: Circumstances, now: datetime) -> Promise:
        """Return the best that can be promised now. An unknown state of charge counts as empty, and the notes say so."""
        written = seat.car.vehicle
        seat = replace(seat, car=replace(seat.car, vehicle=stay.vehicle or written))
        curve, learned = self.curve(seat), self._learned(seat, stay, now)
        upcoming = _upcoming(seat, stay, learned, now)
        goals = planned_goals(upcoming, stay.limit_pct)
        need = _need(seat, stay, goals, now)
        rules = _rules(seat, stay, need, now)
        gone = tuple(away(upcoming, goals, stay.plugged_in_at or now, seat.driver.timezone))
        rules = replace(rules, blocked=(*rules.blocked, *gone))
        if learned is not None:  # it may leave at any moment: of equals the early one
            rules = replace(rules, prefer=Prefer.EARLY)
        rules = within(rules, stay.limits, charging=stay.charging)
        known = curve
        if self._outlooks is not None:
            curve = self._outlooks.curve(seat, known, need, rules, now)
        unpriced: tuple[str, ...] = ()
        if stay.credit is not None:
            goals, need, unpriced = _bought(seat, stay, stay.credit, goals, need, rules, curve, now)
        wear = wear_of(seat, stay.soc_pct, goals, need, curve.currency)
        considered = considerate_plan(now, curve, need, rules, charging=stay.charging, wear=wear)
        return Promise(
            seat.vehicle_id,
            now,
            stay.soc_pct,
            goals[0] if goals else None,
            considered.plan,
            seat.driver.tariff_id,
            curve.currency,
            at_once_cost(now, curve, need, rules),
            curve.known_until(now),
            curve.simulated,
            (
                *_notes(stay, written, curve, need),
                *unpriced,
                *_learned_words(learned, goals),
                *_floor_words(goals),
                *considered.notes,
            ),
            need,
            rules,
            stay.charging,
            goals[1:],
            () if curve is known else tuple(slot for slot in curve.slots if not slot.firm),
            considered.ageing,
        )

    def _learned(self, seat: Seat, stay: Circumstances, now: datetime) -> LearnedGoal | None:
        """Return the goal of a car whose driver states neither departures nor how much notice he gives."""
        wishes = seat.car.preferences
        stated = bool(wishes.departures) or wishes.always_ready_within is not None
        if stated or self._departing is None or stay.plugged_in_at is None:
            return None
        return self._departing.goal(seat, stay.soc_pct, stay.plugged_in_at, self.curve(seat), now)


def _upcoming(seat: Seat, stay: Circumstances, learned: LearnedGoal | None, now: datetime) -> list[ChargeGoal]:
    """Return what the driver states and what is learned, in time order."""
    stated = upcoming_goals(seat.car, seat.driver.timezone, now, plugged_in_at=stay.plugged_in_at)
    everyone = stated if learned is None else (*stated, learned.goal)
    return sorted(everyone, key=lambda goal: goal.ready_by)


def _learned_words(learned: LearnedGoal | None, goals: tuple[ChargeGoal, ...]) -> tuple[str, ...]:
    """Say of a learned goal that it is one, where it is the next."""
    return (learned.note,) if learned is not None and goals[0].ready_by == learned.goal.ready_by else ()


def _floor_words(goals: tuple[ChargeGoal, ...]) -> Iterator[str]:
    """Say what will do for the next departure where its target may wait."""
    if len(goals) > 1 and goals[0].floor_pct is not None:
        yield (
            f"{goals[0].target_pct:.0f} % will do for the next departure and the rest may wait for a cheaper night; "
            "between departure and return the car is taken to be away"
        )


def _bought(
    seat: Seat,
    stay: Circumstances,
    credit: Credit,
    goals: tuple[ChargeGoal, ...],
    need: ChargeNeed,
    rules: ChargeRules,
    curve: TariffCurve,
    now: datetime,
) -> tuple[tuple[ChargeGoal, ...], ChargeNeed, tuple[str, ...]]:
    """
    Return as much of *goals* and *need* as the credit buys, and what is to be said of it.

    Beside the goals in whole percents the need is to the watt-hour: not one more is planned.
    """

    def plan_of(part: ChargeNeed) -> ChargePlan:
        wear = wear_of(seat, stay.soc_pct, goals, part, curve.currency)
        return considerate_plan(now, curve, part, rules, charging=stay.charging, wear=wear).plan

    bought_kwh = affordable(need, credit, plan_of).energy_kwh
    if bought_kwh >= need.energy_kwh:
        return goals, need, ()
    said = (UNPRICED,) if credit.money is not None and plan_of(need).unknown_kwh > 0 else ()
    goals = tuple(_within_credit(goal, seat, stay, bought_kwh) for goal in goals)
    return goals, first_of(_need(seat, stay, goals, now), bought_kwh), said


def _within_credit(goal: ChargeGoal, seat: Seat, stay: Circumstances, bought_kwh: float) -> ChargeGoal:
    """
    Return *goal*, or as much of it as was bought, in whole percents: what is seen of a battery moves by those.

    Where the state of charge is not known the goal stays; the stop at the end of the credit does not depend on it.
    """
    if stay.soc_pct is None:
        return goal
    vehicle = seat.car.vehicle
    buys_pct = 100 * bought_kwh * vehicle.efficiency / vehicle.usable_kwh
    reach_pct = floor(stay.soc_pct + buys_pct)
    if goal.target_pct <= reach_pct:
        return goal
    wanted_pct = goal.target_pct if goal.wanted_pct is None else goal.wanted_pct
    reserve_pct = min(goal.reserve_pct, reach_pct)
    return replace(goal, target_pct=reach_pct, reserve_pct=reserve_pct, wanted_pct=wanted_pct, by_credit=True)


def _need(seat: Seat, stay: Circumstances, goals: tuple[ChargeGoal, ...], now: datetime) -> ChargeNeed:
    reserve_pct, soc_pct = seat.car.preferences.reserve_pct, stay.soc_pct or 0.0
    state = VehicleState(seat.vehicle_id, now, soc_pct, now)
    if goals:
        return charge_need(seat.car.vehicle, state, goals)
    if soc_pct < reserve_pct:
        return charge_need(seat.car.vehicle, state, [ChargeGoal(now + RESERVE_WITHIN, reserve_pct, reserve_pct)])
    return ChargeNeed()


def _rules(seat: Seat, stay: Circumstances, need: ChargeNeed, now: datetime) -> ChargeRules:
    """Return the driver's limits, with the starts already spent in this session taken off; one is always left."""
    wishes = seat.car.preferences
    until = need.goals[-1].ready_by if need.goals else now + RESERVE_WITHIN
    least = 0 if stay.charging else 1
    left = None if wishes.max_starts is None else max(wishes.max_starts - stay.starts_used, least)
    return ChargeRules(
        seat.car.vehicle.max_power_kw,
        left,
        wishes.min_run,
        start_cost=wishes.start_cost,
        continuous=wishes.continuous,
        max_price=wishes.max_price,
        blocked=blocked_intervals(seat.car, seat.driver.timezone, Interval(now, max(until, now) + DELAYS[-1])),
        prefer=wishes.prefer,
    )


def _notes(stay: Circumstances, written: Vehicle, curve: TariffCurve, need: ChargeNeed) -> Iterator[str]:
    if stay.soc_pct is None:
        unknown = "the car has not reported for long" if stay.stale else "the state of charge is not known"
        yield f"{unknown}, so the car is taken to be empty"
    if not curve and (stay.credit is None or stay.credit.money is None):
        yield "no prices are known, so charging is planned as late as is safe"
    if need.goals and stay.vehicle is not None and stay.vehicle.max_power_kw != written.max_power_kw:
        drawn, said = stay.vehicle.max_power_kw, written.max_power_kw
        yield f"planned with {drawn:.1f} kW, which this car was measured to draw, and not with the {said:g} kW of its file"
    objection = stay.limits.objection(Verb.START, stay.soc_pct) if need.goals else None
    if objection is not None:
        yield objection


def within(rules: ChargeRules, limits: MakeLimits, *, charging: bool) -> ChargeRules:
    """Return *rules* with no more starts than the make leaves, and in one piece where it takes no stop."""
    if limits.starts is None:
        return rules
    left = max(limits.starts, 0 if charging else 1)
    return replace(
        rules,
        continuous=rules.continuous or limits.stops == 0,
        max_starts=left if rules.max_starts is None else min(left, rules.max_starts),
    )
