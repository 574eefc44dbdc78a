"""
The cheapest plan for one vehicle that keeps every rule: design/problem.md as a function.

    curve, need, rules -> timeline (cells) -> merit (weights) -> runs -> ChargePlan

Where nothing but the price decides, the cheapest time is simply sorted out (`split.py`); everything else goes through
one exact search (`search.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
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
from scheduler.planning.reserve import Reserve, ReserveRules, earliest_reserve
from scheduler.planning.rates import good_rates
from scheduler.planning.relaxed import Relaxed
from scheduler.planning.search import Search
from scheduler.planning.task import UNLIMITED, Grid, Target, Task
from scheduler.planning.timeline import HOUR_US, Kind, Timeline, microseconds, timeline


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
        line = timeline(self.curve, Interval(self.start, self.end), self.closed, max_price).cut_at(self._marks())
        reserve = self._reserve(line)
        runs = self._best(line, reserve)
        if reserve.energy_us and self._early(runs, line, reserve) < (self._warm_us(line), reserve.energy_us):
            runs = self._best(line, self._later(line, reserve))
        return runs

    def _best(self, line: Timeline, reserve: Reserve) -> list[tuple[int, int]]:
        """Return the best runs when the reserve is to be had as *reserve* says."""
        line = line.cut_at((reserve.until,))
        line = line.cut_at(_last_moments(line.points, self.rules, self._least_run()))
        attempts = [(False, False)]
        if Kind.UNKNOWN in line.kinds and self._coverable(line):
            attempts.insert(0, (True, False))
        if self.rules.min_run:
            attempts.append((False, True))
        for known, short_runs in attempts:
            runs = _searched(self._task(line, reserve, known=known, short_runs=short_runs))
            if self._flawless(runs, line, reserve):
                break
        return runs

    def _later(self, line: Timeline, reserve: Reserve) -> Reserve:
        """
        Return the reserve as early as it can be beside everything that ranks with it, where *reserve* is too early.

        The later it may be done, the more of it can be had: the earliest moment is found by halving.
        """
        early, late = reserve.until, line.points[-1]
        latest = Reserve(late, reserve.energy_us)
        most = self._early(self._best(line, latest), line, latest)
        while late - early > 1:
            attempt = Reserve((early + late) // 2, min(reserve.energy_us, most[1]))
            if self._early(self._best(line, attempt), line, attempt) < most:
                early = attempt.until
            else:
                late = attempt.until
        return Reserve(late, min(reserve.energy_us, most[1]))

    def _early(self, runs: list[tuple[int, int]], line: Timeline, reserve: Reserve) -> tuple[int, int]:
        """Return what *runs* achieve of merit's first level: the time the car is warmed, and the reserve in time."""
        warm_us = sum(
            max(min(until, last) - max(begin, first), 0) for begin, until in runs for first, last in self._warm(line)
        )
        reserved_us = sum(max(min(until, reserve.until) - begin, 0) for begin, until in runs)
        return warm_us, min(reserved_us, reserve.energy_us)

    def _least_run(self) -> int:
        return min(microseconds(self.rules.min_run), self.total_us)

    def _flawless(self, runs: list[tuple[int, int]], line: Timeline, reserve: Reserve) -> bool:
        """Whether nothing in levels 1 and 2 could be better: the car warm, the reserve at once, every goal met."""
        early = self._early(runs, line, reserve)
        return not any(self._shortfalls(runs)) and early >= (self._warm_us(line), reserve.energy_us)

    def _coverable(self, line: Timeline) -> bool:
        """Whether the time of known price before each goal would be enough for it, were there no other rule."""
        open_cells = line.stretches(known=True)
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

    def _warm(self, line: Timeline) -> list[tuple[int, int]]:
        """Return the stretches in which the precondition wants charging: blocked times and the cap win over it."""
        begin = self._warm_from()
        return [(max(first, begin), until) for first, until in line.stretches() if until > begin]

    def _warm_us(self, line: Timeline) -> int:
        return sum(until - begin for begin, until in self._warm(line))

    def _reserve(self, line: Timeline) -> Reserve:
        """Return when the reserve can be had at the earliest; what the precondition takes, it leaves."""
        wanted_us = min(self._us(self.need.reserve_kwh), self.total_us - self._warm_us(line))
        pieces = line.stretches(capped=True)
        starts = len(pieces) if self.rules.max_starts is None else self.rules.max_starts
        pause_us = microseconds(self.rules.min_pause)
        warm_from = next((begin for begin, _ in self._warm(line)), line.points[-1])
        return earliest_reserve(pieces, wanted_us, ReserveRules(starts, pause_us, self.running, warm_from))

    def _task(self, line: Timeline, reserve: Reserve, *, known: bool, short_runs: bool) -> Task:
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
        unknown_money = 10 * weights.price(max(map(abs, line.prices)))
        late = -1 if rules.prefer is Prefer.LATE else 1
        opened, slopes, bends, prices = [], [], [], []
        exempt, guarded = set(), set()
        for i, (kind, price, capped) in enumerate(zip(line.kinds, line.prices, line.capped, strict=True)):
            is_open = kind is not Kind.BLOCKED
            is_warm = is_open and points[i] >= warm_from and not capped
            if capped:
                is_open = is_open and points[i] < reserve.until
                guarded.add(i)
            elif known and kind is Kind.UNKNOWN:
                is_open = points[i] < reserve.until or is_warm
            money = weights.price(price)
            slope, bend = money * weights.money, late
            if kind is Kind.UNKNOWN:
                money = unknown_money
                slope, bend = weights.unknown, late - weights.unknown_early
            if is_warm:
                money -= unknown_money
                slope -= weights.precondition
                exempt.add(i)
            opened.append(is_open)
            slopes.append(slope)
            bends.append(bend)
            prices.append(float(money))
        targets = [
            Target(points.index(mark), energy_us, penalty)
            for (mark, energy_us), penalty in zip(demands, weights.goals, strict=True)
        ]
        if reserve.energy_us:
            targets.insert(0, Target(points.index(reserve.until), reserve.energy_us, weights.reserve))
            targets.sort(key=lambda target: target.index)
        starts, running = self._starts(reserve, len(opened))
        start_money = weights.start_price(rules.start_cost, self.power_kw)
        return Task(
            points,
            tuple(opened),
            tuple(slopes),
            tuple(bends),
            start_money * weights.money + weights.start,
            tuple(targets),
            starts,
            running,
            frozenset(exempt),
            reserve.until if rules.continuous and reserve.energy_us else None,
            self._least_run(),
            microseconds(rules.min_pause),
            weights.short_run if short_runs else None,
            frozenset(guarded if reserve.energy_us else ()),
            reserve.energy_us,
            tuple(prices),
            float(start_money),
            weights.money,
        )

    def _starts(self, reserve: Reserve, cells: int) -> tuple[int, int | None]:
        """Return the starts there are, and those left to a plan that goes on charging; see `Task`."""
        allowed = cells if self.rules.max_starts is None else self.rules.max_starts
        going_on = allowed
        if self.rules.continuous and not reserve.energy_us:
            allowed, going_on = min(allowed, 1), 0
        if allowed > cells // 2 and not self.rules.continuous:
            return UNLIMITED, UNLIMITED if self.running else None
        allowed, going_on = min(allowed, cells), min(going_on, cells)
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
        at = Timeline(start, (), (), (), ()).moment
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


def _last_moments(points: tuple[int, ...], rules: ChargeRules, least_run: int) -> set[int]:
    """
    Return where a row of shortest runs and pauses may begin so that its end falls on a point: no later start will do.

        |--run--|pause|--run--|        each end of the row is a point's moment less a number of runs and pauses
                              point
    """
    pause = microseconds(rules.min_pause)
    if not least_run and not pause:
        return set()
    runs = len(points) if rules.max_starts is None else rules.max_starts + 2
    found, ends, begins = set(points), set(points), set(points)
    for _ in range(runs):
        begins = {end - least_run for end in ends if end > least_run} if least_run else set()
        ends = {begin - pause for begin in begins | found if begin > pause} if pause else set()
        fresh = (begins | ends) - found
        if not fresh:
            break
        found |= fresh
    return found


def _searched(task: Task) -> list[tuple[int, int]]:
    grid = Grid(task)
    relaxed = Relaxed(task, grid, good_rates(task, grid))
    return Search(task, grid, relaxed).lightest(_gaps(task, grid))[1]


def _gaps(task: Task, grid: Grid) -> Iterator[int]:
    """
    Yield how far above the lower bound to look for a plan: at ties first, then ever farther.

    Measured on nights of quarter hours, half the bounds are the optimum, and most others miss it by less than a
    thousandth of the dearest cell.
    """
    yield 4 * task.start_weight + task.targets[-1].energy_us * task.money
    gap = (max(abs(slope) for slope in task.slopes) * grid.widest >> 14) + task.start_weight
    while True:
        yield gap
        gap *= 6
