"""The service is what systemd takes without a word, and shut in as far as it goes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

DEPLOY = ROOT / "deploy" / "systemd"
UNIT = DEPLOY / "smartcharge.service"
LOOSEST = 1.5

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (Debian's package: systemd)"
)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit with a program that exists here, since systemd looks for it."""
    copy = tmp_path / "smartcharge.service"
    copy.write_text(
        re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text("utf-8"), flags=re.MULTILINE), "utf-8"
    )
    return copy


def said(*command: str | Path) -> str:
    """Run a program of systemd's and return everything it printed, on either stream."""
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, timeout=60)
    return ran.stdout


@needs_systemd
def test_systemd_has_nothing_to_say_about_the_unit(unit: Path) -> None:
    # It exits with 0 even where it ignores a line (Type=notify-reload before 253), so its silence is what counts.
    assert said("systemd-analyze", "verify", "--man=no", unit) == ""


@needs_systemd
def test_the_daemon_can_reach_little_more_than_its_state_and_the_network(unit: Path) -> None:
    verdict = said("systemd-analyze", "security", "--offline=true", "--no-pager", unit)

    score = re.search(r"Overall exposure level for \S+: ([\d.]+)", verdict)
    assert score is not None
    assert float(score[1]) <= LOOSEST


def test_a_mistake_that_only_a_person_can_mend_is_not_tried_again() -> None:
    assert "RestartPreventExitStatus=2 78" in UNIT.read_text("utf-8").splitlines()


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_the_user_the_unit_names_is_the_one_that_is_made(tmp_path: Path) -> None:
    rules = tmp_path / "usr" / "lib" / "sysusers.d"
    rules.mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    shutil.copy(DEPLOY / "smartcharge.sysusers", rules / "smartcharge.conf")

    said("systemd-sysusers", f"--root={tmp_path}")

    users = {line.partition(":")[0] for line in (tmp_path / "etc" / "passwd").read_text("utf-8").splitlines()}
    assert set(re.findall(r"^User=(\S+)", UNIT.read_text("utf-8"), re.MULTILINE)) <= users


@pytest.mark.skipif(
    shutil.which("systemd-tmpfiles") is None or os.geteuid() != 0,
    reason="needs systemd-tmpfiles, and root for ownership",
)
def test_the_configuration_is_made_for_the_daemon_to_read_and_for_nobody_else(tmp_path: Path) -> None:
    rules = tmp_path / "usr" / "lib" / "tmpfiles.d"
    rules.mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    shutil.copy(DEPLOY / "smartcharge.tmpfiles", rules / "smartcharge.conf")
    (tmp_path / "etc" / "passwd").write_text(
        "root:x:0:0::/root:/bin/sh\nsmartcharge:x:991:991::/:/bin/false\n", "utf-8"
    )
    (tmp_path / "etc" / "group").write_text("root:x:0:\nsmartcharge:x:991:\n", "utf-8")

    said("systemd-tmpfiles", f"--root={tmp_path}", "--create")

    made = (tmp_path / "etc" / "smartcharge").stat()
    assert (0o750, 0, 991) == (made.st_mode & 0o777, made.st_uid, made.st_gid)


# prctl(2): PR_SET_MDWE with PR_MDWE_REFUSE_EXEC_GAIN is what MemoryDenyWriteExecute=yes uses, from Linux 6.3 on.
SHUT_IN = """
import ctypes, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit(69)
import scheduler.daemon
"""


@pytest.mark.live
def test_the_daemon_loads_where_no_memory_is_both_written_and_executed() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SHUT_IN], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    if ran.returncode == 69:
        pytest.skip("this kernel cannot refuse memory that is written and executed")

    assert ran.returncode == 0, ran.stderr
