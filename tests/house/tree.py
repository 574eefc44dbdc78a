"""The files of the project, as git sees them: what is committed, and what would be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked(*patterns: str) -> list[Path]:
    """Return the project's files that match *patterns* (all without any), or skip where there is no git checkout."""
    # The checkout may belong to somebody else (a container, a CI runner); git then asks to be told that it is safe.
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        *patterns,
    ]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"needs git and a checkout: {error}")
    return [path for name in listed.splitlines() if (path := ROOT / name).is_file()]
