"""Prices by the wall clock: whatever the rules, the zone and the date, every moment has exactly one price."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scheduler.prices.public_holidays import WEEKDAYS, Calendar, HolidaySettings
from scheduler.prices.schedule import Rule, Schedule, weekdays
from scheduler.prices.wall import local_day

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
ODD_ZONES = [
    "America/Sao_Paulo",
    "America/Santiago",
    "Asia/Kathmandu",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "Africa/Casablanca",
]
ZONES = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
)


def schedule(default: float, *rules: dict[str, Any]) -> Schedule:
    return Schedule(default=default, rules=[Rule.model_validate(rule) for rule in rules])


def prices_by_quarter(
    prices: Schedule, day: date, zone: ZoneInfo = BERLIN, calendar: Calendar | None = None
) -> list[float]:
    """The price of each quarter of a local day: 92, 96 or 100 of them."""
    window = local_day(day, zone)
    slots = list(prices.slots(window, zone, calendar or Calendar()))
    quarters = [window.start + n * timedelta(minutes=15) for n in range(int(window.duration / timedelta(minutes=15)))]
    return [next(slot.price_per_kwh for slot in slots if slot.start <= quarter < slot.end) for quarter in quarters]


walls = st.times(max_value=time(23, 59)).map(
    lambda wall: wall.replace(minute=wall.minute // 5 * 5, second=0, microsecond=0)
)
rules = st.fixed_dictionaries(
    {"from": walls, "to": walls, "price": st.floats(-1, 5)},
    optional={
        "days": st.sampled_from(["mon-sun", "mon-fri", "sat,sun", "fri-mon", "wed"]),
        "months": st.lists(st.integers(1, 12), min_size=1, max_size=6),
        "holidays": st.sampled_from(["only", "never"]),
    },
)
calendars = st.sampled_from([Calendar(), Calendar("DE-BY", 6), Calendar("US", None), Calendar("GB", 0, observed=False)])


@settings(deadline=None, max_examples=150)
@given(
    st.lists(rules, max_size=6),
    st.sampled_from(ODD_ZONES) | st.sampled_from(ZONES),
    st.dates(date(1990, 1, 1), date(2037, 12, 30)),
    calendars,
)
@example([{"from": time(2, 30), "to": time(3, 30), "price": 1.0}], "Europe/Berlin", SPRING, Calendar())
@example([{"from": time(2, 30), "to": time(3, 30), "price": 1.0}], "Europe/Berlin", AUTUMN, Calendar())
@example([{"from": time(0), "to": time(0, 5), "price": 1.0}], "America/Sao_Paulo", date(2018, 11, 4), Calendar())
@example([{"from": time(1, 45), "to": time(2, 15), "price": 1.0}], "Australia/Lord_Howe", date(2026, 4, 5), Calendar())
def test_a_day_is_without_gap_and_overlap_and_as_long_as_it_is(
    some_rules: list[dict[str, Any]], zone_name: str, day: date, calendar: Calendar
) -> None:
    zone = ZoneInfo(zone_name)
    window = local_day(day, zone)

    slots = list(schedule(0.3, *some_rules).slots(window, zone, calendar))

    assert (window.start, window.end) == (slots[0].start, slots[-1].end)
    assert all(earlier.end == later.start for earlier, later in pairwise(slots))


@settings(deadline=None, max_examples=100)
@given(
    st.lists(rules, max_size=5),
    st.sampled_from(["Europe/Berlin", "Europe/London", "America/New_York", "Australia/Adelaide"]),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    calendars,
    st.integers(0, 1499),
)
def test_the_price_of_a_moment_is_that_of_the_last_rule_its_wall_clock_meets(
    some_rules: list[dict[str, Any]], zone_name: str, day: date, calendar: Calendar, minute: int
) -> None:
    zone = ZoneInfo(zone_name)
    window = local_day(day, zone)
    moment = window.start + timedelta(minutes=minute % int(window.duration / timedelta(minutes=1)))
    wall = moment.astimezone(zone)
    prices = schedule(0.3, *some_rules)

    slots = list(prices.slots(window, zone, calendar))

    at_the_moment = next(slot.price_per_kwh for slot in slots if slot.start <= moment < slot.end)
    assert prices.price_at(wall.date(), wall.time(), calendar) == at_the_moment


def test_days_of_23_24_and_25_hours_have_92_96_and_100_quarters() -> None:
    prices = schedule(0.3, {"from": time(2), "to": time(3), "price": 0.1})

    counts = [len(prices_by_quarter(prices, day)) for day in (SPRING, date(2026, 6, 1), AUTUMN)]

    assert [92, 96, 100] == counts


def test_a_rule_for_the_hour_that_spring_leaves_out_never_holds_that_night() -> None:
    prices = prices_by_quarter(schedule(0.3, {"from": time(2), "to": time(3), "price": 0.1}), SPRING)

    assert 0.1 not in prices


def test_a_rule_for_the_hour_that_autumn_has_twice_holds_both_times() -> None:
    prices = prices_by_quarter(schedule(0.3, {"from": time(2), "to": time(3), "price": 0.1}), AUTUMN)

    assert [0.1] * 8 == prices[8:16]
    assert 8 == prices.count(0.1)


def test_half_past_two_comes_twice_in_autumn() -> None:
    prices = prices_by_quarter(schedule(0.3, {"from": time(2, 30), "to": time(2, 45), "price": 0.1}), AUTUMN)

    assert [10, 14] == [index for index, price in enumerate(prices) if price == 0.1]


def test_a_night_that_begins_on_friday_runs_into_saturday_and_not_out_of_thursday() -> None:
    friday = date(2026, 6, 5)
    prices = schedule(0.3, {"days": "fri", "from": time(22), "to": time(6), "price": 0.1})

    by_day = [prices_by_quarter(prices, friday + timedelta(days=ahead)).count(0.1) for ahead in (-1, 0, 1, 2)]

    assert [0, 8, 24, 0] == by_day


def test_of_two_rules_that_hold_the_last_one_counts() -> None:
    prices = schedule(
        0.3, {"from": time(10), "to": time(16), "price": 0.2}, {"from": time(12), "to": time(13), "price": 0.5}
    )

    noon = prices_by_quarter(prices, date(2026, 6, 1))[48]

    assert 0.5 == noon


def test_a_rule_without_times_holds_all_day() -> None:
    prices = prices_by_quarter(schedule(0.3, {"months": [6], "price": 0.1}), date(2026, 6, 1))

    assert {0.1} == set(prices)


def test_a_holiday_counts_as_the_weekday_the_file_says() -> None:
    corpus_christi = date(2026, 6, 4)
    prices = schedule(0.3, {"days": "sun", "price": 0.1})

    as_sunday = prices_by_quarter(prices, corpus_christi, calendar=Calendar("DE-BY", treat_as=6))
    elsewhere = prices_by_quarter(prices, corpus_christi, calendar=Calendar("DE-HH", treat_as=6))

    assert ({0.1}, {0.3}) == (set(as_sunday), set(elsewhere))


def test_rules_for_holidays_alone_and_for_all_other_days() -> None:
    christmas, day_before = date(2026, 12, 25), date(2026, 12, 23)
    prices = schedule(0.3, {"holidays": "never", "price": 0.2}, {"holidays": "only", "price": 0.1})
    calendar = Calendar("DE")

    on_each = [set(prices_by_quarter(prices, day, calendar=calendar)) for day in (christmas, day_before)]

    assert [{0.1}, {0.2}] == on_each


def test_only_the_named_holidays_count() -> None:
    settings_ = HolidaySettings.model_validate({"calendar": "US", "only": ["Christmas Day"], "observed": False})

    found = [settings_.value.is_holiday(day) for day in (date(2026, 12, 25), date(2026, 11, 26))]

    assert [True, False] == found


def test_a_price_for_a_limited_quantity_is_not_counted_on() -> None:
    free = {"from": time(11), "to": time(14), "price": 0.0, "quota": {"kwh": 24, "per": "day", "then": 0.319}}

    prices = prices_by_quarter(schedule(0.4, free), date(2026, 6, 1))

    assert 0.319 == prices[48]
    assert 0.0 not in prices


@pytest.mark.parametrize(
    ("text", "days"),
    [("mon-sun", range(7)), ("mon-fri", range(5)), ("sat,sun", (5, 6)), ("fri-mon", (4, 5, 6, 0)), ("wed", (2,))],
)
def test_weekdays_are_read_as_people_write_them(text: str, days: Any) -> None:
    assert frozenset(days) == weekdays(text)


@pytest.mark.parametrize("text", ["", "mo-fr", "mon-", "weekend", "mon..fri"])
def test_other_words_for_weekdays_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected weekdays"):
        weekdays(text)


def test_the_week_begins_on_monday() -> None:
    assert datetime(2026, 6, 1, tzinfo=UTC).weekday() == WEEKDAYS.index("mon")
