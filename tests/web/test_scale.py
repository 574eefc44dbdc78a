"""How high prices are drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.web.scale import BOTTOM, TOP, PriceScale

prices = st.floats(-1000, 1000, allow_nan=False).filter(lambda price: price == 0 or abs(price) > 1e-6)


@pytest.mark.parametrize(
    ("known", "labels"),
    [
        ([0.15, 0.37], ["0.0", "0.1", "0.2", "0.3", "0.4"]),
        ([-0.08, 0.15], ["−0.1", "0.0", "0.1", "0.2"]),
        ([12.0, 41.0], ["0", "20", "40", "60"]),
        ([-0.3, -0.1], ["−0.3", "−0.2", "−0.1", "0.0"]),
        ([0.0, 0.0], ["0.00", "0.05", "0.10"]),
        ([], ["0.00", "0.05", "0.10"]),
    ],
)
def test_the_lines_are_round_and_hold_zero_and_every_price(known: list[float], labels: list[str]) -> None:
    assert labels == [level.label for level in PriceScale.of(known).levels()]


def test_zero_is_at_the_bottom_where_no_price_is_negative() -> None:
    assert (BOTTOM, TOP) == (PriceScale.of([0.4]).y(0.0), PriceScale.of([0.4]).y(0.4))


@given(st.lists(prices, min_size=1))
def test_every_price_is_drawn_within_the_drawing_and_never_below_a_cheaper_one(known: list[float]) -> None:
    scale = PriceScale.of(known)

    heights = [scale.y(price) for price in sorted(known)]

    assert all(TOP <= height <= BOTTOM for height in heights)
    assert sorted(heights, reverse=True) == heights


@given(st.lists(prices, min_size=1))
def test_there_are_few_lines_with_different_labels(known: list[float]) -> None:
    labels = [level.label for level in PriceScale.of(known).levels()]

    assert 2 <= len(labels) <= 7
    assert len(labels) == len(set(labels))
    assert "−0" not in {label.rstrip("0").rstrip(".") for label in labels}
