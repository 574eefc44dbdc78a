"""
What an answer of Smartcar complains about, freed of its shape. Pure.

    v3      {"errors": [{"status": "409", "type", "code", "suggestedUserMessage", ...}]}
    v2      {"statusCode": 409, "type", "code", "description", "suggestedUserMessage", ...}
    nested  {"data": {"attributes": {"status": "FAILURE", "error": {"type", "code"}}}}     also with HTTP 200 and 202
    OAuth   {"error": "invalid_client", "error_description": "..."}

What the other side wrote is repeated only where it holds nothing that looks like an id, a VIN, a token or a place.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from scheduler.vehicles.smartcar.reply import Reply, at

UNKNOWN = "UNKNOWN"

_FAILURES = {"FAILURE", "FAILED"}
_OAUTH_CODES = {
    "access_denied",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_token",
    "unauthorized_client",
    "unsupported_grant_type",
}
_NESTS = (
    (),
    ("data",),
    ("data", "attributes"),
    ("data", "attributes", "status"),
    ("data", "status"),
    ("status",),
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """
    One error as Smartcar words it. `type` and `code` are upper case, or `UNKNOWN`; an OAuth error has the type `OAUTH`.

    `status` is the body's where it names one, else the answer's. `message` is meant for drivers and fit to be shown.
    """

    type: str
    code: str
    status: int
    message: str | None = None

    @property
    def words(self) -> str:
        """The message, else type and code, else the bare status."""
        if self.message:
            return self.message
        known = [word for word in (self.type, self.code) if word != UNKNOWN]
        return " / ".join(known) or f"HTTP {self.status} without an explanation"


def complaint_in(reply: Reply, ids: Collection[str] = ()) -> Complaint | None:
    """
    Return what the body complains about, whatever the HTTP status; None where it does not, or is not JSON.

    Of several errors the first counts. *ids* are words that must not be repeated, however the message puts them.
    """
    error = _error_object(reply.body)
    if error is None:
        statuses = (
            at(reply.body, "data", "attributes", "status"),
            at(reply.body, "data", "status"),
            at(reply.body, "status"),
        )
        failed = any(isinstance(status, str) and status.upper() in _FAILURES for status in statuses)
        return Complaint(UNKNOWN, UNKNOWN, reply.status) if failed else None
    status = _status(error.get("status")) or _status(error.get("statusCode")) or reply.status
    message = presentable(error.get("suggestedUserMessage"), ids)
    return Complaint(_word(error.get("type")), _word(error.get("code")), status, message)


def _error_object(body: object) -> dict[str, object] | None:
    """Find the object with `type` and `code`: in `errors[]`, in an `error` somewhere, or the body itself."""
    errors = at(body, "errors")
    if isinstance(errors, list) and errors:
        return errors[0] if isinstance(errors[0], dict) else {}
    for nest in _NESTS:
        error = at(body, *nest, "error")
        if isinstance(error, dict) and ("type" in error or "code" in error):
            return error
    oauth = at(body, "error")
    if isinstance(oauth, str):
        # Gateways say {"error": "Bad Gateway"}: only OAuth's own codes are about credentials.
        return {"type": "OAUTH" if oauth in _OAUTH_CODES else UNKNOWN, "code": oauth}
    if isinstance(body, dict) and ("statusCode" in body or ("type" in body and "code" in body)):
        return body
    return None


def _status(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    return value if isinstance(value, int) and 100 <= value <= 599 else None


def _word(value: object) -> str:
    """Return a type or code in upper case; what is not a plain word may be an id and is not repeated."""
    return value.upper() if isinstance(value, str) and re.fullmatch(r"[A-Za-z_]{1,60}", value) else UNKNOWN


def presentable(message: object, ids: Collection[str]) -> str | None:
    """Return Smartcar's sentence for the driver, on one line of at most 200 letters; None where it may name an id."""
    if not isinstance(message, str) or any(word and word in message for word in ids):
        return None
    line = " ".join(message.split())[:200]
    return None if not line.isprintable() or any(map(_like_an_id, line.split())) else line or None


def _like_an_id(word: str) -> bool:
    return "@" in word or len(word) > 24 or (len(word) >= 6 and any(letter.isdigit() for letter in word))
