"""
Domain values as versioned JSON records, exactly there and back.

    {"v": 1, "vehicle_id": "ada-id3", "made_at": "2026-02-01T17:00:00+00:00", "plan": {"outcome": "met", ...}, ...}

A record holds every field a value is made of. A field added later, with a default, is simply absent from old records. A
change of meaning takes a new `VERSION` and a step that lifts old records to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from scheduler.domain.errors import InvalidValue, StoreUnavailable
from scheduler.domain.interval import as_utc

V = TypeVar("V")

VERSION = 1

MICROSECOND = timedelta(microseconds=1)
"""Durations are written as whole microseconds: exactly what a `timedelta` holds."""


def to_record(value: object) -> str:
    """
    Return a domain value as one JSON object on one line.

    Times are written in UTC. A number that is not finite is refused: JSON has none, and a plan should not either.
    """
    try:
        return json.dumps({"v": VERSION, **_plain(value)}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise InvalidValue(f"a {type(value).__name__} to be stored must hold finite numbers and aware times") from error


def from_record(kind: type[V], record: str) -> V:
    """Return the value of this *kind* that a record holds. One that this version cannot read is StoreUnavailable."""
    read = _reader(cast("Hashable", kind))
    try:
        plain = json.loads(record)
        version = plain.pop("v")
        if version == VERSION:
            return cast("V", read(plain))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreUnavailable(f"a stored {kind.__name__} cannot be read; is the ledger damaged?") from error
    raise StoreUnavailable(f"a stored {kind.__name__} has form {version}, this smartcharge reads form {VERSION}")


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.init}
    if isinstance(value, datetime):
        return as_utc(value).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return value // MICROSECOND
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


@cache
def _reader(hint: Hashable) -> Callable[[Any], Any]:
    """Return the function that turns the JSON form of a type back into a value of it."""
    hint = getattr(hint, "__supertype__", hint)
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _optional(hint)
    if origin is tuple:
        part = _reader(get_args(hint)[0])
        return lambda parts: tuple(map(part, parts))
    if isinstance(hint, type):
        return _class(hint)
    raise TypeError(f"no record can hold a {hint}")


def _optional(hint: Any) -> Callable[[Any], Any]:
    (kind,) = (part for part in get_args(hint) if part is not NoneType)
    read = _reader(kind)
    return lambda value: None if value is None else read(value)


def _class(kind: type) -> Callable[[Any], Any]:
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        readers = {field.name: _reader(hints[field.name]) for field in fields(kind) if field.init}
        return lambda plain: kind(**{name: readers[name](value) for name, value in plain.items()})
    if kind is timedelta:
        return lambda count: timedelta(microseconds=count)
    if kind is datetime:
        return lambda text: as_utc(datetime.fromisoformat(text))
    return kind if issubclass(kind, Enum) else lambda value: value
