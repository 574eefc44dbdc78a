"""
What standing full costs: a battery ages while it stands, and faster the fuller it is. The price of it, and one plan's share.

    free: up to the daily limit        above it: `per_kwh_h` for each hour until the departure
      |####|.....|##|...........................|####|------> departure
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.driver import DAILY_LIMIT_PCT
from scheduler.domain.interval import as_utc
from scheduler.domain.plan import ChargePlan


@dataclass(frozen=True, slots=True)
class Wear:
    """
    The first `free_kwh` that flow stand at no price; each kWh above them costs `per_kwh_h` an hour until the departure.

    `limit_pct` is the state of charge above which they lie. Not `priced` (`per_kwh_h` is 0): what it costs in this currency
    is not known, and standing decides between plans of equal cost alone.
    """

    free_kwh: float
    per_kwh_h: float
    limit_pct: float = DAILY_LIMIT_PCT

    @property
    def priced(self) -> bool:
        return self.per_kwh_h > 0

    def cost(self, plan: ChargePlan, departure: datetime) -> float:
        """Return what the energy above the limit costs by standing from when *plan* charges it until *departure*."""
        total, had_kwh = 0.0, 0.0
        for window in plan.windows:
            begin_h = (as_utc(departure) - window.start) / timedelta(hours=1)
            end_h = (as_utc(departure) - window.end) / timedelta(hours=1)
            free_h = max(self.free_kwh - had_kwh, 0.0) / window.power_kw
            begin_h = max(begin_h - free_h, end_h)
            total += window.power_kw * (begin_h**2 - end_h**2) / 2
            had_kwh += window.energy_kwh
        return total * self.per_kwh_h

    def begins(self, plan: ChargePlan) -> datetime | None:
        """Return when *plan* has charged up to the limit and goes on; None where it never does."""
        left_kwh = self.free_kwh
        for window in plan.windows:
            if window.energy_kwh > left_kwh:
                return window.start + timedelta(hours=max(left_kwh, 0.0) / window.power_kw)
            left_kwh -= window.energy_kwh
        return None


@dataclass(frozen=True, slots=True)
class Ageing:
    """
    How a plan weighs what its battery loses by standing full.

    For the battery's sake it costs `dearer` more than the cheapest plan, energy and starts, and `spared` is the ageing that
    spares; both 0 where it is the cheapest one. No plan of the same merit costs less by more than `off`, ageing counted.
    """

    wear: Wear
    dearer: float = 0.0
    spared: float = 0.0
    off: float = 0.0
