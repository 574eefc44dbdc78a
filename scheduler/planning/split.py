"""
The cheapest time where nothing but the price decides: sorted, taken until it is enough.

Exact for one goal and as many runs as come out of it; the dearest cell that is taken, the marginal one, is taken in part.
Where several cells have the marginal price, which of them to take is a question of starts: `equals.py` answers it.
"""

from __future__ import annotations

from itertools import pairwise

from scheduler.planning.equals import Equals
from scheduler.planning.task import UNLIMITED
from scheduler.planning.terms import Terms
from scheduler.planning.timeline import Kind, Stretch, Timeline


def cheapest_split(terms: Terms, line: Timeline) -> list[Stretch] | None:
    """Return the best runs, or None where more than the price has a say or the runs are too many."""
    if (
        len(terms.goals) > 1
        or terms.reserve_us
        or terms.least_run_us
        or terms.least_pause_us
        or terms.start_price
        or terms.warm_from < terms.end_us
    ):
        return None
    taken = _taken(terms, line)
    if taken is None:
        return None
    runs = joined(taken)
    starts = len(runs) - (terms.running and bool(runs) and runs[0][0] == 0)
    if (terms.starts != UNLIMITED and starts > terms.starts) or (terms.continuous and len(runs) > 1):
        return None
    return runs


def _taken(terms: Terms, line: Timeline) -> list[Stretch] | None:
    """Return the stretches to charge in; None where there are too many equal ones to choose from."""
    points, kinds, prices = line.points, line.kinds, line.prices
    order = [i for i in range(len(kinds)) if not line.capped[i]] if True in line.capped else list(range(len(kinds)))
    unknown: list[int] = []
    if Kind.UNKNOWN in kinds or Kind.BLOCKED in kinds:
        unknown = [i for i in reversed(order) if kinds[i] is Kind.UNKNOWN]
        order = [i for i in order if kinds[i] < Kind.UNKNOWN]
    order.sort(key=prices.__getitem__)
    priced = len(order)
    missing = terms.total_us
    taken: list[Stretch] = []
    for rank, i in enumerate(order + unknown):
        length = points[i + 1] - points[i]
        if length < missing:
            missing -= length
            taken.append((points[i], points[i + 1]))
            continue
        going = [(0, 0)] if terms.running else []
        if sum(prices[other] == prices[i] for other in order[max(rank - 1, 0) : rank + 2]) > 1 and rank < priced:
            equal = [other for other in order if prices[other] == prices[i]]
            cheaper = [(points[other], points[other + 1]) for other in order[: order.index(equal[0])]]
            return _with_equals(line, cheaper, going, sorted(equal), terms)
        taken.append(
            part_beside((points[i], points[i + 1]), taken + going, missing, late=terms.late, at_end=rank >= priced)
        )
        break
    return taken


def _with_equals(
    line: Timeline, cheaper: list[Stretch], going: list[Stretch], equal: list[int], terms: Terms
) -> list[Stretch] | None:
    """Return the *cheaper* stretches and the best of the *equal* cells."""
    missing = terms.total_us - sum(until - begin for begin, until in cheaper)
    stretches = joined([(line.points[i], line.points[i + 1]) for i in equal])
    chosen = Equals(stretches, cheaper + going, late=terms.late).chosen(missing)
    return None if chosen is None else cheaper + chosen


def part_beside(cell: Stretch, taken: list[Stretch], missing: int, *, late: bool, at_end: bool) -> Stretch:
    """Return which *missing* part of *cell* to take: *at_end*, else beside what is *taken* already, else *late* or early."""
    begin, until = cell
    follows = begin in [end for _, end in taken]
    leads = until in [start for start, _ in taken]
    if at_end or (late if follows == leads else leads):
        return until - missing, until
    return begin, begin + missing


def joined(taken: list[Stretch]) -> list[Stretch]:
    """Return disjoint stretches as runs: ascending, those that touch as one."""
    runs: list[Stretch] = []
    for begin, until in sorted(taken):
        if runs and runs[-1][1] == begin:
            runs[-1] = (runs[-1][0], until)
        else:
            runs.append((begin, until))
    return runs


def least_price_us(line: Timeline, wanted_us: int) -> float:
    """Return price times microseconds of the cheapest *wanted_us* at a price, whatever the rules: nothing costs less."""
    total = 0.0
    for price, length in sorted(
        (price, until - begin)
        for price, kind, (begin, until) in zip(line.prices, line.kinds, pairwise(line.points), strict=True)
        if kind < Kind.UNKNOWN
    ):
        used = min(length, wanted_us)
        total += price * used
        wanted_us -= used
    return total
