r"""
How a battery takes energy on alternating current: full power up to a bend, then linearly less.

    power
    plug_kw |__________________
            |                  \
            |                    \        taper_to_share x plug_kw at 100 %
            |______________________\___
            0 %        taper_from_pct  100 %

Everything is in closed form, so the state of charge at a moment does not depend on how often anybody asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import expm1, inf, log1p


@dataclass(frozen=True, slots=True)
class Battery:
    """
    A battery and its on-board charger.

    `efficiency` is the share of the energy at the plug that reaches the battery. `taper_to_share` is the share of the full
    power that is left at 100 %; above 0, since the last per cent would otherwise take for ever.
    """

    usable_kwh: float
    efficiency: float
    taper_from_pct: float
    taper_to_share: float

    def power_kw(self, soc_pct: float, plug_kw: float) -> float:
        """Return the power at the plug at this state of charge."""
        over = max(soc_pct - self.taper_from_pct, 0.0)
        return plug_kw * (1 - over * self._bend)

    def plug_kwh(self, soc_gain_pct: float) -> float:
        """Return the energy at the plug that raises the state of charge by *soc_gain_pct*."""
        return soc_gain_pct / 100 * self.usable_kwh / self.efficiency

    def soc_after(self, soc_pct: float, plug_kw: float, seconds: float) -> float:
        """Return the state of charge after charging for *seconds*; never above 100."""
        pace = self._pace(plug_kw)
        if pace <= 0 or seconds <= 0:
            return soc_pct
        if soc_pct < self._bend_pct:
            straight_s = (self._bend_pct - soc_pct) / pace
            if seconds <= straight_s:
                return soc_pct + pace * seconds
            soc_pct, seconds = self._bend_pct, seconds - straight_s
        if not self._bend:
            return min(soc_pct, 100.0)
        over = soc_pct - self.taper_from_pct
        # Power falls with what was gained, so the gain is an exponential; expm1 keeps it exact where the bend is slight.
        gain_pct = (1 - self._bend * over) * -expm1(-pace * self._bend * seconds) / self._bend
        return min(soc_pct + gain_pct, 100.0)

    def seconds_to(self, soc_pct: float, target_pct: float, plug_kw: float) -> float:
        """Return how long charging from *soc_pct* to *target_pct* takes; 0 when there, infinite without power."""
        target_pct = min(target_pct, 100.0)
        if target_pct <= soc_pct:
            return 0.0
        pace = self._pace(plug_kw)
        if pace <= 0:
            return inf
        straight_pct = min(target_pct, self._bend_pct) - soc_pct
        seconds = max(straight_pct, 0.0) / pace
        if target_pct > self._bend_pct:
            over = max(soc_pct - self.taper_from_pct, 0.0)
            gain_pct = target_pct - self.taper_from_pct - over
            seconds -= log1p(-self._bend * gain_pct / (1 - self._bend * over)) / (pace * self._bend)
        return seconds

    def _pace(self, plug_kw: float) -> float:
        """Per cent a second at full power."""
        return plug_kw * self.efficiency / self.usable_kwh * 100 / 3600

    @property
    def _bend(self) -> float:
        """The share of the full power that is lost with every per cent above the bend."""
        room = 100 - self.taper_from_pct
        return (1 - self.taper_to_share) / room if room > 0 else 0.0

    @property
    def _bend_pct(self) -> float:
        return self.taper_from_pct if self._bend else 100.0
