"""Whether the ledger can be written: said once when it no longer can, and once when it can again."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from scheduler.domain.errors import StoreUnavailable
from scheduler.ports import Journal

T = TypeVar("T")


class LedgerWatch:
    """
    Stands around everything that is woken and writes. Work that the ledger refuses ends quietly: it is woken again, and
    nothing was sent whose intent could not be written down.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal, self._failing = journal, False

    async def over(self, work: Awaitable[T]) -> T | None:
        """Wait for *work* and return what it returns; None where the ledger refused it."""
        try:
            return await work
        except StoreUnavailable as error:
            self._fails(error)
        return None

    def written(self) -> None:
        """Take note that something was written."""
        if self._failing:
            self._journal.note("ledger.recovered")
            self._failing = False

    def _fails(self, error: StoreUnavailable) -> None:
        if self._failing:
            return
        self._failing = True
        with suppress(StoreUnavailable):
            # Into the log at least, which is written even where the ledger refuses the event.
            self._journal.note("ledger.failed", problem=str(error))
