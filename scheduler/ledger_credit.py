"""Prepaid credit while no daemon runs: seen in the state directory's ledger, or added to it under the daemon's own lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scheduler.app import tariffs_in
from scheduler.clock import SystemClock
from scheduler.domain.roster import Roster
from scheduler.drivers import load_drivers
from scheduler.monitoring.journal import LedgerJournal
from scheduler.prepaying import Prepaying
from scheduler.settings import load_settings
from scheduler.state_directory import StateDirectory
from scheduler.storage import open_store
from scheduler.web.credit import AccountAnswer


def credit_in_ledger(config: Path, state_dir: Path, name: str, add: str | None) -> dict[str, Any]:
    """
    Return what `/api/v1/drivers/{name}/credit` would, after *add* was added where it is given.

    A ledger that is not there yet is made: credit may be bought before the first night. AlreadyRunning where a daemon has
    just taken the lock; ConfigError and InvalidValue in words.
    """
    settings, directory = load_settings(config), StateDirectory(state_dir)
    roster = Roster(load_drivers(config / "drivers", tariffs_in(config / "tariffs")))
    directory.create()
    directory.lock()
    try:
        store, clock = open_store(settings.database_url or directory.database), SystemClock()
        try:
            store.enlist([seat.vehicle_id for seat in roster.seats], clock.now())
            prepaying = Prepaying(clock, store, lambda: roster, LedgerJournal(clock, store))
            account = prepaying.account(name) if add is None else prepaying.add(name, add)
            return AccountAnswer.of(account).model_dump(mode="json")
        finally:
            store.close()
    finally:
        directory.withdraw()
