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


def test_the_last_word_of_a_car_is_the_latest_of_its_dates() -> None:
    hour = timedelta(hours=1)
    seen = replace(PLUGGED, soc_seen_at=NOON + hour)

    assert NOON == seen.charging_at
    assert NOON + hour == seen.last_word_at
    assert NOON + 2 * hour == replace(seen, charging_seen_at=NOON + 2 * hour).last_word_at
