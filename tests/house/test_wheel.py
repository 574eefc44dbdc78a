"""What is installed is the whole package: a file that only the checkout has is missed on the service's first night."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.house.tree import ROOT, tracked

BUILD = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    source = tmp_path / "source"
    files = tracked("scheduler", "pyproject.toml", "README.md", "LICENSE")
    for path in files:
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)

    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(tmp_path)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(tmp_path / built.stdout.split()[-1]) as wheel:
        held = set(wheel.namelist())
    assert set() == {str(path.relative_to(ROOT)) for path in files if path.is_relative_to(ROOT / "scheduler")} - held
    assert any(name.endswith("licenses/LICENSE") for name in held)
