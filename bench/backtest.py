"""
A year of real sessions over real prices: what each policy captures, how long that takes, and stays of several days.

Data: Norwegian home sessions (Sørensen et al. 2024), DE-LU day-ahead (Bundesnetzagentur, SMARD.de), NL day-ahead (Ember).
"""

from __future__ import annotations

import os
import sys
import time
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from bench import _several_days
from scheduler.reports.backtest import BacktestReport, read_scene, run_backtest, trade_off
from scheduler.reports.market import read_market
from scheduler.reports.replayer import Scene

DATA = Path(__file__).parents[2] / "shared" / "data"
SESSIONS = DATA / "sessions_norway12" / "sessions.csv.gz"
DE_LU = DATA / "prices_de_lu_smard" / "de_lu_day_ahead_2020_2026.csv.gz"
NL = DATA / "prices_nl_ember" / "nl_day_ahead_2015_2025.csv.gz"
MARKETS = (("DE-LU 2025", DE_LU, 2025), ("NL 2023", NL, 2023))

A_YEAR = 9_000
DRAWN = 2_000
EVERY = 3
"""Of the stays that begin each day every third is lived: neighbours share most of their hours."""
RISKS = (0.01, 0.02, 0.05, 0.10, 0.205)
QUANTILE_RULE = "quantile rule: 25 % captured at 5.0 % short, 68 % at 20.5 %"


def main() -> int:
    if not all(file.exists() for file in (SESSIONS, DE_LU, NL)):
        print("the shared data is not here; nothing is measured")
        return 0
    for name, file, year in MARKETS:
        _known(name, _scene(file, year, A_YEAR))
    for name, file, year in MARKETS:
        _learned(name, _scene(file, year, DRAWN))
    _stays_of_several_days()
    return 0


def _scene(prices: Path, year: int, limit: int) -> Scene:
    first, last = date(year, 1, 1), date(year, 12, 31)
    return read_scene(
        prices=prices, sessions=SESSIONS, timezone="Europe/Berlin", first_day=first, last_day=last, limit=limit
    )


def _known(name: str, scene: Scene) -> None:
    begun = time.perf_counter()
    report = run_backtest(scene)
    took_s = time.perf_counter() - begun
    print(
        f"\n{name}, departures known: {report.sessions} sessions in {took_s:.0f} s on {os.cpu_count()} processors (goal 120 s)"
    )
    _show(report)


def _show(report: BacktestReport) -> None:
    print(
        f"  {'':22} {'EUR/kWh':>8} {'saving':>7} {'captured':>9} {'within':>7} {'beyond':>7} {'short':>6} {'starts':>7}"
    )
    parts = (report.policies_within, report.policies_beyond)
    for policy in (*report.policies, report.any_starts):
        within, beyond = ([one.captured for one in part if one.name == policy.name] or [float("nan")] for part in parts)
        print(
            f"  {policy.name:22} {policy.price_per_kwh:8.4f} {policy.saving:7.1%} {policy.captured:9.2%} {within[0]:7.1%} "
            f"{beyond[0]:7.1%} {policy.sessions_short:6.2%} {policy.starts_per_session:7.2f}"
        )
    print(f"  {report.sessions_beyond} sessions reach beyond the horizon on arrival; left out: {report.dropped}")


def _learned(name: str, scene: Scene) -> None:
    begun = time.perf_counter()
    reports = trade_off(scene, RISKS)
    took_s = time.perf_counter() - begun
    print(f"\n{name}, departures learned: {len(scene.replay.sessions)} sessions, {len(RISKS)} times, in {took_s:.0f} s")
    print(f"  {QUANTILE_RULE}")
    print(f"  {'may be short':>12} {'short':>7} {'captured':>9} {'undelivered':>12} {'starts':>7}")
    for report in reports:
        ours = next(policy for policy in report.policies if policy.name == "ours")
        print(
            f"  {report.risk:12.1%} {ours.sessions_short:7.2%} {ours.captured:9.1%} {ours.energy_undelivered:12.2%} "
            f"{ours.starts_per_session:7.2f}"
        )


def _stays_of_several_days() -> None:
    market = read_market(NL, None, ZoneInfo("Europe/Amsterdam"))
    years = range(2019, 2024)
    print(
        "\nNL, stays of several days: share of the saving that foresight with two starts has (with any number of starts)"
    )
    print(f"  {'':10} {'known prices':>12}  ours  {'':10}{'  '.join(str(year) for year in years)}")
    for kind in _several_days.KINDS:
        every = EVERY if kind.weekday is None else 1
        reports = [run_backtest(_several_days.scene(market, kind, year, every)) for year in years]
        ours = [report.policies[3].captured for report in reports]
        known = [report.policies[2].captured for report in reports]
        free = [report.policies[3].captured / report.any_starts.captured for report in reports]
        by_year = "  ".join(f"{share:.0%} " for share in ours)
        mean, goal = sum(ours) / len(ours), kind.goal
        print(
            f"  {kind.name:10} {sum(known) / len(known):12.1%}  {mean:.1%} ({sum(free) / len(free):.1%})  {by_year} "
            f"(at least {kind.least_captured:.0%}, goal {goal:.0%})"
        )


if __name__ == "__main__":
    sys.exit(main())
