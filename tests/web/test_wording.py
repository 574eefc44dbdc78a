"""How moments, lengths, money and facts are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.command import CommandStatus, Reason, Verb
from scheduler.web.wording import (
    REASON_WORDS,
    STATUS_WORDS,
    VERB_WORDS,
    age_words,
    clock_words,
    duration_words,
    fact_words,
    moment_words,
    money_words,
    price_words,
    span_words,
)
from tests.web.fleet import BERLIN, NOW, local


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-02-06 07:00", "07:00"),
        ("2026-02-07 07:00", "Sat 07:00"),
        ("2026-02-05 23:59", "Thu 23:59"),
        ("2026-02-12 07:00", "Thu 07:00"),
        ("2026-02-13 07:00", "Fri 13 Feb 07:00"),
        ("2026-01-30 07:00", "Fri 30 Jan 07:00"),
    ],
)
def test_a_moment_names_its_day_unless_it_is_today(at: str, words: str) -> None:
    assert words == moment_words(local(at), NOW, BERLIN)


def test_today_is_the_drivers_day_and_not_the_day_in_utc() -> None:
    late = datetime(2026, 2, 6, 23, 30, tzinfo=UTC)

    assert "00:45" == moment_words(datetime(2026, 2, 6, 23, 45, tzinfo=UTC), late, BERLIN)


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert ["02:30 CEST", "02:30 CET"] == [clock_words(first, BERLIN), clock_words(first + timedelta(hours=1), BERLIN)]


def test_the_hours_around_a_skipped_one_need_no_zone() -> None:
    last = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)

    assert ["01:59", "03:00"] == [clock_words(last, BERLIN), clock_words(last + timedelta(minutes=1), BERLIN)]


def test_a_span_names_its_day_once() -> None:
    assert "Sat 01:15–03:30" == span_words(local("2026-02-07 01:15"), local("2026-02-07 03:30"), NOW, BERLIN)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (27720, "7 h 42 min"),
        (47.9 * 3600, "47 h 54 min"),
        (48 * 3600, "2 days"),
        (100 * 3600, "4 days"),
    ],
)
def test_a_length_is_told_in_the_units_a_person_would_choose(seconds: float, words: str) -> None:
    assert words == duration_words(timedelta(seconds=seconds))


def test_the_first_minute_is_just_now() -> None:
    assert ["just now", "1 min ago"] == [age_words(timedelta(seconds=59)), age_words(timedelta(seconds=60))]


@pytest.mark.parametrize(("amount", "words"), [(2.314, "EUR 2.31"), (-0.5, "−EUR 0.50"), (-0.001, "EUR 0.00")])
def test_money_has_two_decimals_and_a_real_minus(amount: float, words: str) -> None:
    assert words == money_words(amount, "EUR")


def test_a_price_has_four_decimals() -> None:
    assert ["EUR 0.2131/kWh", "−EUR 0.0100/kWh"] == [price_words(0.21311, "EUR"), price_words(-0.01, "EUR")]


@pytest.mark.parametrize(
    ("name", "fact", "words"),
    [
        ("energy_kwh", 20.3, "energy 20.3 kWh"),
        ("soc_pct", 46.0, "soc 46 %"),
        ("retry_after_s", 60, "retry after 60 s"),
        ("price_per_kwh", 0.2, "price 0.2 per kWh"),
        ("reason", "outside_window", "outside window"),
        ("first_start", "2026-02-07T01:00:00+00:00", "first start Sat 02:00"),
        ("known_until", "2026-02-06T22:00:00.034148Z", "known until 23:00"),
        ("feed", "2026-02-07", "feed 2026-02-07"),
        ("slots", 192, "slots 192"),
        ("charging", True, "charging yes"),
        ("charging", False, "charging no"),
    ],
)
def test_a_facts_unit_goes_behind_its_value(name: str, fact: str | float, words: str) -> None:
    assert words == fact_words(name, fact, NOW, BERLIN)


def test_every_status_reason_and_verb_has_its_words() -> None:
    assert (set(CommandStatus), set(Reason), set(Verb)) == (set(STATUS_WORDS), set(REASON_WORDS), set(VERB_WORDS))
