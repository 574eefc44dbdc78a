"""
What waiting past the known prices is worth to one car: the ledger's past prices made into courses, once a publication.

The driver's own prices are looked back on, fees and taxes in them. What is kept here may be lost; it is made again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduler.domain.interval import Interval
from scheduler.domain.plan import ChargeNeed, ChargeRules
from scheduler.domain.roster import Seat
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.planning.futures import WEEKDAY_DAYS, Futures, futures
from scheduler.planning.horizon import outlook
from scheduler.ports import Ledger
from scheduler.prices.overlay import overlaid

AHEAD = timedelta(days=6)
"""As far as courses of past days say something; a later departure is planned for when it is nearer."""

NEWS_BEFORE = timedelta(hours=11)
"""A day's prices are published at 13:00 of the day before, eleven hours before the known ones end."""

SOON = timedelta(minutes=15)
"""Where the news is late, it may come at any moment."""

KEPT = 8
"""Courses of so many tariffs and publications are kept: they weigh a hundred kilobytes each."""


class _Asked(NamedTuple):
    tariff_id: TariffId
    known_until: datetime
    zone: ZoneInfo


class Outlooks:
    """Curves that reach as far as a departure: known prices, then what is expected, marked as a forecast."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ahead: dict[_Asked, Futures | None] = {}

    def curve(self, seat: Seat, curve: TariffCurve, need: ChargeNeed, rules: ChargeRules, now: datetime) -> TariffCurve:
        """
        Return *curve* with a forecast up to the last goal, by which the cheapest plan waits as long as that is worth it.

        *curve* itself where every price up to the goal is known, where none is known now, and where the past is too short.
        """
        known_until = curve.known_until(now)
        if not need.goals or known_until is None or need.goals[-1].ready_by <= known_until:
            return curve
        ahead = self._courses(_Asked(seat.driver.tariff_id, known_until, seat.driver.timezone), now)
        return outlook(now, curve, ahead, need, rules, max(known_until - NEWS_BEFORE, now + SOON))

    def _courses(self, asked: _Asked, now: datetime) -> Futures | None:
        if asked not in self._ahead:
            while len(self._ahead) >= KEPT:
                self._ahead.pop(next(iter(self._ahead)))
            window = Interval(asked.known_until, asked.known_until + AHEAD)
            self._ahead[asked] = futures(self._past(asked, now), window, asked.zone)
        return self._ahead[asked]

    def _past(self, asked: _Asked, now: datetime) -> tuple[PriceSlot, ...]:
        """Return the firm prices of the last weeks up to what is known ahead, by the curve that was in force each day."""
        slots: tuple[PriceSlot, ...] = ()
        for back in range(WEEKDAY_DAYS + 1, -1, -1):
            kept = self._ledger.curve(asked.tariff_id, now - back * timedelta(days=1))
            if kept is not None:
                slots = overlaid(slots, tuple(slot for slot in kept[0].slots if slot.firm))
        return tuple(slot for slot in slots if slot.start < asked.known_until)
