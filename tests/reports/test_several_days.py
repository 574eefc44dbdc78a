"""Stays of several days on real prices: what is captured of the saving that foresight with the same starts has."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bench._several_days import KINDS, Kind, scene
from scheduler.reports.backtest import run_backtest
from scheduler.reports.market import Market, read_market

NL = Path(__file__).parents[3] / "shared" / "data" / "prices_nl_ember" / "nl_day_ahead_2015_2025.csv.gz"


@pytest.fixture(scope="module")
def market() -> Market:
    if not NL.exists():
        pytest.skip("the shared data is not here")
    return read_market(NL, None, ZoneInfo("Europe/Amsterdam"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_stay_of_several_days_keeps_most_of_the_saving(market: Market, kind: Kind) -> None:
    shares = []
    for year in range(2019, 2024):
        report = run_backtest(scene(market, kind, year, every=4 if kind.weekday is not None else 24), workers=1)
        ours = next(policy for policy in report.policies if policy.name == "ours")
        shares.append(ours.captured)
        assert 0.0 == ours.sessions_short
        assert ours.starts_per_session <= 2

    print(f"{kind.name}: {', '.join(f'{share:.1%}' for share in shares)}")
    assert kind.least_captured <= sum(shares) / len(shares)
