"""One answer of Smartcar, read to its end: status, parsed body, and how long it asks us to wait."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

_LONGEST_WAIT_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Reply:
    """
    An HTTP answer whose body has ended.

    `body` is the parsed JSON object or array; None where there is none: then `empty` tells nothing from something that
    is not JSON (a gateway's HTML page, a body cut short). `headers` have lower-case names. Not shown: it may hold ids.
    """

    status: int
    body: object = field(default=None, repr=False)
    empty: bool = True
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, status: int, content: bytes, headers: Mapping[str, str]) -> Reply:
        """Return the reply with *content* parsed, whatever its content type claims."""
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(status, _parsed(content), not content.strip(), lowered)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_json(self) -> bool:
        return self.body is not None

    @property
    def retry_after(self) -> timedelta | None:
        """The wait of a `Retry-After` in seconds, at most a day; None for none, or for a form Smartcar does not send."""
        try:
            seconds = float(self.headers.get("retry-after", ""))
        except ValueError:
            return None
        return timedelta(seconds=min(seconds, _LONGEST_WAIT_S)) if seconds >= 0 else None


def at(body: object, *path: str) -> object:
    """Return what lies at *path* in nested JSON objects; None where a step is missing or is not an object."""
    for key in path:
        if not isinstance(body, dict):
            return None
        body = body.get(key)
    return body


def _parsed(content: bytes) -> object:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict | list) else None
