"""What the doctor finds, and what it says to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduler.doctor import Finding, car_findings, examine, price_findings
from scheduler.domain.roster import Roster
from scheduler.vehicles.smartcar.connections import Connection
from tests.fakes.store import MemoryStore
from tests.web.fleet import HOME, a_curve, a_driver

NOW = datetime(2026, 2, 6, 16, 0, tzinfo=UTC)
ROSTER = Roster([a_driver("Ada", "ID.3", "ada-id3")])
CONFIG = Path(__file__).parents[1] / "config"


def test_a_car_that_smartcar_knows_is_well() -> None:
    assert [] == car_findings(ROSTER.seats, [Connection("c", "secret-vehicle", "secret-user")])


def test_a_car_without_a_consent_is_ill_and_its_driver_is_named_but_no_id_is() -> None:
    (finding,) = car_findings(ROSTER.seats, [Connection("c", "secret-vehicle", "somebody-else")])

    assert finding.well is False
    assert "smartcharge connect ada" in finding.line
    assert "secret" not in finding.line


def test_prices_that_reach_into_the_night_are_well_and_others_are_not() -> None:
    store = MemoryStore()
    (nothing,) = price_findings(ROSTER, store, NOW)
    store.save_curve(HOME, a_curve(NOW, NOW + timedelta(hours=5)), NOW)
    (short,) = price_findings(ROSTER, store, NOW)
    store.save_curve(HOME, a_curve(NOW, NOW + timedelta(hours=24)), NOW + timedelta(minutes=1))
    (enough,) = price_findings(ROSTER, store, NOW)

    assert [False, False, True] == [nothing.well, short.well, enough.well]
    assert "" == enough.to_do


def test_the_shipped_example_is_examined_and_what_no_daemon_has_fetched_is_told(tmp_path: Path) -> None:
    assert not examine(CONFIG, tmp_path / "state")


def test_what_nobody_can_tell_is_neither_well_nor_ill() -> None:
    assert "?     clock: unsure\n        Look." == Finding("clock", None, "unsure", "Look.").line
