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

PRICE_DIGITS = 40
"""Bits kept of the dearest price: 1e-12 of it. A float's own noise (0.1 + 0.2) is below that, so equal prices tie."""


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

    def start_price(self, cost: float, power_kw: float) -> int:
        """Return the money of a start that costs *cost*: as many microseconds at price 1 as *cost* buys."""
        return round(cost * self.money_per_price * HOUR_US / power_kw)

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
    scale = _scale(dearest, costliest_start)
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


def _scale(dearest: float, costliest_start: float) -> float:
    """Return a power of ten times which the largest price has about twelve digits, so that decimal prices stay whole."""
    largest = max(dearest, costliest_start, 1e-30)
    exponent = int(frexp(largest)[1] * 0.30103)
    return 10.0 ** (12 - exponent)
