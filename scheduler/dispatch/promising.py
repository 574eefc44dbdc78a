"""
From a driver's wish, a state of charge and the prices to a promise: the planner asked with the facts of one car.

Pure but for the prices it is handed: no clock, no store.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from scheduler.dispatch.make_limits import NO_LIMITS, MakeLimits
from scheduler.domain.command import Verb
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargeRules
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Seat
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import VehicleState
from scheduler.drivers import blocked_intervals, upcoming_goals
from scheduler.planning.considerate import considerate_plan
from scheduler.planning.need import at_once_cost, charge_need
from scheduler.planning.relaxation import DELAYS
from scheduler.ports import PriceBook

RESERVE_WITHIN = timedelta(hours=24)
"""The time within which a reserve is had where no departure is ahead; it is charged at once anyhow."""


class Promising:
    """Plans for one seat at a time, on the prices in force."""

    def __init__(self, prices: PriceBook) -> None:
        self._prices = prices

    def curve(self, seat: Seat) -> TariffCurve:
        """Return the prices in force for this driver; an empty curve where none is known yet."""
        return self._prices.curve(seat.driver.tariff_id) or TariffCurve("")

    def promise(
        self,
        seat: Seat,
        soc_pct: float | None,
        now: datetime,
        *,
        charging: bool,
        starts_used: int,
        stale: bool = False,
        limits: MakeLimits = NO_LIMITS,
    ) -> Promise:
        """
        Return the best that can be promised now. An unknown state of charge counts as empty, and the notes say so;
        *stale*: it is not known because the last report is too old. *limits* is what the make leaves us.
        """
        curve, car = self.curve(seat), seat.car
        goal = next(iter(upcoming_goals(car, seat.driver.timezone, now)), None)
        unknown = "the car has not reported for long" if stale else "the state of charge is not known"
        notes = [] if soc_pct is not None else [f"{unknown}, so the car is taken to be empty"]
        if not curve:
            notes.append("no prices are known, so charging is planned as late as is safe")
        need = self._need(seat, 0.0 if soc_pct is None else soc_pct, goal, now)
        rules = self._rules(seat, need, now, charging=charging, starts_used=starts_used)
        rules = within(rules, limits, charging=charging)
        objection = limits.objection(Verb.START, soc_pct) if need.goals else None
        if objection is not None:
            notes.append(objection)
        considered = considerate_plan(now, curve, need, rules, charging=charging)
        return Promise(
            seat.vehicle_id,
            now,
            soc_pct,
            goal,
            considered.plan,
            seat.driver.tariff_id,
            curve.currency,
            at_once_cost(now, curve, need, rules),
            curve.known_until(now),
            curve.simulated,
            (*notes, *considered.notes),
            need,
            rules,
            charging,
        )

    def _need(self, seat: Seat, soc_pct: float, goal: ChargeGoal | None, now: datetime) -> ChargeNeed:
        reserve_pct = seat.car.preferences.reserve_pct
        state = VehicleState(seat.vehicle_id, now, soc_pct, now)
        if goal is not None:
            return charge_need(seat.car.vehicle, state, [goal])
        if soc_pct < reserve_pct:
            return charge_need(seat.car.vehicle, state, [ChargeGoal(now + RESERVE_WITHIN, reserve_pct, reserve_pct)])
        return ChargeNeed()

    def _rules(self, seat: Seat, need: ChargeNeed, now: datetime, *, charging: bool, starts_used: int) -> ChargeRules:
        """Return the driver's limits, with the starts already spent in this session taken off; one is always left."""
        wishes = seat.car.preferences
        until = need.goals[-1].ready_by if need.goals else now + RESERVE_WITHIN
        left = None if wishes.max_starts is None else max(wishes.max_starts - starts_used, 0 if charging else 1)
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
