"""
When to be ready where the driver does not say when he leaves: what waiting saves, against the chance that he has gone.

    expected cost                        Being ready earlier is safer and dearer. Each corner of the lower hull is an
      |*                                 offer; what the next one saves, per chance taken, is the price at which risk
      | `--*                             is bought there.
      |     `-----*-----------*
      '-------------------------> chance that he has gone by then

One price of risk for all sessions spends the risk where it earns most: a dull day takes none, a deep night dip some. It is
set by what would have happened: the price at which at most the operator's share of the last sessions would have been short.
Nothing that is learned changes once a car is plugged in but that it is still here, so that a plan made on arrival stays the
best one until prices are published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappush, heappushpop
from math import ceil, floor, inf

import numpy as np
from numpy.typing import NDArray

from scheduler.domain.interval import as_utc
from scheduler.domain.tariff import TariffCurve
from scheduler.planning.stays import STEP, DepartureOdds

Floats = NDArray[np.float64]

SHORT_KWH = 0.5
"""What may be missing before a session counts as short."""

RECENT = 300
"""How many of the last sessions set the price of risk: enough for a share of 1 %, few enough to follow the prices."""


@dataclass(frozen=True, slots=True)
class Offer:
    """
    One moment to be ready by.

    `gone` is the chance (0-1) that the car has left before it. `worth` is what it saves against the offer before it per
    whole chance, in money: it is taken while risk costs less. `safe_from` is when all but `SHORT_KWH` have flowed.
    """

    ready_by: datetime
    gone: float
    worth: float
    safe_from: datetime


@dataclass(frozen=True, slots=True)
class Menu:
    """The offers, from the safest (as soon as can be) to the cheapest, each worth less than the one before."""

    offers: tuple[Offer, ...]

    def at(self, risk_price: float) -> Offer:
        """Return the cheapest offer whose risk is worth *risk_price*; the safest where none is."""
        return next((offer for offer in reversed(self.offers[1:]) if offer.worth > risk_price), self.offers[0])

    def critical_price(self, left_at: datetime) -> float:
        """Return the price of risk from which on this car, gone at *left_at*, would have left full; 0 if it always had."""
        return max((offer.worth for offer in self.offers[1:] if offer.safe_from > left_at), default=0.0)


def risk_price(critical_prices: Sequence[float], share: float) -> float:
    """
    Return the price of risk at which at most *share* (0-1) of past sessions, and likely of the next, are short.

    Of the given prices, oldest first, the last `RECENT` count. Infinite while they are too few to tell: a cold start
    charges at once. With n sessions the next one's price is equally likely at each of their n + 1 ranks, whatever its
    distribution, which is what makes the share hold.
    """
    recent = sorted(critical_prices[-RECENT:], reverse=True)
    allowed = floor(share * (len(recent) + 1)) - 1
    if allowed < 0:
        return inf
    return recent[allowed] if allowed < len(recent) else 0.0


def departure_menu(
    now: datetime, curve: TariffCurve, odds: DepartureOdds, energy_kwh: float, max_power_kw: float
) -> Menu:
    """
    Return when to be ready for a car that needs *energy_kwh* (above 0) and may leave as *odds* (from *now* on) say.

    Hours of unknown price are not waited for. What flows while the car is still here costs what *curve* says; what is
    missing when it leaves is taken to cost as much as charging at once would have.
    """
    now = as_utc(now)
    units = energy_kwh / max_power_kw * (timedelta(hours=1) / STEP)
    prices = _prices(now, curve, max(len(odds.gone) - 1, ceil(units)))
    gone = np.append(odds.gone, np.full(max(len(prices) + 1 - len(odds.gone), 0), odds.gone[-1]))
    at_once = float(np.mean(prices[: ceil(units)]))
    if not np.isfinite(at_once):
        ready_by = now + units * STEP
        return Menu((Offer(ready_by, float(gone[ceil(units)]), inf, ready_by),))
    weighed = prices * (1 - gone[: len(prices)]) + at_once * gone[: len(prices)]
    costs = _cheapest_by(weighed.tolist(), units) * (max_power_kw * (STEP / timedelta(hours=1)))
    corners = _lower_hull(costs, gone)
    spare = SHORT_KWH / max_power_kw * (timedelta(hours=1) / STEP)
    offers = []
    for number, corner in enumerate(corners):
        worth = inf
        if number:
            before = corners[number - 1]
            worth = float((costs[before] - costs[corner]) / (gone[corner] - gone[before]))
        safe = _safe_step(prices[:corner], units, spare)
        offers.append(Offer(now + corner * STEP, float(gone[corner]), worth, now + safe * STEP))
    return Menu(tuple(offers))


def _prices(now: datetime, curve: TariffCurve, steps: int) -> Floats:
    """Return the price at the beginning of each step, NaN where it is not known."""
    prices = np.full(steps, np.nan)
    for slot in curve.slots:
        first, last = ceil((slot.start - now) / STEP), ceil((slot.end - now) / STEP)
        if last > 0 and first < steps:
            prices[max(first, 0) : last] = slot.price_per_kwh
    return prices


def _cheapest_by(prices: Sequence[float], units: float) -> Floats:
    """Return for each step what the cheapest *units* of the steps before it cost; infinite while they are too few."""
    whole = ceil(units)
    part = units - (whole - 1)
    costs = np.full(len(prices) + 1, np.inf)
    taken: list[float] = []
    total = 0.0
    for step, price in enumerate(prices, start=1):
        if price == price:  # noqa: PLR0124 - NaN alone differs from itself: an unknown price is not taken
            if len(taken) < whole:
                heappush(taken, -price)
                total += price
            else:
                total += price + heappushpop(taken, -price)
        if len(taken) == whole:
            costs[step] = total + (1 - part) * taken[0]
    return costs


def _lower_hull(costs: Floats, gone: Floats) -> list[int]:
    """Return the steps at the corners of cost over risk, from the safest on; of equals the earliest."""
    corners: list[int] = []
    for step in np.flatnonzero(np.isfinite(costs)).tolist():
        if corners and costs[step] >= costs[corners[-1]] - 1e-9:
            continue
        while corners and gone[corners[-1]] >= gone[step] - 1e-9:
            corners.pop()
        while len(corners) > 1 and _above(corners[-2], corners[-1], step, costs, gone):
            corners.pop()
        corners.append(step)
    return corners


def _above(left: int, middle: int, right: int, costs: Floats, gone: Floats) -> bool:
    """Whether the middle corner lies on or above the line between the others."""
    saved, risked = costs[left] - costs[middle], gone[middle] - gone[left]
    saved_then, risked_then = costs[middle] - costs[right], gone[right] - gone[middle]
    return bool(saved * risked_then <= saved_then * risked)


def _safe_step(prices: Floats, units: float, spare: float) -> int:
    """Return the step by which all but *spare* units of the cheapest *units* have flowed."""
    taken = np.sort(np.argsort(prices, kind="stable")[: ceil(units)])
    left_out = min(floor(spare), len(taken) - 1)
    return int(taken[len(taken) - 1 - left_out]) + 1
