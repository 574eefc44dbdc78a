"""The due rows: one per vehicle, leased to one owner at a time."""

from __future__ import annotations

from datetime import timedelta

from scheduler.ports import Store
from tests.storage.samples import ADA, BEN, HOUR, MINUTE, NOW, a_command


def test_a_new_vehicle_is_due_at_once(store: Store) -> None:
    store.enlist([ADA], NOW)

    leases = store.claim(NOW, 10, MINUTE)

    assert [(ADA, NOW + MINUTE)] == [(lease.vehicle_id, lease.until) for lease in leases]


def test_enlisting_again_changes_nothing_for_those_who_stay(store: Store) -> None:
    store.enlist([ADA], NOW)
    (lease,) = store.claim(NOW, 10, MINUTE)

    store.enlist([ADA, BEN], NOW + HOUR)

    assert store.complete(lease, NOW + 2 * HOUR)
    assert [BEN] == [lease.vehicle_id for lease in store.claim(NOW + HOUR, 10, MINUTE)]


def test_a_vehicle_that_left_is_neither_claimed_nor_completed_nor_woken(store: Store) -> None:
    store.enlist([ADA], NOW)
    (lease,) = store.claim(NOW, 10, MINUTE)

    store.enlist([], NOW)
    store.wake([ADA], NOW)

    assert not store.complete(lease, NOW)
    assert [] == store.renew([lease], NOW, MINUTE)
    assert [] == store.claim(NOW + HOUR, 10, MINUTE)
    assert timedelta(0) == store.oldest_due(NOW + HOUR)


def test_an_owner_from_before_the_leaving_is_a_stranger_after_the_return(store: Store) -> None:
    store.enlist([ADA], NOW)
    (old,) = store.claim(NOW, 10, HOUR)
    store.enlist([], NOW)
    store.enlist([ADA], NOW)

    (new,) = store.claim(NOW, 10, HOUR)

    assert not store.complete(old, NOW)
    assert not store.queue_command(a_command(), old)
    assert store.complete(new, NOW)


def test_the_oldest_are_claimed_first_and_no_more_than_the_limit(store: Store) -> None:
    vehicles = [ADA, BEN]
    store.enlist(vehicles, NOW)
    for lease, due_at in zip(store.claim(NOW, 10, MINUTE), (NOW + HOUR, NOW + MINUTE), strict=True):
        store.complete(lease, due_at)

    first = store.claim(NOW + HOUR, 1, MINUTE)
    second = store.claim(NOW + HOUR, 1, MINUTE)

    assert [BEN, ADA] == [lease.vehicle_id for lease in first + second]


def test_a_vehicle_is_due_exactly_at_its_moment(store: Store) -> None:
    store.enlist([ADA], NOW)

    assert [] == store.claim(NOW - timedelta(microseconds=1), 10, MINUTE)
    assert 1 == len(store.claim(NOW, 10, MINUTE))


def test_a_leased_vehicle_is_claimed_by_nobody_else_until_the_lease_runs_out(store: Store) -> None:
    store.enlist([ADA], NOW)
    (first,) = store.claim(NOW, 10, MINUTE)

    early = store.claim(NOW + MINUTE - timedelta(microseconds=1), 10, MINUTE)
    (second,) = store.claim(NOW + MINUTE, 10, MINUTE)

    assert [] == early
    assert second.token > first.token


def test_the_owner_whose_lease_ran_out_changes_nothing_once_another_has_claimed(store: Store) -> None:
    store.enlist([ADA], NOW)
    (late,) = store.claim(NOW, 10, MINUTE)
    (current,) = store.claim(NOW + MINUTE, 10, MINUTE)

    assert not store.complete(late, NOW + 9 * HOUR)
    assert [] == store.renew([late], NOW + MINUTE, MINUTE)
    assert store.complete(current, NOW + HOUR)


def test_a_turn_ends_once(store: Store) -> None:
    store.enlist([ADA], NOW)
    (lease,) = store.claim(NOW, 10, MINUTE)

    assert store.complete(lease, NOW + HOUR)
    assert not store.complete(lease, NOW)
    assert [] == store.claim(NOW + MINUTE, 10, MINUTE)


def test_of_a_doubled_batch_only_the_first_to_renew_goes_on(store: Store) -> None:
    store.enlist([ADA, BEN], NOW)
    batch = store.claim(NOW, 10, MINUTE)

    mine = store.renew(batch, NOW, HOUR)
    doubled = store.renew(batch, NOW, HOUR)

    assert [ADA, BEN] == [lease.vehicle_id for lease in mine]
    assert [NOW + HOUR, NOW + HOUR] == [lease.until for lease in mine]
    assert [] == doubled
    assert all(store.complete(lease, NOW + HOUR) for lease in mine)


def test_a_wake_brings_the_next_turn_forward_but_never_back(store: Store) -> None:
    store.enlist([ADA], NOW)
    (lease,) = store.claim(NOW, 10, MINUTE)
    store.complete(lease, NOW + HOUR)

    store.wake([ADA], NOW + 2 * HOUR)
    store.wake([ADA], NOW + MINUTE)

    assert [] == store.claim(NOW, 10, MINUTE)
    assert 1 == len(store.claim(NOW + MINUTE, 10, MINUTE))


def test_a_wake_during_a_turn_is_not_lost_at_its_end(store: Store) -> None:
    store.enlist([ADA], NOW)
    (lease,) = store.claim(NOW, 10, MINUTE)

    store.wake([ADA], NOW)
    store.complete(lease, NOW + HOUR)

    assert 1 == len(store.claim(NOW, 10, MINUTE))


def test_a_wake_for_later_survives_an_earlier_turn(store: Store) -> None:
    store.enlist([ADA], NOW)
    store.wake([ADA], NOW + MINUTE)
    (lease,) = store.claim(NOW, 10, MINUTE)

    store.complete(lease, NOW + HOUR)

    assert [] == store.claim(NOW, 10, MINUTE)
    assert 1 == len(store.claim(NOW + MINUTE, 10, MINUTE))


def test_a_wake_counts_once(store: Store) -> None:
    store.enlist([ADA], NOW)
    store.wake([ADA], NOW)
    for _ in range(2):
        (lease,) = store.claim(NOW, 10, MINUTE)
        assert store.complete(lease, NOW)
    (lease,) = store.claim(NOW, 10, MINUTE)

    store.complete(lease, NOW + HOUR)

    assert [] == store.claim(NOW + MINUTE, 10, MINUTE)


def test_waking_nobody_or_a_stranger_is_harmless(store: Store) -> None:
    store.wake([], NOW)
    store.wake([ADA], NOW)

    assert [] == store.claim(NOW, 10, MINUTE)


def test_after_a_step_back_of_the_clock_nothing_lies_far_ahead(store: Store) -> None:
    store.enlist([ADA, BEN], NOW)
    store.complete(store.claim(NOW, 1, HOUR)[0], NOW + HOUR)
    store.claim(NOW, 1, HOUR)
    stepped = NOW - 100 * HOUR

    store.reanchor(stepped, 10 * MINUTE)

    assert [] == store.claim(stepped + 9 * MINUTE, 10, MINUTE)
    assert {ADA, BEN} == {lease.vehicle_id for lease in store.claim(stepped + 10 * MINUTE, 10, MINUTE)}


def test_the_longest_wait_counts_those_without_an_owner(store: Store) -> None:
    store.enlist([ADA], NOW)
    waiting = store.oldest_due(NOW + MINUTE)
    store.claim(NOW + MINUTE, 10, MINUTE)

    owned = store.oldest_due(NOW + 90 * timedelta(seconds=1))
    abandoned = store.oldest_due(NOW + 3 * MINUTE)

    assert [MINUTE, timedelta(0), 3 * MINUTE] == [waiting, owned, abandoned]


def test_nothing_waits_in_an_empty_queue(store: Store) -> None:
    assert timedelta(0) == store.oldest_due(NOW)
