"""When feeds are asked: not before there may be something, again until it is there, and not all households at once."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.prices.plan import Look, PollPlan, stable_fraction

BERLIN = ZoneInfo("Europe/Berlin")
PLAN = PollPlan(BERLIN, time(13, 5), ((time(16), timedelta(minutes=10)),))
TONIGHT, TOMORROW_NIGHT = datetime(2026, 2, 10, 23, tzinfo=UTC), datetime(2026, 2, 11, 23, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 2, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def test_a_feed_never_looked_at_is_due_at_once() -> None:
    assert at(3) == PLAN.due(at(3), Look(), jitter=0.5)


def test_with_today_known_the_next_look_is_the_first_try_with_its_jitter() -> None:
    look = Look(at(7), at(7), TONIGHT)

    assert at(13, 7) == PLAN.due(at(8), look, jitter=0.5)


def test_while_tomorrow_is_missing_it_looks_every_ten_minutes_and_hourly_from_four() -> None:
    early, late = (PLAN.due(now, Look(now, None, TONIGHT), jitter=0.5) for now in (at(14), at(17)))

    assert (at(14, 10), at(18)) == (early, late)


def test_while_today_is_missing_it_looks_whatever_the_hour() -> None:
    assert at(3, 10) == PLAN.due(at(3), Look(at(3)), jitter=0.5)


def test_a_day_that_has_just_become_complete_is_looked_at_once_more_after_an_hour() -> None:
    fresh, confirmed = Look(at(13, 7), at(13, 7), TOMORROW_NIGHT), Look(at(14, 7), at(13, 7), TOMORROW_NIGHT)

    assert at(14, 7) == PLAN.due(at(13, 8), fresh, jitter=0.5)
    assert at(13, 7, day=11) == PLAN.due(at(14, 8), confirmed, jitter=0.5)


def test_the_day_after_is_expected_from_the_first_try_on() -> None:
    before, after = PLAN.expected_until(at(13, 4)), PLAN.expected_until(at(13, 5))

    assert (TONIGHT, TOMORROW_NIGHT) == (before, after)


@pytest.mark.parametrize(
    ("now", "known_until", "late"),
    [(at(15, 59), TONIGHT, False), (at(16), TONIGHT, True), (at(16), TOMORROW_NIGHT, False), (at(16), None, True)],
)
def test_missing_prices_are_late_from_four_o_clock_on(now: datetime, known_until: datetime | None, late: bool) -> None:
    assert late == PLAN.late(now, known_until)


def test_a_feed_of_five_minutes_is_asked_half_a_minute_after_each_boundary() -> None:
    aligned = PollPlan(BERLIN, every=timedelta(minutes=5), offset=timedelta(seconds=30))
    half_a_minute = timedelta(seconds=30)

    assert at(3, 5) + half_a_minute == aligned.due(at(3), Look(at(3, 2)), jitter=0)
    assert at(3, 10) + half_a_minute == aligned.due(at(3), Look(at(3, 5) + half_a_minute), jitter=0)
    assert at(3, 5) + timedelta(seconds=45) == aligned.due(at(3), Look(at(3, 1)), jitter=1)


def test_a_rolling_feed_is_looked_at_every_few_minutes_and_never_late() -> None:
    rolling = PollPlan(BERLIN, every=timedelta(minutes=5))

    assert at(3, 5) == rolling.due(at(3), Look(at(3)), jitter=0.5)
    assert not rolling.late(at(23), None)


def test_the_clock_change_does_not_move_the_first_try() -> None:
    saturday = datetime(2026, 3, 28, 20, tzinfo=BERLIN).astimezone(UTC)
    look = Look(saturday, saturday, datetime(2026, 3, 29, 22, tzinfo=UTC))

    due = PLAN.due(saturday, look, jitter=0.0)

    assert datetime(2026, 3, 28, 21, tzinfo=BERLIN) <= due <= datetime(2026, 3, 29, 13, 5, tzinfo=BERLIN)


def test_jitter_is_stable_and_differs_between_households() -> None:
    fractions = {stable_fraction(f"household {number}", "energy_charts DE-LU") for number in range(1000)}

    assert 1000 == len(fractions)
    assert stable_fraction("a", "b") == stable_fraction("a", "b")
    assert 0.45 < sum(fractions) / 1000 < 0.55
