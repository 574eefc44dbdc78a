"""Everything smartcharge stands on may be used, changed and shipped with it under Apache-2.0."""

from __future__ import annotations

import re
from importlib.metadata import PackageMetadata, metadata

import pytest

from tests.house.test_locks import LOCKS, pins

PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "PSF-2.0",
    "Unlicense",
    "Zlib",
}

# MPL-2.0 binds changes to the licensed files themselves; these are imported as they are and never changed.
UNCHANGED = {"certifi": "MPL-2.0", "hypothesis": "MPL-2.0", "pathspec": "MPL-2.0"}

SPELLINGS = {
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "new bsd license": "BSD-3-Clause",
}


def stated(project: PackageMetadata) -> str:
    """Return what a package says of its licence: SPDX expression, classifier or text, the first of them that is there."""
    fields = ("License-Expression", "Classifier", "License")
    said = [text for field in fields for text in project.get_all(field) or () if isinstance(text, str)]
    said = [text for text in said if "::" not in text or text.startswith("License ::")]
    name = said[0].rpartition(" :: ")[2] if said else "nothing"
    return SPELLINGS.get(name.lower(), name)


@pytest.mark.parametrize("project", sorted({project for project, _, marker in pins(LOCKS[1]) if "win32" not in marker}))
def test_a_package_is_permissively_licensed(project: str) -> None:
    found = stated(metadata(project))

    terms = {term for term in re.split(r"\s+(?:AND|OR)\s+|[()]", found) if term}
    assert set() == terms - PERMISSIVE - {UNCHANGED.get(project, "")}, f"{project} is licensed as {found!r}"
