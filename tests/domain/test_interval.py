from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import InvalidValue
from scheduler.domain.interval import Interval, as_utc, merged, without

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def minutes(start: int, end: int) -> Interval:
    """Return the stretch between two minutes after noon."""
    return Interval(NOON + timedelta(minutes=start), NOON + timedelta(minutes=end))


def covered(intervals: tuple[Interval, ...] | list[Interval]) -> set[int]:
    """Return the whole minutes after noon that the intervals cover: an independent way to say the same."""
    return {m for i in intervals for m in range((i.start - NOON) // MINUTE, (i.end - NOON) // MINUTE)}


MINUTE = timedelta(minutes=1)
some_interval = st.builds(lambda start, length: minutes(start, start + length), st.integers(0, 90), st.integers(1, 40))
some_intervals = st.lists(some_interval, max_size=8)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(InvalidValue, match="naive 2026-02-01T12:00:00"):
        as_utc(datetime(2026, 2, 1, 12))


def test_a_local_time_is_the_same_moment_in_utc() -> None:
    moment = as_utc(datetime(2026, 2, 1, 13, tzinfo=BERLIN))

    assert (NOON, UTC) == (moment, moment.tzinfo)


def test_an_interval_keeps_utc_whatever_it_is_given() -> None:
    mixed = Interval(datetime(2026, 2, 1, 13, tzinfo=BERLIN), NOON + timedelta(hours=1))

    assert minutes(0, 60) == mixed
    assert UTC is mixed.start.tzinfo


@pytest.mark.parametrize("end", [0, -1])
def test_an_interval_is_never_empty_nor_backwards(end: int) -> None:
    with pytest.raises(InvalidValue, match="must end after it starts"):
        minutes(0, end)


def test_the_night_the_clocks_go_forward_is_an_hour_shorter() -> None:
    night = Interval(datetime(2026, 3, 28, 22, tzinfo=BERLIN), datetime(2026, 3, 29, 7, tzinfo=BERLIN))

    assert timedelta(hours=8) == night.duration


def test_the_night_the_clocks_go_back_is_an_hour_longer() -> None:
    night = Interval(datetime(2026, 10, 24, 22, tzinfo=BERLIN), datetime(2026, 10, 25, 7, tzinfo=BERLIN))

    assert timedelta(hours=10) == night.duration


def test_the_start_is_in_and_the_end_is_out() -> None:
    hour = minutes(0, 60)

    assert NOON in hour
    assert NOON + timedelta(minutes=60) not in hour
    assert NOON - timedelta(microseconds=1) not in hour


def test_touching_intervals_share_nothing() -> None:
    assert not minutes(0, 30).overlaps(minutes(30, 60))
    assert minutes(0, 30).clipped(minutes(30, 60)) is None


def test_merging_joins_what_touches_and_keeps_what_does_not() -> None:
    union = merged([minutes(40, 50), minutes(0, 10), minutes(10, 20), minutes(5, 15)])

    assert (minutes(0, 20), minutes(40, 50)) == union


def test_a_hole_outside_the_window_changes_nothing() -> None:
    holes = [minutes(-20, 0), minutes(60, 90)]

    assert [minutes(0, 60)] == list(without(minutes(0, 60), holes))


def test_a_hole_over_the_whole_window_leaves_nothing() -> None:
    assert [] == list(without(minutes(0, 60), [minutes(-5, 65)]))


@given(some_interval, some_interval)
def test_what_two_intervals_share_is_what_both_cover(one: Interval, other: Interval) -> None:
    shared = one.clipped(other)

    assert covered([one]) & covered([other]) == covered([shared] if shared else [])
    assert one.overlaps(other) == (shared is not None)


@given(some_intervals)
def test_merging_covers_the_same_time_in_separate_ascending_pieces(intervals: list[Interval]) -> None:
    union = merged(intervals)

    assert covered(intervals) == covered(union)
    assert all(earlier.end < later.start for earlier, later in pairwise(union))
    assert union == merged(union)


@given(some_interval, some_intervals)
def test_what_is_left_of_a_window_and_its_holes_never_meet(window: Interval, holes: list[Interval]) -> None:
    left = list(without(window, holes))

    assert covered([window]) - covered(holes) == covered(left)
    assert all(earlier.end < later.start for earlier, later in pairwise(left))


@given(some_interval, some_intervals)
def test_a_window_is_its_holes_and_what_is_left_put_together(window: Interval, holes: list[Interval]) -> None:
    inside = [shared for hole in holes if (shared := window.clipped(hole))]

    assert (window,) == merged([*without(window, holes), *inside])
