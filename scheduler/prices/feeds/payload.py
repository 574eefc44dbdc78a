"""
From bytes to checked values, for every feed: bounded, exact, and with a sentence where a payload is not what it should be.

Numbers stay `Decimal` on the digits of the wire. Whatever an answer holds, only a `PayloadInvalid` comes out.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, ValidationError

from scheduler.domain.errors import FeedRejected, FeedUnavailable, PayloadInvalid
from scheduler.expectation import plainly

M = TypeVar("M", bound=BaseModel)

LARGEST_BODY = 5 * 1024 * 1024
"""The largest recorded answer has 164 kB. Five megabytes is no answer to a question about two days."""

LONGEST = 30
"""Digits before or after the point. 1e99999999999 is eleven bytes on the wire, and would fill the memory as an integer."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OUR_FAULT = frozenset({"UNAUTHENTICATED", "FORBIDDEN", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"})
_WAYS_TO_MARKUP = (b"<!doctype html", b"<html")


class Wire(BaseModel):
    """A part of a payload. What a feed sends beyond it is not our business."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) > Decimal("1e9"):
        raise ValueError("expected a finite number of ordinary size")
    return value


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("expected a number, not true or false")
    return value


Amount = Annotated[Decimal, BeforeValidator(_no_flag), AfterValidator(_finite)]
"""A price on the wire, number or text, with its own digits."""

Moment = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
"""A time with an offset or `Z`, in UTC."""


def from_json(payload: bytes, model: type[M], feed: str) -> M:
    """Return *payload* as *model*, or raise `PayloadInvalid` that names the first thing that is wrong."""
    return checked(json_value(payload, feed), model, feed)


def checked(content: object, model: type[M], feed: str) -> M:
    """Return plain values as *model*, or raise `PayloadInvalid` that names the first thing that is wrong."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise PayloadInvalid(f"{feed}: {place}: {plainly(first)}") from None


def json_value(payload: bytes, feed: str) -> Any:
    """Return *payload* as plain values with exact numbers; markup, cut and too deeply nested answers are named as such."""
    refuse_markup(payload, feed)
    try:
        return json.loads(payload.decode("utf-8-sig"), parse_float=_exact, parse_constant=_no_number)
    except RecursionError:
        raise PayloadInvalid(f"{feed}: the JSON is nested too deeply") from None
    except ValueError as error:
        raise PayloadInvalid(f"{feed}: expected JSON, got {glimpse(payload)} ({type(error).__name__})") from None


def refuse_markup(payload: bytes, feed: str) -> None:
    """Raise `PayloadInvalid` for an HTML page where data was expected: maintenance answers come with status 200."""
    head = payload[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(_WAYS_TO_MARKUP):
        raise PayloadInvalid(f"{feed}: got an HTML page, expected data (maintenance?)")


def text_of(payload: bytes, feed: str, encoding: str = "utf-8-sig") -> str:
    """Return *payload* as text."""
    refuse_markup(payload, feed)
    try:
        return payload.decode(encoding)
    except UnicodeDecodeError:
        raise PayloadInvalid(f"{feed}: expected {encoding} text, got {glimpse(payload)}") from None


def glimpse(payload: bytes) -> str:
    """Return the first characters of a payload, harmless to print."""
    if not payload.strip():
        return "nothing"
    head = payload[:40].decode("ascii", errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in head).strip().__repr__()


def number(text: str, feed: str) -> Decimal:
    """Return a price written as text; raise `PayloadInvalid` for what is no finite number of ordinary size."""
    try:
        return _finite(Decimal(text))
    except (InvalidOperation, ValueError):
        raise PayloadInvalid(f"{feed}: the price {text[:40]!r} is no number") from None


def from_epoch(seconds: int | Decimal) -> datetime:
    """Return the moment *seconds* after 1970 in UTC; raises `PayloadInvalid` where no calendar reaches."""
    try:
        # 1e9999999999 is a fine Decimal, and fills the memory as an integer: a year of five digits is refused before.
        return EPOCH + timedelta(microseconds=int(_finite(Decimal(seconds) / 1000) * 1_000_000_000))
    except (OverflowError, ArithmeticError, ValueError):
        raise PayloadInvalid(f"the stamp {str(seconds)[:30]} is no time") from None


def _exact(text: str) -> Decimal:
    """Return a number on its own digits. One beyond `LONGEST` makes no price and no date, and gigabytes as a whole number."""
    amount = Decimal(text)
    if abs(amount.adjusted()) > LONGEST:
        raise ValueError("a number beyond all prices and dates")
    return amount


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def refuse_graphql_errors(content: object, feed: str) -> None:
    """Raise for a GraphQL answer that carries errors: they come with status 200."""
    errors = content.get("errors") if isinstance(content, dict) else None
    if not errors:
        return
    first = errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {}
    extensions = first.get("extensions")
    code = str(extensions.get("code", "") if isinstance(extensions, dict) else "")[:60]
    said = f"{feed}: {str(first.get('message', 'an error without a message'))[:120]}" + (f" ({code})" if code else "")
    raise FeedRejected(said) if code in _OUR_FAULT else FeedUnavailable(said)
