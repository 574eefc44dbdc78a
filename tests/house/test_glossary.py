"""The glossary and the code use the same words."""

from __future__ import annotations

import ast
import re

from tests.house.tree import ROOT, tracked

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")


def rows() -> list[list[str]]:
    """Return the cells of every row of the glossary's tables."""
    lines = [line for line in GLOSSARY.splitlines() if line.startswith("| ") and not line.startswith("| word")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def domain_types() -> set[str]:
    trees = [ast.parse(path.read_text("utf-8")) for path in tracked("scheduler/domain/*.py") if path.stem != "errors"]
    return {node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}


def test_every_type_of_the_domain_has_its_word() -> None:
    explained = {name for row in rows() for name in re.findall(r"`(\w+)`", row[1])}

    assert set() == domain_types() - explained


def test_no_word_names_a_type_that_is_gone() -> None:
    explained = {name for row in rows() for name in re.findall(r"`(\w+)`", row[1])}

    assert {"TariffId"} == explained - domain_types()


def test_every_word_stands_there_once_with_a_sentence() -> None:
    words = [row[0] for row in rows()]

    assert sorted(set(words)) == sorted(words)
    assert [] == [row[0] for row in rows() if not row[2].endswith(".") or len(row) != 4]


def test_no_word_is_also_one_that_is_not_used() -> None:
    words = {word for row in rows() for word in row[0].split(", ")}
    avoided = {word for row in rows() for word in row[3].split(", ") if word}

    assert set() == words & avoided
