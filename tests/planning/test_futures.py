from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot
from scheduler.planning.futures import COURSES, FADING, QUARTER, futures

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = date(2026, 1, 5)


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), BERLIN).astimezone(UTC)


def local_day(day: date) -> Interval:
    return Interval(midnight(day), midnight(day + DAY))


def hours(day: date, price_at: dict[int, float], otherwise: float) -> list[PriceSlot]:
    """One local day by the hour, on the wall clock."""
    window = local_day(day)
    starts = [window.start + n * HOUR for n in range(window.duration // HOUR)]
    return [PriceSlot(start, start + HOUR, price_at.get(start.astimezone(BERLIN).hour, otherwise)) for start in starts]


def past(first: date, days: int, price_at: dict[int, float], otherwise: float = 0.3) -> list[PriceSlot]:
    return [slot for n in range(days) for slot in hours(first + n * DAY, price_at, otherwise)]


def test_days_that_are_all_alike_go_on_like_that() -> None:
    tomorrow = local_day(MONDAY + 28 * DAY)

    ahead = futures(past(MONDAY, 28, {3: 0.1}), tomorrow, BERLIN)

    assert ahead is not None
    assert QUARTER == ahead.step
    assert 96 == len(ahead.moments)
    assert (tomorrow.start, tomorrow.end - QUARTER) == (ahead.moments[0], ahead.moments[-1])
    assert ahead.prices[:, 12:16] == pytest.approx(0.1)
    assert np.delete(ahead.prices, range(12, 16), axis=1) == pytest.approx(0.3)


def test_each_course_is_days_in_a_row_each_one_day_earlier() -> None:
    slots = [slot for n in range(40) for slot in hours(MONDAY + n * DAY, {12: 0.3 + n}, 0.3)]
    noon = [12 * 4, 96 + 12 * 4]

    ahead = futures(slots, Interval(midnight(MONDAY + 40 * DAY), midnight(MONDAY + 42 * DAY)), BERLIN)

    assert ahead is not None
    above = ahead.prices[:, noon] - ahead.prices[:, [0, 96]]
    assert COURSES == len(above)
    assert above[0] == pytest.approx([38, 39])
    assert above[1] == pytest.approx([37, 38])
    assert above[-1] == pytest.approx([11, 12])


def test_a_sunday_is_expected_to_be_like_sundays() -> None:
    slots = []
    for n in range(56):
        day = MONDAY + n * DAY
        slots += hours(day, {}, 0.1 if day.weekday() == 6 else 0.3)

    week = futures(slots, Interval(midnight(MONDAY + 56 * DAY), midnight(MONDAY + 63 * DAY)), BERLIN)

    assert week is not None
    assert week.prices.mean(axis=0)[::96] == pytest.approx([0.3] * 6 + [0.1])


def test_an_unusual_level_fades_from_day_to_day() -> None:
    usual, unusual = 28, 0.5
    slots = past(MONDAY, usual, {}, 0.3) + hours(MONDAY + usual * DAY, {}, unusual)

    ahead = futures(slots, Interval(midnight(MONDAY + 29 * DAY), midnight(MONDAY + 32 * DAY)), BERLIN)

    assert ahead is not None
    levels = ahead.prices.mean(axis=0)[::96]
    assert levels[0] > levels[1] > levels[2] > 0.3
    assert (levels[1] - levels[2]) / (levels[0] - levels[1]) == pytest.approx(FADING)


@pytest.mark.parametrize("days", [0, 13])
def test_nobody_guesses_from_less_than_two_weeks(days: int) -> None:
    assert futures(past(MONDAY, days, {}), local_day(MONDAY + 13 * DAY), BERLIN) is None


def test_a_day_that_is_known_in_part_teaches_nothing() -> None:
    slots = past(MONDAY, 27, {3: 0.1}) + hours(MONDAY + 27 * DAY, {3: 9.0}, 9.0)[:12]

    ahead = futures(slots, local_day(MONDAY + 28 * DAY), BERLIN)

    assert ahead is not None
    assert ahead.prices.max() == pytest.approx(0.3)


def test_a_gap_within_a_day_counts_as_its_mean() -> None:
    slots = [slot for slot in past(MONDAY, 28, {3: 0.1}) if slot.start.astimezone(BERLIN).hour != 20]

    ahead = futures(slots, local_day(MONDAY + 28 * DAY), BERLIN)

    assert ahead is not None
    assert ahead.prices[:, 80:84] == pytest.approx((22 * 0.3 + 0.1) / 23)


def test_only_the_last_eight_weeks_have_a_say() -> None:
    old, recent = past(MONDAY, 30, {}, 5.0), past(MONDAY + 30 * DAY, 60, {}, 0.3)

    ahead = futures(old + recent, local_day(MONDAY + 90 * DAY), BERLIN)

    assert ahead is not None
    assert ahead.prices == pytest.approx(0.3)


@pytest.mark.parametrize(("changes", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)])
def test_the_wall_clock_is_followed_through_its_changes(changes: date, quarters: int) -> None:
    evening = 19

    before = futures(past(changes - 28 * DAY, 28, {evening: 0.5}), local_day(changes), BERLIN)
    after = futures(past(changes - 27 * DAY, 28, {evening: 0.5}), local_day(changes + DAY), BERLIN)

    assert before is not None
    assert after is not None
    assert quarters == len(before.moments)
    for ahead in (before, after):
        dear = {
            moment.astimezone(BERLIN).hour
            for moment, price in zip(ahead.moments, ahead.prices[0], strict=True)
            if price > 0.4
        }
        assert {evening} == dear


def test_five_minute_prices_count_as_the_mean_of_their_quarter() -> None:
    minutes = timedelta(minutes=5)
    first = midnight(MONDAY)
    slots = [PriceSlot(first + n * minutes, first + (n + 1) * minutes, (0.1, 0.2, 0.6)[n % 3]) for n in range(14 * 288)]

    ahead = futures(slots, local_day(MONDAY + 14 * DAY), BERLIN)

    assert ahead is not None
    assert ahead.prices == pytest.approx(0.3)
