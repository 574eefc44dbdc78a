"""When money is used up by a car that charges on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.dispatch.crossing import lasts_until
from scheduler.domain.tariff import PriceSlot, TariffCurve

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def curve(*per_kwh: float | None, firm: int = 99) -> TariffCurve:
    """Return an hour at each price from noon on; None is a gap, and after *firm* hours they are a forecast."""
    hours = (
        PriceSlot(NOON + n * HOUR, NOON + (n + 1) * HOUR, price, n < firm)
        for n, price in enumerate(per_kwh)
        if price is not None
    )
    return TariffCurve("EUR", tuple(hours))


@pytest.mark.parametrize(
    ("money", "prices", "firm", "hours"),
    [
        (1.0, (0.2, 0.1), 99, 0.5),
        (2.5, (0.2, 0.1), 99, 1.5),
        (9.0, (0.2, 0.1), 99, 2.0),
        (9.0, (0.2, None, 0.1), 99, 1.0),
        (9.0, (0.2, 0.1), 1, 1.0),
        (9.0, (None, 0.1), 99, 0.0),
        (0.0, (-0.2,), 99, 0.0),
        (1.0, (-0.2, 0.3), 99, 2.0),
        (2.0, (0.2, 0.3), 99, 1.0),
        (9.0, (), 99, 0.0),
    ],
)
def test_money_lasts_as_long_as_the_known_prices_say(
    money: float, prices: tuple[float | None, ...], firm: int, hours: float
) -> None:
    assert NOON + hours * HOUR == lasts_until(money, 10.0, curve(*prices, firm=firm), NOON)


def test_a_slot_that_is_over_costs_nothing_and_one_that_has_begun_the_rest() -> None:
    assert NOON + 2 * HOUR == lasts_until(1.5, 10.0, curve(9.0, 0.3), NOON + 1.5 * HOUR)
    assert NOON + 1.75 * HOUR == lasts_until(0.75, 10.0, curve(9.0, 0.3), NOON + 1.5 * HOUR)
