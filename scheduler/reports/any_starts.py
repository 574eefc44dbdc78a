"""Foresight without a limit on starts, for all sessions at once: what starting and stopping at will could save at most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from scheduler.domain.interval import Interval
from scheduler.planning.crowd import Crowd, RankedCurve
from scheduler.planning.timeline import EPOCH, microseconds
from scheduler.reports.market import Market
from scheduler.reports.policies import foresight
from scheduler.reports.sessions import ReplayedSession
from scheduler.reports.tally import Bill, missing_beyond_rounding


def any_starts(sessions: Sequence[ReplayedSession], market: Market) -> list[Bill]:
    """Return the bill of each of *sessions* (at least one) for the cheapest times of its whole stay, in their order."""
    first, last = min(session.stay.start for session in sessions), max(session.stay.end for session in sessions)
    crowd = Crowd(
        np.array([_us(session.stay.start) for session in sessions], dtype=np.int64),
        np.array([_us(session.stay.end) for session in sessions], dtype=np.int64),
        np.array([session.deliverable_kwh for session in sessions]),
        np.array([session.recorded.power_kw for session in sessions]),
    )
    ranked = RankedCurve(market.settled(Interval(first, last)))
    plans = ranked.plans(crowd)
    bills: list[Bill] = []
    for number, session in enumerate(sessions):
        windows = ranked.windows(crowd, plans, number)
        starts = len(foresight(session, market, None) if windows is None else windows)
        missing_kwh = missing_beyond_rounding(float(plans.shortfall_kwh[number]))
        bills.append(Bill(float(plans.cost[number]), missing_kwh, starts))
    return bills


def _us(moment: datetime) -> int:
    return microseconds(moment - EPOCH)
