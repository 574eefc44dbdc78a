"""What the doctor finds, and what it says to do."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.clock import ManualClock, SystemClock, clock_error_s
from scheduler.doctor import (
    Finding,
    car_findings,
    clock_finding,
    daemon_finding,
    dashboard_finding,
    examine,
    findings_of,
    price_findings,
    sealed_findings,
)
from scheduler.domain.roster import Roster
from scheduler.state_directory import StateDirectory
from scheduler.vehicles.simulator.process import serve
from scheduler.vehicles.simulator.scenario import WebhookSpec, load_scenario
from scheduler.vehicles.simulator.world import World
from scheduler.vehicles.smartcar.account import Private
from scheduler.vehicles.smartcar.connections import Connection
from scheduler.vehicles.smartcar.consent_book import ConsentBook, Ids
from scheduler.vehicles.smartcar.dashboard_webhook import DOOR, DashboardWebhook
from scheduler.web.webhook import PATH
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


def test_a_daemon_that_does_not_run_is_ill(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)
    before = daemon_finding(directory)
    directory.announce("http://127.0.0.1:8712/")

    assert (False, True) == (before.well, daemon_finding(directory).well)
    assert f"smartcharge run --state {tmp_path}" in before.line


def test_the_kernel_is_asked_without_harm() -> None:
    error_s = clock_error_s()

    assert error_s is None or error_s >= 0


def test_the_door_that_is_looked_for_is_the_one_there_is() -> None:
    assert DOOR == PATH


@pytest.mark.parametrize(
    ("webhooks", "well", "words"),
    [
        ([], False, "no webhook there ends in /webhooks/smartcar"),
        ([DashboardWebhook("wh", "https://x/oauth/callback", True, True)], False, "no webhook there"),
        ([DashboardWebhook("wh", "https://x/webhooks/smartcar", False, True)], False, "switched off"),
        ([DashboardWebhook("wh", "https://x/webhooks/smartcar", True, False)], None, "auto-subscribe"),
        ([DashboardWebhook("wh", "https://x/webhooks/smartcar", True, True)], True, "switched on"),
        ([DashboardWebhook("wh", "https://x/webhooks/smartcar")], True, "switched on"),
    ],
)
def test_the_dashboards_webhook_is_judged_by_where_it_leads(
    webhooks: list[DashboardWebhook], well: bool | None, words: str
) -> None:
    finding = dashboard_finding(webhooks)

    assert (well, True) == (finding.well, words in finding.line)


def a_config(folder: Path, origin: str, client_id: str) -> Path:
    """Return the shipped example, on an account at *origin* instead of a simulator of its own."""
    config = folder / "config"
    shutil.copytree(CONFIG, config)
    hosts = "".join(f"  {host}_origin: {origin}\n" for host in ("iam", "vehicle", "management"))
    (config / "smartcharge.yaml").write_text(f"smartcar:\n  client_id: {client_id}\n  mode: simulated\n{hosts}")
    return config


async def doctored(folder: Path, client_id: str, *, up: bool = True) -> list[str]:
    """Return what the doctor says of an account at a simulator on a socket."""
    scenario = load_scenario(CONFIG / "simulator.yaml").model_copy(
        update={"webhooks": (WebhookSpec(id="wh", callback_uri="http://127.0.0.1:9/webhooks/smartcar"),)}
    )
    world, address, stop = World(scenario, SystemClock()), asyncio.get_running_loop().create_future(), asyncio.Event()
    server = asyncio.create_task(serve(world, "127.0.0.1", 0, address.set_result, stop=stop))
    origin = await address
    if not up:
        stop.set()
        await server
    findings = await findings_of(a_config(folder, origin, client_id), StateDirectory(folder / "state"), SystemClock())
    if up:
        world.disconnect("ben")
        world.record("webhook", act="verified", webhook="wh")
        findings += await findings_of(folder / "config", StateDirectory(folder / "state"), SystemClock())
        stop.set()
        await server
    world.close()
    return [finding.line for finding in findings]


@pytest.mark.live
def test_an_account_is_examined_without_a_billed_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTCHARGE_SMARTCAR__CLIENT_SECRET", "simulated-secret")
    monkeypatch.setenv("SMARTCHARGE_SMARTCAR__MANAGEMENT_TOKEN", "simulated-management-token")

    lines = asyncio.run(doctored(tmp_path, "client_simulated"))

    assert "well  token: signed in; 3 cars are connected" in lines
    looked_up = [line.partition("\n")[0] for line in lines if "dashboard: " in line]
    off, on = "the webhook is switched off", "the webhook leads here and is switched on"
    assert [f"ILL   dashboard: {off}", f"well  dashboard: {on}"] == looked_up
    ill = (
        "ILL   car ben-model-3: Smartcar knows no connection of this car and this user\n        Run smartcharge connect"
    )
    assert [f"{ill} ben-model-3"] == [line for line in lines if "car ben" in line]


@pytest.mark.live
@pytest.mark.parametrize(
    ("client_id", "up", "words"),
    [("client_other", True, "ILL   token: "), ("client_simulated", False, "ILL   hosts: no connection to Smartcar")],
)
def test_a_wrong_account_is_told_from_a_host_that_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client_id: str, up: bool, words: str
) -> None:
    monkeypatch.setenv("SMARTCHARGE_SMARTCAR__CLIENT_SECRET", "simulated-secret")

    lines = asyncio.run(doctored(tmp_path, client_id, up=up))

    assert any(line.startswith(words) for line in lines), lines
    assert "simulated-secret" not in str(lines)


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


def test_before_the_first_start_there_is_no_ledger_and_none_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examine(CONFIG, tmp_path / "state")

    assert f"?     database: none yet in {tmp_path / 'state'}" in capsys.readouterr().out
    assert not (tmp_path / "state").exists()


def test_what_nobody_can_tell_is_neither_well_nor_ill() -> None:
    assert "?     clock: unsure\n        Look." == Finding("clock", None, "unsure", "Look.").line
