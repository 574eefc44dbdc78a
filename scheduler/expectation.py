"""
What a model expects at each place of a document, in words for the person who wrote it.

The words come from the model's JSON Schema, which editors read too, so that both say the same. A value whose key speaks of a
secret, or whose schema is `writeOnly` (pydantic's `SecretStr` is), is never repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Loc = tuple[str | int, ...]
"""The way from a document's root to one value: keys, and positions in lists."""

Schema = dict[str, Any]

_SECRET = re.compile(r"secret|token|passw|credential|api_?key", re.IGNORECASE)
_URL_CREDENTIALS = re.compile(r"//[^/@\s]+@")
_LONGEST_SHOWN = 60
_MOST_KEYS_SHOWN = 10
_FORMATS = {
    "time": 'a time of day such as "07:00"',
    "wall-moment": 'a day and a time such as "2026-12-24 09:00"',
    "wall-time": 'a time of day such as "07:00"',
    "database-url": "a URL that begins with sqlite:// or postgresql://",
    "notice-url": "an address such as https://ntfy.sh/your-topic, without a user and a password",
    "origin": 'an origin such as "https://host", or http:// on this machine',
    "id": "an id of small letters, digits and hyphens",
    "date": 'a date such as "2026-03-29"',
    "date-time": 'a moment with its offset, such as "2026-03-29T07:00:00+02:00"',
    "duration": 'a duration such as "PT15M"',
    "path": "a path",
    "file-path": "the path of a file",
    "directory-path": "the path of a directory",
    "uri": 'a URL such as "https://example.org"',
    "zoneinfo": 'a time zone such as "Europe/Berlin"',
    "ipvanyaddress": "an IP address",
}


def complaints(error: ValidationError, content: object, model: type[BaseModel]) -> Iterator[tuple[Loc, str]]:
    """Yield where in *content* something is wrong and what, one sentence per place, in the words of *model*'s schema."""
    schema = model.model_json_schema()
    told: set[Loc] = set()
    for detail in error.errors(include_url=False):
        place = _settled(detail, content, schema)
        below_told = any(place.loc[:depth] in told for depth in range(len(place.loc) + 1))
        if not below_told and not _emptied(detail):
            told.add(place.loc)
            yield place.loc, _sentence(detail, place, schema)


def plainly(detail: ErrorDetails) -> str:
    """Return what is wrong with one value where nobody wrote the document by hand: pydantic's word, without its phrases."""
    if detail["type"] == "missing":
        return "it is missing"
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return said.replace("Input should be ", "expected ", 1)


def expected(node: Schema, schema: Schema) -> str:
    """Return what *node* of *schema* accepts, as words that follow "expected"; empty where it says nothing."""
    node = _resolved(node, schema)
    if "const" in node or "enum" in node:
        return _one_of(node.get("enum") or [node["const"]])
    if options := _options(node, schema):
        words = [expected(option, schema) for option in options]
        return " or ".join(dict.fromkeys(word for word in words if word))
    match node.get("type"):
        case "number" | "integer" as kind:
            return ("a number" if kind == "number" else "a whole number") + _bounds(node)
        case "string":
            return _expected_text(node)
        case "object":
            return _expected_mapping(node)
        case kind:
            entries = " that is not empty" if node.get("minItems") else ""
            return {"array": f"a list{entries}", "boolean": "true or false"}.get(str(kind), "")


def shown(value: object, loc: Loc = (), node: Schema | None = None) -> str:
    """Return *value* as its writer would recognise it: short, and without what is secret."""
    match value:
        case None:
            return "nothing"
        case dict() | list():
            return "a mapping" if isinstance(value, dict) else "a list"
        case _ if _secret(loc, node or {}):
            return "a value that is not shown here"
        case str():
            public = _URL_CREDENTIALS.sub("//***@", value)
            cut = json.dumps(public[:_LONGEST_SHOWN], ensure_ascii=False)
            return cut + (" and more" if len(public) > _LONGEST_SHOWN else "")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else json.dumps(value)


def meant(wrong: str, known: Iterable[str]) -> str:
    """Return `, did you mean "x"?` for the known word closest to *wrong*; empty where none is close."""
    by_lower = {word.lower(): word for word in known}
    close = get_close_matches(wrong.lower(), by_lower, n=1)
    return f', did you mean "{by_lower[close[0]]}"?' if close else ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an error stands in the document, with its schema, and its parent's schema and value."""

    loc: Loc
    node: Schema
    parent: Schema
    parent_value: object


def _settled(detail: ErrorDetails, content: object, schema: Schema) -> _Place:
    """Return the error's place without pydantic's own marks in the way (a union's tag, `[key]`)."""
    node, value = _resolved(schema, schema), content
    place = _Place((), node, {}, None)
    for depth, part in enumerate(detail["loc"], start=1):
        missing = detail["type"] == "missing" and depth == len(detail["loc"])
        if not _holds(value, part) and not missing and part not in node.get("properties", {}):
            node = _branch(node, part, schema)
            continue
        place = _Place((*place.loc, part), _child(node, part, schema), node, value)
        node = place.node
        value = value[part] if _holds(value, part) else None  # type: ignore[index]
    if detail["type"].startswith("union_tag") and "discriminator" in node:
        tags = {"enum": [*node["discriminator"].get("mapping", ())]}
        return _Place((*place.loc, node["discriminator"]["propertyName"]), tags, node, value)
    return place


def _emptied(detail: ErrorDetails) -> bool:
    """Whether a list is called too short only because its entries, each told by itself, are wrong."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _holds(value: object, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _sentence(detail: ErrorDetails, place: _Place, schema: Schema) -> str:
    kind, value, loc, node = detail["type"], detail["input"], place.loc, place.node
    words = expected(node, schema)
    if kind in {"missing", "union_tag_not_found"}:
        return f"is missing, expected {words}" if words else "is missing"
    if kind == "extra_forbidden":
        return _unknown_key(place, schema)
    if kind in {"value_error", "assertion_error"}:
        return _said_by_validator(detail, loc, node)
    if kind == "union_tag_invalid":
        value = detail["ctx"]["tag"]
    if not words:
        words = detail["msg"].removeprefix("Input should be ")
    if value is None and not loc:
        return f"the file is empty, expected {words}"
    hint = meant(value, _words(node, schema)) if isinstance(value, str) and not _secret(loc, node) else ""
    return f"got {shown(value, loc, node)}, expected {words}{hint}"


def _unknown_key(place: _Place, schema: Schema) -> str:
    known: list[str] = []
    for candidate in (place.parent, *_options(place.parent, schema)):
        known += candidate.get("properties", ())
    free = [key for key in dict.fromkeys(known) if not _holds(place.parent_value, key)]
    hint = meant(str(place.loc[-1]), free)
    if not hint and 0 < len(free) <= _MOST_KEYS_SHOWN:
        hint = f", expected {_one_of(free)}"
    return f"is not a known key{hint}"


def _said_by_validator(detail: ErrorDetails, loc: Loc, node: Schema) -> str:
    reason, value = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, "), detail["input"]
    if reason.startswith("expected"):
        return f"got {shown(value, loc, node)}, {reason}"
    if isinstance(value, dict | list) or _secret(loc, node):
        return reason
    return f"got {shown(value, loc, node)}: {reason}"


def _words(node: Schema, schema: Schema) -> list[str]:
    """Return the finite words *node* accepts, to guess which one was meant."""
    node = _resolved(node, schema)
    if node.get("format") == "zoneinfo":
        return sorted(zone for zone in available_timezones() if "/" in zone)
    words = [word for word in (*node.get("enum", ()), node.get("const")) if isinstance(word, str)]
    for option in _options(node, schema):
        words += _words(option, schema)
    return words


def _secret(loc: Loc, node: Schema) -> bool:
    return '"writeOnly": true' in json.dumps(node) or any(
        isinstance(part, str) and _SECRET.search(part) for part in loc
    )


def _resolved(node: Schema, schema: Schema) -> Schema:
    """Return *node* with its reference followed, and as what it is besides nothing where it may be nothing too."""
    if "$ref" in node:
        target: Schema = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        return _resolved(target | {key: value for key, value in node.items() if key != "$ref"}, schema)
    something = [option for option in node.get("anyOf", ()) if option.get("type") != "null"]
    if len(something) == 1:
        return _resolved(something[0] | {key: value for key, value in node.items() if key != "anyOf"}, schema)
    return node


def _options(node: Schema, schema: Schema) -> list[Schema]:
    return [_resolved(option, schema) for union in ("anyOf", "oneOf", "allOf") for option in node.get(union, ())]


def _branch(node: Schema, part: str | int, schema: Schema) -> Schema:
    """Return the member of a union that pydantic names *part*; the union itself where it names none."""
    mapping = node.get("discriminator", {}).get("mapping", {})
    if part in mapping:
        return _resolved({"$ref": mapping[part]}, schema)
    return next((option for option in _options(node, schema) if option.get("title") == part), node)


def _child(node: Schema, part: str | int, schema: Schema) -> Schema:
    for candidate in (node, *_options(node, schema)):
        prefix = candidate.get("prefixItems", ())
        if isinstance(part, int):
            found = prefix[part] if part < len(prefix) else candidate.get("items")
        else:
            found = candidate.get("properties", {}).get(part) or candidate.get("additionalProperties")
            found = found or next(iter(candidate.get("patternProperties", {}).values()), None)
        if isinstance(found, dict):
            return _resolved(found, schema)
    return {}


def _expected_text(node: Schema) -> str:
    if words := _FORMATS.get(node.get("format", "")):
        return words
    if examples := node.get("examples"):
        return f"text such as {shown(examples[0])}"
    if pattern := node.get("pattern"):
        return f"text that matches {pattern}"
    return "text that is not empty" if node.get("minLength") == 1 else "text"


def _expected_mapping(node: Schema) -> str:
    keys = [*node.get("properties", ())]
    if not 0 < len(keys) <= _MOST_KEYS_SHOWN:
        return "a mapping"
    return f"a mapping with the keys {', '.join(keys)}"


def _bounds(node: Schema) -> str:
    match node:
        case {"minimum": low, "maximum": high}:
            return f" from {low:g} to {high:g}"
        case {"minimum": low}:
            return f" from {low:g} up"
    bounds = (("exclusiveMinimum", "above"), ("exclusiveMaximum", "below"), ("maximum", "up to"))
    words = " and ".join(f"{word} {node[bound]:g}" for bound, word in bounds if bound in node)
    return f" {words}" if words else ""


def _one_of(words: list[Any]) -> str:
    return ("one of " if len(words) > 1 else "") + ", ".join(shown(word) for word in words)
