"""Where a car stops charging by itself: its own limit, unless that is one that we have set and can set again."""

from __future__ import annotations

from datetime import datetime

from scheduler.dispatch.make_limits import MONTH
from scheduler.domain.command import Verb
from scheduler.domain.vehicle import VehicleState
from scheduler.ports import Ledger


def own_limit_pct(ledger: Ledger, state: VehicleState, now: datetime) -> float | None:
    """
    Return the limit that holds whatever we plan; None where the car does not say, takes all, or has it from us.

    A limit that we set for one target must not cut the next one: planned beyond it, the car ignores its start and has
    its limit set again (`decide.py`).
    """
    limit_pct = state.limit_pct
    if limit_pct is None or limit_pct >= 100:
        return None
    ours = any(
        command.verb is Verb.LIMIT and command.limit_pct == round(limit_pct)
        for command in ledger.commands(state.vehicle_id, now - MONTH)
    )
    return None if ours else limit_pct
