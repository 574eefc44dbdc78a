"""
The cheapest plan for one vehicle that keeps every rule: design/problem.md as a function.

    curve, need, rules -> timeline (cells) -> merit (weights) -> runs -> ChargePlan

Where nothing but the price decides, the cheapest time is simply sorted out (`split.py`); everything else goes through
one exact search (`search.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval, as_utc
from scheduler.domain.plan import (
    ChargeNeed,
    ChargePlan,
    ChargeRules,
    ChargeWindow,
    GoalShortfall,
    PlanOutcome,
    Prefer,
)
from scheduler.domain.tariff import TariffCurve
from scheduler.planning.merit import merit
from scheduler.planning.rates import good_rates
from scheduler.planning.search import UNLIMITED, Target, Task, best_runs
from scheduler.planning.timeline import HOUR_US, Kind, Timeline, microseconds, stretches, timeline


def cheapest_plan(
    now: datetime,
    curve: TariffCurve,
    need: ChargeNeed,
    rules: ChargeRules,
    *,
    charging: bool = False,
    plugged_in_from: datetime | None = None,
    limits: tuple[Interval, ...] = (),
) -> ChargePlan:
    """
    Return the best plan in the order of merit of design/problem.md, from *now* (or *plugged_in_from*) to the last goal.

    *charging*: the car charges now, so a window that begins at *now* is no start. *limits*: when the site cannot spare
    the car's power. Never raises for what cannot be had: that is a plan with its outcome and shortfall. A number that is
    not finite is an `InvalidValue`.
    """
    _check(need, rules)
    if need.energy_kwh <= 0:
        return ChargePlan.rest()
    now = as_utc(now)
    start = now if plugged_in_from is None else max(now, as_utc(plugged_in_from))
    return _Planner(curve, need, rules, start, charging and start == now, (*rules.blocked, *limits)).plan()


def _check(need: ChargeNeed, rules: ChargeRules) -> None:
    """Refuse numbers that are not finite and goals out of order: they have no plan, not even a short one."""
    numbers = [
        ("max_power_kw", rules.max_power_kw),
        ("start_cost", rules.start_cost),
        ("reserve_kwh", need.reserve_kwh),
    ]
    numbers += [(f"goals[{index}].energy_kwh", goal.energy_kwh) for index, goal in enumerate(need.goals)]
    if rules.max_price is not None:
        numbers.append(("max_price", rules.max_price))
    for name, number in numbers:
        if not isfinite(number):
            raise InvalidValue(f"{name} must be a finite number, got {number}")
    for earlier, later in zip(need.goals, need.goals[1:], strict=False):
        if later.ready_by < earlier.ready_by or later.energy_kwh < earlier.energy_kwh:
            raise InvalidValue(
                f"goals must be in time order and cumulative, but {later.energy_kwh} kWh by {later.ready_by.isoformat()} "
                f"follows {earlier.energy_kwh} kWh by {earlier.ready_by.isoformat()}"
            )


@dataclass(frozen=True, slots=True)
class _Reserve:
    """The first part of the charge: done by `until`, whatever the price, in `runs` runs that need a start."""

    until: int = 0
    starts: int = 0


class _Planner:
    """One call of `cheapest_plan`."""

    def __init__(
        self,
        curve: TariffCurve,
        need: ChargeNeed,
        rules: ChargeRules,
        start: datetime,
        running: bool,
        closed: tuple[Interval, ...],
    ) -> None:
        self.curve, self.need, self.rules, self.start = curve, need, rules, start
        self.running, self.closed = running, closed
        self.power_kw = rules.max_power_kw
        self.total_us = self._us(need.energy_kwh) if self.power_kw > 0 else 0
        self.end = as_utc(need.goals[-1].ready_by)

    def _us(self, energy_kwh: float) -> int:
        """Return the charging time that *energy_kwh* takes, to the microsecond."""
        return round(energy_kwh / self.power_kw * HOUR_US)

    def plan(self) -> ChargePlan:
        """Return the plan; see `cheapest_plan`."""
        if self.end <= self.start or self.power_kw <= 0:
            return self._result([], PlanOutcome.SHORT_OF_TIME)
        runs = self._runs(self.rules.max_price)
        if not any(self._shortfalls(runs)):
            return self._result(runs, PlanOutcome.MET)
        if self.rules.max_price is None or any(self._shortfalls(self._runs(None))):
            return self._result(runs, PlanOutcome.SHORT_OF_TIME)
        return self._result(runs, PlanOutcome.SHORT_OF_PRICES)

    def _runs(self, max_price: float | None) -> list[tuple[int, int]]:
        line = timeline(self.curve, Interval(self.start, self.end), self.closed, max_price)
        reserve = self._reserve(line)
        line = line.cut_at((reserve.until, *self._marks()))
        if Kind.UNKNOWN not in line.kinds:
            return _best(self._task(line, reserve, Kind.CAPPED))
        if self._coverable(line, Kind.UNKNOWN):
            runs = _best(self._task(line, reserve, Kind.UNKNOWN))
            if not any(self._shortfalls(runs)):
                return runs
        return _best(self._task(line, reserve, Kind.CAPPED))

    def _coverable(self, line: Timeline, shut: Kind) -> bool:
        """Whether the open time before each goal would be enough for it, were there no other rule."""
        open_cells = stretches(line, shut)
        return all(
            sum(max(min(until, mark) - begin, 0) for begin, until in open_cells) >= energy_us
            for mark, energy_us in self._demands()
        )

    def _demands(self) -> list[tuple[int, int]]:
        """Return the goals ahead as (moment, energy); of several at one moment the last."""
        ahead: dict[int, int] = {}
        for goal in self.need.goals:
            mark = microseconds(as_utc(goal.ready_by) - self.start)
            if mark > 0:
                ahead[mark] = self._us(goal.energy_kwh)
        return sorted(ahead.items())

    def _marks(self) -> list[int]:
        """Return the moments at which the timeline is to be cut for the goals and the precondition."""
        return [*(mark for mark, _ in self._demands()), self._warm_from()]

    def _warm_from(self) -> int:
        """Return the moment from which the car should be charging until the last goal."""
        wanted = min(microseconds(self.rules.precondition), self.total_us)
        return microseconds(self.end - self.start) - wanted

    def _warm_us(self, line: Timeline) -> int:
        """Return how long the precondition can be kept: blocked times and the cap win over it."""
        begin = self._warm_from()
        return sum(max(until - max(first, begin), 0) for first, until in stretches(line, Kind.CAPPED))

    def _reserve(self, line: Timeline) -> _Reserve:
        """Return when the reserve can be had at the earliest, within the starts there are."""
        wanted = min(self._us(self.need.reserve_kwh), self.total_us - self._warm_us(line))
        if wanted <= 0:
            return _Reserve()
        pieces = stretches(line, Kind.BLOCKED)
        allowed = len(pieces) if self.rules.max_starts is None else self.rules.max_starts
        while True:
            most = 0
            for number, (begin, until) in enumerate(pieces):
                free = self.running and pieces[0][0] == 0
                earlier = sorted((b - a for a, b in pieces[int(free) : number]), reverse=True)
                own = 0 if free and number == 0 else 1
                if own > allowed:
                    continue
                used = earlier[: allowed - own]
                had = sum(used) + (pieces[0][1] if free and number else 0)
                if had + until - begin >= wanted:
                    return _Reserve(begin + wanted - had, len(used) + own)
                most = max(most, had + until - begin)
            if not most:
                return _Reserve()
            wanted = most

    def _task(self, line: Timeline, reserve: _Reserve, shut: Kind) -> Task:
        """Return the search's task: what each cell weighs in the order of merit, and the targets."""
        rules, points = self.rules, line.points
        demands = self._demands()
        weights = merit(
            points[-1],
            len(line.kinds),
            len(demands),
            max(map(abs, line.prices)),
            abs(rules.start_cost) / self.power_kw,
        )
        warm_from = self._warm_from()
        late = -1 if rules.prefer is Prefer.LATE else 1
        opened, slopes, bends = [], [], []
        exempt = set()
        for i, (kind, price) in enumerate(zip(line.kinds, line.prices, strict=True)):
            in_reserve = points[i] < reserve.until
            is_warm = points[i] >= warm_from and kind < Kind.CAPPED
            is_open = kind < shut or is_warm or (in_reserve and kind is not Kind.BLOCKED)
            slope, bend = 0, late
            if kind <= Kind.FORECAST:
                slope = weights.price(price)
            elif kind is Kind.UNKNOWN:
                slope, bend = weights.unknown, late - weights.unknown_early
            if in_reserve:
                slope -= weights.reserve
            if is_warm:
                slope -= weights.precondition
                exempt.add(i)
            opened.append(is_open)
            slopes.append(slope)
            bends.append(bend)
        targets = tuple(
            Target(points.index(mark), energy_us, penalty)
            for (mark, energy_us), penalty in zip(demands, weights.goals, strict=True)
        )
        starts, running = self._starts(reserve, len(opened))
        return Task(
            points,
            tuple(opened),
            tuple(slopes),
            tuple(bends),
            weights.start_cost(rules.start_cost, self.power_kw),
            targets,
            starts,
            running,
            frozenset(exempt),
        )

    def _starts(self, reserve: _Reserve, cells: int) -> tuple[int, int | None]:
        """Return the starts there are, and those left to a plan that goes on charging; see `Task`."""
        rules = self.rules
        allowed = cells if rules.max_starts is None else rules.max_starts
        if rules.continuous:
            allowed = min(allowed, reserve.starts + 1)
            going_on = allowed if reserve.until else 0
        else:
            going_on = allowed
        if allowed > cells // 2:
            return UNLIMITED, UNLIMITED if self.running else None
        return allowed, going_on if self.running else None

    def _shortfalls(self, runs: list[tuple[int, int]]) -> list[int]:
        """Return per goal the charging time that will be missing at its time."""
        missing = []
        for goal in self.need.goals:
            mark = microseconds(as_utc(goal.ready_by) - self.start)
            had = sum(max(min(until, mark) - begin, 0) for begin, until in runs)
            missing.append(max(self._us(goal.energy_kwh) - had, 0))
        return missing

    def _result(self, runs: list[tuple[int, int]], outcome: PlanOutcome) -> ChargePlan:
        rules, power_kw, start = self.rules, self.power_kw, self.start
        if power_kw > 0:
            shortfalls = [missing * power_kw / HOUR_US for missing in self._shortfalls(runs)]
        else:
            shortfalls = [goal.energy_kwh for goal in self.need.goals]
        charged = sum(until - begin for begin, until in runs)
        cost, unknown_us, firm = self._bill(runs)
        starts = len(runs) - (1 if self.running and runs and runs[0][0] == 0 else 0)
        start_costs = starts * rules.start_cost
        at = Timeline(start, (), (), ()).moment
        return ChargePlan(
            outcome,
            tuple(ChargeWindow(at(begin), at(until), power_kw) for begin, until in runs),
            self.need.energy_kwh if charged == self.total_us else charged * power_kw / HOUR_US,
            max(shortfalls),
            tuple(
                GoalShortfall(as_utc(goal.ready_by), shortfall)
                for goal, shortfall in zip(self.need.goals, shortfalls, strict=True)
            ),
            cost,
            start_costs,
            unknown_us * power_kw / HOUR_US,
            firm,
            starts,
            cost + start_costs,
        )

    def _bill(self, runs: list[tuple[int, int]]) -> tuple[float, int, bool]:
        """Return the energy's cost, the charging time at unknown prices, and whether all of it is at the tariff."""
        if not runs:
            return 0.0, 0, True
        line = timeline(self.curve, Interval(self.start, self.end))
        cost, unknown_us, firm = 0.0, 0, True
        for cell, (kind, price) in enumerate(zip(line.kinds, line.prices, strict=True)):
            first, last = line.points[cell], line.points[cell + 1]
            used = sum(max(min(until, last) - max(begin, first), 0) for begin, until in runs)
            if not used:
                continue
            cost += price * used
            unknown_us += used if kind is Kind.UNKNOWN else 0
            firm = firm and kind is Kind.KNOWN
        return cost * self.power_kw / HOUR_US, unknown_us, firm


def _best(task: Task) -> list[tuple[int, int]]:
    guess = [0] * len(task.targets)
    return best_runs(task, good_rates(task, guess)).runs
