"""One car that draws on a prepaid credit: how sure its meter is, what it has drawn since its report, and what it goes on to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from scheduler.dispatch.metering import (
    flowed_since_report,
    meter_of,
    metered_at,
    power_kw,
    share_uncertain,
    uncertainty_kwh,
)
from scheduler.domain.credit import Booking, kwh_of, price_of, uncertain_kwh
from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargePlan, ChargeWindow
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import Vehicle, VehicleState


@dataclass(frozen=True, slots=True)
class Tap:
    """A plugged-in car, what was booked of its present stay, and the plan that it follows."""

    vehicle: Vehicle
    state: VehicleState
    stay: tuple[Booking, ...] = ()
    plan: ChargePlan = field(default_factory=ChargePlan.rest)

    @property
    def power_kw(self) -> float:
        """What the car draws; 0 for one that does not charge."""
        return power_kw(self.state, self.vehicle) if self.state.charging else 0.0

    @property
    def share_uncertain(self) -> float:
        """By what share more than metered may flow from now on."""
        return share_uncertain(meter_of(self.state))

    @property
    def uncertain_kwh(self) -> Decimal:
        """How far what was booked of this stay may be off, should the meter of its last report go on to be read."""
        meter = meter_of(self.state)
        used = [(each.meter, each.uncertainty_kwh) for each in self.stay if each.meter]
        return uncertain_kwh([*used, (meter, kwh_of(uncertainty_kwh(meter, self.vehicle)))])

    def dearest(self, price: float) -> float:
        """Return the dearest price at which something of the stay was booked, at least *price* and 0."""
        return max([0.0, price, *(float(each.money / each.kwh) for each in self.stay if each.kwh)])

    def flowed_kwh(self, now: datetime) -> float:
        """Return what has flowed since the report, and is not booked yet."""
        return flowed_since_report(self.state, self.vehicle, now)

    def flowed_cost(self, now: datetime, curve: TariffCurve) -> float:
        """Return what that costs."""
        kwh, since = self.flowed_kwh(now), metered_at(self.state, meter_of(self.state))
        return price_of(kwh, Interval(since, now), curve) if kwh else 0.0

    def planned(self, now: datetime) -> list[ChargeWindow]:
        """Return what the plan still has ahead."""
        return [
            ChargeWindow(max(window.start, now), window.end, window.power_kw)
            for window in self.plan.windows
            if window.end > now
        ]

    def planned_kwh(self, now: datetime) -> float:
        """Return how much energy the plan still has ahead."""
        return sum(window.energy_kwh for window in self.planned(now))

    def planned_cost(self, now: datetime, curve: TariffCurve) -> float:
        """Return what the plan still has ahead costs; never below 0, since nobody can count on what others are paid."""
        return max(sum(curve.cost([window.interval], window.power_kw) for window in self.planned(now)), 0.0)
