"""What the ledger says while no daemon runs."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler import cli
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal
from scheduler.domain.promise import Promise
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.planning.considerate import considerate_plan
from scheduler.storage import open_store
from tests.house.tree import ROOT

MADE_AT = datetime(2026, 2, 1, 22, tzinfo=UTC)
ADA = VehicleId("ada-id3")
HOME = TariffId("example-dynamic")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a state directory as a daemon left it."""
    hours = [0.4, 0.4, 0.1]
    slots = (
        PriceSlot(MADE_AT + timedelta(hours=hour), MADE_AT + timedelta(hours=hour + 1), price)
        for hour, price in enumerate(hours)
    )
    curve = TariffCurve("EUR", tuple(slots))
    ready_by = MADE_AT + timedelta(hours=2)
    need, rules = ChargeNeed((EnergyGoal(ready_by, 11.0),)), ChargeRules(11.0)
    plan = considerate_plan(MADE_AT, curve, need, rules).plan
    store = open_store(tmp_path / "smartcharge.db")
    store.enlist([ADA], MADE_AT)
    store.save_curve(HOME, curve, MADE_AT)
    store.record_sighting(VehicleState(ADA, MADE_AT, 46.0, MADE_AT, plugged_in=True), MADE_AT)
    store.keep_promise(
        Promise(ADA, MADE_AT, 46.0, ChargeGoal(ready_by, 63.0), plan, HOME, "EUR", 4.4, need=need, rules=rules)
    )
    store.close()
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["smartcharge", *arguments, "--config", str(ROOT / "config")])
    code: str | int | None = 0
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    captured = capsys.readouterr()
    return int(code or 0), captured.out, captured.err


def test_why_is_answered_from_the_ledger(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capsys, monkeypatch, "why", "ada", "--state", str(state))

    assert (0, "") == (code, err)
    assert "Ada's ID.3\n  Promised" in out
    assert "Leaving at 02:00 instead of 01:00 would save EUR 3.30." in out


def test_a_past_time_is_asked_about(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = run(capsys, monkeypatch, "why", "ada", "--at", "2026-01-31 12:00", "--state", str(state), "--json")

    assert None is json.loads(out)["cars"][0]["promise"]


def test_an_estimate_begins_at_the_last_sighting(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = run(capsys, monkeypatch, "estimate", "ada", "--to", "80", "--state", str(state))

    assert "Ada's ID.3 from 46 % to 80 %: 1 h 59 min at 11 kW" in out


def test_an_estimate_of_a_car_never_seen_asks_where_to_begin(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capsys, monkeypatch, "estimate", "cleo", "--to", "80", "--state", str(state))

    assert (1, "") == (code, out)
    assert "say where to begin, with --from" in err


def test_nothing_is_written_by_asking(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (state / "smartcharge.db").read_bytes()

    run(capsys, monkeypatch, "why", "ada", "--state", str(state))

    assert before == (state / "smartcharge.db").read_bytes()


def test_a_directory_where_no_daemon_ever_ran_is_named_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capsys, monkeypatch, "why", "ada", "--state", str(tmp_path / "never"))

    assert (78, "") == (code, out)
    assert f"no daemon runs on the state directory {tmp_path / 'never'}, and none has left a ledger there" in err
    assert not (tmp_path / "never").exists()
