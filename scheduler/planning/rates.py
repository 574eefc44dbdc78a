"""
The pay per microsecond charged that makes the relaxed task's own optimum meet the targets as nearly as it can.

Any pay gives a true bound; the best gives a search that hardly has to look around. For one target the bound as a function
of the pay is concave and made of straight pieces, one per plan; the pay at which the best plan that charges too little and
the best one that charges enough weigh the same is its top, found in a few steps (Handler and Zang, 1980).
"""

from __future__ import annotations

from typing import NamedTuple

from scheduler.planning.relaxed import Relaxed
from scheduler.planning.task import Grid, Task

ROUNDS = 12
"""Steps per target; the top is reached in three to six. Fewer steps cost time in the search, never the optimum."""


class _Line(NamedTuple):
    """A relaxed plan's weight as a function of one rate: `weight + rate * short`."""

    weight: int
    short: int

    def at(self, rate: int) -> int:
        return self.weight + rate * self.short


def good_rates(task: Task, grid: Grid, guess: list[int]) -> list[int]:
    """Return rates for the search, starting from *guess*, improved target by target, last target first."""
    rates = list(guess)
    for number in range(len(rates) - 1, -1, -1):
        rates[number] = _best_rate(task, grid, rates, number)
    return rates


def _best_rate(task: Task, grid: Grid, rates: list[int], number: int) -> int:
    target = task.targets[number]
    lowest = -target.penalty if number == len(rates) - 1 else 0
    at_guess = _line(task, grid, rates, number, rates[number])
    below = at_guess if at_guess.short > 0 else _line(task, grid, rates, number, lowest)
    above = at_guess if at_guess.short <= 0 else _line(task, grid, rates, number, target.penalty)
    if below.short <= 0:
        return lowest
    if above.short > 0:
        return target.penalty
    rate = rates[number]
    for _ in range(ROUNDS):
        rate = (above.weight - below.weight) // (below.short - above.short)
        found = _line(task, grid, rates, number, rate)
        if found.at(rate) >= below.at(rate):
            break
        if found.short > 0:
            below = found
        else:
            above = found
    return rate


def _line(task: Task, grid: Grid, rates: list[int], number: int, rate: int) -> _Line:
    """Return the line of the relaxed plan that is best at *rate* for target *number*."""
    trial = [*rates[:number], rate, *rates[number + 1 :]]
    target = task.targets[number]
    relaxed = Relaxed(task, grid, trial, tally=target.index)
    tallied = relaxed.least()
    short = target.energy_us - (tallied & ((1 << Relaxed.TALLY_BITS) - 1))
    weight = (tallied >> Relaxed.TALLY_BITS) + relaxed.constant
    return _Line(weight - rate * short, short)
