"""What is physically so, as against what anybody has heard of it (`report.py`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isinf

from scheduler.vehicles.simulator.battery import Battery

_AT_LIMIT_PCT = 1e-9


@dataclass(frozen=True, slots=True)
class Truth:
    """
    One stretch of a car's life: how it stood at `since`, from which the rest of the stretch follows.

    `plug_kw` is what plug and car allow together, 0 while unplugged. `held` says that a plugged-in car waits to be told.
    `energy_kwh` counts at the plug since the world began; `session_kwh` counts into the battery since the last plug-in.
    `cause` is what began the stretch, `by` whose doing it was (`car`, `command`, `hand`).
    """

    since: datetime
    cause: str
    by: str
    soc_pct: float
    limit_pct: float
    plug_kw: float
    held: bool
    at_home: bool
    driving: bool
    fast_charger: bool
    energy_kwh: float
    session_kwh: float
    odometer_km: float

    @property
    def plugged_in(self) -> bool:
        return self.plug_kw > 0

    @property
    def at_limit(self) -> bool:
        """Whether the car holds all it may: nothing flows, whatever it is told."""
        return self.soc_pct >= self.limit_pct - _AT_LIMIT_PCT

    @property
    def charging(self) -> bool:
        return self.plugged_in and not self.held and not self.at_limit

    def full_at(self, battery: Battery) -> datetime | None:
        """Return when the limit is reached if nothing else happens; None while not charging."""
        if not self.charging:
            return None
        seconds = battery.seconds_to(self.soc_pct, self.limit_pct, self.plug_kw)
        return None if isinf(seconds) else self.since + timedelta(seconds=seconds)

    def at(self, moment: datetime, battery: Battery) -> Truth:
        """Return how the same stretch stands at *moment*, not before `since`."""
        if not self.charging:
            return replace(self, since=moment)
        seconds = (moment - self.since).total_seconds()
        soc_pct = min(battery.soc_after(self.soc_pct, self.plug_kw, seconds), self.limit_pct)
        return self.charged_to(soc_pct, moment, battery)

    def charged_to(self, soc_pct: float, moment: datetime, battery: Battery) -> Truth:
        """Return the stretch at *moment* with *soc_pct*; the energy follows from the gain, so that none is lost or made."""
        gain_pct = soc_pct - self.soc_pct
        return replace(
            self,
            since=moment,
            soc_pct=soc_pct,
            energy_kwh=self.energy_kwh + battery.plug_kwh(gain_pct),
            session_kwh=self.session_kwh + gain_pct / 100 * battery.usable_kwh,
        )


@dataclass(frozen=True, slots=True)
class ChargingInterval:
    """One unbroken stretch of charging; `end` is None while it lasts. Energy at the plug."""

    start: datetime
    end: datetime | None
    energy_kwh: float
    soc_from_pct: float
    soc_to_pct: float
    started_by: str
    ended_by: str | None
