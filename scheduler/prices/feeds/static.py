"""The energy price of a tariff that is written down: it is known for as long as anybody plans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.plan import PollPlan
from scheduler.prices.public_holidays import HolidaySettings
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.schedule import Schedule
from scheduler.prices.units import CurrencyCode
from scheduler.prices.wall import midnight

HORIZON_DAYS = 9
"""A departure named for next week is at most eight local days ahead."""


class Static(Feed):
    """What `energy:` of a tariff file says, with the clock, the holidays and the currency of the file."""

    zone_key: ClassVar[str] = "timezone"
    varies: ClassVar[bool] = False

    kind: Literal["static"] = "static"
    energy: Schedule
    timezone: ZoneInfo
    currency: CurrencyCode
    holidays: HolidaySettings = HolidaySettings()

    @property
    def local(self) -> bool:
        return True

    @property
    def plan(self) -> PollPlan:
        return PollPlan(self.timezone, time(0), spread=timedelta(0))

    def requests(self, window: Interval) -> Sequence[FeedRequest]:
        return ()

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the prices from the start of what is asked for, `HORIZON_DAYS` local days on."""
        if asked.window is None:
            return not_published(self.currency, "a static tariff needs to know which days are asked for")
        first = asked.window.start.astimezone(self.timezone).date()
        ahead = Interval(midnight(first, self.timezone), midnight(first + timedelta(days=HORIZON_DAYS), self.timezone))
        slots = tuple(self.energy.slots(ahead, self.timezone, self.holidays.value))
        return Reading(self.currency, slots, source="the tariff file")
