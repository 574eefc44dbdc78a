"""The demo's night, on the shipped configuration: an ordinary one, and the two on which the clocks change."""

from __future__ import annotations

from datetime import datetime

import pytest

from scheduler.demo import run_demo
from tests.house.tree import ROOT


@pytest.mark.parametrize("night", ["2026-02-03", "2026-03-28", "2025-10-25"])
def test_every_car_is_ready_and_money_is_saved(night: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_demo(ROOT / "config", datetime.fromisoformat(night), quiet=True)

    out = capsys.readouterr().out
    assert "NOT READY" not in out
    balance = next(line for line in out.splitlines() if " cars ready. All together EUR " in line)
    assert balance.split(" of ")[0] == balance.split(" of ")[1].split(" ")[0]
    assert " saved." in balance
    assert "SIMULATED cars on real prices of 2025-10-20" in out
    assert "larger than on 50 % of the days of 2025" in out
