"""
The cheapest plan for one vehicle that keeps every rule: design/problem.md as a function.

    need, rules -> Terms --.
    curve --> Timeline -----+--> Task --> runs --> ChargePlan

Where nothing but the price decides, the cheapest time is simply sorted out (`split.py`); everything else goes through
one exact search (`search.py`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from operator import mul, sub
from typing import NamedTuple

from scheduler.domain.interval import Interval, as_utc
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, ChargeWindow, GoalShortfall, PlanOutcome
from scheduler.domain.tariff import TariffCurve
from scheduler.planning.rates import good_rates
from scheduler.planning.relaxed import Relaxed, unruled_bound
from scheduler.planning.reserve import Reserve, ReserveRules, earliest_reserve
from scheduler.planning.search import Search
from scheduler.planning.split import cheapest_split, least_price_us
from scheduler.planning.task import Grid, Task, last_moments, refined
from scheduler.planning.terms import Terms, charging_us, check_numbers, terms_of
from scheduler.planning.timeline import HOUR_US, Kind, Standing, Stretch, Timeline, microseconds, shared, timeline
from scheduler.planning.weighing import task_of


def cheapest_plan(
    now: datetime,
    curve: TariffCurve,
    need: ChargeNeed,
    rules: ChargeRules,
    *,
    charging: bool = False,
    plugged_in_from: datetime | None = None,
    limits: tuple[Interval, ...] = (),
    standing: Standing | None = None,
) -> ChargePlan:
    """
    Return the best plan in the order of merit of design/problem.md, from *now* (or *plugged_in_from*) to the last goal.

    *charging*: the car charges now, so a window that begins at *now* is no start. *limits*: when the site cannot spare
    the car's power. *standing*: weighed beside the tariff but in no bill; the proof is then of the weighed cost (`wear.py`).
    Never raises for what cannot be had: that is a plan with its outcome and shortfall. A number that is not finite, or
    goals out of order, are an `InvalidValue`.
    """
    check_numbers(need, rules)
    if need.energy_kwh <= 0:
        return ChargePlan.rest()
    now = as_utc(now)
    start = now if plugged_in_from is None else max(now, as_utc(plugged_in_from))
    end = as_utc(need.goals[-1].ready_by)
    if end <= start or rules.max_power_kw <= 0:
        missing = tuple(GoalShortfall(as_utc(goal.ready_by), goal.energy_kwh) for goal in need.goals)
        return ChargePlan(PlanOutcome.SHORT_OF_TIME, (), 0.0, need.energy_kwh, missing)
    terms = terms_of(need, rules, start, running=charging and start == now)
    window, closed = Interval(start, end), (*rules.blocked, *limits)
    line = timeline(curve, window, closed, rules.max_price)
    weighed = line if standing is None else line.standing(standing.per_kwh_h, microseconds(standing.since - start))
    best = best_runs(terms, weighed)
    outcome = PlanOutcome.MET
    if any(goal.energy_kwh > 0 and as_utc(goal.ready_by) <= start for goal in need.goals):
        outcome = PlanOutcome.SHORT_OF_TIME
    elif terms.short_us(best.runs):
        outcome = PlanOutcome.SHORT_OF_TIME
        if any(line.capped) and not terms.short_us(best_runs(terms, timeline(curve, window, closed)).runs):
            outcome = PlanOutcome.SHORT_OF_PRICES
    return _plan(need, rules, start, terms, line, Best(best.runs, _off(terms, weighed, best)), outcome)


MICROSECOND = timedelta(microseconds=1)
MOST_OFF_BITS = 300
"""Where the bound stands above money in the order of merit, it says nothing about money; so much is beyond any money."""


class Best(NamedTuple):
    """The best runs in microseconds since the start, and how far off they may be: price x microseconds, 0 where proven."""

    runs: list[Stretch]
    off: float = 0.0


def best_runs(terms: Terms, line: Timeline) -> Best:
    """Return the best runs for *terms* on *line*."""
    simple = cheapest_split(terms, line) if terms.total_us else []
    if simple is not None:
        return Best(simple)
    line = line.cut_at((*(mark for mark, _ in terms.goals), terms.warm_from))
    warm = terms.warm(line)
    warm_us = sum(until - begin for begin, until in warm)
    reserve = earliest_reserve(
        line.stretches(capped=True) if terms.reserve_us else [],
        min(terms.reserve_us, terms.total_us - warm_us),
        ReserveRules(terms.starts, terms.least_pause_us, terms.running, warm[0][0] if warm else terms.end_us),
    )
    best = _best_with(terms, line, reserve)
    if reserve.energy_us and _first_level(best.runs, warm, reserve) < (warm_us, reserve.energy_us):
        return _best_with(terms, line, _later(terms, line, reserve))
    return best


def _best_with(terms: Terms, line: Timeline, reserve: Reserve) -> Best:
    """
    Return the best runs when the reserve is to be had as *reserve* says.

    Without unknown prices and without short runs first: what is flawless so cannot be bettered by them.
    """
    line = line.cut_at((reserve.until,))
    warm = terms.warm(line)
    perfect = (sum(until - begin for begin, until in warm), reserve.energy_us)
    best = Best([])
    for known, short_runs in _attempts(terms, line):
        best = _searched(task_of(terms, line, reserve, known=known, short_runs=short_runs))
        if not terms.short_us(best.runs) and _first_level(best.runs, warm, reserve) >= perfect:
            break
    return best


def _attempts(terms: Terms, line: Timeline) -> list[tuple[bool, bool]]:
    """Return what to try in turn: with known prices only or not, with short runs or not; the last allows everything."""
    attempts = [(False, False)]
    if Kind.UNKNOWN in line.kinds:
        known = line.stretches(known=True)
        if all(shared(known, [(0, mark)]) >= energy_us for mark, energy_us in terms.goals):
            attempts.insert(0, (True, False))
    if terms.least_run_us:
        attempts.append((False, True))
    return attempts


def _first_level(runs: list[Stretch], warm: list[Stretch], reserve: Reserve) -> tuple[int, int]:
    """Return what *runs* achieve before anything else counts: the time the car is warmed, and the reserve in time."""
    return shared(runs, warm), min(shared(runs, [(0, reserve.until)]), reserve.energy_us)


def _off(terms: Terms, line: Timeline, best: Best) -> float:
    """Return how far off *best* may be: by no more than what it costs above the cheapest time, whatever the rules."""
    if best.off <= 0:
        return 0.0
    cost, unknown_us, _ = _bill(line, best.runs)
    charged = sum(until - begin for begin, until in best.runs)
    starts = terms.starts_of(best.runs) * terms.start_price * HOUR_US
    return min(best.off, max(cost + starts - least_price_us(line, charged - unknown_us), 0.0))


def _later(terms: Terms, line: Timeline, reserve: Reserve) -> Reserve:
    """
    Return the reserve as early as it can be beside everything that ranks with it, where *reserve* is too early.

    The later it may be done, the more of it can be had: the earliest moment is found by halving.
    """
    warm = terms.warm(line)
    early, late = reserve.until, line.points[-1]
    latest = Reserve(late, reserve.energy_us)
    most = _first_level(_best_with(terms, line, latest).runs, warm, latest)
    while late - early > 1:
        attempt = Reserve((early + late) // 2, most[1])
        if _first_level(_best_with(terms, line, attempt).runs, warm, attempt) < most:
            early = attempt.until
        else:
            late = attempt.until
    return Reserve(late, most[1])


def _searched(task: Task) -> Best:
    """Return the best runs for *task*. Where the best without pauses keeps them, there are no better ones, and it is proven."""
    pause = task.least_pause_us
    if pause and len(task.targets) > 1:
        eased = _searched(replace(task, least_pause_us=0))
        if all(later[0] - earlier[1] >= pause for earlier, later in pairwise(eased.runs)):
            return eased
    moments = last_moments(task)
    fine = refined(task, (*moments.starts, *moments.stops))
    grid = Grid(fine)
    relaxed = Relaxed(fine, grid, good_rates(fine, grid))
    # At ties first, then farther and farther. Measured on nights of quarter hours, half the bounds are the optimum, and most
    # others miss it by less than a thousandth of the dearest cell.
    step = int(max(map(abs, task.prices))) * task.money * grid.widest >> 14
    found = Search(task, moments, relaxed).lightest(task.start_weight >> 1, step + task.start_weight)
    bound = found.bound
    if not moments.complete:
        bound = min(bound, unruled_bound(task, relaxed.rates))
    elif len(task.targets) > 1 and (pause or (task.least_run_us and task.guarded)):
        bound = min(bound, found.least)
    off = min(found.weight - bound, task.money << MOST_OFF_BITS)
    return Best(found.runs, off / task.money / task.money_per_price)


def _plan(
    need: ChargeNeed,
    rules: ChargeRules,
    start: datetime,
    terms: Terms,
    line: Timeline,
    best: Best,
    outcome: PlanOutcome,
) -> ChargePlan:
    """Return the best runs as a plan, with its money and its proof."""
    power_kw, runs = rules.max_power_kw, best.runs
    goals = tuple(_missing(goal.ready_by, goal.energy_kwh, start, power_kw, runs) for goal in need.goals)
    cost, unknown_us, firm = _bill(line, runs)
    cost *= power_kw / HOUR_US
    charged = sum(until - begin for begin, until in runs)
    starts = terms.starts_of(runs)
    start_costs = starts * rules.start_cost
    return ChargePlan(
        outcome,
        tuple(
            ChargeWindow(start + begin * MICROSECOND, start + until * MICROSECOND, power_kw) for begin, until in runs
        ),
        need.energy_kwh if charged == terms.total_us else charged * power_kw / HOUR_US,
        max(goal.shortfall_kwh for goal in goals),
        goals,
        cost,
        start_costs,
        unknown_us * power_kw / HOUR_US,
        firm,
        starts,
        cost + start_costs - best.off * power_kw / HOUR_US,
        best.off <= 0,
    )


def _missing(
    ready_by: datetime, energy_kwh: float, start: datetime, power_kw: float, runs: list[Stretch]
) -> GoalShortfall:
    """Return what is missing of a goal at its time; less than a microsecond's charge is nothing."""
    ready_by = as_utc(ready_by)
    mark = microseconds(ready_by - start)
    had_us = sum(min(until, mark) - begin for begin, until in runs if begin < mark)
    short = had_us < charging_us(energy_kwh, power_kw)
    return GoalShortfall(ready_by, max(energy_kwh - had_us * power_kw / HOUR_US, 0.0) if short else 0.0)


def _bill(line: Timeline, runs: list[Stretch]) -> tuple[float, int, bool]:
    """Return price times microseconds, the microseconds at unknown prices, and whether all are at the tariff."""
    points, cost, unknown_us, firm = line.points, 0.0, 0, True
    for begin, until in runs:
        first, after = bisect_right(points, begin) - 1, bisect_left(points, until)
        edges = (begin, *points[first + 1 : after], until)
        lengths = list(map(sub, edges[1:], edges))
        cost += sum(map(mul, line.prices[first:after], lengths))
        kinds = line.kinds[first:after]
        if kinds.count(Kind.KNOWN) < len(kinds):
            firm = False
            unknown_us += sum(length for kind, length in zip(kinds, lengths, strict=True) if kind is Kind.UNKNOWN)
    return cost, unknown_us, firm
