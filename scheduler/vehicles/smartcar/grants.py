"""
The grants of v2: one pair of tokens per consent, and the rotation that must not lose it.

Each refresh returns a new pair; the old refresh token dies a minute later (documents say 1 and 10 minutes; we count on
the shorter). Who loses the pair has lost the consent, and the driver must connect again. Hence:

    lock the grant, across processes -> read it again: somebody may have been faster
        -> refresh, and repeat at once where no answer came (the old token is good for a minute yet)
        -> store the new pair durably -> unlock -> only now use it
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType, Protocol

import stamina

from scheduler.domain.errors import ConsentLost, VehicleError
from scheduler.ports import Clock
from scheduler.vehicles.smartcar.channel import Channels, Dropped, NotSent, Request, Unanswered
from scheduler.vehicles.smartcar.complaints import complaint_in
from scheduler.vehicles.smartcar.faults import Ask, CredentialsRefused, ServerFailed, fault_in
from scheduler.vehicles.smartcar.reply import Reply, at
from scheduler.vehicles.smartcar.settings import SmartcarSettings

GrantId = NewType("GrantId", str)
"""Our own name for one consent, for example the driver's. Safe in a log and as the name of a file."""

REFRESH_LIFE = timedelta(days=60)
"""A refresh token's life. The server does not send it; the official SDK counts it so."""

# Renewed this long before it runs out: a command may take five minutes.
_EARLY = timedelta(minutes=10)
# Documented, where an answer does not tell it.
_ACCESS_LIFE_S = 7200.0
# Three tries with pauses of 1 and 2 s: each begins within the minute for which the old refresh token is good.
_REFRESH_TRIES = 3
_REFRESH_TIMEOUT_S = 12.0


@dataclass(frozen=True, slots=True)
class Grant:
    """One pair of tokens; neither is printed. Times are wall time in UTC, so that they hold over a restart."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether the access token is good for some minutes yet."""
        return now < self.access_expires_at - _EARLY


class GrantStore(Protocol):
    """Where grants lie, shared by every process that uses them. Raises `VehicleError`s only."""

    def load(self, grant_id: GrantId) -> Grant | None: ...

    def save(self, grant_id: GrantId, grant: Grant) -> None:
        """Keep *grant* in place of the one before. Durable when it returns."""

    def forget(self, grant_id: GrantId) -> None: ...

    def exclusive(self, grant_id: GrantId) -> AbstractAsyncContextManager[None]:
        """Hold the grant alone, among all tasks and processes; freed by the death of the holder."""


class GrantKeeper:
    """
    Redeems, gives out and renews. Tokens appear in no error, no log and no `repr`.

    A renewal runs in a task of its own, which all who need it share and none can cancel: between the answer and the
    store lies the only copy of the pair. Close it by `settle`. After a 401 a grant is renewed once, and again only when
    the new token was accepted somewhere.
    """

    def __init__(self, settings: SmartcarSettings, channels: Channels, clock: Clock, store: GrantStore) -> None:
        self._settings, self._channels, self._clock, self._store = settings, channels, clock, store
        self._renewals: dict[GrantId, asyncio.Task[str]] = {}
        self._on_trial: dict[GrantId, str] = {}

    async def redeem(self, grant_id: GrantId, code: str) -> None:
        """
        Turn the code of a redirect into a grant, stored. Raises `ConsentLost` where it is not accepted.

        A code is good for ten minutes and sent once: a second use is refused, and may cost the grant the first made.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._settings.redirect_uri}
        async with self._store.exclusive(grant_id):
            self._store.save(grant_id, await self._asked(form))

    def holds(self, grant_id: GrantId) -> bool:
        """Whether there is a grant, however old."""
        return self._store.load(grant_id) is not None

    async def access_token(self, grant_id: GrantId) -> str:
        """Return an access token that is good for some minutes yet. Raises `ConsentLost` where there is no grant."""
        grant = self._held(grant_id)
        return grant.access_token if grant.is_fresh(self._clock.now()) else await self._renewed(grant_id, grant)

    async def instead_of(self, grant_id: GrantId, refused: str) -> str:
        """Return another access token than *refused*, which was answered with 401. Raises `CredentialsRefused`."""
        if self._on_trial.get(grant_id) == refused:
            raise CredentialsRefused("Smartcar refuses this consent's token though it is new")
        grant = self._held(grant_id)
        token = grant.access_token if grant.access_token != refused else await self._renewed(grant_id, grant)
        self._on_trial[grant_id] = token
        return token

    def accepted(self, grant_id: GrantId, token: str) -> None:
        """Note that *token* was not refused."""
        if self._on_trial.get(grant_id) == token:
            del self._on_trial[grant_id]

    def forget(self, grant_id: GrantId) -> None:
        """Delete the tokens here; `LegacyGateway.disconnect` is what ends the consent at Smartcar."""
        self._store.forget(grant_id)

    async def settle(self) -> None:
        """Wait until no renewal is under way: at most some 40 s, where Smartcar does not answer."""
        await asyncio.gather(*self._renewals.values(), return_exceptions=True)

    async def _renewed(self, grant_id: GrantId, seen: Grant) -> str:
        """Return the access token of the pair after *seen*, whoever gets it."""
        renewal = self._renewals.get(grant_id)
        if renewal is None:
            renewal = self._renewals[grant_id] = asyncio.create_task(self._renewal(grant_id, seen))
            renewal.add_done_callback(lambda _: self._renewals.pop(grant_id, None))
        return await asyncio.shield(renewal)

    async def _renewal(self, grant_id: GrantId, seen: Grant) -> str:
        async with self._store.exclusive(grant_id):
            grant = self._held(grant_id)
            if grant.refresh_token == seen.refresh_token:
                # A disk that takes no more must say so before the old pair is spent, not after.
                self._store.save(grant_id, grant)
                grant = await self._rotated(grant)
                self._store.save(grant_id, grant)
        return grant.access_token

    async def _rotated(self, grant: Grant) -> Grant:
        form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
        async for attempt in stamina.retry_context(
            on=(NotSent, Dropped, Unanswered, ServerFailed),
            attempts=_REFRESH_TRIES,
            timeout=None,
            wait_initial=1.0,
            wait_jitter=0.0,
        ):
            with attempt:
                renewed = await self._asked(form)
        return renewed

    def _held(self, grant_id: GrantId) -> Grant:
        grant = self._store.load(grant_id)
        if grant is None:
            raise ConsentLost("there is no consent for this car here: connect it")
        return grant

    async def _asked(self, form: dict[str, str]) -> Grant:
        pair = f"{self._settings.application_id}:{self._settings.legacy_secret.get_secret_value()}"
        headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        request = Request("POST", "/oauth/token", headers, form=form, timeout_s=_REFRESH_TIMEOUT_S)
        asked_at = self._clock.now()
        reply = await self._channels.to(self._settings.auth_origin).send(request)
        fault = _fault(reply)
        if fault is not None:
            raise fault
        return _grant(reply, asked_at)


def _fault(reply: Reply) -> VehicleError | None:
    complaint = complaint_in(reply)
    if complaint is not None and reply.status == 400 and complaint.code != "INVALID_CLIENT":
        # The code or the refresh token is spent, expired or revoked; v2 words it in several ways.
        return ConsentLost("Smartcar does not accept this consent any more: connect the car again")
    return fault_in(reply, Ask.READ)


def _grant(reply: Reply, asked_at: datetime) -> Grant:
    access, refresh = at(reply.body, "access_token"), at(reply.body, "refresh_token")
    life = at(reply.body, "expires_in")
    if not _is_token(access) or not _is_token(refresh):
        raise CredentialsRefused("Smartcar's token answer holds no usable pair of tokens")
    life_s = float(life) if isinstance(life, int | float) and life > 0 else _ACCESS_LIFE_S
    return Grant(str(access), str(refresh), asked_at + timedelta(seconds=life_s), asked_at + REFRESH_LIFE)


def _is_token(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value and value != ""
