"""
JSON values read strictly: each reader takes a value and its path, and names the path when the value will not do.

    vehicles[0].goals[1].energy_kwh: expected a finite number, got '22'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import TypeVar

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval

T = TypeVar("T")
D = TypeVar("D")
SHOWN_LENGTH = 60
"""Characters of a wrong value that a message repeats; enough to find it, and never a page."""


LARGEST = 1e12
"""By size. Any more is a slip in kWh, kW, seconds and in every currency there is, and sums of it would be infinite."""


class ProblemError(InvalidValue):
    """The document is not a planning problem. The message names the JSON path, the value and the expectation."""


class Fields:
    """The members of one JSON object; a member that is not in `known` is refused."""

    def __init__(self, value: object, path: str, known: frozenset[str]) -> None:
        if not isinstance(value, Mapping):
            raise ProblemError(f"{path or 'problem'}: expected an object, got {shown(value)}")
        self._members, self._path = value, path
        for key in value:
            if key not in known:
                raise ProblemError(f"{self._at(key)}: unknown key; known are {', '.join(sorted(known))}")

    def _at(self, key: object) -> str:
        return f"{self._path}.{key}" if self._path else f"{key}"

    def required(self, key: str, read: Callable[[object, str], T]) -> T:
        """Return the member *key*, which must be there."""
        if key not in self._members:
            raise ProblemError(f"{self._at(key)}: missing")
        return read(self._members[key], self._at(key))

    def optional(self, key: str, read: Callable[[object, str], T], default: D) -> T | D:
        """Return the member *key*, or *default* where it is absent."""
        return read(self._members[key], self._at(key)) if key in self._members else default


def or_none(read: Callable[[object, str], T]) -> Callable[[object, str], T | None]:
    """Return a reader that also takes null."""
    return lambda value, path: None if value is None else read(value, path)


def rows_of(length: int) -> Callable[[object, str], list[list[object]]]:
    """Return a reader of lists whose items are lists of *length*: `[start, end]` or `[start, end, number]`."""

    def read(value: object, path: str) -> list[list[object]]:
        rows: list[list[object]] = []
        for index, row in enumerate(as_list(value, path)):
            if not isinstance(row, list) or len(row) != length:
                expected = "[start, end, number]" if length == 3 else "[start, end]"
                raise ProblemError(f"{path}[{index}]: expected {expected}, got {shown(row)}")
            rows.append(row)
        return rows

    return read


def as_list(value: object, path: str) -> list[object]:
    """Return *value*, which must be a list."""
    if not isinstance(value, list):
        raise ProblemError(f"{path}: expected a list, got {shown(value)}")
    return value


def as_moment(value: object, path: str) -> datetime:
    """Return the moment in UTC; a time without offset is refused."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ProblemError(f"{path}: expected a time in ISO 8601 with an offset or 'Z', got {shown(value)}")


def as_interval(row: Sequence[object], path: str) -> Interval:
    """Return the interval that the first two items of *row* bound."""
    start, end = as_moment(row[0], f"{path}[0]"), as_moment(row[1], f"{path}[1]")
    if end <= start:
        raise ProblemError(f"{path}: expected an end after the start, got {iso(start)} to {iso(end)}")
    return Interval(start, end)


def as_number(value: object, path: str) -> float:
    """Return a finite number, by size at most `LARGEST`; true and false are none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if abs(number) <= LARGEST:
            return number
        if isfinite(number):
            raise ProblemError(f"{path}: expected a number between -{LARGEST:g} and {LARGEST:g}, got {shown(value)}")
    raise ProblemError(f"{path}: expected a finite number, got {shown(value)}")


def as_amount(value: object, path: str) -> float:
    """Return a number that is not negative."""
    number = as_number(value, path)
    if number < 0:
        raise ProblemError(f"{path}: expected 0 or more, got {shown(value)}")
    return number


def as_power(value: object, path: str) -> float:
    """Return a number above 0."""
    number = as_number(value, path)
    if number <= 0:
        raise ProblemError(f"{path}: expected more than 0, got {shown(value)}")
    return number


def as_count(value: object, path: str) -> int:
    """Return a whole number that is not negative."""
    number = as_amount(value, path)
    if number != int(number):
        raise ProblemError(f"{path}: expected a whole number, got {shown(value)}")
    return int(number)


def as_seconds(value: object, path: str) -> timedelta:
    """Return a duration given in seconds."""
    return timedelta(seconds=as_amount(value, path))


def as_minutes(value: object, path: str) -> timedelta:
    """Return a duration of whole minutes, given in seconds."""
    duration = as_seconds(value, path)
    if duration % timedelta(minutes=1):
        raise ProblemError(f"{path}: expected whole minutes in seconds, got {shown(value)}")
    return duration


def as_flag(value: object, path: str) -> bool:
    """Return true or false, and nothing that only resembles it."""
    if not isinstance(value, bool):
        raise ProblemError(f"{path}: expected true or false, got {shown(value)}")
    return value


def as_text(value: object, path: str) -> str:
    """Return *value*, which must be a text."""
    if not isinstance(value, str):
        raise ProblemError(f"{path}: expected a text, got {shown(value)}")
    return value


def shown(value: object) -> str:
    """Return *value* as a message can bear it: short."""
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 3]}..."


def iso(moment: datetime) -> str:
    """Return *moment* as the documents write it: UTC with `Z`, microseconds only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
