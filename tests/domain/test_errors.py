from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.domain.errors import (
    FeedError,
    FeedUnavailable,
    InvalidValue,
    SmartchargeError,
    VehicleError,
    VehicleRefused,
    VehicleUnreachable,
)


def test_a_broken_invariant_is_a_value_error_to_those_who_do_not_know_us() -> None:
    assert issubclass(InvalidValue, ValueError)
    assert issubclass(InvalidValue, SmartchargeError)


def test_an_unreachable_car_says_how_long_to_wait() -> None:
    error = VehicleUnreachable("rate limited", retry_after=timedelta(seconds=90))

    assert ("rate limited", timedelta(seconds=90)) == (str(error), error.retry_after)


def test_a_refusal_carries_its_code_beside_its_words() -> None:
    error = VehicleRefused("the cable is not in", code="CHARGING_PLUG_NOT_CONNECTED")

    assert ("the cable is not in", "CHARGING_PLUG_NOT_CONNECTED", None) == (str(error), error.code, error.retry_after)


def test_a_feed_that_is_down_says_how_long_to_wait() -> None:
    assert timedelta(minutes=5) == FeedUnavailable("503", retry_after=timedelta(minutes=5)).retry_after


@pytest.mark.parametrize("error", [VehicleUnreachable("no answer"), FeedUnavailable("no answer")])
def test_without_word_from_the_other_side_no_wait_is_invented(error: VehicleUnreachable | FeedUnavailable) -> None:
    assert error.retry_after is None


def test_a_car_in_trouble_is_told_from_a_feed_in_trouble() -> None:
    assert not issubclass(FeedUnavailable, VehicleError)
    assert not issubclass(VehicleUnreachable, FeedError)
