"""What is installed is what was locked: every file by its hash, and nothing that is not asked for by name."""

from __future__ import annotations

import re
import tomllib
from functools import cache

import pytest

from tests.house.tree import ROOT

LOCKS = ("requirements.lock", "requirements-test.lock")
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; ([^\\]+))? \\$", re.MULTILINE)


@cache
def lock(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def pins(name: str) -> set[tuple[str, str, str]]:
    """Return project, version and marker of everything a lock file holds."""
    return {(project, version, (marker or "").strip()) for project, version, marker in PIN.findall(lock(name))}


def projects(requirements: list[str]) -> set[str]:
    """Return the normalised project names of *requirements*, without versions."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[<>=!~; \[]", wanted, maxsplit=1)[0]).lower() for wanted in requirements}


PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = projects(PYPROJECT["project"]["dependencies"]) | projects(PYPROJECT["build-system"]["requires"])
TEST = RUNTIME | projects(PYPROJECT["project"]["optional-dependencies"]["test"])


@pytest.mark.parametrize(("name", "wanted"), [(LOCKS[0], RUNTIME), (LOCKS[1], TEST)])
def test_every_dependency_is_locked(name: str, wanted: set[str]) -> None:
    assert set() == wanted - {project for project, _, _ in pins(name)}


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", lock(name), flags=re.MULTILINE)[1:]

    assert len(blocks) == len(pins(name))
    assert [] == [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block]


def test_tests_run_on_the_very_versions_that_are_shipped() -> None:
    assert set() == pins(LOCKS[0]) - pins(LOCKS[1])


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_says_how_it_was_made_and_not_where(name: str) -> None:
    heading = [line for line in lock(name).splitlines() if line.startswith("#")]

    assert "#    make lock" in heading
    assert "://" not in lock(name)
