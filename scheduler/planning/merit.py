"""
The order of merit of design/problem.md as one whole number per plan: the better plan is the smaller number.

    | precondition | reserve | goals in order | unknown | unknown, late | cost | starts | prefer |     most significant first

Each level has so many bits that nothing below can reach it, so comparing numbers compares plans lexicographically, and a
sum of numbers is the number of the sum: a shortest path over them respects the whole order at once, without tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import frexp

from scheduler.planning.timeline import HOUR_US

LOG_2 = 0.30103
"""Decimal digits per bit."""


@dataclass(frozen=True, slots=True)
class Merit:
    """The weight of one unit of each level: a start, a microsecond, a squared microsecond, or `money`."""

    precondition: int
    reserve: int
    goals: tuple[int, ...]
    short_run: int
    unknown: int
    unknown_early: int
    money: int
    start: int
    money_per_price: float
    """Whole money units per (currency/kWh) and microsecond."""

    def start_price(self, price: float) -> int:
        """Return the money of a start that costs as much as an hour at *price*."""
        return round(price * self.money_per_price * HOUR_US)

    def price(self, price_per_kwh: float) -> int:
        """Return the money of a microsecond at this price."""
        return round(price_per_kwh * self.money_per_price)


def merit(horizon_us: int, cells: int, goals: int, dearest: float, costliest_start: float) -> Merit:
    """
    Return the weights for plans of at most *horizon_us* with at most *cells* runs.

    *dearest* is the largest price by size, *costliest_start* a start's cost in hours at price 1.
    """
    time_bits = horizon_us.bit_length() + 1
    run_bits = cells.bit_length() + 2
    scale = _scale(dearest or costliest_start)
    money_bits = (
        round(dearest * scale * horizon_us).bit_length()
        + round(costliest_start * scale * HOUR_US * (cells + 1)).bit_length()
        + 2
    )
    start = 1 << (2 * time_bits)
    money = start << run_bits
    unknown_early = money << money_bits
    unknown = unknown_early << (2 * time_bits)
    short_run = unknown << time_bits
    lowest_goal = short_run << run_bits
    weights = tuple(lowest_goal << (time_bits * level) for level in range(goals + 2))
    return Merit(weights[-1], weights[-2], weights[-3::-1], short_run, unknown, unknown_early, money, start, scale)


def _scale(dearest: float) -> float:
    """Return a power of ten times which the dearest price has about twelve digits, so that decimal prices stay whole."""
    return 10.0 ** (12 - int(frexp(max(dearest, 1e-30))[1] * LOG_2))
