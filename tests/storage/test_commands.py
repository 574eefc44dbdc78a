"""Commands: written before they are sent, one open at a time, moved along their arrows only."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from scheduler.domain.command import ARROWS, CommandId, CommandStatus
from scheduler.domain.errors import InvalidValue
from scheduler.domain.lease import Lease
from scheduler.ports import Store
from tests.storage.samples import ADA, BEN, HOUR, MINUTE, NOW, a_command

C1 = CommandId("c1")
QUEUED, SENDING, ACCEPTED, UNKNOWN = (
    CommandStatus.QUEUED,
    CommandStatus.SENDING,
    CommandStatus.ACCEPTED,
    CommandStatus.UNKNOWN,
)
PATHS = {
    QUEUED: (),
    SENDING: (SENDING,),
    ACCEPTED: (SENDING, ACCEPTED),
    UNKNOWN: (SENDING, UNKNOWN),
    CommandStatus.CONFIRMED: (SENDING, ACCEPTED, CommandStatus.CONFIRMED),
    CommandStatus.CONTRADICTED: (SENDING, UNKNOWN, CommandStatus.CONTRADICTED),
    CommandStatus.FAILED: (SENDING, CommandStatus.FAILED),
    CommandStatus.REFUSED: (SENDING, CommandStatus.REFUSED),
    CommandStatus.EXPIRED: (CommandStatus.EXPIRED,),
    CommandStatus.SUPERSEDED: (CommandStatus.SUPERSEDED,),
}


def leased(store: Store) -> Lease:
    store.enlist([ADA, BEN], NOW)
    return next(lease for lease in store.claim(NOW, 10, HOUR) if lease.vehicle_id == ADA)


def walk(store: Store, *path: CommandStatus) -> None:
    for before, after in zip((QUEUED, *path), path, strict=False):
        assert store.advance_command(C1, before, after, NOW)


def test_an_intent_is_written_down_as_it_is(store: Store) -> None:
    lease = leased(store)

    assert store.queue_command(a_command(), lease)
    assert [a_command()] == store.open_commands(ADA) == store.commands(ADA, NOW)
    assert [] == store.open_commands(BEN)


def test_an_owner_with_an_old_token_writes_no_intent(store: Store) -> None:
    lease = leased(store)
    store.complete(lease, NOW)

    assert not store.queue_command(a_command(), lease)
    assert [] == store.commands(ADA, NOW)


def test_a_second_intent_waits_until_the_first_is_no_longer_open(store: Store) -> None:
    lease = leased(store)
    store.queue_command(a_command("c1"), lease)
    refused = store.queue_command(a_command("c2"), lease)

    with store.transaction():
        walk(store, CommandStatus.SUPERSEDED)
        taken = store.queue_command(a_command("c2"), lease)

    assert (False, True) == (refused, taken)
    assert ["c1", "c2"] == [command.id for command in store.commands(ADA, NOW)]


@pytest.mark.parametrize("status", CommandStatus)
def test_exactly_the_open_statuses_keep_the_next_intent_waiting(store: Store, status: CommandStatus) -> None:
    lease = leased(store)
    store.queue_command(a_command("c1"), lease)
    walk(store, *PATHS[status])

    assert status.open is not store.queue_command(a_command("c2"), lease)


def test_an_intent_for_another_car_than_the_leased_one_is_refused(store: Store) -> None:
    lease = leased(store)

    with pytest.raises(InvalidValue, match="the lease is for ada-id3, the command for ben-zoe"):
        store.queue_command(a_command(vehicle_id=BEN), lease)


def test_a_command_that_does_not_begin_as_queued_is_refused(store: Store) -> None:
    lease = leased(store)

    with pytest.raises(InvalidValue, match="begins as queued, got accepted"):
        store.queue_command(replace(a_command(), status=ACCEPTED), lease)


def test_sending_counts_the_attempt_and_its_time(store: Store) -> None:
    store.queue_command(a_command(), leased(store))

    store.advance_command(C1, QUEUED, SENDING, NOW + MINUTE)
    store.advance_command(C1, SENDING, QUEUED, NOW + 2 * MINUTE, "rate limited")
    store.advance_command(C1, QUEUED, SENDING, NOW + 3 * MINUTE)

    (command,) = store.open_commands(ADA)
    assert (2, NOW + 3 * MINUTE, None) == (command.attempts, command.sent_at, command.settled_at)
    assert "rate limited" == command.detail


def test_a_status_that_is_not_open_settles_the_command(store: Store) -> None:
    store.queue_command(a_command(), leased(store))
    walk(store, SENDING, ACCEPTED)

    store.advance_command(C1, ACCEPTED, CommandStatus.CONFIRMED, NOW + HOUR, "seen charging")

    (command,) = store.commands(ADA, NOW)
    assert [] == store.open_commands(ADA)
    assert (NOW + HOUR, "seen charging") == (command.settled_at, command.detail)


def test_a_command_that_has_moved_on_is_not_moved_by_who_comes_late(store: Store) -> None:
    store.queue_command(a_command(), leased(store))
    walk(store, SENDING, UNKNOWN)

    assert not store.advance_command(C1, SENDING, ACCEPTED, NOW)
    assert [UNKNOWN] == [command.status for command in store.open_commands(ADA)]


def test_an_unknown_command_is_not_moved(store: Store) -> None:
    assert not store.advance_command(C1, QUEUED, SENDING, NOW)


@pytest.mark.parametrize(
    ("before", "after"),
    [(a, b) for a, b in product(CommandStatus, CommandStatus) if b not in ARROWS.get(a, ())],
)
def test_a_move_without_an_arrow_is_refused(store: Store, before: CommandStatus, after: CommandStatus) -> None:
    with pytest.raises(InvalidValue, match=f"never moves from {before.value} to {after.value}"):
        store.advance_command(C1, before, after, NOW)


def test_commands_from_a_moment_on_keep_the_order_they_were_queued_in_whatever_the_clock_did(store: Store) -> None:
    lease = leased(store)
    for name, hours in (("c1", 2), ("c2", -1), ("c3", 0)):
        store.queue_command(a_command(name, NOW + hours * HOUR), lease)
        store.advance_command(CommandId(name), QUEUED, CommandStatus.EXPIRED, NOW)

    assert ["c1", "c3"] == [command.id for command in store.commands(ADA, NOW)]
