"""Everything smartcharge says is in the catalogue, everything in the catalogue is on the page, and both say the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from scheduler.domain.event import CATALOGUE, KINDS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "events.md"
NAME = re.compile(r"[a-z]+\.[a-z_]+")
NOUNS = {name.partition(".")[0] for name in CATALOGUE}


def said_in(source: str) -> set[str]:
    """Return what a source says: the first words of every `note(...)`, and every text that looks like an event's name."""
    said: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "").endswith("note") and node.args:
            said |= {str(part.value) for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)}
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            said |= {node.value} if node.value.partition(".")[0] in NOUNS else set()
    return said


def test_nothing_is_said_that_is_not_in_the_catalogue() -> None:
    unknown = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "scheduler").rglob("*.py")
        for name in said_in(path.read_text("utf-8"))
        if name not in CATALOGUE
    }

    assert set() == unknown


@pytest.mark.parametrize(
    "source",
    [
        'self._journal.note("car.exploded", vehicle)',
        'journal.note("prices.lost" if late else "prices.late")',
        'X = "plan.eaten"',
    ],
)
def test_the_search_finds_what_is_not_in_the_catalogue(source: str) -> None:
    assert [] != [name for name in said_in(source) if name not in CATALOGUE]


def test_the_page_has_one_line_for_every_event_and_no_other() -> None:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]

    assert [f"| `{kind.name}` | {kind.level} | {kind.meaning} | {kind.to_do} |" for kind in KINDS] == lines


def test_names_are_a_noun_and_what_befell_it() -> None:
    assert [] == [name for name in CATALOGUE if not NAME.fullmatch(name)]
    assert len(KINDS) == len(CATALOGUE)
