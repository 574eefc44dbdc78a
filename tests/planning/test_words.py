"""Durations in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.planning.words import duration_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (27_780, "7 h 43 min"),
        (47 * 3600 + 60, "47 h 1 min"),
        (72 * 3600, "3 days"),
    ],
)
def test_a_duration_is_said_in_the_unit_that_fits_it(seconds: float, words: str) -> None:
    assert words == duration_words(timedelta(seconds=seconds))
