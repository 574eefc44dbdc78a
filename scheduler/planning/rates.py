"""
The pay per microsecond charged that makes the relaxed task's own optimum meet the targets as nearly as it can.

Any pay gives a true bound; the best gives a search that hardly has to look around. For one target the bound as a function
of the pay is concave and made of straight pieces, one per plan; the pay at which the best plan that charges too little and
the best one that charges enough weigh the same is its top, found in a few steps (Handler and Zang, 1980).
"""

from __future__ import annotations

from scheduler.planning.search import UNLIMITED, Relaxed, Task

ROUNDS = 12
"""Steps per target; the top is reached in three to six. Fewer steps cost time in the search, never the optimum."""


def good_rates(task: Task, guess: list[int]) -> list[int]:
    """Return rates for `best_runs`, starting from *guess*, improved target by target, last target first."""
    rates = list(guess)
    for number in range(len(rates) - 1, -1, -1):
        rates[number] = _best_rate(task, rates, number)
    return rates


def _best_rate(task: Task, rates: list[int], number: int) -> int:
    target = task.targets[number]
    lowest = -target.penalty if number == len(rates) - 1 else 0
    trial = list(rates)

    def line(rate: int) -> tuple[int, int]:
        """Return the relaxed optimum at *rate* as (weight without this pay, energy it is short of this target)."""
        trial[number] = rate
        relaxed = Relaxed(task, trial)
        short = target.energy_us - relaxed_energy(relaxed, target.index)
        return relaxed.least() - rate * short, short

    rate = rates[number]
    at_rate = line(rate)
    below = at_rate if at_rate[1] > 0 else line(lowest)
    above = at_rate if at_rate[1] <= 0 else line(target.penalty)
    if below[1] <= 0:
        return lowest
    if above[1] > 0:
        return target.penalty
    for _ in range(ROUNDS):
        rate = (above[0] - below[0]) // (below[1] - above[1])
        found = line(rate)
        if found[0] + rate * found[1] >= below[0] + rate * below[1]:
            return rate
        if found[1] > 0:
            below = found
        else:
            above = found
    return rate


def relaxed_energy(relaxed: Relaxed, until: int) -> int:
    """Return the energy that an optimum of the relaxed task has charged by point *until*."""
    task = relaxed.task
    energy, on, left = 0, False, task.starts
    if task.running is not None and relaxed.on[_layer(task.running)][0] < relaxed.off[_layer(left)][0]:
        on, left = True, task.running
    exempt_ahead = _exempt_ahead(task)
    bound_to = False
    for i in range(until):
        layer = _layer(left)
        if not on:
            rest = relaxed.off[layer][i]
            if rest == relaxed.off[layer][i + 1] or not task.open[i]:
                continue
            on = True
            fresh = left if left == UNLIMITED else left - 1
            begun = task.start_weight + relaxed.whole[i]
            if left and begun + relaxed.on[_layer(fresh)][i + 1] == rest:
                left = fresh
            else:
                bound_to = exempt_ahead[i]
        elif (not bound_to and relaxed.on[layer][i] == relaxed.off[layer][i]) or not task.open[i]:
            on = False
            continue
        energy += task.points[i + 1] - task.points[i]
        bound_to = bound_to and i not in task.exempt
    return energy


def _layer(left: int) -> int:
    return 0 if left == UNLIMITED else left


def _exempt_ahead(task: Task) -> list[bool]:
    ahead, flags = False, [False] * len(task.open)
    for i in range(len(flags) - 1, -1, -1):
        ahead = task.open[i] and (ahead or i in task.exempt)
        flags[i] = ahead
    return flags
