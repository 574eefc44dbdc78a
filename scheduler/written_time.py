"""Times of day, moments and days of the week as people write them in a driver's file."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, time
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from scheduler.expectation import meant

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_WORDS = (*DAYS, *(f"{first}-{last}" for first in DAYS for last in DAYS if first != last))

_WALL_TIME = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"
_WALL_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-5][0-9]$"


def _wall_time(written: object) -> time:
    if isinstance(written, str) and re.fullmatch(_WALL_TIME, written):
        hour, minute = written.split(":")
        return time(int(hour), int(minute))
    raise ValueError('expected a time of day such as "07:00"')


def _wall_moment(written: object) -> datetime:
    if isinstance(written, str) and re.fullmatch(_WALL_MOMENT, written):
        with suppress(ValueError):  # the 30th of February, which the pattern lets through
            return datetime.fromisoformat(written)
    raise ValueError('expected a day and a time such as "2026-12-24 09:00"')


def _end_of_blocked(written: object) -> time:
    return time(0) if written == "24:00" else _wall_time(written)


def weekdays(written: str) -> tuple[int, ...]:
    """Return the weekdays meant by `mon`, `mon-fri`, `sat-mon`, `mon,wed` or `daily`, each once."""
    if written == "daily":
        return tuple(range(7))
    named: list[int] = []
    for part in written.split(","):
        if part not in _DAY_WORDS:
            forms = 'a day such as "mon", a range such as "mon-fri", several with commas, or "daily"'
            raise ValueError(f"expected {forms}{meant(part, _DAY_WORDS)}")
        first, last = DAYS.index(part[:3]), DAYS.index(part[-3:])
        named += [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    return tuple(dict.fromkeys(named))


def _days(written: str) -> str:
    weekdays(written)
    return written


def rank(days: str) -> int:
    """How narrow a key is: daily, a range or several days, a single day."""
    return 0 if days == "daily" else 2 if days in DAYS else 1


_TIME_SCHEMA = {"type": "string", "format": "wall-time", "pattern": _WALL_TIME}
_MOMENT_SCHEMA = {"type": "string", "format": "wall-moment", "pattern": _WALL_MOMENT}
WallMoment = Annotated[datetime, BeforeValidator(_wall_moment), WithJsonSchema(_MOMENT_SCHEMA)]
WallTime = Annotated[time, BeforeValidator(_wall_time), WithJsonSchema(_TIME_SCHEMA)]
BlockedEnd = Annotated[time, BeforeValidator(_end_of_blocked), WithJsonSchema(_TIME_SCHEMA)]
Days = Annotated[str, AfterValidator(_days)]
