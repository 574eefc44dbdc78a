"""
Whether what is known of a plugged-in car is too old to plan on. Pure.

    last report                        limit
    -----|-------------- fresh ----------|------------ stale ------------|---
                                                                    a report comes

A car at rest reports nothing, and nothing happens to it: so the plan made when more was known stays in force until its last
window is over. Whatever is planned anew takes the car to be empty, as if nothing were known: it is charged in time
whatever became of it, below the reserve at once, and the first start wakes it; what it then reports sets the plan right.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.domain.promise import Promise
from scheduler.domain.vehicle import VehicleState


def age(state: VehicleState, now: datetime) -> timedelta:
    """
    Return how old the state of charge is; where it has no date, the car's last word.

    A cable that was reported days ago is as good as on the first day: it has not been pulled since.
    """
    return now - (state.soc_seen_at or state.last_word_at)


def outlives(promise: Promise | None, fresh: Promise, now: datetime) -> bool:
    """Whether *promise*, the one in force, stays in force where *fresh* was planned on nothing better than an old report."""
    if promise is None or promise.soc_pct is None or promise.goal != fresh.goal:
        return False
    return any(window.end > now for window in promise.plan.windows)
