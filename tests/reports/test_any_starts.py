"""Foresight for all sessions at once is foresight for each of them."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot
from scheduler.reports.any_starts import any_starts
from scheduler.reports.market import Market
from scheduler.reports.policies import foresight
from scheduler.reports.sessions import RecordedSession, ReplayedSession
from scheduler.reports.tally import bill
from tests.reports.year import BERLIN, local, market

FIRST = local("2025-02-03T00:00")
QUARTER = timedelta(minutes=15)


def lively_market() -> Market:
    random = Random(5)
    begins = [FIRST + number * QUARTER for number in range(30 * 96)]
    return Market(tuple(PriceSlot(at, at + QUARTER, round(random.gauss(0.1, 0.08), 3)) for at in begins), "EUR", BERLIN)


def sessions(count: int) -> list[ReplayedSession]:
    random = Random(6)
    made: list[ReplayedSession] = []
    for _ in range(count):
        stay = Interval(begin := FIRST + timedelta(minutes=random.uniform(0, 36_000)), begin + _hours(random))
        power_kw, energy_kwh = random.choice([3.7, 7.4, 11.0]), random.uniform(1, 60)
        made.append(
            ReplayedSession(RecordedSession("s", "ada", "home", stay.start, stay.end, energy_kwh, power_kw), stay)
        )
    return made


def _hours(random: Random) -> timedelta:
    return timedelta(hours=random.choice([0.2, random.uniform(1, 20), random.uniform(20, 100)]))


@pytest.mark.parametrize("prices", [lively_market(), market()], ids=["no price like another", "many equal prices"])
def test_all_sessions_at_once_are_billed_as_each_by_itself(prices: Market) -> None:
    some = sessions(120)

    together = any_starts(some, prices)

    for one, session in zip(together, some, strict=True):
        alone = bill(session, prices, foresight(session, prices, None))
        assert pytest.approx(alone.cost, abs=1e-9) == one.cost
        assert pytest.approx(alone.missing_kwh, abs=1e-9) == one.missing_kwh
        assert alone.starts == one.starts
