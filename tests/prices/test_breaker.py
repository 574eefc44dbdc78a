"""Growing pauses: nobody storms a feed that says no."""

from datetime import timedelta

from scheduler.prices.breaker import Breaker


def test_pauses_double_from_a_minute_to_an_hour() -> None:
    breaker, now, pauses = Breaker(), 0.0, []
    for _ in range(9):
        breaker.failed(now)
        pauses.append(breaker.wait_s(now))
        now += breaker.wait_s(now)

    assert [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600] == pauses


def test_what_the_other_side_asks_for_is_the_least() -> None:
    breaker = Breaker()

    breaker.failed(0, timedelta(minutes=30))

    assert 1800 == breaker.wait_s(0)


def test_nobody_is_kept_waiting_for_more_than_a_day() -> None:
    breaker = Breaker()

    breaker.failed(0, timedelta(days=400))

    assert 24 * 3600 == breaker.wait_s(0)


def test_an_answer_closes_it_and_pauses_start_small_again() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(0)

    breaker.answered()
    closed = breaker.wait_s(0)
    breaker.failed(0)

    assert (0, 60) == (closed, breaker.wait_s(0))


def test_households_come_back_at_different_times() -> None:
    early, late = Breaker(0.0), Breaker(1.0)

    early.failed(0)
    late.failed(0)

    assert (60, 75) == (early.wait_s(0), late.wait_s(0))
