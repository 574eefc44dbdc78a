"""
Past the published prices: when to charge now, and when to wait for hours whose price nobody knows yet.

    now          news          known until                    ready by
     |--- first ---|--- later ---|- - - - - - unknown - - - - - -|

Until the next news one decides on known prices; with the news one may decide again. So a known hour is worth taking only if
it costs no more than the energy it replaces is expected to cost then: the marginal price of what is left to buy among the
later and the unknown hours, averaged over what these may turn out to be. The expected cost is convex in what is bought
first, so that one pass over sorted prices is exact for the set of courses. A mean forecast waits too little: the cheapest
hour of an uncertain night is cheaper than its cheapest expected hour.

The planner knows nothing of all this. It is given a curve whose forecast slots say what waiting is worth, and it holds the
whole need before its departure whatever is forecast: no forecast moves the latest safe start.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.interval import Interval, as_utc, without
from scheduler.domain.plan import ChargeNeed, ChargeRules
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning.futures import Futures

Prices = NDArray[np.float64]

CLEAR = 1e-6
"""Per kWh: a price that decides is this far from the one it is compared with, so that no tie rule has a say."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    The two-stage rule's answer: `first` of the wanted units are worth buying before the news.

    `price` is what one more unit is expected to cost after it: a known price up to this is worth taking now.
    """

    first: int
    price: float


def outlook(
    now: datetime, curve: TariffCurve, ahead: Futures | None, need: ChargeNeed, rules: ChargeRules, news_at: datetime
) -> TariffCurve:
    """
    Return *curve* with forecast slots up to the last goal, such that the cheapest plan on it keeps the two-stage rule.

    *news_at*: when more prices will be published. Firm slots stay; forecast slots that *curve* brought give way to *ahead*.
    *curve* itself comes back without courses, and where every price up to the last goal is firm.
    """
    if ahead is None or need.energy_kwh <= 0 or rules.max_power_kw <= 0:
        return curve
    firm = [slot for slot in curve.slots if slot.firm]
    end = as_utc(need.goals[-1].ready_by)
    starts = [slot.start for slot in firm]
    within = range(bisect_left(ahead.moments, as_utc(now)), bisect_left(ahead.moments, end))
    missing = [number for number in within if _unknown(ahead.moments[number], firm, starts)]
    if not missing:
        return curve
    unknown = ahead.prices[:, missing]
    guess = unknown.mean(axis=0)
    open_now = tuple(without(Interval(now, end), rules.blocked))
    usable = np.array([_inside(ahead.moments[number], open_now) for number in missing], dtype=np.bool_)
    if usable.any():
        grid = _known(firm, open_now, ahead.step, as_utc(news_at))
        wanted = -(-timedelta(hours=need.energy_kwh / rules.max_power_kw) // ahead.step)
        guess[usable] = _levelled(*grid, unknown[:, usable], wanted)
    slots = [*firm, *_slots(ahead, missing, guess, firm, end)]
    return replace(curve, slots=tuple(sorted(slots, key=lambda slot: slot.start)))


def two_stage(first: Prices, later: Prices, unknown: Prices, wanted: int) -> Waiting:
    """
    Return how many of *wanted* units to buy at the *first* prices (one each), when those left can be bought at the *later*
    ones or at what *unknown* (course, unit) turns out to be.

    Exact for the courses, each being equally likely and seen whole after the news. Of equal choices the one that buys more
    now. What cannot be had at all is left out.
    """
    second = _ordered_means(np.hstack([np.tile(later, (len(unknown), 1)), unknown]))
    wanted = min(wanted, len(first) + len(second))
    least, most = max(wanted - len(second), 0), min(wanted, len(first))
    now = np.concatenate([[0.0], np.cumsum(np.sort(first))])
    then = np.concatenate([[0.0], np.cumsum(second)])
    amounts = np.arange(most, least - 1, -1)
    best = int(amounts[np.argmin(now[amounts] + then[wanted - amounts])])
    return Waiting(best, float(second[min(wanted - best, len(second) - 1)]))


def _unknown(moment: datetime, firm: Sequence[PriceSlot], starts: Sequence[datetime]) -> bool:
    """Whether no firm price, which begin at *starts*, covers *moment*."""
    index = bisect_right(starts, moment) - 1
    return index < 0 or firm[index].end <= moment


def _inside(moment: datetime, stretches: Sequence[Interval]) -> bool:
    index = bisect_right(stretches, moment, key=_start) - 1
    return index >= 0 and moment < stretches[index].end


def _start(stretch: PriceSlot | Interval) -> datetime:
    return stretch.start


def _known(
    firm: Sequence[PriceSlot], open_now: Sequence[Interval], step: timedelta, news_at: datetime
) -> tuple[Prices, Prices]:
    """Return the known prices before the news and after it, one for each *step* that is open."""
    prices: tuple[list[float], list[float]] = ([], [])
    for stretch in open_now:
        for slot in firm[max(bisect_right(firm, stretch.start, key=_start) - 1, 0) :]:
            if slot.start >= stretch.end:
                break
            begin, until = max(slot.start, stretch.start), min(slot.end, stretch.end)
            for part, (start, end) in zip(
                prices, ((begin, min(until, news_at)), (max(begin, news_at), until)), strict=True
            ):
                part.extend([slot.price_per_kwh] * max(round((end - start) / step), 0))
    return np.array(prices[0]), np.array(prices[1])


def _levelled(first: Prices, later: Prices, unknown: Prices, wanted: int) -> Prices:
    """
    Return one price for each unknown slot, such that the cheapest *wanted* units of all are those of the two-stage rule.

    The cheapest expected slot gets what the cheapest one is expected to cost, and so on; then all of them are moved
    together, as little as will do, until exactly the rule's share of the units is bought first.
    """
    order = np.argsort(unknown.mean(axis=0), kind="stable")
    sorted_prices = _ordered_means(unknown)
    share = two_stage(first, later, unknown, wanted).first
    first = np.sort(first)
    left = wanted - share
    low, high = -np.inf, np.inf
    if share > 0:
        cheaper = left - int((later < first[share - 1]).sum())
        low = first[share - 1] - sorted_prices[cheaper] if 0 <= cheaper < len(sorted_prices) else -np.inf
    if share < len(first):
        cheaper = left - int((later <= first[share]).sum())
        high = first[share] - sorted_prices[cheaper - 1] if 0 < cheaper <= len(sorted_prices) else np.inf
    clear = min(CLEAR, (high - low) / 2)
    levelled = np.empty_like(sorted_prices)
    levelled[order] = sorted_prices + min(max(0.0, low + clear), high - clear)
    return levelled


def _ordered_means(unknown: Prices) -> Prices:
    """Return what the cheapest, the second cheapest ... of the slots is expected to cost, whichever it will be."""
    means: Prices = np.sort(unknown, axis=1).mean(axis=0)
    return means


def _slots(
    ahead: Futures, numbers: Sequence[int], prices: Prices, firm: Sequence[PriceSlot], end: datetime
) -> Iterator[PriceSlot]:
    """Yield the forecast slots, cut where a firm one or the end comes first."""
    for number, price in zip(numbers, prices.tolist(), strict=True):
        start = ahead.moments[number]
        index = bisect_right(firm, start, key=_start)
        next_firm = firm[index].start if index < len(firm) else end
        yield PriceSlot(start, min(start + ahead.step, next_firm, end), price, firm=False)
