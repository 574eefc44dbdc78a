from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from scheduler.planning.stays import AHEAD, STEP, DepartureOdds, Stay, StayHistory

OSLO = ZoneInfo("Europe/Oslo")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 1, 5, tzinfo=OSLO)
NEED = 2 * HOUR


def stay(day: int, arrives: float, lasts: float, driver: str = "ada", site: str = "", need: timedelta = NEED) -> Stay:
    arrived_at = MONDAY + day * DAY + arrives * HOUR
    return Stay(driver, arrived_at, arrived_at + lasts * HOUR, need, site)


def gone_by(odds: DepartureOdds, hours: float) -> float:
    return float(odds.gone[round(hours * HOUR / STEP)])


def evening(day: int, hour: float = 18.0) -> datetime:
    return MONDAY + day * DAY + hour * HOUR


def test_of_whom_nothing_is_known_any_moment_may_be_the_last() -> None:
    odds = StayHistory([], OSLO).odds("ada", evening(0), NEED)

    assert 0.0 == gone_by(odds, 0)
    assert (np.diff(odds.gone) > 0).all()
    assert gone_by(odds, 4) > 0.4
    assert AHEAD // STEP + 1 == len(odds.gone)


def test_no_wait_is_free_of_risk() -> None:
    odds = StayHistory([stay(day, 18, 13) for day in range(20)], OSLO).odds("ada", evening(21), NEED)

    assert (np.diff(odds.gone) > 0).all()
    assert 0.0 < gone_by(odds, 6) < 0.03


def test_who_always_left_in_the_morning_is_expected_to_stay_the_night() -> None:
    history = StayHistory([stay(day, 18, 13) for day in range(20)], OSLO)

    odds = history.odds("ada", evening(21), NEED)

    assert gone_by(odds, 12.0) < 0.05
    assert 0.5 == pytest.approx(gone_by(odds, 13.0), abs=0.1)
    assert gone_by(odds, 14.0) > 0.95


def test_a_night_ends_by_the_clock_and_a_stop_after_a_while() -> None:
    nights = StayHistory([stay(day, 18, 13) for day in range(20)], OSLO)
    stops = StayHistory([stay(day, 10, 2) for day in range(20)], OSLO)

    late = nights.odds("ada", evening(21, 19.0), NEED)
    later_stop = stops.odds("ada", evening(21, 11.0), NEED)

    assert gone_by(late, 11.0) < 0.05
    assert gone_by(late, 13.0) > 0.95
    assert gone_by(later_stop, 1.0) < 0.05
    assert gone_by(later_stop, 3.0) > 0.95


def test_a_stay_that_has_not_ended_yet_teaches_nothing() -> None:
    past = [stay(day, 18, 13) for day in range(20)]
    future = [stay(day, 18, 1) for day in range(21, 60)]

    asked = evening(20.0)  # type: ignore[arg-type]
    with_future = StayHistory(past + future, OSLO).odds("ada", asked, NEED)

    assert np.array_equal(StayHistory(past, OSLO).odds("ada", asked, NEED).gone, with_future.gone)


def test_an_unknown_driver_is_taken_for_the_others_at_the_same_site() -> None:
    sleepers = [stay(day, 18, 13, driver=f"sleeper {day}", site="home") for day in range(60)]
    hurried = [stay(day, 18, 1, driver=f"hurried {day}", site="shop") for day in range(60)]
    history = StayHistory(sleepers + hurried, OSLO)

    at_home = history.odds("new", evening(61), NEED, "home")
    at_the_shop = history.odds("new", evening(61), NEED, "shop")
    anywhere = history.odds("new", evening(61), NEED, "elsewhere")

    assert gone_by(at_home, 6) < 0.3 < gone_by(anywhere, 6) < 0.7 < gone_by(at_the_shop, 6)


def test_a_drivers_own_stays_outweigh_everybody_elses() -> None:
    others = [stay(day, 18, 1, driver="hurried") for day in range(60)]
    own = [stay(day, 18, 13) for day in range(50)]

    odds = StayHistory(others + own, OSLO).odds("ada", evening(61), NEED)

    assert 0.03 < gone_by(odds, 6) < 0.3


def test_the_kind_of_day_counts() -> None:
    saturdays_off = [stay(day, 18, 13 if day % 7 < 4 else 30) for day in range(70)]
    history = StayHistory(saturdays_off, OSLO)

    tuesday, saturday = history.odds("ada", evening(71), NEED), history.odds("ada", evening(75), NEED)

    assert gone_by(saturday, 20) < 0.5 < gone_by(tuesday, 20)


def test_who_needs_little_stays_like_those_who_needed_little() -> None:
    full = [stay(2 * day, 18, 13, need=6 * HOUR) for day in range(20)]
    sips = [stay(2 * day + 1, 18, 1, need=HOUR / 4) for day in range(20)]
    history = StayHistory(full + sips, OSLO)

    assert gone_by(history.odds("ada", evening(41), HOUR / 4), 6) > 0.9
    assert gone_by(history.odds("ada", evening(41), 6 * HOUR), 6) < 0.1


def test_a_stay_beyond_two_days_is_not_planned_for() -> None:
    history = StayHistory([stay(3 * day, 18, 60) for day in range(20)], OSLO)

    odds = history.odds("ada", evening(63), NEED)

    assert gone_by(odds, 47) < 0.1


def test_the_longer_it_stays_the_more_is_known() -> None:
    mixed = [stay(day, 18, 13 if day % 2 else 1) for day in range(40)]
    odds = StayHistory(mixed, OSLO).odds("ada", evening(41), NEED)

    after_two_hours = odds.still_here(2 * HOUR)

    assert gone_by(odds, 6) > 0.3
    assert gone_by(after_two_hours, 6) < 0.05
    assert len(odds.gone) == len(after_two_hours.gone)
    assert gone_by(after_two_hours, 12) > 0.9


def test_who_should_be_gone_long_since_may_leave_any_moment() -> None:
    odds = StayHistory([stay(day, 18, 13) for day in range(20)], OSLO).odds("ada", evening(21), NEED)

    assert gone_by(odds.still_here(20 * HOUR), 6) > 0.5


def test_who_cannot_be_here_any_more_may_leave_any_moment() -> None:
    certain = DepartureOdds(np.array([0.0, 0.5, 1.0, 1.0]))

    assert [1.0] * 4 == certain.still_here(2 * STEP).gone.tolist()
    assert [1.0] * 4 == certain.still_here(200 * HOUR).gone.tolist()
    assert [0.0, 1.0, 1.0, 1.0] == certain.still_here(STEP).gone.tolist()


def test_the_odds_never_fall() -> None:
    rng = np.random.default_rng(7)
    stays = [stay(day, float(rng.uniform(0, 24)), float(rng.uniform(0.1, 60))) for day in range(200)]

    odds = StayHistory(stays, OSLO).odds("ada", evening(201), NEED)

    assert (np.diff(odds.gone) >= 0).all()
    assert 0.0 == gone_by(odds, 0)
    assert odds.gone[-1] <= 1.0 + 1e-9
