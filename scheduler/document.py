"""
A YAML 1.2 document that people write, read with the position of every key, so that whatever is wrong is named by file,
line, column, key, value and expectation.

    config/drivers/ada.yaml:14:9: cars[0].departures.mon.target: got 180, expected a number from 0 to 100

A document is a mapping from text to text, numbers, true/false, lists and mappings. In YAML 1.2 `22:30`, `on` and `no` are
text. Keys written twice, anchors, tags, and whatever the model does not know are problems. A document is loaded whole or not
at all, and every problem is told at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from scheduler.domain.errors import ConfigError
from scheduler.expectation import Loc, complaints

M = TypeVar("M", bound=BaseModel)

LARGEST_BYTES = 256 * 1024
"""A document people write is far smaller. Beyond this it is a mistake, or meant to exhaust the memory."""

_DEEPEST = 32
"""Levels of nesting: ours have six. Far below what Python's stack and pydantic's JSON parser bear."""

_CONSTRUCTED = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))
# YAML 1.2's core schema has neither dates nor merge keys; ruamel.yaml tags them all the same.
_TEXT = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "timestamp", "merge", "value"))


class Section(BaseModel):
    """One mapping of a document: frozen, and without keys it does not know. Models of documents inherit from it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing that is wrong with one file. `line` and `column` count from 1; None where the file as a whole is meant.

    `key` is the way to the value (`cars[0].departures.mon`), empty at the root. A missing key has its parent's position.
    """

    path: Path
    line: int | None
    column: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = "" if self.line is None else f":{self.line}:{self.column}"
        return f"{self.path}{place}: {self.key}{': ' if self.key else ''}{self.message}"

    @property
    def order(self) -> tuple[str, int, int]:
        """Sort key: by file, then from top to bottom."""
        return str(self.path), self.line or 0, self.column or 0


class InvalidDocument(ConfigError):
    """Files as a person wrote them, with everything that is wrong with them: one line of the message per problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.order))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(slots=True)
class Document:
    """
    What a file holds as plain values, and where each of them stands.

    `flaws` are what YAML allows and we do not, each with its place; no model judges what lies under it.
    """

    path: Path
    content: object = None
    places: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    flaws: list[tuple[Loc, Problem]] = field(default_factory=list)

    def problem(self, loc: Loc, message: str) -> Problem:
        """Return a problem at *loc*; where nothing is written there, at the nearest parent."""
        written = next((loc[:depth] for depth in range(len(loc), -1, -1) if loc[:depth] in self.places), ())
        line, column = self.places.get(written, (1, 1))
        return Problem(self.path, line, column, key_path(loc), message)

    def validated(self, model: type[M]) -> M:
        """
        Return the content as *model*, strictly: text is no number, `true` is no 1.

        Raise `InvalidDocument` with every problem of the file.
        """
        problems = [problem for _, problem in self.flaws]
        try:
            # By way of JSON, since only there "strict" still reads a time, a path or an enum from text.
            value = model.model_validate_json(json.dumps(self.content), strict=True)
        except ValidationError as error:
            for loc, message in complaints(error, self.content, model):
                if not any(loc[: len(flaw)] == flaw for flaw, _ in self.flaws):
                    problems.append(self.problem(loc, message))
        if problems:
            raise InvalidDocument(problems)
        return value


def error_at(loc: Loc, reason: str, written: object) -> ValidationError:
    """
    Return the error a validator of a model raises to blame one value below it, instead of the model as a whole.

    A *reason* that begins with "expected" is told after the value itself.
    """
    error = PydanticCustomError("value_error", "{reason}", {"reason": reason})
    return ValidationError.from_exception_data("document", [InitErrorDetails(type=error, loc=loc, input=written)])


def load_document(path: Path, model: type[M]) -> M:
    """Return the file as *model*, whole; raise `InvalidDocument` (a `ConfigError`) that lists every problem."""
    return read_document(path).validated(model)


def problems(path: Path, model: type[BaseModel]) -> list[Problem]:
    """Return everything that is wrong with the file, from top to bottom; empty where `load_document` would load it."""
    try:
        load_document(path, model)
    except InvalidDocument as invalid:
        return list(invalid.problems)
    return []


def read_document(path: Path) -> Document:
    """Read the file without judging its meaning; raise `InvalidDocument` where it is no YAML document at all."""
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # every anchor is a problem of ours already
    text = _text(path)
    try:
        root = yaml.compose(text)
    except YAMLError as error:
        raise _not_yaml(path, text, error) from None
    except RecursionError:
        raise _unreadable(path, "is nested too deeply") from None
    document = Document(path)
    if root is not None:
        document.places[()] = _start(root)
        document.content = _Walk(document, yaml).value(root, (), root)
    return document


def key_path(loc: Loc) -> str:
    """Return *loc* as people write it: `cars[0].departures.mon`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(path, "there is no such file") from None
    except IsADirectoryError:
        raise _unreadable(path, "is a directory, expected a file") from None
    except PermissionError:
        raise _unreadable(path, "this user may not read the file") from None
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}") from error
    if len(raw) > LARGEST_BYTES:
        raise _unreadable(path, f"is larger than {LARGEST_BYTES // 1024} KiB, expected a file written by a person")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace")
        place = _position(before, len(before))
        raise _unreadable(path, f"is not UTF-8 text: found the byte 0x{raw[error.start]:02x}", *place) from None


def _not_yaml(path: Path, text: str, error: YAMLError) -> InvalidDocument:
    """Return the sentence for what the parser could not read. Its own message would repeat the line, secrets and all."""
    if isinstance(error, ReaderError):
        return _unreadable(path, "holds a control character, expected text", *_position(text, error.position))
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    return _unreadable(path, f"is not YAML: {getattr(error, 'problem', type(error).__name__)}", line, column)


def _unreadable(path: Path, message: str, line: int | None = None, column: int | None = None) -> InvalidDocument:
    return InvalidDocument([Problem(path, line, column, "", message)])


def _position(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1


def _start(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _has_half(node: ScalarNode) -> bool:
    """Whether an escape stands for half a character: a lone surrogate, which no UTF-8 can hold."""
    return any("\ud800" <= letter <= "\udfff" for letter in node.value)


class _Walk:
    """Turns YAML nodes into plain values and notes where they stand and what we do not allow."""

    def __init__(self, document: Document, yaml: YAML) -> None:
        self._document, self._yaml = document, yaml

    def value(self, node: Node, loc: Loc, place: Node) -> object:
        """Return *node* as a plain value, noting that it stands at *place* (its key, or itself in a list)."""
        self._document.places[loc] = _start(place)
        if len(loc) > _DEEPEST:
            return self._flaw(loc, "is nested too deeply")
        if node.anchor is not None:
            return self._flaw(loc, f"has the anchor &{node.anchor}; anchors are not allowed, write the value out")
        match node:
            case MappingNode(tag="tag:yaml.org,2002:map"):
                return self._mapping(node, loc)
            case SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.value(item, (*loc, index), item) for index, item in enumerate(node.value)]
            case ScalarNode():
                return self._scalar(node, loc)
        return self._tagged(node, loc)

    def _mapping(self, node: MappingNode, loc: Loc) -> dict[str, object]:
        mapping: dict[str, object] = {}
        for key, value in node.value:
            if reason := self._unfit(key):
                written = str(key.value) if isinstance(key, ScalarNode) else "?"
                self._flaw((*loc, written), f"{reason}, expected a key of plain text", key)
            elif key.value in mapping:
                first, _ = self._document.places[(*loc, key.value)]
                self._flaw((*loc, key.value), f"is written twice, first in line {first}", key)
            else:
                mapping[key.value] = self.value(value, (*loc, key.value), key)
        return mapping

    def _unfit(self, key: Node) -> str:
        """Return what makes *key* no plain text; empty where nothing does."""
        if not isinstance(key, ScalarNode):
            return "is not text"
        if key.tag not in _TEXT:
            return "is not text without quotes"
        return "has an anchor" if key.anchor is not None else "holds half a character" if _has_half(key) else ""

    def _scalar(self, node: ScalarNode, loc: Loc) -> object:
        if node.tag in _TEXT:
            return self._flaw(loc, "holds half a character, expected text") if _has_half(node) else str(node.value)
        if node.tag not in _CONSTRUCTED:
            return self._tagged(node, loc)
        try:
            value: object = self._yaml.constructor.construct_object(node)
        except ValueError:
            return self._flaw(loc, "is not a number that can be read")
        if isinstance(value, float) and not isfinite(value):
            return self._flaw(loc, f"got {node.value}, expected a finite number")
        return value

    def _tagged(self, node: Node, loc: Loc) -> object:
        return self._flaw(loc, f"has the tag {node.tag}; tags are not allowed, write the plain value")

    def _flaw(self, loc: Loc, message: str, key: Node | None = None) -> object:
        """Note what is not allowed (of a *key*, or else of the value), and return what stands for it: nothing."""
        line, column = _start(key) if key else self._document.places[loc]
        self._document.flaws.append((loc, Problem(self._document.path, line, column, key_path(loc), message)))
        return None
