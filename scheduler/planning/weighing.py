"""Terms on a timeline as a task for the search: what each cell weighs in the order of merit, and the targets."""

from __future__ import annotations

from scheduler.planning.merit import Merit, merit
from scheduler.planning.reserve import Reserve
from scheduler.planning.task import UNLIMITED, Target, Task
from scheduler.planning.terms import Terms
from scheduler.planning.timeline import Kind, Timeline

DEAR = 10
"""How many times the dearest price an unknown price counts in the search's outline; in the search itself it is beyond
all money."""


def task_of(terms: Terms, line: Timeline, reserve: Reserve, *, known: bool, short_runs: bool) -> Task:
    """
    Return the task of *terms* on *line*, which has points at the goals, the reserve's end and the warm time's start.

    *known*: nothing at an unknown price, unless the reserve or the precondition wants it. *short_runs*: runs may be
    shorter than the least, at a weight.
    """
    points, dearest = line.points, max(map(abs, line.prices))
    weights = merit(points[-1], len(line.kinds), len(terms.goals), dearest, terms.start_price)
    unknown_money = DEAR * weights.price(dearest) + 1
    late = -1 if terms.late else 1
    opened, slopes, bends, prices = [], [], [], []
    exempt, guarded = set(), set()
    for i, (kind, price, capped) in enumerate(zip(line.kinds, line.prices, line.capped, strict=True)):
        is_open = kind is not Kind.BLOCKED
        is_warm = is_open and points[i] >= terms.warm_from and not capped
        if capped:
            is_open = is_open and points[i] < reserve.until
            guarded.add(i)
        elif known and kind is Kind.UNKNOWN:
            is_open = points[i] < reserve.until or is_warm
        money = weights.price(price)
        slope, bend = money * weights.money, late
        if kind is Kind.UNKNOWN:
            money, slope, bend = unknown_money, weights.unknown, late - weights.unknown_early
        if is_warm:
            money, slope = money - unknown_money, slope - weights.precondition
            exempt.add(i)
        opened.append(is_open)
        slopes.append(slope)
        bends.append(bend)
        prices.append(float(money))
    start_money = weights.start_price(terms.start_price)
    lone = not short_runs and 2 * terms.least_run_us > terms.total_us
    starts, running = _starts(terms, reserve, len(opened), lone=lone)
    return Task(
        points,
        tuple(opened),
        tuple(slopes),
        tuple(bends),
        start_money * weights.money + weights.start,
        _targets(terms, line, reserve, weights),
        starts,
        running,
        frozenset(exempt),
        reserve.until if terms.continuous and reserve.energy_us else None,
        terms.least_run_us,
        terms.least_pause_us,
        weights.short_run if short_runs else None,
        frozenset(guarded) if reserve.energy_us else frozenset(),
        reserve.energy_us,
        tuple(prices),
        float(start_money),
        weights.money,
        weights.money_per_price,
    )


def _targets(terms: Terms, line: Timeline, reserve: Reserve, weights: Merit) -> tuple[Target, ...]:
    """Return the goals and the reserve as targets, in time order."""
    most_us = line.points[-1]
    targets = [
        Target(line.points.index(mark), min(energy_us, most_us), penalty)
        for (mark, energy_us), penalty in zip(terms.goals, weights.goals, strict=True)
    ]
    if reserve.energy_us:
        targets.insert(0, Target(line.points.index(reserve.until), reserve.energy_us, weights.reserve))
        targets.sort(key=lambda target: target.index)
    return tuple(targets)


def _starts(terms: Terms, reserve: Reserve, cells: int, *, lone: bool) -> tuple[int, int | None]:
    """
    Return the starts there are, and those left to a plan that goes on charging; see `Task`.

    *lone*: there is not enough to charge for two runs.
    """
    allowed = cells if terms.starts == UNLIMITED else min(terms.starts, cells)
    going_on = allowed
    if terms.continuous and not reserve.energy_us:
        allowed, going_on = min(allowed, 1), 0
    if lone:
        allowed = going_on = min(allowed, 1)
    elif allowed >= cells and not terms.continuous:
        return UNLIMITED, UNLIMITED if terms.running else None
    return allowed, going_on if terms.running else None
