"""
kill -9 between any two lines of a prepaid night: a process is killed before each single statement to the database in turn,
and the account of the one that follows is exact all the same.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import Engine, event

from scheduler.domain.credit import Booking
from scheduler.domain.driver import DriverId
from scheduler.prepaying import Prepaying
from scheduler.storage import open_store
from tests.dispatch.test_turns import ADA, EVENING, LEASE_FOR, MINUTE, Ring

DRIVER = DriverId("ada")
TURNS = 4
EVERY = 1 if os.environ.get("PROVE") else 16
"""Before every so many-th statement a process is killed; `make prove` kills before each."""


class LedgerRing(Ring):
    """A prepaid car on a real ledger. Its counter stands at a kWh for each minute past, whoever looks or dies."""

    def __init__(self, path: Path) -> None:
        super().__init__(prepaid=True, store=open_store(path))

    def live_until(self, minute: int) -> None:
        """Let *minute* come, turn, and add 5 kWh to the credit on the second one."""
        self.clock.advance((EVENING + minute * MINUTE - self.clock.now()).total_seconds())
        now = self.clock.now()
        self.gateway.cars[ADA] = replace(
            self.gateway.cars[ADA],
            seen_at=now, soc_seen_at=now, energy_seen_at=now, soc_pct=60 + minute, energy_added_kwh=0.9 * minute,
        )  # fmt: skip
        self.store.reanchor(now, 0 * MINUTE)
        self.store.wake([ADA], now)
        for lease in self.store.claim(now, 1, LEASE_FOR):
            asyncio.run(self.cycle.turn(lease))


def live(path: Path, killed_before: int | None, first: int = 0) -> int:
    """Live from minute *first* on, and kill this process before its *killed_before*-th statement; return how many there were."""
    statements = 0

    def counted(*_args: object) -> None:
        nonlocal statements
        statements += 1
        if statements == killed_before:
            os.kill(os.getpid(), signal.SIGKILL)

    ring = LedgerRing(path)
    event.listen(Engine, "before_cursor_execute", counted)
    event.listen(Engine, "commit", counted)
    try:
        for minute in range(first, TURNS + 1):
            ring.live_until(minute)
    finally:
        event.remove(Engine, "before_cursor_execute", counted)
        event.remove(Engine, "commit", counted)
        ring.store.close()
    return statements


def killed(path: Path, before: int) -> None:
    """Live in a process of its own that is killed before one statement."""
    child = os.fork()
    if child == 0:
        live(path, before)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), before
    assert signal.SIGKILL == os.WTERMSIG(status)


BOUGHT = {
    "energy": Booking(DRIVER, EVENING, Decimal(20)),
    "money": Booking(DRIVER, EVENING, money=Decimal(20), currency="EUR"),
}
COSTS = {"energy": Decimal(1), "money": Decimal("0.3")}
"""What a kWh takes from the credit: it is evening, at EUR 0.30."""


def bought(path: Path, unit: str = "energy") -> None:
    store = open_store(path)
    store.enlist([ADA], EVENING)
    store.book(BOUGHT[unit])
    store.close()


@pytest.mark.live
@pytest.mark.parametrize("unit", BOUGHT)
def test_a_kill_before_any_statement_loses_no_watt_hour_and_counts_none_twice(tmp_path: Path, unit: str) -> None:
    fresh, whole, path = (tmp_path / name for name in ("fresh.db", "whole.db", "killed.db"))
    bought(fresh, unit)
    copyfile(fresh, whole)
    statements = live(whole, None)

    for before in range(1, statements + 1, EVERY):
        copyfile(fresh, path)
        killed(path, before)
        live(path, None, first=TURNS)

        store = open_store(path)
        left, bookings = store.balance(DRIVER), store.bookings(DRIVER)
        store.close()
        # What flowed before the car was seen for the first time is nobody's to book.
        used_kwh = -sum((each.kwh for each in bookings[1:]), Decimal(0))
        assert 20 - used_kwh * COSTS[unit] == left.value, before
        assert used_kwh in (Decimal(0), Decimal(TURNS)), before
        assert used_kwh == TURNS or 1 == len(bookings), before

    print(
        f"{len(range(1, statements + 1, EVERY))} kills among the {statements} statements of {TURNS + 1} turns, in {unit}"
    )


def test_what_a_person_adds_is_there_after_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    bought(path)
    ring = LedgerRing(path)

    account = Prepaying(ring.clock, ring.store, ring, lambda: ring.roster, ring.notes).add("ada", "5kWh")
    ring.store.close()

    store = open_store(path)
    left_kwh = store.balance(DRIVER).value
    store.close()
    assert (Decimal(25), Decimal(25)) == (account.balance.value, left_kwh)
