"""
A partial plan: what it has charged and weighs, and the ends of its runs, of which at most one still floats.

A floating end lies at `base + x`; *x* is known once a target is met to the microsecond and thereby pins it.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple, TypeAlias

Path: TypeAlias = "tuple[Path, int | None, int] | None"
"""The ends so far, last first: `(before, base, factor)` is an end at `base + factor * x`, `(before, None, x)` pins x."""


class Floating(NamedTuple):
    """A floating end: the energy is `energy + rate * x`, the weight `value + (linear + square * x) * x`, low <= x <= high."""

    rate: int
    low: int
    high: int
    linear: int
    square: int
    origin: int

    def weight(self, x: int) -> int:
        """Return what the end weighs at *x*."""
        return (self.linear + self.square * x) * x

    def ends(self) -> tuple[int, int, int]:
        """
        Return the least and the most energy within the range, beside the label's own, and the lesser weight of its ends.

        A bend of the weight between them is within the search's slack.
        """
        rate, low, high, linear, square, _ = self
        weight = min((linear + square * low) * low, (linear + square * high) * high)
        return (low, high, weight) if rate > 0 else (-high, -low, weight)


class State(NamedTuple):
    """A partial plan, at some time that its user knows: weight less pay, energy, floating end, ends so far."""

    value: int
    energy: int
    floating: Floating | None
    path: Path

    def least_energy(self) -> int:
        """Return the least it can have charged."""
        return self.energy if self.floating is None else self.energy + self.floating.ends()[0]

    def least_value(self) -> int:
        """Return the least it can weigh, less pay, but for what is within the search's slack."""
        return self.value if self.floating is None else self.value + self.floating.ends()[2]


def runs_along(path: Path) -> list[tuple[int, int]]:
    """Return the runs along *path*, ascending; where two ends fall together nothing begins or ends."""
    ends: list[int] = []
    x = 0
    while path is not None:
        path, base, factor = path
        if base is None:
            x = factor
        else:
            ends.append(base + factor * x)
    ends = [end for end, times in Counter(reversed(ends)).items() if times % 2]
    return list(zip(ends[::2], ends[1::2], strict=True))
