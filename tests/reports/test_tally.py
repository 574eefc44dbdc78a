from __future__ import annotations

import pytest

from scheduler.domain.interval import Interval
from scheduler.reports.sessions import RecordedSession, ReplayedSession
from scheduler.reports.tally import Bill, BilledSession, bill, results
from tests.reports.year import HOUR, local, market


def billed(at_once: float, ours: float, foresight: float, missing_kwh: float = 0.0) -> BilledSession:
    """10 kWh, each policy with its cost."""
    bills = {"at_once": Bill(at_once, 0, 1), "ours": Bill(ours, missing_kwh, 2), "foresight": Bill(foresight, 0, 2)}
    return BilledSession(10.0, beyond_horizon=False, bills=bills)


def test_a_bill_counts_what_flowed_what_is_missing_and_the_starts() -> None:
    start = local("2025-03-10T18:00")
    recorded = RecordedSession("s", "ada", "home", start, start + 13 * HOUR, 22.0, 11.0)
    session = ReplayedSession(recorded, Interval(start, start + 13 * HOUR))

    one = bill(session, market(), [Interval(start, start + HOUR), Interval(start + 2 * HOUR, start + 2.5 * HOUR)])

    assert pytest.approx(11 * 0.45 + 5.5 * 0.20) == one.cost
    assert pytest.approx(5.5) == one.missing_kwh
    assert 2 == one.starts
    assert Bill(0.0, 22.0, 0) == bill(session, market(), [])


def test_the_share_of_the_saving_is_what_foresight_would_have_saved() -> None:
    ours = results([billed(4.0, 3.0, 2.0), billed(4.0, 2.0, 2.0)], ["ours"])[0]

    assert pytest.approx(0.25) == ours.price_per_kwh
    assert pytest.approx(3 / 8) == ours.saving
    assert pytest.approx(3 / 4) == ours.captured
    assert 2.0 == ours.starts_per_session
    assert 0.0 == ours.energy_undelivered == ours.sessions_short


def test_leaving_energy_out_saves_nothing() -> None:
    nothing_charged = results([billed(4.0, 0.0, 2.0, missing_kwh=10.0)], ["ours"])[0]

    assert 0.0 == nothing_charged.saving == nothing_charged.captured
    assert pytest.approx(0.4) == nothing_charged.price_per_kwh
    assert 1.0 == nothing_charged.energy_undelivered == nothing_charged.sessions_short


def test_half_a_kilowatt_hour_is_not_yet_short() -> None:
    assert 0.0 == results([billed(4.0, 3.0, 2.0, missing_kwh=0.5)], ["ours"])[0].sessions_short
    assert 1.0 == results([billed(4.0, 3.0, 2.0, missing_kwh=0.51)], ["ours"])[0].sessions_short


def test_where_nothing_can_be_saved_all_of_it_is() -> None:
    ours = results([billed(4.0, 4.0, 4.0)], ["ours"])[0]

    assert (0.0, 1.0) == (ours.saving, ours.captured)


def test_a_day_that_pays_for_charging_has_no_share_of_a_negative_price() -> None:
    ours = results([billed(-1.0, -2.0, -3.0)], ["ours"])[0]

    assert (0.0, pytest.approx(0.5)) == (ours.saving, ours.captured)


def test_no_session_comes_to_nothing() -> None:
    assert () == results([], ["ours"])
