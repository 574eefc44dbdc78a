"""What must not stand in any file that leaves the house."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import ROOT, tracked

DIRECTORIES = ["work", "tmp", "opt/dev", "opt/wheels"]
INSTALLING = ("Makefile", ".ci/run", "pyproject.toml", "requirements.lock", "requirements-test.lock")


def holders(pattern: str) -> list[str]:
    """Return `file:line` wherever a tracked text file matches *pattern*."""
    wanted = re.compile(pattern)
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content or not (text := content.decode("utf-8", "replace")):
            continue
        found += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(text.splitlines(), 1) if wanted.search(line)]
    return found


@pytest.mark.parametrize("name", INSTALLING)
def test_where_packages_come_from_is_the_machines_to_say(name: str) -> None:
    said = (ROOT / name).read_text(encoding="utf-8").replace("--no-emit-index-url", "")

    assert [] == re.findall(r"https?://\S+|index-url|find-links", said)


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_no_file_names_a_directory_of_the_machine_it_was_written_on(directory: str) -> None:
    assert [] == holders(rf"(?<![\w.\-/*>}}])/{directory}(?![\w-])")


def test_nothing_waits_to_be_done_later() -> None:
    assert [] == holders("TO" + r"DO\b|FIX" + r"ME\b|XX" + r"X\b")


def test_no_line_of_code_is_excluded_from_coverage() -> None:
    assert [] == holders("pragma: " + "no (cover|branch)")
