"""A status command imports none of the heavy libraries: it is asked often, on small machines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

HEAVY = ("alembic", "apscheduler", "fastapi", "numpy", "pandas", "sqlalchemy", "starlette", "uvicorn")

# Runs a verb as `smartcharge` does, whatever it exits with, and tells which of the heavy ones it took along.
PROBE = """
import sys
sys.argv = ["smartcharge", *sys.argv[1:]]
from scheduler.cli import main
try:
    main()
except SystemExit:
    pass
print("TOOK", *sorted({name.partition(".")[0] for name in sys.modules}))
"""

pytestmark = pytest.mark.live


def taken_along(*arguments: str, directory: Path) -> set[str]:
    """Return the top-level modules that a verb imports, with nobody to answer it."""
    ran = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=ROOT,
        env={"HOME": str(directory), "SMARTCHARGE_STATE": str(directory)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "TOOK " in ran.stdout, ran.stderr
    return set(ran.stdout.rpartition("TOOK ")[2].split())


@pytest.mark.parametrize("arguments", [("--help",), ("status", "--help"), ("status",)], ids=" ".join)
def test_asking_for_the_status_imports_nothing_heavy(arguments: tuple[str, ...], tmp_path: Path) -> None:
    if not (ROOT / "scheduler" / "cli.py").exists():
        pytest.skip("scheduler/cli.py is not written yet")

    assert set() == taken_along(*arguments, directory=tmp_path) & set(HEAVY)
