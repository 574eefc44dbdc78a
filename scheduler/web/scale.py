"""How high a price is drawn: a scale with round steps that always holds 0, so that heights compare as prices do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

TOP, BOTTOM = 40.0, 180.0
"""Where prices are drawn, in pixels from the top: labels of the marks above, hours and days below."""


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line at `y` with its price."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class PriceScale:
    """From prices per kWh to pixels: `lowest` lies at `BOTTOM`, `highest` at `TOP`, with a line every `step`."""

    lowest: float
    highest: float
    step: float

    @classmethod
    def of(cls, prices: Iterable[float]) -> PriceScale:
        """Return the scale that holds all *prices*; without any, or with zeros only, one from 0 to 0.1."""
        known = [0.0, *prices]
        lowest, highest = min(known), max(known)
        if highest == lowest:
            highest = lowest + 0.1
        step = _round_step((highest - lowest) / 4)
        return cls(floor(lowest / step) * step, ceil(highest / step) * step, step)

    def y(self, price: float) -> float:
        return round(BOTTOM - (price - self.lowest) / (self.highest - self.lowest) * (BOTTOM - TOP), 1)

    def levels(self) -> tuple[Level, ...]:
        count = round((self.highest - self.lowest) / self.step)
        decimals = max(0, ceil(-log10(self.step) - 1e-9))
        # Adding 0.0 makes a zero of the negative zero that rounding may leave.
        prices = [round(self.lowest + self.step * index, decimals) + 0.0 for index in range(count + 1)]
        return tuple(Level(self.y(price), f"{price:.{decimals}f}".replace("-", "−")) for price in prices)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, ... times a power of ten that is not below *least*."""
    power = 10.0 ** floor(log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9))
