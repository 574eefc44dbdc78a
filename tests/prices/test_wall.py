"""Local wall clocks: days of 23 and 25 hours, and stamps that mean two moments or none."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.wall import WallClock, constant_offsets, dates, local_day, today_and_tomorrow

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 6, 1), 24), (date(2026, 10, 25), 25)],
    ids=["spring", "plain", "autumn"],
)
def test_a_day_lasts_as_long_as_its_clock_says(day: date, hours: int) -> None:
    assert timedelta(hours=hours) == local_day(day, BERLIN).duration


def test_today_and_tomorrow_begin_at_the_local_midnight_before_now() -> None:
    now = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)

    window = today_and_tomorrow(now, BERLIN)

    assert Interval(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 30, 22, tzinfo=UTC)) == window


def test_a_window_that_ends_at_midnight_does_not_touch_the_next_day() -> None:
    window = today_and_tomorrow(datetime(2026, 6, 1, 12, tzinfo=UTC), BERLIN)

    assert [date(2026, 6, 1), date(2026, 6, 2)] == dates(window, BERLIN)


def test_the_clock_runs_evenly_between_its_changes() -> None:
    year = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))

    stretches = list(constant_offsets(year, BERLIN))

    spring, autumn = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert [spring, autumn, year.end] == [stretch.end for stretch, _ in stretches]
    assert [1, 2, 1] == [offset / timedelta(hours=1) for _, offset in stretches]


def test_the_second_half_past_two_of_an_autumn_night_is_an_hour_later() -> None:
    clock = WallClock(BERLIN)
    walls = [
        datetime(2026, 10, 25, 2),
        datetime(2026, 10, 25, 2, 30),
        datetime(2026, 10, 25, 2),
        datetime(2026, 10, 25, 2, 30),
    ]

    moments = [clock.moment(wall) for wall in walls]

    assert [
        datetime(2026, 10, 25, 0, minute, tzinfo=UTC) + timedelta(hours=hour) for hour in (0, 1) for minute in (0, 30)
    ] == moments


def test_a_time_that_spring_leaves_out_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match="never showed 2026-03-29 02:30"):
        WallClock(BERLIN).moment(datetime(2026, 3, 29, 2, 30))
