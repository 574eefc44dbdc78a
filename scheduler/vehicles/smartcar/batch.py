"""From v2's batch of answers to a `VehicleState`: pure. Each item is an answer of its own, with status, headers and body."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from scheduler.domain.errors import VehicleUnreachable
from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.vehicles.smartcar.faults import Ask, fault_in
from scheduler.vehicles.smartcar.reply import Reply, at
from scheduler.vehicles.smartcar.signals import NEVER, moment

STATE_PATHS = ("/battery", "/charge")
"""What a state needs. Each path counts as a call (docs: batch), so no more is asked."""


def state_in_batch(payload: object, vehicle_id: VehicleId, now: datetime, ids: Collection[str] = ()) -> VehicleState:
    """
    Return what the items say of the car. One that failed costs only its own values.

    Dates are those of the header `SC-Data-Age`, by which the car recorded the value; without it a value counts as of
    1970 (see `signals.py`). v2's state of charge is a share of 1. Raises the first failure where nothing was read.
    """
    replies = _replies(payload)
    faults = [fault for reply in replies.values() if (fault := fault_in(reply, Ask.READ, ids)) is not None]
    battery, charge = _good(replies, "/battery"), _good(replies, "/charge")
    soc_pct, status = percent(at(battery.body, "percentRemaining")), _status(charge)
    plugged_in = at(charge.body, "isPluggedIn")
    if soc_pct is None and status is None and not isinstance(plugged_in, bool):
        raise faults[0] if faults else VehicleUnreachable("Smartcar's batch holds neither battery nor charge")
    charge_at, soc_at = _recorded_at(charge, now), _recorded_at(battery, now)
    return VehicleState(
        vehicle_id=vehicle_id,
        seen_at=charge_at or soc_at or NEVER,
        soc_pct=soc_pct,
        soc_seen_at=soc_at if soc_pct is not None else None,
        plugged_in=plugged_in if isinstance(plugged_in, bool) else (True if status == "CHARGING" else None),
        charging=None if status is None else status == "CHARGING",
        fully_charged=None if status is None else status == "FULLY_CHARGED",
    )


def percent(share: object) -> float | None:
    """Return v2's share of 1 in percent; None for anything else."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        return None
    # 0.68 * 100 is 68.00000000000001.
    return round(share * 100, 6)


def _replies(payload: object) -> dict[str, Reply]:
    items = at(payload, "responses")
    replies: dict[str, Reply] = {}
    for item in items if isinstance(items, list) else ():
        path, code, body, headers = (at(item, key) for key in ("path", "code", "body", "headers"))
        if isinstance(path, str) and isinstance(code, int):
            replies[path] = Reply(code, body, empty=body is None, headers=_lowered(headers))
    return replies


def _lowered(headers: object) -> Mapping[str, str]:
    if not isinstance(headers, dict):
        return {}
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _good(replies: Mapping[str, Reply], path: str) -> Reply:
    """Return the reply to *path* where it succeeded, else an empty one."""
    reply = replies.get(path)
    return reply if reply is not None and fault_in(reply, Ask.READ) is None else Reply(204)


def _recorded_at(reply: Reply, now: datetime) -> datetime | None:
    recorded_at = moment(reply.headers.get("sc-data-age"))
    return None if recorded_at is None else min(recorded_at, now)


def _status(charge: Reply) -> str | None:
    state = at(charge.body, "state")
    return state.upper() if isinstance(state, str) and state.upper() in _STATES else None


_STATES = {"CHARGING", "NOT_CHARGING", "FULLY_CHARGED"}
