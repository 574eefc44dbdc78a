"""What the doctor finds, and what it says to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.clock import ManualClock, clock_error_s
from scheduler.doctor import Finding, car_findings, clock_finding, examine, price_findings, sealed_findings
from scheduler.domain.roster import Roster
from scheduler.vehicles.smartcar.account import Private
from scheduler.vehicles.smartcar.connections import Connection
from scheduler.vehicles.smartcar.consent_book import ConsentBook, Ids
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore
from tests.web.fleet import ADA, HOME, a_curve, a_driver

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


def test_a_car_that_was_never_connected_is_not_told_twice() -> None:
    driver = a_driver("Ada", "ID.3", "ada-id3")
    car = replace(driver.cars[0], vehicle=replace(driver.cars[0].vehicle, smartcar_vehicle_id=""))

    assert [] == car_findings(Roster([replace(driver, cars=(car,))]).seats, [])


@pytest.mark.parametrize(
    ("error_s", "well", "words"),
    [
        (0.012, True, "to 0.01 s"),
        (16.0, False, "chrony or systemd-timesyncd"),
        (None, None, "does not say"),
    ],
)
def test_the_clock_is_judged_by_what_the_kernel_says(error_s: float | None, well: bool | None, words: str) -> None:
    finding = clock_finding(error_s)

    assert (well, True) == (finding.well, words in finding.line)


def test_the_kernel_is_asked_without_harm() -> None:
    error_s = clock_error_s()

    assert error_s is None or error_s >= 0


def test_consents_are_looked_up_where_the_daemon_keeps_them_and_nothing_is_made(tmp_path: Path) -> None:
    private, clock, driver = Private(tmp_path / "private"), ManualClock(NOW), a_driver("Ada", "ID.3", "ada-id3")

    _, (untouched,) = sealed_findings([driver], private, clock)
    assert not private.directory.exists()
    book = ConsentBook(private.consents(private.key_file.vault()), clock, Notes())
    book.give(ADA, Ids("canary-vehicle", "canary-user"))
    roster, (given,) = sealed_findings([driver], private, clock)
    book.lose(ADA, "revoked")
    _, (lost,) = sealed_findings([driver], private, clock)
    private.key_file.path.unlink()
    _, (keyless,) = sealed_findings([driver], private, clock)

    assert [True, True, False, None] == [finding.well for finding in (untouched, given, lost, keyless)]
    assert "canary-vehicle" == roster.seats[0].car.vehicle.smartcar_vehicle_id
    assert "consent lost (revoked)\n        Run smartcharge connect ada-id3" in lost.line
    assert not private.key_file.path.exists()


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
