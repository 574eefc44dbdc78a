"""`smartcharge doctor`: is everything there that a night needs, and if not, what to do. It asks nothing that is billed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from scheduler.app import database_of, tariffs_in
from scheduler.clock import UNKEPT_S, SystemClock, clock_error_s
from scheduler.domain.driver import Driver
from scheduler.domain.errors import ConfigError, SmartchargeError, VehicleError
from scheduler.domain.event import Fact
from scheduler.domain.roster import Roster, Seat
from scheduler.domain.vehicle import VehicleId
from scheduler.drivers import load_drivers
from scheduler.monitoring.logs import configure_logs
from scheduler.ports import Clock, Store
from scheduler.settings import SECRETS, Settings, key_credential, load_settings, require_account
from scheduler.state_directory import StateDirectory
from scheduler.storage import open_store
from scheduler.terminal.daemon import NoDaemon, RunningDaemon
from scheduler.vehicles.smartcar.account import Private
from scheduler.vehicles.smartcar.connections import Connection
from scheduler.vehicles.smartcar.consent_book import ConsentBook
from scheduler.vehicles.smartcar.dashboard_webhook import DOOR, DashboardWebhook
from scheduler.vehicles.smartcar.faults import CredentialsRefused
from scheduler.vehicles.smartcar.gateway import SmartcarGateway
from scheduler.vehicles.smartcar.settings import SmartcarSettings

SPOKE_WITHIN = timedelta(days=2)
"""A subscribed car that said nothing for so long was not even moved, or its webhook is broken."""

HORIZON = timedelta(hours=6)
"""Prices that end sooner are no help for the coming night."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `well=None`: nobody can tell from here. `to_do` is empty where all is well."""

    what: str
    well: bool | None
    sentence: str
    to_do: str = ""

    @property
    def line(self) -> str:
        sign = {True: "well", False: "ILL ", None: "?   "}[self.well]
        return f"{sign}  {self.what}: {self.sentence}" + (f"\n        {self.to_do}" if self.to_do else "")


def examine(config: Path, state: Path) -> bool:
    """Print what is well and what is not; return whether nothing is ill. ConfigError where a file has to be mended first."""
    # What is wrong is said by the findings; what libraries log about it on the way would be said twice.
    configure_logs(stream=sys.stderr, human=sys.stderr.isatty(), level="critical")
    findings = asyncio.run(findings_of(config, StateDirectory(state), SystemClock()))
    for finding in findings:
        click.echo(finding.line)
    return all(finding.well is not False for finding in findings)


async def findings_of(config: Path, directory: StateDirectory, clock: Clock) -> list[Finding]:
    """Return everything that was looked at. ConfigError where a file has to be mended first."""
    settings = load_settings(config)
    drivers = load_drivers(config / "drivers", tariffs_in(config / "tariffs"))
    findings = [
        Finding("files", well=True, sentence=f"everything in {config} is in order"),
        clock_finding(clock_error_s()),
        daemon_finding(directory),
    ]
    roster, sealed = sealed_findings(drivers, Private(directory.private, key_credential()), clock)
    findings += [*sealed, *await _account(settings, roster, clock)]
    database = database_of(settings, directory)
    if isinstance(database, Path) and not database.exists():
        return [
            *findings,
            Finding("database", None, f"none yet in {directory.path}; the daemon's first start makes one"),
        ]
    try:
        store = open_store(database, read_only=True)
    except SmartchargeError as error:
        return [*findings, Finding("database", well=False, sentence=str(error), to_do="Mend what the sentence names.")]
    try:
        findings.append(Finding("database", well=True, sentence="it opens, and its tables are of this version"))
        findings += _webhook(settings, roster, store, clock.now())
        findings += price_findings(roster, store, clock.now())
    finally:
        store.close()
    return findings


def daemon_finding(directory: StateDirectory) -> Finding:
    """Return whether a daemon runs on the state directory."""
    try:
        daemon = RunningDaemon.find(directory.path)
    except NoDaemon:
        to_do = f"Start it: smartcharge run --state {directory.path}, or systemctl start smartcharge"
        return Finding("daemon", well=False, sentence=f"none runs on {directory.path}", to_do=to_do)
    return Finding("daemon", well=True, sentence=f"it runs; its page is {daemon.url}")


def clock_finding(error_s: float | None) -> Finding:
    """Return whether the clock is kept, from what the kernel takes its largest error to be; None: it does not say."""
    if error_s is None:
        look = "Look with: timedatectl, or chronyc tracking"
        return Finding("clock", None, "the kernel does not say whether somebody keeps it right", look)
    if error_s >= UNKEPT_S:
        to_do = "Install and start chrony or systemd-timesyncd: prices and departures are kept by this clock."
        return Finding("clock", well=False, sentence="nobody keeps it right", to_do=to_do)
    return Finding("clock", well=True, sentence=f"it is kept right, to {error_s:.2f} s at the worst")


def sealed_findings(drivers: Iterable[Driver], private: Private, clock: Clock) -> tuple[Roster, list[Finding]]:
    """
    Return the drivers' cars under the ids that count, and what is wrong with their consents and the key of these.

    It makes no key: the file would be the doctor's, and the daemon could not read it.
    """
    drivers = tuple(drivers)
    if not private.directory.exists():
        return Roster(drivers), [Finding("consents", well=True, sentence="none was given at this daemon yet")]
    if private.credential is None and not private.key_file.path.exists():
        sentence = "they are sealed under a systemd credential, which this process was not given"
        return Roster(drivers), [Finding("consents", None, sentence, "Ask the daemon: smartcharge status")]
    try:
        book = ConsentBook(private.consents(private.key_file.vault()), clock, _Silent())
    except (ConfigError, VehicleError) as error:
        return Roster(drivers), [Finding("consents", well=False, sentence=str(error), to_do="Mend the key file.")]
    roster, now = book.identified(drivers), clock.now()
    ill = [
        Finding(f"consent {vehicle.id}", well=False, sentence=words.partition(": ")[0], to_do=f"Run {mend}")
        for vehicle in (seat.car.vehicle for seat in roster.seats)
        if (words := book.of(vehicle).words(now)) and (mend := words.rpartition(": ")[2])
    ]
    return roster, ill or [Finding("consents", well=True, sentence="every car is connected, as far as is known here")]


class _Silent:
    """A journal for one who only reads."""

    def note(self, name: str, vehicle_id: VehicleId | None = None, **facts: Fact) -> None:
        """Say nothing: a doctor writes into nobody's ledger."""


async def _account(settings: Settings, roster: Roster, clock: Clock) -> list[Finding]:
    """Sign in, list the connections and the webhooks: hosts, token and consents in calls that cost nothing."""
    if settings.simulator.start:
        return [Finding("Smartcar", well=True, sentence="simulated cars, so no account is needed")]
    try:
        require_account(settings)
    except SmartchargeError as error:
        return [Finding("account", well=False, sentence=str(error), to_do="See docs/operating.md, Smartcar account.")]
    if settings.smartcar.version == "v2":
        sentence = "v2 has no call that costs nothing; a lost consent shows when its token is renewed"
        return [Finding("Smartcar", None, sentence, "Look at: smartcharge status")]
    account = settings.smartcar.model_dump(exclude={f"{name}_file" for name in SECRETS})
    gateway = SmartcarGateway(SmartcarSettings.model_validate(account), clock)
    try:
        connections = await gateway.connections()
        dashboard = await _dashboard(settings, gateway)
    except CredentialsRefused as error:
        to_do = "Compare smartcar.client_id and its secret with Smartcar's dashboard; a secret may have been replaced there."
        return [Finding("token", well=False, sentence=str(error), to_do=to_do)]
    except VehicleError as error:
        to_do = (
            "Check the network and the name service; smartcar.iam_origin and vehicle_origin, where you have set them."
        )
        return [Finding("hosts", well=False, sentence=str(error), to_do=to_do)]
    finally:
        await gateway.aclose()
    answered = Finding("hosts", well=True, sentence="Smartcar's hosts answer")
    signed_in = Finding("token", well=True, sentence=f"signed in; {len(connections)} cars are connected")
    return [answered, signed_in, *car_findings(roster.seats, connections), *dashboard]


async def _dashboard(settings: Settings, gateway: SmartcarGateway) -> list[Finding]:
    """Look up the webhook in the dashboard, where there is to be one."""
    if not settings.smartcar.management_token.get_secret_value():
        return []
    try:
        return [dashboard_finding(await gateway.webhooks())]
    except VehicleError as error:
        return [Finding("dashboard", None, f"the webhooks cannot be looked up: {error}", "Look there yourself.")]


def dashboard_finding(webhooks: Iterable[DashboardWebhook]) -> Finding:
    """Return whether a webhook leads here and is switched on. Whether it is verified, Smartcar tells nobody."""
    ours = [webhook for webhook in webhooks if webhook.leads_here]
    if not ours:
        sentence = f"no webhook there ends in {DOOR}"
        return Finding("dashboard", well=False, sentence=sentence, to_do="Make one; see docs/operating.md, Webhooks.")
    if all(webhook.enabled is False for webhook in ours):
        to_do = "Verify it and switch it on in the dashboard."
        return Finding("dashboard", well=False, sentence="the webhook is switched off", to_do=to_do)
    if all(webhook.subscribes is False for webhook in ours):
        to_do = "Switch on auto-subscribe, or subscribe each car that is connected from now on."
        return Finding("dashboard", None, "the webhook is on, but does not subscribe new cars by itself", to_do)
    return Finding("dashboard", well=True, sentence="the webhook leads here and is switched on")


def car_findings(seats: Iterable[Seat], connections: Iterable[Connection]) -> list[Finding]:
    """Return which cars Smartcar does not list. One without ids was never connected, which is told elsewhere."""
    connected = {(each.vehicle_id, each.user_id) for each in connections}
    return [
        Finding(
            f"car {seat.vehicle_id}",
            well=False,
            sentence="Smartcar knows no connection of this car and this user",
            to_do=f"Run smartcharge connect {seat.vehicle_id}",
        )
        for seat in seats
        if seat.car.vehicle.smartcar_vehicle_id
        and (seat.car.vehicle.smartcar_vehicle_id, seat.car.vehicle.smartcar_user_id) not in connected
    ]


def _webhook(settings: Settings, roster: Roster, store: Store, now: datetime) -> list[Finding]:
    if not settings.smartcar.management_token.get_secret_value():
        return [
            Finding(
                "webhook", None, "none is set up, so cars are looked at instead", "See docs/operating.md, Webhooks."
            )
        ]
    connected = [seat for seat in roster.seats if seat.car.vehicle.smartcar_vehicle_id]
    silent = [seat.vehicle_id for seat in connected if not _spoke(store, seat, now)]
    if not silent:
        return [Finding("webhook", well=True, sentence="every car has told something lately")]
    to_do = "Check in the dashboard that the webhook is verified and enabled, and that the cars are subscribed."
    return [Finding("webhook", well=False, sentence=f"nothing lately from {', '.join(silent)}", to_do=to_do)]


def _spoke(store: Store, seat: Seat, now: datetime) -> bool:
    told = store.told(seat.vehicle_id)
    return told is not None and told.told_at is not None and now - told.told_at < SPOKE_WITHIN


def price_findings(roster: Roster, store: Store, now: datetime) -> list[Finding]:
    """Return, per tariff in use, whether prices are known for the hours ahead."""
    findings = []
    for tariff_id in sorted({seat.driver.tariff_id for seat in roster.seats}):
        kept = store.curve(tariff_id)
        until = kept[0].known_until(now) if kept else None
        well = until is not None and until - now >= HORIZON
        sentence = f"known until {until:%Y-%m-%d %H:%M} UTC" if until else "nothing is known"
        to_do = (
            "" if well else f"Is the daemon running? Otherwise see what the feed says: smartcharge prices {tariff_id}"
        )
        findings.append(Finding(f"prices {tariff_id}", well, sentence, to_do))
    return findings
