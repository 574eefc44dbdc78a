"""The options, and the types of options, that many verbs of the command share."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(path_type=Path, dir_okay=False)
DIRECTORY = click.Path(path_type=Path, file_okay=False)
DAY = click.DateTime(["%Y-%m-%d"])
PERCENT = click.FloatRange(0, 100)
CONFIG = click.option(
    "--config",
    type=DIRECTORY,
    default=Path("config"),
    envvar="SMARTCHARGE_CONFIG",
    show_default=True,
    help="The directory with smartcharge.yaml, drivers/ and tariffs/.",
)
STATE = click.option(
    "--state",
    type=DIRECTORY,
    default=None,
    help="The directory for everything durable. Default: $SMARTCHARGE_STATE, $STATE_DIRECTORY, or the XDG state home.",
)
