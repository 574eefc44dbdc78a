"""The journal: into the log, into the sequence, and to whoever follows."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from scheduler.clock import ManualClock
from scheduler.domain.errors import InvalidValue, StoreUnavailable
from scheduler.domain.event import Event, Fact
from scheduler.domain.vehicle import VehicleId
from scheduler.monitoring.journal import LedgerJournal
from scheduler.monitoring.logs import configure_logs
from scheduler.ports import Journal
from tests.fakes.store import MemoryStore

AT = datetime(2026, 2, 1, 17, tzinfo=UTC)
ADA = VehicleId("ada-id3")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def journal(store: MemoryStore, stream: io.StringIO) -> LedgerJournal:
    configure_logs(stream=stream, level="debug")
    return LedgerJournal(ManualClock(AT), store)


def test_an_event_is_logged_recorded_and_heard(journal: LedgerJournal, store: MemoryStore, stream: io.StringIO) -> None:
    heard: list[Event] = []
    journal.listen(heard.append)

    journal.note("plan.short", ADA, shortfall_kwh=3.5)

    event = Event(1, AT, "plan.short", "warning", ADA, {"shortfall_kwh": 3.5})
    assert [event] == heard == store.events()
    assert ("plan.short", "warning") == (json.loads(stream.getvalue())["event"], json.loads(stream.getvalue())["level"])


def test_what_is_only_worth_a_debug_line_is_not_recorded(
    journal: LedgerJournal, store: MemoryStore, stream: io.StringIO
) -> None:
    heard: list[Event] = []
    journal.listen(heard.append)

    journal.note("cycle.completed", claimed=3)

    assert ([], []) == (heard, store.events())
    assert "cycle.completed" in stream.getvalue()


def test_an_event_that_is_not_in_the_catalogue_is_refused(journal: LedgerJournal, stream: io.StringIO) -> None:
    with pytest.raises(InvalidValue, match=r"'car\.exploded' is not in the catalogue"):
        journal.note("car.exploded")

    assert "" == stream.getvalue()


@pytest.mark.parametrize("name", ["at", "level", "event", "vehicle"])
def test_a_fact_called_like_a_part_of_the_line_is_refused(journal: LedgerJournal, name: str) -> None:
    with pytest.raises(InvalidValue, match=f"a fact of plan.made is called {name}"):
        journal.note("plan.made", None, **{name: "x"})


def test_an_event_falls_with_the_change_it_tells_of(journal: LedgerJournal, store: MemoryStore) -> None:
    def fall() -> None:
        with store.transaction():
            journal.note("override.set", ADA, override="stop")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fall()

    assert [] == store.events()


def test_an_event_that_the_ledger_refuses_is_still_logged_but_not_heard(stream: io.StringIO) -> None:
    class FullDisk(MemoryStore):
        def record_event(self, at: datetime, name: str, vehicle_id: VehicleId | None, facts: dict[str, Fact]) -> int:
            raise StoreUnavailable("the disk is full")

    configure_logs(stream=stream, human=True)
    journal = LedgerJournal(ManualClock(AT), FullDisk())
    heard: list[Event] = []
    journal.listen(heard.append)

    with pytest.raises(StoreUnavailable):
        journal.note("cycle.failed", ADA, detail="the disk is full")

    assert '2026-02-01 17:00:00 error cycle.failed vehicle=ada-id3 detail="the disk is full"\n' == stream.getvalue()
    assert [] == heard


def test_every_event_of_a_house_with_simulated_cars_says_so(stream: io.StringIO) -> None:
    configure_logs(stream=stream, human=True)
    store = MemoryStore()

    LedgerJournal(ManualClock(AT), store, simulated=True).note("command.confirmed", ADA, verb="start")

    assert "2026-02-01 17:00:00 SIMULATED command.confirmed vehicle=ada-id3 verb=start\n" == stream.getvalue()
    assert [{"verb": "start", "simulated": True}] == [event.facts for event in store.events()]


def test_who_has_heard_enough_hears_no_more(journal: LedgerJournal) -> None:
    heard: list[Event] = []
    enough = journal.listen(heard.append)
    journal.note("plan.made", ADA)

    enough()
    journal.note("plan.made", ADA)

    assert 1 == len(heard)


def test_a_listener_may_end_while_it_listens(journal: LedgerJournal) -> None:
    heard: list[str] = []

    def once(event: Event) -> None:
        heard.append(f"once {event.seq}")
        enough()

    enough = journal.listen(once)
    journal.listen(lambda event: heard.append(f"always {event.seq}"))
    journal.note("plan.made", ADA)
    journal.note("plan.made", ADA)

    assert ["once 1", "always 1", "always 2"] == heard


def test_it_is_the_journal_that_the_rooms_ask_for(journal: LedgerJournal) -> None:
    asked_for: Journal = journal

    assert asked_for is journal
