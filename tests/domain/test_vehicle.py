from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler.domain.vehicle import VehicleId, VehicleState

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
PLUGGED = VehicleState(VehicleId("ada-id3"), NOON, soc_pct=46.0, soc_seen_at=NOON, plugged_in=True, charging=False)


def test_the_same_report_an_hour_later_is_no_news() -> None:
    later = replace(PLUGGED, seen_at=NOON + timedelta(hours=1), soc_seen_at=NOON + timedelta(hours=1))

    assert PLUGGED.same_facts(later)


def test_a_per_cent_more_is_news() -> None:
    assert not PLUGGED.same_facts(replace(PLUGGED, soc_pct=47.0))


def test_not_said_is_not_the_same_as_unplugged() -> None:
    unplugged, silent = replace(PLUGGED, plugged_in=False), replace(PLUGGED, plugged_in=None)

    assert not unplugged.same_facts(silent)
