"""
What `smartcharge check` finds: everything that would keep the daemon from starting or a local price table from being read.

    every file by itself and against the others  ->  what they name: the simulator's cars, an account, tables of prices
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from scheduler.app import tariffs_in
from scheduler.domain.errors import ConfigError, FeedError
from scheduler.domain.interval import Interval
from scheduler.domain.roster import Roster
from scheduler.domain.vehicle import VehicleId
from scheduler.drivers import load_drivers
from scheduler.prices.feeds.feed import Asked, Feed
from scheduler.prices.feeds.fetch import read_file
from scheduler.settings import Settings, check_config, load_settings, require_account
from scheduler.vehicles.simulator.scenario import load_scenario

ANY_TIME = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
"""What a local table is asked for: where it lies does not depend on it."""


def config_problems(config: Path) -> list[str]:
    """Return everything that is wrong with the folder *config*, one sentence each; empty when the daemon would start."""
    problems = [str(problem) for problem in check_config(config, tariffs_in, load_drivers)]
    return problems or [str(error) for error in _named_and_missing(config, load_settings(config))]


def config_notes(config: Path) -> list[str]:
    """Return what is not wrong and yet wants doing. The files must be sound."""
    notes = [
        f"{vehicle_id}: no ids in its file; connected by: smartcharge connect {vehicle_id}"
        for vehicle_id in _cars_without_ids(config)
    ]
    try:
        require_account(load_settings(config))
    except ConfigError as error:
        # A secret may come from systemd, which hands it to the service and not to whoever runs this.
        notes.append(f"without it the daemon does not start, unless systemd hands it over: {error}")
    return notes


def _cars_without_ids(config: Path) -> list[VehicleId]:
    seats = Roster(load_drivers(config / "drivers")).seats
    return [seat.vehicle_id for seat in seats if not seat.car.vehicle.smartcar_vehicle_id]


def _named_and_missing(config: Path, settings: Settings) -> Iterator[ConfigError | FeedError]:
    """Yield what is wrong with the files that sound files name."""
    if settings.simulator.start:
        try:
            load_scenario(settings.simulator.scenario or config / "simulator.yaml")
        except ConfigError as error:
            yield error
    for tariff in tariffs_in(config / "tariffs").values():
        for feed in {recipe.key: recipe.feed for recipe in tariff.recipes if recipe.feed.local}.values():
            try:
                _read(feed)
            except FeedError as error:
                yield ConfigError(f"tariff {tariff.id}: {error}")


def _read(feed: Feed) -> None:
    for request in feed.requests(ANY_TIME):
        if request.path is not None:
            feed.parse(read_file(request.path).body, Asked(part=request.part))
