"""`smartcharge doctor`: is everything there that a night needs, and if not, what to do. It asks nothing that is billed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from scheduler.app import database_of, tariffs_in
from scheduler.clock import SystemClock
from scheduler.domain.errors import SmartchargeError, VehicleError
from scheduler.domain.roster import Roster, Seat
from scheduler.drivers import load_drivers
from scheduler.ports import Clock, Store
from scheduler.settings import SECRETS, Settings, load_settings, require_account
from scheduler.state_directory import StateDirectory
from scheduler.storage import open_store
from scheduler.vehicles.smartcar.connections import Connection
from scheduler.vehicles.smartcar.gateway import SmartcarGateway
from scheduler.vehicles.smartcar.settings import SmartcarSettings

TIME_IS_KEPT = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd touches it once the clock is right; other keepers of time leave no such sign."""

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
    findings = asyncio.run(_findings(config, StateDirectory(state), SystemClock()))
    for finding in findings:
        click.echo(finding.line)
    return all(finding.well is not False for finding in findings)


async def _findings(config: Path, directory: StateDirectory, clock: Clock) -> list[Finding]:
    settings = load_settings(config)
    roster = Roster(load_drivers(config / "drivers", tariffs_in(config / "tariffs")))
    findings = [Finding("files", well=True, sentence=f"everything in {config} is in order"), _clock()]
    findings += await _account(settings, roster, clock)
    try:
        directory.create()
        store = open_store(database_of(settings, directory))
    except SmartchargeError as error:
        return [*findings, Finding("database", well=False, sentence=str(error), to_do="Mend what the sentence names.")]
    try:
        findings.append(Finding("database", well=True, sentence="it opens, and its tables are of this version"))
        findings += _webhook(settings, roster, store, clock.now())
        findings += price_findings(roster, store, clock.now())
    finally:
        store.close()
    return findings


def _clock() -> Finding:
    if TIME_IS_KEPT.exists():
        return Finding("clock", well=True, sentence="it is kept right by systemd-timesyncd")
    return Finding(
        "clock", None, "nothing here says that it is kept right", "Look with: timedatectl show -p NTPSynchronized"
    )


async def _account(settings: Settings, roster: Roster, clock: Clock) -> list[Finding]:
    """Sign in and list the connections: hosts, token and consents in two calls that cost nothing."""
    if settings.simulator.start:
        return [Finding("Smartcar", well=True, sentence="simulated cars, so no account is needed")]
    try:
        require_account(settings)
        account = settings.smartcar.model_dump(exclude={f"{name}_file" for name in SECRETS})
        gateway = SmartcarGateway(SmartcarSettings.model_validate(account), clock)
        try:
            connections = await gateway.connections()
        finally:
            await gateway.aclose()
    except (SmartchargeError, VehicleError) as error:
        to_do = "Check the network, smartcar.client_id and its secret, and the hosts in smartcharge.yaml."
        return [Finding("Smartcar", well=False, sentence=str(error), to_do=to_do)]
    signed_in = Finding("Smartcar", well=True, sentence=f"signed in; {len(connections)} cars are connected")
    return [signed_in, *car_findings(roster.seats, connections)]


def car_findings(seats: Iterable[Seat], connections: Iterable[Connection]) -> list[Finding]:
    """Return what is wrong with the consents of the cars in the drivers' files."""
    connected = {(each.vehicle_id, each.user_id) for each in connections}
    return [
        Finding(
            f"car {seat.vehicle_id}",
            well=False,
            sentence="Smartcar knows no connection of this car and this user",
            to_do=f"Run smartcharge connect {seat.driver.id}, and compare the two ids in the driver's file.",
        )
        for seat in seats
        if (seat.car.vehicle.smartcar_vehicle_id, seat.car.vehicle.smartcar_user_id) not in connected
    ]


def _webhook(settings: Settings, roster: Roster, store: Store, now: datetime) -> list[Finding]:
    if not settings.smartcar.management_token.get_secret_value():
        return [
            Finding(
                "webhook", None, "none is set up, so cars are looked at instead", "See docs/operating.md, Webhooks."
            )
        ]
    silent = [seat.vehicle_id for seat in roster.seats if not _spoke(store, seat, now)]
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
