r"""
From a state of charge to energy at the plug, and to time.

    power                                    What an electric car takes on alternating current near full: evcc's curve,
      |--------- max_power_kw ------.        a line from 50 kW at 50 % to 1 kW at 100 % (facts: peers.md, section 1).
      |                              \       Below the line the car takes all the plug can give.
      |                               \
      |________________________________\_ 1 kW
      0 %                         knee   100 %

A plan charges at constant power, so the slow end is put into the need as the energy that full power would deliver in the
same time. Below the knee (90 % at 11 kW, 94 % at 7.4 kW) that is the very energy; above it the plan holds more time, and
its cost says more, than what really flows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import isfinite, log

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval, as_utc
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import Vehicle, VehicleState
from scheduler.planning.timeline import HOUR_US, Kind, timeline

POWER_MARGIN = 0.05
"""How much less than assumed a car may draw and still be ready in time: evcc#12733 planned 7 360 W and got 7 073 W."""

LEAST_POWER_KW = 0.1
"""Below that nothing is charged that a car would notice; a household socket gives 1.4 kW at least."""

KW_AT_FULL = 1.0
KW_LOST_PER_PCT = 0.98


def charge_need(
    vehicle: Vehicle, state: VehicleState, goals: Sequence[ChargeGoal], power_margin: float = POWER_MARGIN
) -> ChargeNeed:
    """
    Return the energy at the plug for *goals* in time order; each includes those before it.

    Nothing is needed for a target at or below the state of charge. An unknown state of charge counts as empty. A car that
    draws up to *power_margin* (0-1) less than assumed is still in time: each goal is moved ahead by as long as that would
    cost, as far as there is time for it (from `state.seen_at` on); no more energy is bought.
    """
    soc_pct = _share_pct(state.soc_pct, 0.0)
    energy_goals: list[EnergyGoal] = []
    reached_pct, reserve_pct = soc_pct, soc_pct
    for goal in goals:
        reached_pct = max(reached_pct, _share_pct(goal.target_pct, soc_pct))
        reserve_pct = max(reserve_pct, _share_pct(goal.reserve_pct, soc_pct))
        ready_by = _ahead(vehicle, soc_pct, reached_pct, goal.ready_by, state.seen_at, power_margin)
        if energy_goals:
            ready_by = max(ready_by, energy_goals[-1].ready_by)
        energy_goals.append(EnergyGoal(ready_by, plug_energy_kwh(vehicle, soc_pct, reached_pct)))
    return ChargeNeed(tuple(energy_goals), plug_energy_kwh(vehicle, soc_pct, min(reserve_pct, reached_pct)))


def plug_energy_kwh(vehicle: Vehicle, from_pct: float, to_pct: float) -> float:
    """Return the energy that full power delivers in the time this charge takes; 0 where *to_pct* is not above."""
    return _charge_hours(vehicle, from_pct, to_pct, vehicle.max_power_kw) * vehicle.max_power_kw


def charge_time(vehicle: Vehicle, from_pct: float, to_pct: float, power_kw: float) -> timedelta:
    """
    Return how long *power_kw* at the plug takes from one state of charge to another, the slow end included.

    Zero where *to_pct* is not above *from_pct*. InvalidValue for a power below `LEAST_POWER_KW`.
    """
    if not (isfinite(power_kw) and power_kw >= LEAST_POWER_KW):
        raise InvalidValue(f"power_kw must be at least {LEAST_POWER_KW}, got {power_kw}")
    return timedelta(hours=_charge_hours(vehicle, from_pct, to_pct, power_kw))


def _charge_hours(vehicle: Vehicle, from_pct: float, to_pct: float, power_kw: float) -> float:
    begin, end = _share_pct(from_pct, 0.0), _share_pct(to_pct, 0.0)
    if end <= begin:
        return 0.0
    knee = min(max(100.0 - (power_kw - KW_AT_FULL) / KW_LOST_PER_PCT, 0.0), 100.0)
    kwh_per_pct = vehicle.usable_kwh / 100 / vehicle.efficiency
    hours = max(min(end, knee) - begin, 0.0) * kwh_per_pct / power_kw
    if end > knee:
        slow_from = max(begin, knee)
        hours += kwh_per_pct / KW_LOST_PER_PCT * log(_kw_at(slow_from) / _kw_at(end))
    return hours


def at_once_cost(now: datetime, curve: TariffCurve, need: ChargeNeed, rules: ChargeRules) -> float | None:
    """
    Return what the same energy would cost if it were charged from *now* on at full power, outside blocked times alone.

    None where a price on that way is not known. What does not fit before the last goal is left out, as in a plan.
    """
    if need.energy_kwh <= 0:
        return 0.0
    now, end = as_utc(now), as_utc(need.goals[-1].ready_by)
    if end <= now or rules.max_power_kw <= 0:
        return 0.0
    line = timeline(curve, Interval(now, end), rules.blocked)
    left_us, cost = round(need.energy_kwh / rules.max_power_kw * HOUR_US), 0.0
    for index, (kind, price) in enumerate(zip(line.kinds, line.prices, strict=True)):
        if kind is Kind.BLOCKED:
            continue
        if left_us <= 0:
            break
        if kind is Kind.UNKNOWN:
            return None
        used_us = min(left_us, line.points[index + 1] - line.points[index])
        left_us -= used_us
        cost += price * used_us
    return cost * rules.max_power_kw / HOUR_US


def _share_pct(pct: float | None, otherwise: float) -> float:
    """Return *pct* within 0-100; *otherwise* where it is no number."""
    return min(max(pct, 0.0), 100.0) if pct is not None and isfinite(pct) else otherwise


def _kw_at(soc_pct: float) -> float:
    return KW_AT_FULL + KW_LOST_PER_PCT * (100.0 - soc_pct)


def _ahead(
    vehicle: Vehicle, from_pct: float, to_pct: float, ready_by: datetime, now: datetime, power_margin: float
) -> datetime:
    """Return when to plan to be ready, so that a car with a little less power is ready by *ready_by*."""
    duration = charge_time(vehicle, from_pct, to_pct, vehicle.max_power_kw)
    wanted = ready_by - duration * (power_margin / (1 - power_margin))
    return min(ready_by, max(wanted, now + duration))
