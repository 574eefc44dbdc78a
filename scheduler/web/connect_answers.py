"""How the API tells of a driver's way through Smartcar's Connect."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from scheduler.web.answers import Answer


class LinkAnswer(Answer):
    """The address by which a driver connects a car."""

    now: datetime
    link: str = Field(description="Good for ten minutes")
    notes: list[str] = Field(description="What to know of these makes: what cannot be done, and what is done instead")


class ConnectAnswer(Answer):
    """What came of the last way through Smartcar's Connect. `at` is null where nobody has come back since the start."""

    now: datetime
    at: datetime | None
    done: bool
    sentence: str
    link: str | None = Field(description="Tesla's virtual key, where it is still to be let in")
