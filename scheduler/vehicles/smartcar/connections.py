"""Who has connected which car: the only place where Smartcar tells a vehicle's and a user's id. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from scheduler.vehicles.smartcar.reply import at
from scheduler.vehicles.smartcar.signals import moment


@dataclass(frozen=True, slots=True)
class Connection:
    """
    One consent of one user for one car. The connection's id changes when the driver connects again, the vehicle's stays.

    `permissions` may list far more than the owner was shown. `created_at` is when the driver consented. The ids are not
    printed with it.
    """

    id: str = field(repr=False)
    vehicle_id: str = field(repr=False)
    user_id: str = field(repr=False)
    make: str = ""
    model: str = ""
    year: int | None = None
    mode: str = ""
    powertrain: str = ""
    permissions: frozenset[str] = frozenset()
    created_at: datetime | None = None


def connections_in(payload: object) -> list[Connection]:
    """Return the connections of one page; entries without a vehicle's or a user's id are passed over."""
    entries = at(payload, "data")
    found = (_connection(entry) for entry in (entries if isinstance(entries, list) else ()))
    return [connection for connection in found if connection is not None]


def has_next_page(payload: object, seen: int) -> bool:
    """
    Whether another page follows this one, after *seen* entries in all.

    The total decides where it is told (`meta.totalCount`), else the link to the next page; an empty page is the last.
    """
    entries = at(payload, "data")
    if not isinstance(entries, list) or not entries:
        return False
    total = at(payload, "meta", "totalCount")
    if isinstance(total, int):
        return seen < total
    return bool(at(payload, "links", "next"))


def _connection(entry: object) -> Connection | None:
    vehicle_id = at(entry, "relationships", "vehicle", "data", "id")
    user_id = at(entry, "relationships", "user", "data", "id") or at(entry, "attributes", "user", "id")
    if not isinstance(vehicle_id, str) or not isinstance(user_id, str):
        return None
    permissions = at(entry, "attributes", "permissions")
    year = at(entry, "attributes", "vehicle", "year")
    return Connection(
        id=_text(at(entry, "id")),
        vehicle_id=vehicle_id,
        user_id=user_id,
        make=_text(at(entry, "attributes", "vehicle", "make")),
        model=_text(at(entry, "attributes", "vehicle", "model")),
        year=year if isinstance(year, int) else None,
        mode=_text(at(entry, "attributes", "vehicle", "mode")).lower(),
        powertrain=_text(at(entry, "attributes", "vehicle", "powertrainType")).upper(),
        permissions=frozenset(p for p in permissions if isinstance(p, str))
        if isinstance(permissions, list)
        else frozenset(),
        created_at=moment(at(entry, "meta", "createdAt")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
