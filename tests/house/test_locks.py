"""What is installed is what was locked: every file by its hash, and nothing that is not asked for by name."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from tests.house.test_purity import imported as imported_names
from tests.house.tree import ROOT, tracked

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


def imported() -> set[str]:
    """Return the projects whose packages the scheduler imports, the standard library and itself left out."""
    homes = packages_distributions()
    return {
        re.sub(r"[-_.]+", "-", home).lower()
        for path in tracked("scheduler/*.py")
        for name in imported_names(ast.parse(path.read_text("utf-8")))
        if (top := name.partition(".")[0]) not in sys.stdlib_module_names | {"scheduler"}
        for home in homes[top][:1]
    }


def test_whatever_is_imported_is_asked_for_by_name() -> None:
    # pydantic pins its core to the very version; whoever asks for the one has the other.
    assert set() == imported() - projects(PYPROJECT["project"]["dependencies"]) - {"pydantic-core"}


def test_nothing_is_asked_for_that_is_not_imported() -> None:
    # tzdata is read by zoneinfo, where the system has no time zones of its own.
    assert set() == projects(PYPROJECT["project"]["dependencies"]) - imported() - {"tzdata"}
