"""From rows to slots: order, duplicates and ends."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from scheduler.domain.errors import PayloadInvalid
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import Unit

EURO = Unit("EUR", Decimal(1))
START = datetime(2026, 2, 1, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def rows(*minutes: int) -> list[Row]:
    return [Row(at(minute), Decimal(minute)) for minute in minutes]


def spans(some_rows: list[Row], resolution: int | None = None) -> list[tuple[int, int]]:
    """Starts and ends in minutes."""
    step = None if resolution is None else timedelta(minutes=resolution)
    return [
        (int((slot.start - START).total_seconds() // 60), int((slot.end - START).total_seconds() // 60))
        for slot in slots_of(some_rows, EURO, step)
    ]


def test_a_row_ends_where_the_next_one_begins_and_the_last_lasts_as_long_as_the_one_before() -> None:
    assert [(0, 15), (15, 30), (30, 45)] == spans(rows(0, 15, 30))


def test_rows_may_come_in_any_order_and_twice() -> None:
    assert [(0, 15), (15, 30), (30, 45)] == spans(rows(30, 0, 15, 15))


def test_a_step_twice_as_long_that_comes_once_is_a_hole() -> None:
    assert [(0, 15), (15, 30), (45, 60), (60, 75)] == spans(rows(0, 15, 45, 60))


def test_a_hole_before_the_last_row_does_not_lengthen_it() -> None:
    assert [(0, 15), (15, 30), (60, 75)] == spans(rows(0, 15, 60))


def test_a_longer_step_that_goes_on_is_a_new_resolution() -> None:
    assert [(0, 15), (15, 30), (30, 90), (90, 150)] == spans(rows(0, 15, 30, 90, 150))[:4]


def test_a_shorter_step_is_a_new_resolution_at_once() -> None:
    assert [(0, 60), (60, 75), (75, 90)] == spans(rows(0, 60, 75))


def test_the_declared_resolution_decides_where_a_lone_row_ends() -> None:
    assert [(0, 30)] == spans(rows(0), resolution=30)


def test_a_lone_row_without_a_resolution_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match="when it ends"):
        spans(rows(0))


def test_a_row_without_a_price_is_a_hole_and_ends_the_row_before() -> None:
    some = [Row(at(0), Decimal(1)), Row(at(15), None), Row(at(30), Decimal(3)), Row(at(45), Decimal(4))]

    assert [(0, 15), (30, 45), (45, 60)] == spans(some)


def test_ends_on_the_wire_are_kept_with_their_holes() -> None:
    some = [Row(at(0), Decimal(1), at(15)), Row(at(30), Decimal(2), at(90))]

    assert [(0, 15), (30, 90)] == spans(some)


def test_an_end_one_second_short_touches_the_next_start() -> None:
    some = [Row(at(0), Decimal(1), at(15) - timedelta(seconds=1)), Row(at(15), Decimal(2), at(30))]

    assert [(0, 15), (15, 30)] == spans(some)


def test_an_end_that_overlaps_the_next_start_is_refused() -> None:
    some = [Row(at(0), Decimal(1), at(60)), Row(at(15), Decimal(2), at(75))]

    with pytest.raises(PayloadInvalid, match="after the next one has begun"):
        spans(some)


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match="expected a later time"):
        spans([Row(at(15), Decimal(1), at(0))])


def test_two_prices_for_one_start_are_refused() -> None:
    with pytest.raises(PayloadInvalid, match="two prices"):
        spans([Row(at(0), Decimal(1)), Row(at(0), Decimal(2))])
