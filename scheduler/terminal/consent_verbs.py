"""`smartcharge connect` and `smartcharge disconnect`. What they need is imported when they are called, as in `cli.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scheduler.terminal.options import STATE


@click.command()
@click.argument("who")
@click.option("--no-wait", is_flag=True, help="Print the link and nothing else.")
@STATE
def connect(who: str, no_wait: bool, state: Path | None) -> None:
    """Let WHO (a driver, or one car) consent at Smartcar. Prints the link and its QR code, and waits until it is done."""
    from threading import Event

    from scheduler.state_directory import default_state_directory
    from scheduler.terminal.connect import wait_for_consent
    from scheduler.terminal.daemon import RunningDaemon

    try:
        wait_for_consent(RunningDaemon.find(default_state_directory(state)), who, Event().wait, wait=not no_wait)
    except KeyboardInterrupt:
        click.echo("No longer waiting; the link stays good.")
        sys.exit(130)


@click.command()
@click.argument("who")
@click.option("--yes", is_flag=True, help="Do not ask.")
@STATE
def disconnect(who: str, yes: bool, state: Path | None) -> None:
    """End WHO's consent at Smartcar. The ids and tokens of WHO's cars are forgotten here."""
    from scheduler.state_directory import default_state_directory
    from scheduler.terminal.daemon import RunningDaemon

    daemon = RunningDaemon.find(default_state_directory(state))
    titles = [car["title"] for car in daemon.cars(who)["cars"]]
    if not yes:
        click.confirm(
            f"Disconnect {' and '.join(titles)}? They are not charged by us until connected again", abort=True
        )
    for sentence in daemon.disconnect(who):
        click.echo(sentence)
