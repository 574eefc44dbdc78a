"""A fresh machine may lack what others have; the Makefile finds its way or says what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed"),
]

# Debian without python3-venv: venv says what to install and leaves half of an environment behind. pip works, or is not there.
DEBIAN = """#!/bin/sh
case "$*" in
  *-m\\ venv*--without-pip*) exec {python} "$@" ;;
  *-m\\ venv*) mkdir -p .venv/bin; echo "ensurepip is not available"; exit 1 ;;
  *-m\\ pip*) {pip} ;;
  *) exec {python} "$@" ;;
esac
"""
OUTDATED = """#!/bin/sh
[ "$1" = --version ] && echo "Python 3.9.2"
exit 1
"""


def interpreter(directory: Path, script: str) -> Path:
    path = directory / "python3"
    path.write_text(script, "utf-8")
    path.chmod(0o755)
    return path


def make_environment(directory: Path, python: Path) -> subprocess.CompletedProcess[str]:
    """Run the first step of the set-up, which needs no network, as a newcomer on another machine would."""
    shutil.copy(ROOT / "Makefile", directory)
    return subprocess.run(
        ["make", ".venv/.made", f"PYTHON={python}"],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_without_python3_venv_the_systems_pip_fills_an_environment_that_has_none(tmp_path: Path) -> None:
    python = interpreter(tmp_path, DEBIAN.format(python=sys.executable, pip="echo pip 23.0.1"))

    made = make_environment(tmp_path, python)

    assert made.returncode == 0, made.stderr
    assert (tmp_path / ".venv" / "bin" / "python").exists()


def test_without_any_pip_the_missing_packages_are_named(tmp_path: Path) -> None:
    python = interpreter(tmp_path, DEBIAN.format(python=sys.executable, pip="exit 1"))

    made = make_environment(tmp_path, python)

    assert made.returncode != 0
    assert "install python3-venv or python3-pip" in made.stderr


def test_an_old_python_is_named_with_its_version(tmp_path: Path) -> None:
    made = make_environment(tmp_path, interpreter(tmp_path, OUTDATED))

    assert made.returncode != 0
    assert "needs Python 3.11 or newer" in made.stderr
    assert "Python 3.9.2" in made.stderr


def test_an_environment_whose_interpreter_is_gone_is_made_anew(tmp_path: Path) -> None:
    python = interpreter(tmp_path, DEBIAN.format(python=sys.executable, pip="echo pip 23.0.1"))
    make_environment(tmp_path, python)
    (tmp_path / ".venv" / "bin" / "python").unlink()

    again = make_environment(tmp_path, python)

    assert again.returncode == 0, again.stderr
    assert (tmp_path / ".venv" / "bin" / "python").exists()
