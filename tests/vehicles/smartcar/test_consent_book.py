"""What became of each car's consent: sealed on disk, said once, and stronger than the driver's file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.clock import ManualClock
from scheduler.domain.consent import ConsentStatus
from scheduler.domain.errors import ConsentLost, VehicleUnreachable
from scheduler.domain.vehicle import Vehicle
from scheduler.vehicles.smartcar.consent_book import ConsentBook, Ids
from scheduler.vehicles.smartcar.consented import Consented
from scheduler.vehicles.smartcar.grants import GrantId
from scheduler.vehicles.smartcar.sealed_directory import SealedDirectory
from scheduler.vehicles.smartcar.vault import Vault
from tests.fakes.gateway import MemoryGateway
from tests.fakes.journal import Notes
from tests.web.fleet import ADA, a_driver

NOW = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)
DRIVER = a_driver("Ada", "ID.3", "ada-id3")
IDS = Ids("canary-vehicle", "canary-user", GrantId("ada-1"))
KEY = Vault({"k1": b"1" * 32}, "k1")
DAY = timedelta(days=1)


class Desk:
    """A book on disk, which may be opened again."""

    def __init__(self, directory: Path, lasts: timedelta | None = None) -> None:
        self.directory, self.clock, self.notes, self._lasts = directory, ManualClock(NOW), Notes(), lasts
        self.open()

    def open(self, vault: Vault = KEY) -> None:
        files = SealedDirectory(self.directory / "consents", vault, "consent")
        self.book = ConsentBook(files, self.clock, self.notes, self._lasts)

    @property
    def vehicle(self) -> Vehicle:
        return self.book.identified([DRIVER]).seat(ADA).car.vehicle


def test_the_ids_of_a_consent_outlive_a_restart_and_stand_above_the_drivers_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    before = desk.vehicle.smartcar_vehicle_id

    desk.book.give(ADA, IDS)
    desk.open()

    assert ("secret-vehicle", "canary-vehicle", "canary-user") == (
        before,
        desk.vehicle.smartcar_vehicle_id,
        desk.vehicle.smartcar_user_id,
    )
    assert (ConsentStatus.GIVEN, NOW) == (desk.book.of(desk.vehicle).status, desk.book.of(desk.vehicle).since)
    assert (GrantId("ada-1"), {GrantId("ada-1")}) == (desk.book.grant_of(desk.vehicle), desk.book.grants())


def test_no_id_can_be_read_on_disk_or_in_what_is_printed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    desk.book.give(ADA, IDS)

    (file,) = (tmp_path / "consents").iterdir()
    assert (b"canary" in file.read_bytes(), 0o600) == (False, file.stat().st_mode & 0o777)
    assert "canary" not in f"{IDS!r} {desk.notes.entries}"


def test_a_loss_is_said_once_also_over_a_restart_and_so_is_its_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.book.find(ADA)

    for _ in range(2):
        desk.book.lose(ADA, "revoked")
        desk.book.lose(ADA, "revoked again")
        desk.open()
    lost = desk.book.of(desk.vehicle)
    desk.book.find(ADA)
    desk.book.find(ADA)

    assert (ConsentStatus.LOST, "revoked") == (lost.status, lost.reason)
    assert ["vehicle.consent_lost", "consent.given"] == desk.notes.names
    assert "secret-vehicle" == desk.vehicle.smartcar_vehicle_id


def test_a_disconnected_car_stays_so_over_a_restart(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    desk.book.end(ADA)
    desk.book.lose(ADA, "what was ended cannot be lost")
    desk.open()

    assert ("", ConsentStatus.ENDED) == (desk.vehicle.smartcar_vehicle_id, desk.book.of(desk.vehicle).status)
    assert set() == desk.book.grants()
    assert ["consent.ended"] == desk.notes.names


def test_a_consent_that_ends_by_itself_is_spoken_of_once_in_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lasts=90 * DAY)
    desk.book.give(ADA, IDS)

    for _ in range(90):
        desk.clock.advance(DAY.total_seconds())
        desk.book.remind(desk.vehicle)
        desk.open()

    assert ["consent.given", "consent.ending"] == desk.notes.names
    assert NOW + 90 * DAY == desk.book.of(desk.vehicle).ends_at


def test_when_it_was_given_is_learned_from_smartcar_where_the_ids_are_in_the_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lasts=90 * DAY)

    desk.book.listed(ADA, NOW - 10 * DAY)
    desk.book.listed(ADA, NOW - 20 * DAY)
    desk.book.listed(ADA, None)

    assert NOW + 80 * DAY == desk.book.of(desk.vehicle).ends_at
    assert [] == desk.notes.names


def test_a_lost_consent_that_is_only_listed_is_not_called_good(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.book.lose(ADA, "the virtual key is missing")

    desk.clock.advance(DAY.total_seconds())
    desk.book.listed(ADA, NOW - DAY)
    before = desk.book.of(desk.vehicle).status
    desk.book.listed(ADA, NOW + DAY / 2)

    assert (ConsentStatus.LOST, ConsentStatus.GIVEN) == (before, desk.book.of(desk.vehicle).status)


def test_a_car_that_is_listed_again_after_it_was_not_is_good_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    desk.book.unlisted(ADA)
    desk.book.unlisted(ADA)
    desk.book.listed(ADA, NOW - DAY)

    assert ["vehicle.consent_lost", "consent.given"] == desk.notes.names


def test_a_book_that_does_not_open_is_a_lost_consent_and_says_why(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.book.give(ADA, IDS)

    desk.open(Vault({"k2": b"2" * 32}, "k2"))

    lost = desk.book.of(desk.vehicle)
    assert (ConsentStatus.LOST, True) == (lost.status, "key file" in lost.reason)


def test_a_wrong_key_costs_nothing_once_the_right_one_is_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.book.give(ADA, IDS)

    desk.open(Vault({"k2": b"2" * 32}, "k2"))
    desk.book.find(ADA)
    desk.open()

    assert "canary-vehicle" == desk.vehicle.smartcar_vehicle_id


def test_a_full_disk_takes_no_turn_but_a_consent_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.open", full)

    desk.book.lose(ADA, "revoked")
    with pytest.raises(VehicleUnreachable, match="out of order"):
        desk.book.give(ADA, IDS)

    assert ConsentStatus.LOST == desk.book.of(desk.vehicle).status


def test_what_calls_show_of_a_consent_goes_into_the_book(tmp_path: Path) -> None:
    desk, gateway = Desk(tmp_path), MemoryGateway()
    minded = Consented(gateway, desk.book)
    gateway.park(ADA, NOW)
    gateway.failures.append(ConsentLost("revoked"))

    with pytest.raises(ConsentLost):
        asyncio.run(minded.state(desk.vehicle))
    state = asyncio.run(minded.state(desk.vehicle))

    assert ADA == state.vehicle_id
    assert ["vehicle.consent_lost", "consent.given"] == desk.notes.names


def test_nothing_is_sent_for_a_car_that_is_not_connected(tmp_path: Path) -> None:
    desk, gateway = Desk(tmp_path), MemoryGateway()
    desk.book.end(ADA)

    with pytest.raises(ConsentLost, match="not connected"):
        asyncio.run(Consented(gateway, desk.book).start(desk.vehicle))

    assert [] == gateway.calls
