"""How old is too old: it is the state of charge that a plan stands on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scheduler.dispatch.stale import age
from scheduler.domain.vehicle import VehicleId, VehicleState

NOW = datetime(2026, 2, 5, 22, 0, tzinfo=UTC)
DAYS_AGO, TODAY = NOW - timedelta(days=4), NOW - timedelta(minutes=10)
ADA = VehicleId("ada")


def test_a_cable_that_was_put_in_days_ago_makes_no_state_old() -> None:
    plugged = VehicleState(ADA, DAYS_AGO, 60, TODAY, plugged_in=True, charging=False, charging_seen_at=DAYS_AGO)

    assert timedelta(minutes=10) == age(plugged, NOW)


def test_a_charge_of_days_ago_is_old_whatever_the_cable_says_now() -> None:
    assert timedelta(days=4) == age(VehicleState(ADA, TODAY, 60, DAYS_AGO, plugged_in=True), NOW)


def test_without_a_dated_charge_the_last_word_counts() -> None:
    assert timedelta(minutes=10) == age(VehicleState(ADA, DAYS_AGO, plugged_in=True, charging_seen_at=TODAY), NOW)
