"""Facts of the coupled European day-ahead market that several feeds share (facts/feeds.md 1)."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from scheduler.prices.plan import PollPlan
from scheduler.prices.units import Unit

MARKET = ZoneInfo("Europe/Berlin")
"""The market's day is midnight to midnight in this zone, whatever the bidding zone's own clock shows."""

EUR_PER_MWH = Unit("EUR", Decimal(1000))


def day_ahead(first_at: time = time(13, 5), spread: timedelta = timedelta(minutes=4)) -> PollPlan:
    """Return the plan for a feed of the day-ahead auction: results about 12:55 to 14:08, late from 16:00 on."""
    return PollPlan(MARKET, first_at, ((time(16), timedelta(minutes=10)),), spread=spread)
