"""
The lines of a contract as a tariff file writes them. `tariff.py` turns those that make a price per kWh into steps.

Amounts are in the file's unit, major units per kWh unless it says otherwise. What no plan can act on (standing charges, the
price of feeding in) is read and checked all the same, so that a tariff can be written down whole.
"""

from __future__ import annotations

from datetime import date, time
from typing import Literal, Self

from pydantic import Field, model_validator

from scheduler.document import Section
from scheduler.prices.retail import OnNegative
from scheduler.prices.schedule import Schedule, Weekdays

Resolution = Literal["5min", "15min", "30min", "60min"]


class MarkupSettings(Section):
    """`rate`: a share of the energy price; `per_kwh`: an amount. `on_negative: absolute` takes the share of its size."""

    rate: float = Field(default=0.0, ge=-1, le=10)
    per_kwh: float = 0.0
    on_negative: Literal["signed", "absolute"] = "signed"


class LevySettings(Section):
    """Taxes and levies that are an amount per kWh, in sum."""

    per_kwh: float


class TaxSettings(Section):
    """`vat: 0.19` is 19 %. `included`: all prices in the file have it in them, so none is added."""

    vat: float = Field(default=0.0, ge=0, le=1)
    included: bool = False
    on_negative: OnNegative = OnNegative.TOTAL_ONLY


class ValiditySettings(Section):
    """The local dates on which a file holds, `to` inclusive; open where nothing is said."""

    since: date | None = Field(default=None, alias="from")
    to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.to is not None and self.to < self.since:
            raise ValueError(f"to: got {self.to}, expected {self.since} or later")
        return self


class BandSettings(Section):
    """What is added to the energy price up to a consumption in the billing period; the last band has no end."""

    up_to_kwh: float | None = Field(default=None, gt=0)
    add: float


class TierSettings(Section):
    """
    Block rates. `used_kwh` is what the household has used when the car usually charges.

    Without it the last band is counted on, the price of one kWh more at the end of the period.
    """

    per: Literal["day", "month", "year"] = "month"
    bands: list[BandSettings] = Field(min_length=1)
    used_kwh: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        ends = [band.up_to_kwh for band in self.bands]
        if ends[-1] is not None or any(end is None for end in ends[:-1]):
            raise ValueError("bands: expected up_to_kwh in all but the last, where it is null")
        known = [end for end in ends if end is not None]
        if sorted(set(known)) != known:
            raise ValueError("bands: expected up_to_kwh to ascend")
        return self

    @property
    def add(self) -> float:
        """The amount of the band that can be counted on."""
        if self.used_kwh is None:
            return self.bands[-1].add
        return next(band.add for band in self.bands if band.up_to_kwh is None or self.used_kwh < band.up_to_kwh)


class EnergySettings(Schedule):
    """The energy price by the clock, with block rates where the contract has them."""

    tiers: TierSettings | None = None


class FixedSettings(Section):
    """A standing charge. It is paid whatever is planned."""

    amount: float
    per: Literal["day", "month", "year"]


class DemandWindow(Section):
    """When a demand charge counts."""

    days: Weekdays = "mon-sun"
    since: time = Field(default=time(0), alias="from")
    to: time = time(0)


class DemandSettings(Section):
    """
    A charge on the highest mean power of the billing period. It is no price per kWh: what keeps it small is a limit on the
    power drawn at once in its window.
    """

    name: str = ""
    price_per_kw: float = Field(ge=0)
    per: Literal["day", "month", "year"] = "month"
    window: DemandWindow | None = None
    average: Resolution = "15min"
    measure: Literal["max"] = "max"
    ratchet: float | None = Field(default=None, ge=0, le=1)


class DeviceQuota(Section):
    """How many hours a day a device has its own rate."""

    hours: float = Field(gt=0, le=24)
    per: Literal["day"] = "day"
    day_starts: time = time(0)


class DeviceSettings(Section):
    """
    A rate for one device behind its own meter. Where the supplier controls the car, its own rate applies when the supplier
    charges; what we plan ourselves is priced as the household.
    """

    rate: float
    quota: DeviceQuota | None = None
    then: float
    controlled_by: Literal["supplier", "driver"] = "supplier"


class DevicesSettings(Section):
    """Devices with a rate of their own."""

    ev: DeviceSettings | None = None


class SourceSettings(Section):
    """Where the figures of a file come from, and when somebody last compared them."""

    url: str
    checked: date
