"""
The planning problem and its answer as JSON values: the public form of design/problem.md, for `smartcharge solve`.

    document --parse_problem--> Problem --solve--> document

A document that is not a problem is a `ProblemError` whose message begins with the place: `vehicles[0].goals[1].energy_kwh`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.interval import Interval, without
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, EnergyGoal, Prefer
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning.cheapest import cheapest_plan
from scheduler.planning.fields import (
    Fields,
    ProblemError,
    as_amount,
    as_count,
    as_flag,
    as_interval,
    as_list,
    as_minutes,
    as_moment,
    as_number,
    as_power,
    as_seconds,
    as_text,
    iso,
    or_none,
    rows_of,
    shown,
)

PROBLEM_KEYS = frozenset({"now", "currency", "tariff", "forecast", "vehicles", "power_limits"})
VEHICLE_KEYS = frozenset(
    {
        "id", "max_power_kw", "charging", "plugged_in_from", "goals", "reserve_kwh", "max_starts", "min_run_s",
        "min_pause_s", "start_cost", "continuous", "max_price", "blocked", "precondition_s", "prefer",
    }
)  # fmt: skip
GOAL_KEYS = frozenset({"ready_by", "energy_kwh"})
DEFAULT_STARTS = 2
"""Two runs a night keep 99.3 % of what any number of them saves (facts: peers.md, section 2.12)."""


@dataclass(frozen=True, slots=True)
class PowerLimit:
    """At most `power_kw` for all vehicles together during `interval`."""

    interval: Interval
    power_kw: float


@dataclass(frozen=True, slots=True)
class VehicleProblem:
    """What one vehicle needs, and its rules."""

    id: str
    need: ChargeNeed
    rules: ChargeRules
    charging: bool = False
    plugged_in_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A whole planning problem. `curve` holds the forecast where the tariff is silent, marked as not firm."""

    now: datetime
    curve: TariffCurve
    vehicle: VehicleProblem
    power_limits: tuple[PowerLimit, ...] = ()


def parse_problem(document: object) -> Problem:
    """Return the problem that *document* (as `json.loads` gives it) states, or raise a `ProblemError`."""
    fields = Fields(document, "", PROBLEM_KEYS)
    tariff = _slots(fields.required("tariff", rows_of(3)), "tariff", firm=True)
    forecast = _slots(fields.optional("forecast", rows_of(3), []), "forecast", firm=False)
    limits = fields.optional("power_limits", rows_of(3), [])
    vehicles = fields.required("vehicles", as_list)
    if not vehicles:
        raise ProblemError("vehicles: expected one vehicle, got none")
    if len(vehicles) > 1:
        raise ProblemError(f"vehicles: several vehicles are not supported yet; expected one, got {len(vehicles)}")
    return Problem(
        fields.required("now", as_moment),
        TariffCurve(fields.optional("currency", as_text, ""), _merged(tariff, forecast)),
        _vehicle(vehicles[0], "vehicles[0]"),
        tuple(
            PowerLimit(as_interval(row, f"power_limits[{index}]"), as_amount(row[2], f"power_limits[{index}][2]"))
            for index, row in enumerate(limits)
        ),
    )


def solve(problem: Problem) -> dict[str, object]:
    """Return the answer document of design/problem.md."""
    vehicle = problem.vehicle
    limits = tuple(limit.interval for limit in problem.power_limits if limit.power_kw < vehicle.rules.max_power_kw)
    plan = cheapest_plan(
        problem.now,
        problem.curve,
        vehicle.need,
        vehicle.rules,
        charging=vehicle.charging,
        plugged_in_from=vehicle.plugged_in_from,
        limits=limits,
    )
    return {
        "plans": [_plan_document(vehicle.id, plan)],
        "cost": plan.cost + plan.start_costs,
        "lower_bound": plan.lower_bound,
        "optimal": plan.optimal,
    }


def _plan_document(vehicle_id: str, plan: ChargePlan) -> dict[str, object]:
    return {
        "vehicle": vehicle_id,
        "outcome": plan.outcome.value,
        "windows": [[iso(window.start), iso(window.end), window.power_kw] for window in plan.windows],
        "energy_kwh": plan.energy_kwh,
        "shortfall_kwh": plan.shortfall_kwh,
        "goals": [{"ready_by": iso(goal.ready_by), "shortfall_kwh": goal.shortfall_kwh} for goal in plan.goals],
        "cost": plan.cost,
        "start_costs": plan.start_costs,
        "unknown_kwh": plan.unknown_kwh,
        "cost_known": plan.cost_known,
        "starts": plan.starts,
    }


def _vehicle(value: object, path: str) -> VehicleProblem:
    fields = Fields(value, path, VEHICLE_KEYS)
    goals = _goals(fields.required("goals", as_list), f"{path}.goals")
    blocked = fields.optional("blocked", rows_of(2), [])
    return VehicleProblem(
        fields.required("id", as_text),
        ChargeNeed(goals, fields.optional("reserve_kwh", as_amount, 0.0)),
        ChargeRules(
            fields.required("max_power_kw", as_power),
            fields.optional("max_starts", or_none(as_count), DEFAULT_STARTS),
            fields.optional("min_run_s", as_minutes, timedelta(0)),
            fields.optional("min_pause_s", as_minutes, timedelta(0)),
            fields.optional("start_cost", as_amount, 0.0),
            fields.optional("continuous", as_flag, default=False),
            fields.optional("max_price", or_none(as_number), None),
            tuple(as_interval(row, f"{path}.blocked[{index}]") for index, row in enumerate(blocked)),
            fields.optional("precondition_s", as_seconds, timedelta(0)),
            fields.optional("prefer", _as_preference, Prefer.LATE),
        ),
        fields.optional("charging", as_flag, default=False),
        fields.optional("plugged_in_from", or_none(as_moment), None),
    )


def _goals(rows: Sequence[object], path: str) -> tuple[EnergyGoal, ...]:
    goals: list[EnergyGoal] = []
    for index, row in enumerate(rows):
        fields = Fields(row, f"{path}[{index}]", GOAL_KEYS)
        goal = EnergyGoal(fields.required("ready_by", as_moment), fields.required("energy_kwh", as_amount))
        if goals and goal.ready_by < goals[-1].ready_by:
            raise ProblemError(
                f"{path}[{index}].ready_by: goals must be in time order, got {iso(goal.ready_by)} after "
                f"{iso(goals[-1].ready_by)}"
            )
        if goals and goal.energy_kwh < goals[-1].energy_kwh:
            raise ProblemError(
                f"{path}[{index}].energy_kwh: goals are cumulative, so expected at least {goals[-1].energy_kwh}, "
                f"got {goal.energy_kwh}"
            )
        goals.append(goal)
    return tuple(goals)


def _slots(rows: Sequence[Sequence[object]], path: str, *, firm: bool) -> list[PriceSlot]:
    slots: list[PriceSlot] = []
    for index, row in enumerate(rows):
        interval = as_interval(row, f"{path}[{index}]")
        if slots and interval.start < slots[-1].end:
            raise ProblemError(
                f"{path}[{index}]: slots must ascend without overlap, but {iso(interval.start)} is before the end of "
                f"the slot before it, {iso(slots[-1].end)}"
            )
        slots.append(PriceSlot(interval.start, interval.end, as_number(row[2], f"{path}[{index}][2]"), firm))
    return slots


def _merged(tariff: list[PriceSlot], forecast: list[PriceSlot]) -> tuple[PriceSlot, ...]:
    """Return the tariff, and the forecast where the tariff is silent."""
    if not forecast:
        return tuple(tariff)
    known = [slot.interval for slot in tariff]
    expected = [
        PriceSlot(part.start, part.end, slot.price_per_kwh, firm=False)
        for slot in forecast
        for part in without(slot.interval, known)
    ]
    return tuple(sorted([*tariff, *expected], key=lambda slot: slot.start))


def _as_preference(value: object, path: str) -> Prefer:
    if value not in (Prefer.LATE.value, Prefer.EARLY.value):
        raise ProblemError(f"{path}: expected 'late' or 'early', got {shown(value)}")
    return Prefer(value)
