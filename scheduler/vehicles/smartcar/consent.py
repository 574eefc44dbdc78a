"""
Asking a driver for consent: the link to Smartcar's Connect, the state that comes back with the driver, and what the
redirect says. Pure; the web room keeps the cookie and remembers which states are spent.

    browser -> /connect/ada      cookie, state = sign(ada, cookie, expires)      -> Smartcar Connect
    browser <- Smartcar          /connect/callback?state=...&code=...&user_id=...
    daemon     the state is ours, unspent, not expired, and of this very browser -> ada is connected
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from scheduler.domain.errors import InvalidValue
from scheduler.vehicles.smartcar.settings import SmartcarSettings

LEAST_SCOPES = ("read_vehicle_info", "read_battery", "read_charge", "control_charge")
"""What charging needs. More would be asked of a driver for nothing."""

HOME_SCOPE = "read_location"
"""What a driver is asked for beside, who wants a car left alone that is not at home. Its position is never read."""

VIRTUAL_KEY_URL = "https://www.tesla.com/_ak/smartcar.com"
"""Where the owner of a Tesla lets Smartcar's key into the car (docs: virtual key)."""

CONSENT_TIME = timedelta(minutes=10)
"""How long a state is good for: Smartcar's own code is good for as long."""

_WORDS = {
    "access_denied": "You did not give your consent. Nothing was connected; you can start again at any time.",
    "invalid_subscription": "Your car's online services are not active. Activate them with the maker, then try again.",
    "configuration_error": "This installation is not set up right at Smartcar. Whoever runs it has to look at it.",
    "no_vehicles": "There is no car in this account. Add it in the maker's app, then try again.",
    "vehicle_incompatible": "This car cannot be reached through Smartcar.",
    "server_error": "Smartcar or the maker had a fault. Try again later.",
}
_UNKNOWN_WORDS = "Smartcar did not connect the car and gave no reason that is known here. Try again later."


class StateRefused(InvalidValue):
    """The state that came back is not one to trust. The message says why, in words for the driver."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The driver consented. `code` is for v2's exchange, good for ten minutes; `user_id` for v3. Neither is printed."""

    state: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    user_id: str | None = field(default=None, repr=False)
    virtual_key_url: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """No consent came of it. `reason` is Smartcar's word or `unknown`, `sentence` says it to the driver."""

    state: str = field(repr=False)
    reason: str
    sentence: str


def connect_url(
    settings: SmartcarSettings,
    state: str,
    *,
    scopes: Collection[str] = LEAST_SCOPES,
    make: str | None = None,
    again: bool = False,
) -> str:
    """
    Return the address of Smartcar's Connect for one car.

    *make* skips the choice of the maker; *again* shows the consent page even where consent was given before. The
    application names itself by the parameter the settings say: sources differ (`client_id`, `application_id`).
    """
    if not settings.application_id or not settings.redirect_uri:
        raise InvalidValue("Smartcar's Connect needs smartcar.application_id and smartcar.redirect_uri")
    query = {
        "response_type": "code",
        settings.connect_parameter: settings.application_id,
        "redirect_uri": settings.redirect_uri,
        "scope": " ".join(scopes),
        "mode": settings.mode,
        "state": state,
        "approval_prompt": "force" if again else "auto",
        "single_select": "true",
    }
    if make:
        query["make"] = make.upper()
    return f"{settings.connect_origin}/oauth/authorize?{urlencode(query)}"


def new_state(key: bytes, subject: str, cookie: str, now: datetime) -> str:
    """
    Return a state that says *subject* asked at *now* in the browser that holds *cookie*.

    Signed under *key*, so nothing is stored for those who never come back. *cookie* must be random and of one use: it
    makes the state so, too.
    """
    expires = int((now + CONSENT_TIME).timestamp())
    claims = f"{expires}.{urlsafe_b64encode(subject.encode()).decode()}"
    return f"{claims}.{_signature(key, claims, cookie)}"


def subject_of(key: bytes, state: str, cookie: str | None, now: datetime, spent: Container[str]) -> str:
    """
    Return the subject of a *state* that came back with *cookie*. Raises `StateRefused`.

    *spent* holds the states that were accepted before; the caller adds this one before acting on it, in one step with
    the look (a unique row), so that of two that come at once one is refused.
    """
    claims, _, signature = state.rpartition(".")
    expected = _signature(key, claims, cookie or "")
    if not cookie or not hmac.compare_digest(expected.encode(), signature.encode()):
        raise StateRefused("This answer does not belong to a connection begun in this browser. Begin again here.")
    expires, _, subject = claims.partition(".")
    if now >= datetime.fromtimestamp(int(expires), UTC):
        raise StateRefused("This took longer than ten minutes. Begin again.")
    if state in spent:
        raise StateRefused("This connection was made already.")
    return urlsafe_b64decode(subject).decode()


def redirect_in(query: Mapping[str, str]) -> Connected | Declined:
    """Return what Smartcar's redirect says. Its own words are not repeated: they may name a car."""
    state, error = query.get("state", ""), query.get("error")
    if error is not None:
        reason = error if error in _WORDS else "unknown"
        return Declined(state, reason, _WORDS.get(error, _UNKNOWN_WORDS))
    code, user_id = query.get("code") or None, query.get("user_id") or query.get("userId") or None
    if code is None and user_id is None:
        return Declined(state, "unknown", _UNKNOWN_WORDS)
    return Connected(state, code, user_id, _virtual_key(query.get("virtual_key_url")))


def _signature(key: bytes, claims: str, cookie: str) -> str:
    message = f"{claims}.{sha256(cookie.encode()).hexdigest()}"
    return hmac.new(key, message.encode(), sha256).hexdigest()


def _virtual_key(url: str | None) -> str | None:
    """Return *url* if it is Tesla's: a redirect's parameters are anybody's, and this one is shown as a link."""
    return url if url is not None and url.startswith("https://www.tesla.com/") else None
