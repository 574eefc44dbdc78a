"""
The application's token of v3: one for all cars, valid for an hour, without a refresh token.

Single flight: however many cars are due, one request gets it. Renewed early. After a 401 it is renewed once; when the new
one is refused too, nobody asks for a third until it has been accepted once, or has run out.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from scheduler.domain.errors import BudgetExhausted, VehicleError, VehicleUnreachable
from scheduler.ports import Clock
from scheduler.vehicles.smartcar.channel import Channels, Request
from scheduler.vehicles.smartcar.faults import Ask, CredentialsRefused, fault_in
from scheduler.vehicles.smartcar.reply import Reply, at
from scheduler.vehicles.smartcar.settings import SmartcarSettings

# Renewed this long before it runs out, or a tenth of its life before, whichever is later.
_EARLY_S = 300.0
# The documented life, where an answer does not tell it.
_LIFE_S = 3600.0
# After a failure the same answer is given for this long without asking: a thousand due cars are one request.
_PAUSE_S = 30.0


@dataclass(slots=True)
class _Token:
    """`on_trial`: got after a refusal and not yet accepted anywhere."""

    value: str = field(repr=False)
    renew_at_s: float
    on_trial: bool = False


class ApplicationToken:
    """Gives out the bearer token. Its value appears in no error, no log and no `repr`."""

    def __init__(self, settings: SmartcarSettings, channels: Channels, clock: Clock) -> None:
        self._settings, self._channels, self._clock = settings, channels, clock
        self._token: _Token | None = None
        self._failure: tuple[float, VehicleError] | None = None
        self._turn = asyncio.Lock()

    async def value(self) -> str:
        """Return a token that is good for some minutes yet. Raises a `VehicleError` where none is to be had."""
        async with self._turn:
            if self._token is None or self._clock.monotonic() >= self._token.renew_at_s:
                self._token = await self._fetched(on_trial=False)
            return self._token.value

    async def instead_of(self, refused: str) -> str:
        """
        Return another token than *refused*, which was answered with 401; one already got for another car will do.

        Raises `CredentialsRefused` where the refused one is itself such a replacement that was never accepted.
        """
        async with self._turn:
            if self._token is not None and self._token.value == refused:
                if self._token.on_trial:
                    raise CredentialsRefused("Smartcar refuses this application's token though it is new")
                self._token = None
            if self._token is None:
                self._token = await self._fetched(on_trial=True)
            return self._token.value

    def accepted(self, value: str) -> None:
        """Note that *value* was not refused."""
        if self._token is not None and self._token.value == value:
            self._token.on_trial = False

    async def _fetched(self, *, on_trial: bool) -> _Token:
        asked_at_s = self._clock.monotonic()
        if self._failure is not None and asked_at_s < self._failure[0]:
            raise self._failure[1].with_traceback(None)
        try:
            reply = await self._channels.to(self._settings.iam_origin).send(self._request())
            token = _token_in(reply, asked_at_s)
        except VehicleError as error:
            self._failure = (self._clock.monotonic() + _PAUSE_S, error)
            raise
        self._failure = None
        token.on_trial = on_trial
        return token

    def _request(self) -> Request:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
        }
        return Request("POST", "/oauth2/token", form=form)


def _token_in(reply: Reply, asked_at_s: float) -> _Token:
    fault = fault_in(reply, Ask.READ)
    if isinstance(fault, VehicleUnreachable | BudgetExhausted):
        raise fault
    if fault is not None:
        # Neither a car nor a driver is meant here, whatever the same answer means elsewhere.
        raise CredentialsRefused(f"Smartcar gives this application no token (HTTP {reply.status})")
    value, life = at(reply.body, "access_token"), at(reply.body, "expires_in")
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value or not value:
        raise CredentialsRefused("Smartcar's token answer holds no usable access_token")
    life_s = float(life) if isinstance(life, int | float) and life > 0 else _LIFE_S
    return _Token(value, asked_at_s + life_s - min(_EARLY_S, life_s / 10))
