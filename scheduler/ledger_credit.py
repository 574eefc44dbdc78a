"""Prepaid credit while no daemon runs: seen in the state directory's ledger, or added to it under the daemon's own lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scheduler.app import tariffs_in
from scheduler.clock import SystemClock
from scheduler.domain.roster import Roster
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.drivers import load_drivers
from scheduler.monitoring.journal import LedgerJournal
from scheduler.prepaying import Account, Prepaying
from scheduler.prices.tariff import Tariff
from scheduler.settings import load_settings
from scheduler.state_directory import StateDirectory
from scheduler.storage import open_store
from scheduler.web.credit import AccountAnswer


class _Currencies:
    """A price book that knows no price yet, but in which currency each tariff's prices are."""

    def __init__(self, tariffs: Mapping[TariffId, Tariff]) -> None:
        self._tariffs = tariffs

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        return TariffCurve(self._tariffs[tariff_id].currency)


def credit_in_ledger(config: Path, state_dir: Path, asked: Callable[[Prepaying], Account]) -> dict[str, Any]:
    """
    Return what the API's answer would be to what is *asked* of prepaid credit: a balance, or adding to it.

    A ledger that is not there yet is made: credit may be bought before the first night. AlreadyRunning where a daemon has
    just taken the lock; ConfigError and InvalidValue in words.
    """
    settings, directory = load_settings(config), StateDirectory(state_dir)
    tariffs = tariffs_in(config / "tariffs")
    roster = Roster(load_drivers(config / "drivers", tariffs))
    directory.create()
    directory.lock()
    try:
        store, clock = open_store(settings.database_url or directory.database), SystemClock()
        try:
            store.enlist([seat.vehicle_id for seat in roster.seats], clock.now())
            journal = LedgerJournal(clock, store)
            prepaying = Prepaying(clock, store, _Currencies(tariffs), lambda: roster, journal)
            return AccountAnswer.of(asked(prepaying)).model_dump(mode="json")
        finally:
            store.close()
    finally:
        directory.withdraw()
