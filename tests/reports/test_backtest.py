from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler import cli
from scheduler.domain.errors import InvalidValue
from scheduler.reports.backtest import read_scene, run_backtest, trade_off
from scheduler.reports.replayer import POLICIES, Replayer, Scene
from scheduler.reports.risk import risk_prices
from scheduler.reports.view import backtest_text
from tests.reports.year import local, session_line, session_lines, write_prices, write_sessions

FIRST, LAST = date(2025, 2, 3), date(2025, 3, 30)


def scene(folder: Path, lines: list[str] | None = None, **wishes: Any) -> Scene:
    """Eight weeks of two drivers, recorded years ago."""
    prices = write_prices(folder / "prices.csv.gz")
    sessions = write_sessions(folder / "sessions.csv", lines or session_lines(date(2018, 2, 5), 56))
    return read_scene(
        prices=prices, sessions=sessions, timezone="Europe/Berlin", first_day=FIRST, last_day=LAST, **wishes
    )


def test_named_departures_are_planned_as_well_as_with_foresight_inside_the_horizon(tmp_path: Path) -> None:
    report = run_backtest(scene(tmp_path))

    within = {policy.name: policy for policy in report.policies_within}
    assert POLICIES == tuple(within)
    assert 1.0 == within["ours"].captured == within["foresight"].captured
    assert 0.0 == within["at_once"].captured
    assert all(0.0 == policy.sessions_short for policy in report.policies)
    assert 0 < report.sessions_beyond < report.sessions


def test_beyond_the_horizon_a_forecast_earns_more_than_known_prices_alone(tmp_path: Path) -> None:
    report = run_backtest(scene(tmp_path))

    beyond = {policy.name: policy.captured for policy in report.policies_beyond}
    assert beyond["known_prices"] <= beyond["ours"] <= 1.0
    assert all(policy.starts_per_session <= 2 for policy in report.policies if policy.name != "night_timer")
    assert report.any_starts.price_per_kwh <= report.policies[-1].price_per_kwh + 1e-12


def test_learned_departures_keep_the_share_that_may_be_short(tmp_path: Path) -> None:
    safe, bold = trade_off(scene(tmp_path), [0.05, 0.5])

    ours = [next(policy for policy in report.policies if policy.name == "ours") for report in (safe, bold)]
    assert ours[0].sessions_short <= 0.06
    assert ours[0].captured > 0.3
    assert ours[0].captured <= ours[1].captured
    assert (0.05, 0.5) == (safe.risk, bold.risk)


def test_several_processes_come_to_the_same(tmp_path: Path) -> None:
    small = scene(tmp_path, limit=12)

    assert run_backtest(small, workers=1) == run_backtest(small, workers=2)


def test_what_comes_later_in_the_sessions_own_order_changes_nothing(tmp_path: Path) -> None:
    lines = session_lines(date(2018, 2, 5), 30)
    short, long = scene(tmp_path, lines[:40]), scene(tmp_path, lines)

    first, both = (Replayer(each) for each in (short, long))

    assert 40 == len(short.replay.sessions) < len(long.replay.sessions)
    assert [first.menus(number) for number in range(30, 40)] == [both.menus(number) for number in range(30, 40)]


def test_risk_is_priced_by_what_ended_before_in_both_orders(tmp_path: Path) -> None:
    # Years are laid over each other: the session of January 2019 meets prices of the weeks before the second one of 2018.
    evenings = [local(text) for text in ("2018-02-05T18:00", "2018-02-26T18:00", "2019-01-14T18:00")]
    lines = [session_line(number, "ada", evening, 13, 11) for number, evening in enumerate(evenings)]
    sessions = scene(tmp_path, lines).replay.sessions

    prices = risk_prices(sessions, [1.0, 2.0, 3.0], 0.5)

    starts = [session.stay.start for session in sessions]
    assert starts[0] < starts[2] < starts[1]
    assert [float("inf"), 1.0, 1.0] == prices


def test_the_work_that_is_done_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    run_backtest(scene(tmp_path, limit=5), "learned", advance=lambda done, total: told.append((done, total)))

    assert [(done, 10) for done in range(1, 11)] == told


def test_a_range_that_no_session_meets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"no session of .* meets the prices of"):
        scene(tmp_path, [session_line(1, "ada", local("2018-02-05T18:00"), 24 * 80, 11)])


@pytest.mark.parametrize("name", ["Berlin", "", "../etc", "Europe"])
def test_an_unknown_time_zone_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidValue, match="expected a time zone such as Europe/Berlin"):
        read_scene(prices=tmp_path, sessions=tmp_path, timezone=name, first_day=FIRST, last_day=LAST)


def run(folder: Path, *more: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    prices = write_prices(folder / "prices.csv.gz")
    sessions = write_sessions(folder / "sessions.csv", session_lines(date(2018, 2, 5), 30))
    files = ["--prices", str(prices), "--sessions", str(sessions), "--timezone", "Europe/Berlin"]
    days = ["--from", FIRST.isoformat(), "--to", LAST.isoformat()]
    monkeypatch.setattr(sys, "argv", ["smartcharge", "backtest", *files, *days, *more])
    cli.main()
    return capsys.readouterr().out


def test_the_verb_prints_the_policies_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = run(tmp_path, "--limit", "10", "--seed", "3", "--json", monkeypatch=monkeypatch, capsys=capsys)

    answer = json.loads(printed)
    assert (10, "EUR") == (answer["sessions"], answer["currency"])
    assert list(POLICIES) == [policy["name"] for policy in answer["policies"]]
    assert {
        "name",
        "price_per_kwh",
        "saving",
        "captured",
        "energy_undelivered",
        "sessions_short",
        "starts_per_session",
    } == set(answer["policies"][0])
    assert 10 == answer["within_horizon"]["sessions"] + answer["beyond_horizon"]["sessions"]


def test_the_verb_prints_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--departure", "learned", "--risk", "0.1", "--limit", "6")

    printed = run(tmp_path, *options, monkeypatch=monkeypatch, capsys=capsys)

    assert "6 sessions, departures learned, 10.0% of the sessions may be short" in printed
    assert all(name in printed for name in POLICIES)
    assert "left out: none" in printed


def test_sessions_beyond_the_horizon_have_a_table_of_their_own(tmp_path: Path) -> None:
    report = run_backtest(scene(tmp_path))

    assert f"{report.sessions_beyond} of them reach beyond the prices published on arrival" in backtest_text(report)
    assert "each departure named by its driver" in backtest_text(report)


SHARED = Path(__file__).parents[3] / "shared" / "data"
MARKETS = {
    "DE-LU 2025": ("prices_de_lu_smard/de_lu_day_ahead_2020_2026.csv.gz", 2025),
    "NL 2023": ("prices_nl_ember/nl_day_ahead_2015_2025.csv.gz", 2023),
}


def shared_scene(name: str, limit: int) -> Scene:
    file, year = MARKETS[name]
    sessions = SHARED / "sessions_norway12" / "sessions.csv.gz"
    if not sessions.exists() or not (SHARED / file).exists():
        pytest.skip("the shared data is not here")
    return read_scene(
        prices=SHARED / file,
        sessions=sessions,
        timezone="Europe/Berlin",
        first_day=date(year, 1, 1),
        last_day=date(year, 1, 1) + timedelta(days=364),
        limit=limit,
        seed=1,
    )


@pytest.mark.parametrize("name", MARKETS)
def test_real_sessions_with_named_departures_keep_almost_all_of_the_saving(name: str) -> None:
    report = run_backtest(shared_scene(name, 250), workers=1)

    ours = {policy.name: policy for policy in report.policies}["ours"]
    assert ours.captured >= 0.99
    assert 0.0 == ours.sessions_short == ours.energy_undelivered
    assert ours.starts_per_session <= 2


def test_real_sessions_with_learned_departures_are_far_above_the_quantile_rule() -> None:
    safe, bold = trade_off(shared_scene("DE-LU 2025", 250), [0.05, 0.2], workers=1)

    ours = [next(policy for policy in report.policies if policy.name == "ours") for report in (safe, bold)]
    assert ours[0].sessions_short <= 0.06
    assert ours[0].captured >= 0.28
    assert ours[1].sessions_short <= 0.22
    assert ours[1].captured >= 0.71
