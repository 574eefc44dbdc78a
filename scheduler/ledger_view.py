"""
What the ledger says while no daemon runs: `why` and `estimate` from the state directory's database, opened read-only, in
the words and the JSON of the API.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scheduler import __version__
from scheduler.app import tariffs_in
from scheduler.clock import SystemClock
from scheduler.domain.errors import ConfigError
from scheduler.domain.roster import Roster
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.drivers import load_drivers
from scheduler.monitoring.journal import LedgerJournal
from scheduler.operations import Operations
from scheduler.ports import Store
from scheduler.settings import load_settings
from scheduler.state_directory import StateDirectory
from scheduler.storage import open_store
from scheduler.web.reasons import EstimateAnswer, WhyAnswer


class LedgerView:
    """`Operations` on a ledger that nobody writes to."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    @classmethod
    @contextmanager
    def opened(cls, config: Path, state_dir: Path) -> Iterator[LedgerView]:
        """
        Yield the view of the ledger of *state_dir* with the drivers of *config*; it is closed at the end.

        ConfigError where a file is wrong, or where no daemon has ever run here.
        """
        settings = load_settings(config)
        roster = Roster(load_drivers(config / "drivers", tariffs_in(config / "tariffs")))
        store = open_store(settings.database_url or _kept(StateDirectory(state_dir)), read_only=True)
        clock = SystemClock()
        try:
            yield cls(
                Operations(
                    clock,
                    store,
                    _KeptPrices(store),
                    lambda: roster,
                    LedgerJournal(clock, store),
                    simulated=settings.simulator.start,
                    version=__version__,
                )
            )
        finally:
            store.close()

    def why(self, name: str, at: str | None) -> dict[str, Any]:
        """Return what `/api/v1/cars/{name}/why` would."""
        answer = WhyAnswer.of(self._operations.fleet(), self._operations.why(name, at))
        return answer.model_dump(mode="json")

    def estimate(self, name: str, to_pct: float, from_pct: float | None, power_kw: float | None) -> dict[str, Any]:
        """Return what `/api/v1/cars/{name}/estimate` would."""
        views = self._operations.estimate(name, to_pct, from_pct, power_kw)
        return EstimateAnswer.of(self._operations.fleet(), views).model_dump(mode="json")


class _KeptPrices:
    """The curves as they were last written down."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def curve(self, tariff_id: TariffId) -> TariffCurve | None:
        kept = self._store.curve(tariff_id)
        return kept[0] if kept is not None else None


def _kept(directory: StateDirectory) -> Path:
    path = directory.database
    if not path.exists():
        raise ConfigError(
            f"no daemon runs on the state directory {directory.path}, and none has left a ledger there; name another with "
            "--state, or start one with: smartcharge run"
        )
    return path
