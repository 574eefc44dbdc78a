"""The rooms that think use the standard library (planning numpy too), and nothing in them waits, prints or opens."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, tracked

PURE = ("scheduler/domain/*.py", "scheduler/planning/*.py", "scheduler/dispatch/decide.py", "scheduler/ports.py")
ASYNCHRONOUS = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the full names of the modules that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or "."


def parsed(*patterns: str) -> dict[Path, ast.Module]:
    return {path.relative_to(ROOT): ast.parse(path.read_text("utf-8")) for path in tracked(*patterns)}


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("scheduler/domain/*.py", {"scheduler.domain"}),
        ("scheduler/ports.py", {"scheduler.domain"}),
        ("scheduler/planning/*.py", {"scheduler.domain", "scheduler.planning", "numpy"}),
    ],
)
def test_a_pure_room_needs_the_standard_library_and_what_lies_below_it(pattern: str, allowed: set[str]) -> None:
    foreign = {
        f"{path}: {name}"
        for path, tree in parsed(pattern).items()
        for name in imported(tree)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not any(name == room or name.startswith(f"{room}.") for room in allowed)
    }

    assert set() == foreign


def test_nothing_pure_awaits() -> None:
    # ports.py only names what the rooms that touch the world may await.
    waiting = [
        f"{path}:{node.lineno}"
        for path, tree in parsed(*PURE[:-1]).items()
        for node in ast.walk(tree)
        if isinstance(node, ASYNCHRONOUS)
    ]

    assert [] == waiting


def test_nothing_pure_prints_or_opens() -> None:
    touching = [
        f"{path}:{node.lineno}: {node.func.id}"
        for path, tree in parsed(*PURE).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "open", "input"}
    ]

    assert [] == touching
