from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.domain.errors import ConfigError, InvalidValue
from scheduler.domain.interval import Interval
from scheduler.planning.stays import Stay
from scheduler.reports.market import Market
from scheduler.reports.sessions import RecordedSession, ReplayedSession, read_sessions, replay
from tests.reports.year import BERLIN, HOUR, local, market, session_line, slots, write_sessions

JANUARY, LAST = date(2025, 1, 6), date(2025, 3, 30)
"""Monday to Sunday, twelve weeks; the clocks change on the last day."""


def recorded(arrived: str, hours: float = 13.0, energy_kwh: float = 11.0, name: str = "S1") -> RecordedSession:
    arrived_at = local(arrived)
    return RecordedSession(name, "ada", "home", arrived_at, arrived_at + hours * HOUR, energy_kwh, 11.0)


def walls(session: ReplayedSession) -> tuple[str, str]:
    return tuple(f"{edge.astimezone(BERLIN):%a %H:%M}" for edge in (session.stay.start, session.stay.end))  # type: ignore[return-value]


def test_a_row_becomes_a_session(tmp_path: Path) -> None:
    arrival = local("2018-05-01T18:00")

    sessions, lacking = read_sessions(write_sessions(tmp_path / "s.csv", [session_line(7, "ada", arrival, 13, 5.5)]))

    assert [RecordedSession("S0007", "ada", "home", arrival, arrival + 13 * HOUR, 5.5, 11.0)] == sessions
    assert {} == lacking
    assert Stay("ada", arrival, arrival + 13 * HOUR, HOUR / 2, "home") == sessions[0].stay


def test_rows_that_say_too_little_are_counted(tmp_path: Path) -> None:
    arrival = local("2018-05-01T18:00")
    good = session_line(1, "ada", arrival, 13, 11)
    lines = [good, good.removesuffix("11"), session_line(2, "ada", arrival, 0, 1)]
    lines += [session_line(3, "ada", arrival, 13, 0), "S4,ada,home,2018-05-01T16:00:00Z,,1,11"]

    sessions, lacking = read_sessions(write_sessions(tmp_path / "s.csv", lines))

    assert {"no est_charge_power_kw": 1, "no departure_utc": 1, "no time or no energy": 2} == lacking
    assert 1 == len(sessions)


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("session,user\n", "utf-8")

    with pytest.raises(ConfigError, match=r"s\.csv:1: expected a column 'site', got session, user"):
        read_sessions(file)


@pytest.mark.parametrize("arrived", ["2018-02-06T18:10", "2019-07-13T00:05", "2024-12-31T23:50", "2025-01-06T00:00"])
def test_weekday_and_local_time_stay_what_they_were(arrived: str) -> None:
    session = recorded(arrived, 9.5)

    moved = replay([session], market(), JANUARY, LAST).sessions[0]

    assert walls(ReplayedSession(session, Interval(session.arrived_at, session.left_at))) == walls(moved)
    assert local("2025-01-06T00:00") <= moved.stay.start
    assert moved.stay.end <= local("2025-03-31T00:00")


def test_the_hour_that_spring_takes_is_taken_from_the_stay() -> None:
    moved = replay([recorded("2018-05-05T18:00")], market(), JANUARY, LAST).sessions[0]

    assert local("2025-03-29T18:00") == moved.stay.start
    assert 12 * HOUR == moved.stay.duration


def test_sessions_that_do_not_fit_are_dropped_and_counted() -> None:
    gap = Market(slots()[:500] + slots()[501:], "EUR", BERLIN)
    inside = slots()[500].start.astimezone(BERLIN).replace(tzinfo=None)
    sessions = [
        recorded("2025-03-30T20:00", name="over the edge"),
        recorded(inside.isoformat(), name="no prices"),
        recorded("2025-03-29T20:00", name="fits"),
        RecordedSession("gone", "a", "", local("2018-05-06T01:40"), local("2018-05-06T03:20"), 1, 11),
    ]

    result = replay(sessions, gap, JANUARY, LAST, lacking={"no user": 3})

    assert {"no user": 3, "over the edge": 1, "no prices": 1} == result.dropped
    assert {"fits", "gone"} == {session.recorded.id for session in result.sessions}
    assert 4 == len(result.stays)


def test_a_stay_that_a_change_of_the_clock_swallows_is_dropped() -> None:
    swallowed = RecordedSession("s", "a", "", local("2018-05-06T02:30"), local("2018-05-06T03:10"), 1, 11)

    result = replay([swallowed], market(), JANUARY, LAST)

    assert {"lost in a change of the clock": 1} == result.dropped


def test_the_same_seed_draws_the_same_sessions_in_their_own_order() -> None:
    sessions = [
        recorded(f"2018-{month:02}-{day:02}T18:00", name=f"{month}-{day}")
        for month in (5, 1, 9)
        for day in range(1, 20)
    ]

    drawn = [replay(sessions, market(), JANUARY, LAST, 10, seed).sessions for seed in (1, 1, 2)]

    assert drawn[0] == drawn[1] != drawn[2]
    assert 10 == len(drawn[0])
    arrivals = [session.recorded.arrived_at for session in drawn[0]]
    assert sorted(arrivals) == arrivals
    everything = replay(sessions, market(), JANUARY, LAST, 10_000)
    assert 57 == len(everything.sessions) + sum(everything.dropped.values())


def test_what_can_be_delivered_is_limited_by_the_stay() -> None:
    short = ReplayedSession(
        recorded("2025-01-06T18:00", 0.5), Interval(local("2025-01-06T18:00"), local("2025-01-06T18:30"))
    )

    assert pytest.approx(5.5) == short.deliverable_kwh


def test_a_range_without_a_whole_week_is_refused() -> None:
    with pytest.raises(InvalidValue, match="the range must hold a whole week, got 2025-01-06 to 2025-01-11"):
        replay([], market(), JANUARY, date(2025, 1, 11))


def test_the_range_may_lie_before_the_recording() -> None:
    later = recorded("2031-06-04T18:00")

    moved = replay([later], market(), JANUARY, LAST).sessions[0]

    assert "Wed 18:00" == walls(moved)[0]
    assert 0 == (later.arrived_at.astimezone(BERLIN).date() - moved.stay.start.astimezone(BERLIN).date()).days % 7
    assert timedelta(0) < later.arrived_at - moved.stay.start
    assert datetime(2031, 6, 4).weekday() == moved.stay.start.astimezone(BERLIN).weekday()
