from __future__ import annotations

from datetime import date

import pytest

from scheduler.domain.tariff import PriceSlot
from scheduler.reports.forecast_error import ForecastError, Missed, forecast_error, missed
from scheduler.reports.market import Market
from tests.reports.year import BERLIN, local, market, slots


def steady(days: int, *, jump_at: str | None = None, jump: float = 0.0) -> Market:
    """A market at 20 ct throughout, and *jump* more from a wall time on."""
    since = None if jump_at is None else local(jump_at)
    flat = tuple(
        PriceSlot(slot.start, slot.end, 0.2 + (jump if since is not None and slot.start >= since else 0.0))
        for slot in slots(days)
    )
    return Market(flat, "EUR", BERLIN)


def test_where_every_day_is_the_same_nothing_is_off() -> None:
    days = missed(steady(60), date(2025, 2, 10))

    assert [1, 2, 3, 4] == [day.days_ahead for day in days]
    assert [96] * 4 == [day.quarters for day in days]
    assert 0.0 == pytest.approx(sum(day.absolute_per_kwh for day in days), abs=1e-9)


def test_a_jump_that_was_not_published_is_the_error_from_then_on() -> None:
    # At 13:00 on the 10th the prices of the 11th are out; those of the 12th are forecast, and the jump is on the 13th.
    days = missed(steady(60, jump_at="2025-02-13T00:00", jump=0.1), date(2025, 2, 10))

    assert (0.0, 0.1, 0.1, 0.1) == pytest.approx(forecast_error([days]).by_days_ahead, abs=1e-9)  # type: ignore[union-attr]


def test_quarters_without_a_price_do_not_count() -> None:
    days = missed(market(days=43), date(2025, 2, 10))

    assert [96, 0, 0, 0] == [day.quarters for day in days]


def test_the_mean_counts_each_quarter_once() -> None:
    first, second = (Missed(1, 2.0, 96), Missed(2, 6.0, 96)), (Missed(1, 1.0, 4),)

    assert ForecastError(9.0 / 196, (0.03, 0.0625)) == forecast_error([first, second])


def test_too_short_a_past_makes_no_forecast_and_no_error() -> None:
    assert () == missed(market(), date(2025, 1, 5))
    assert forecast_error([(), (Missed(1, 0.0, 0),)]) is None
