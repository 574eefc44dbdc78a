"""The sequence of events: every number once, in order, without a gap."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from scheduler.domain.errors import InvalidValue
from scheduler.domain.event import Event, Fact
from scheduler.ports import Store
from scheduler.storage import open_store
from tests.storage.samples import ADA, BEN, NOW


class Fallen(Exception):
    """What ends a transaction half way."""


def test_an_event_comes_back_with_its_facts_and_its_level(store: Store) -> None:
    facts: dict[str, Fact] = {"cost": 2.31, "starts": 2, "known": True, "reason": "früh", "retry_after_s": None}

    seq = store.record_event(NOW, "plan.short", ADA, facts)

    assert [Event(seq, NOW, "plan.short", "warning", ADA, facts)] == store.events()


def test_events_are_numbered_from_one_without_a_gap_whatever_falls(store: Store) -> None:
    store.record_event(NOW, "plan.made", ADA, {})

    def fall() -> None:
        with store.transaction():
            store.record_event(NOW, "plan.made", ADA, {"fallen": True})
            raise Fallen

    with pytest.raises(Fallen):
        fall()
    store.record_event(NOW, "service.started", None, {})

    assert [(1, ADA), (2, None)] == [(event.seq, event.vehicle_id) for event in store.events()]


def test_events_are_read_on_from_the_last_one_seen(store: Store) -> None:
    for _ in range(5):
        store.record_event(NOW, "plan.made", ADA, {})

    assert [3, 4] == [event.seq for event in store.events(after_seq=2, limit=2)]
    assert [] == store.events(after_seq=5)


def test_the_newest_events_come_oldest_first(store: Store) -> None:
    for vehicle_id in (ADA, BEN, ADA, BEN):
        store.record_event(NOW, "plan.made", vehicle_id, {})

    assert [3, 4] == [event.seq for event in store.events(after_seq=-1, limit=2)]
    assert [1, 3] == [event.seq for event in store.events(after_seq=-1, limit=2, vehicle_id=ADA)]
    assert [4] == [event.seq for event in store.events(after_seq=2, vehicle_id=BEN)]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_fact_that_is_no_finite_number_is_refused(number: float, tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "ledger.db")) as ledger:
        with pytest.raises(InvalidValue, match=r"the facts of plan\.made must be finite numbers"):
            ledger.record_event(NOW, "plan.made", ADA, {"cost": number})

        assert [] == ledger.events()


def test_an_event_that_is_not_in_the_catalogue_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValue, match=r"'car\.exploded' is not in the catalogue"):
        store.record_event(NOW, "car.exploded", ADA, {})
