"""The price of risk, session by session, from what came before: in the sessions' own order and in the priced year both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scheduler.planning.departures import risk_price
from scheduler.reports.sessions import ReplayedSession


def risk_prices(sessions: Sequence[ReplayedSession], critical_prices: Sequence[float], share: float) -> list[float]:
    """
    Return for each session the price of risk at which at most *share* of those before it would have been short.

    A session counts for another once it had ended, in its own time and in the year it was moved to: the first, so that
    nothing is learned from a stay that came later; the second, so that no price of the future has a say.
    """
    left = np.array([session.recorded.left_at.timestamp() for session in sessions])
    moved_left = np.array([session.stay.end.timestamp() for session in sessions])
    critical = np.array(critical_prices)
    order = np.argsort(left, kind="stable")
    left, moved_left, critical = left[order], moved_left[order], critical[order]
    prices: list[float] = []
    for session in sessions:
        ended = int(np.searchsorted(left, session.recorded.arrived_at.timestamp(), side="right"))
        seen = moved_left[:ended] <= session.stay.start.timestamp()
        prices.append(risk_price(critical[:ended][seen].tolist(), share))
    return prices
