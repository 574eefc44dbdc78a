"""Who may call for which car: connections (v3), codes, grants and refresh tokens (v2). What changes them is in the journal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.vehicles.simulator.bearer import secret_text
from scheduler.vehicles.simulator.journal import Entry

CODE_LIFETIME = timedelta(minutes=10)
REFRESH_LIFETIME = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Connection:
    """A driver's consent for one car. Consent given again has another id; the vehicle keeps its own."""

    id: str
    car_id: str
    user_id: str
    permissions: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """What one run of Connect gave: some cars of one user, with some permissions."""

    id: str
    user_id: str
    car_ids: tuple[str, ...]
    permissions: tuple[str, ...]
    redirect_uri: str
    code: str
    granted_at: datetime


@dataclass(slots=True)
class _Refresh:
    grant_id: str
    minted_at: datetime
    used_at: datetime | None = None
    dead: bool = False
    children: list[str] = field(default_factory=list)


class Consents:
    """
    The consents of a world. Codes and refresh tokens are derived from *secret*, so a replay mints the same ones.

    A refresh token works for 60 days, and for *grace_s* after its first use. In between every use gives another pair.
    """

    def __init__(self, secret: str, grace_s: float, newest_wins: bool) -> None:
        self._secret, self._grace, self._newest_wins = secret, timedelta(seconds=grace_s), newest_wins
        self.connections: dict[str, Connection] = {}
        self.grants: dict[str, Grant] = {}
        self._connected = 0
        self._spent: set[str] = set()
        self._refreshes: dict[str, _Refresh] = {}

    def connect(self, car_id: str, user_id: str, permissions: Sequence[str], at: datetime) -> None:
        """Note that a car is connected; a connection it had is replaced."""
        self._connected += 1
        again = f"-{self._connected}" if car_id in self.connections else ""
        self.connections[car_id] = Connection(
            f"sim-connection-{car_id}{again}", car_id, user_id, tuple(permissions), at
        )

    def disconnect(self, car_id: str) -> None:
        """Note that a car is connected no more; one that is not stays so."""
        self.connections.pop(car_id, None)

    def next_code(self) -> str:
        """Return the code that the next run of Connect hands out."""
        return secret_text(self._secret, f"code/{len(self.grants)}")

    def code_grant(self, code: str, redirect_uri: str, now: datetime) -> Grant | None:
        """Return what *code* is good for; None where it is wrong, spent, expired or meant for another address."""
        grant = next((grant for grant in self.grants.values() if grant.code == code), None)
        if grant is None or code in self._spent or now >= grant.granted_at + CODE_LIFETIME:
            return None
        return grant if grant.redirect_uri == redirect_uri else None

    def refresh_grant(self, token: str, now: datetime) -> Grant | None:
        """Return what the refresh *token* is good for; None where it is wrong, dead or expired."""
        refresh = self._refreshes.get(token)
        if refresh is None or refresh.dead or now >= refresh.minted_at + REFRESH_LIFETIME:
            return None
        if refresh.used_at is not None and now >= refresh.used_at + self._grace:
            return None
        return self.grants[refresh.grant_id]

    def newest_refresh(self) -> str:
        """Return the refresh token that was minted last."""
        return next(reversed(self._refreshes))

    def cars(self, grant: Grant) -> list[str]:
        """Return the cars of *grant* that are still connected, in order."""
        return [car_id for car_id in grant.car_ids if car_id in self.connections]

    def apply(self, entry: Entry, at: datetime) -> None:
        """Let one entry of the journal take effect."""
        match entry["act"]:
            case "granted":
                self._grant(entry, at)
            case "exchanged":
                grant = next(grant for grant in self.grants.values() if grant.code == entry["code"])
                self._spent.add(grant.code)
                self._mint(grant.id, at)
            case "refreshed":
                self._refresh(entry["token"], at)
            case "disconnected":
                self.disconnect(entry["car"])

    def _grant(self, entry: Entry, at: datetime) -> None:
        grant = Grant(
            f"grant-{len(self.grants)}", entry["user_id"], tuple(entry["cars"]), tuple(entry["permissions"]),
            entry["redirect_uri"], self.next_code(), at,
        )  # fmt: skip
        self.grants[grant.id] = grant
        for car_id in grant.car_ids:
            self.connect(car_id, grant.user_id, grant.permissions, at)

    def _refresh(self, token: str, at: datetime) -> None:
        refresh = self._refreshes[token]
        refresh.used_at = refresh.used_at or at
        if self._newest_wins:
            self._kill(refresh.children)
        refresh.children.append(self._mint(refresh.grant_id, at))

    def _kill(self, tokens: Collection[str]) -> None:
        for token in tokens:
            self._refreshes[token].dead = True
            self._kill(self._refreshes[token].children)

    def _mint(self, grant_id: str, at: datetime) -> str:
        token = secret_text(self._secret, f"refresh/{len(self._refreshes)}")
        self._refreshes[token] = _Refresh(grant_id, at)
        return token
