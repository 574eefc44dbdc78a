"""A feature's file can be guessed from the feature, and is short enough to be read at once."""

from __future__ import annotations

import re

from tests.house.tree import ROOT, tracked

LONGEST = 350
"""Lines. About 300 is the aim of the style guide; beyond this a file holds two nouns."""

NAMES_OF_NOTHING = re.compile(r"^_?(utils?|helpers?|managers?|commons?|base|core|misc|data|info|tools?)$")


def test_no_room_and_no_file_is_named_after_nothing() -> None:
    parts = {part: path for path in tracked("*.py") for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}

    assert [] == [str(path.relative_to(ROOT)) for part, path in parts.items() if NAMES_OF_NOTHING.match(part)]


def test_no_file_of_the_scheduler_holds_more_than_one_can_read_at_once() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in tracked("scheduler/*.py")}

    assert {} == {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > LONGEST}


def test_every_file_of_the_scheduler_says_what_lives_in_it() -> None:
    silent = [path for path in tracked("scheduler/*.py") if not path.read_text("utf-8").startswith(('"""', 'r"""'))]

    assert [] == [str(path.relative_to(ROOT)) for path in silent]
