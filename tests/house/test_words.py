"""What must not stand in any file that leaves the house."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import ROOT, tracked

# Put together here, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
]
DIRECTORIES = ["work", "tmp", "opt/dev", "opt/wheels", "opt/pypi"]


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


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_package_registry(host: str) -> None:
    assert [] == holders(re.escape(host))


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_no_file_names_a_directory_of_the_machine_it_was_written_on(directory: str) -> None:
    assert [] == holders(rf"(?<![\w.\-/*>}}])/{directory}(?![\w-])")


def test_nothing_waits_to_be_done_later() -> None:
    assert [] == holders("TO" + r"DO\b|FIX" + r"ME\b|XX" + r"X\b")


def test_no_line_of_code_is_excluded_from_coverage() -> None:
    assert [] == holders("pragma: " + "no (cover|branch)")
