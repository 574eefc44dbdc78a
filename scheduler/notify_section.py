"""What a driver's file may say of being told: the keys of its `notify:`, and the value they become."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from scheduler.document import Section
from scheduler.domain.driver import NoticeAddress


def _callable(url: str) -> str:
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ValueError("expected a host, and a port between 0 and 65535 if any") from None
    return url


NoticeUrl = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^/@?#\s]+(/[^@\s]*)?$"),
    AfterValidator(_callable),
    Field(json_schema_extra={"format": "notice-url", "writeOnly": True}),
]
"""Whoever knows the address can write to the driver, so it stands in no log and no error message."""

SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


class NotifySection(Section):
    """Where a driver is told what they must know, away from the page."""

    url: NoticeUrl = Field(description="An https:// or http:// address to which each notice is posted.")
    form: Literal["json", "text"] = Field(
        default="json", description="json: an object; text: the sentence alone, for ntfy and its like."
    )
    secret: SecretName | None = Field(
        default=None, description="The name of the token that goes with it, as for price feeds; never the token itself."
    )

    def address(self) -> NoticeAddress:
        """Return the address as a domain value."""
        return NoticeAddress(self.url, self.form == "text", self.secret or "")
