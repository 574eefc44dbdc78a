"""What happened: sightings, sessions, promises, calls, curves and payloads. Kept on change, found again, never mixed up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.domain.interval import Interval
from scheduler.domain.session import ChargeSession, Override
from scheduler.domain.told import Told
from scheduler.ports import Store
from tests.storage.samples import ADA, AGILE, BEN, DAY, HOUR, MINUTE, NOW, a_curve, a_promise, a_state

AN_HOUR = Interval(NOW, NOW + HOUR)


class Fallen(Exception):
    """What ends a transaction half way."""


def test_an_empty_ledger_knows_nothing(store: Store) -> None:
    assert (None, None, None, None, None) == (
        store.last_state(ADA),
        store.last_look(ADA),
        store.session(ADA),
        store.promise(ADA),
        store.curve(AGILE),
    )
    assert (Override.NONE, 0) == (store.override(ADA), store.calls(ADA, NOW))
    assert [[]] * 5 == [
        store.sightings(ADA, NOW),
        store.sessions(ADA, NOW),
        store.promises(ADA, NOW),
        store.commands(ADA, NOW),
        store.events(),
    ]


def test_the_last_sighting_is_kept_with_the_time_of_the_look(store: Store) -> None:
    store.record_sighting(a_state(46.0), NOW + MINUTE)
    store.record_sighting(a_state(47.0, vehicle_id=BEN), NOW)

    assert a_state(46.0) == store.last_state(ADA)
    assert NOW + MINUTE == store.last_look(ADA)


def test_only_changed_facts_enter_the_history_of_sightings(store: Store) -> None:
    later = a_state(46.0, NOW + HOUR)
    store.record_sighting(a_state(46.0), NOW)
    store.record_sighting(later, NOW + HOUR)
    store.record_sighting(a_state(50.0, NOW + 2 * HOUR), NOW + 2 * HOUR)
    store.record_sighting(a_state(46.0, NOW + 3 * HOUR), NOW + 3 * HOUR)

    history = store.sightings(ADA, NOW)

    assert [(46.0, NOW), (50.0, NOW + 2 * HOUR), (46.0, NOW + 3 * HOUR)] == [(s.soc_pct, s.seen_at) for s in history]


def test_an_unchanged_sighting_is_still_the_last_one(store: Store) -> None:
    store.record_sighting(a_state(), NOW)
    store.record_sighting(a_state(seen_at=NOW + HOUR), NOW + HOUR)

    assert a_state(seen_at=NOW + HOUR) == store.last_state(ADA)
    assert NOW + HOUR == store.last_look(ADA)


def test_sightings_since_a_moment_include_it(store: Store) -> None:
    store.record_sighting(a_state(46.0, NOW - timedelta(microseconds=1)), NOW)
    store.record_sighting(a_state(50.0, NOW), NOW)

    assert [50.0] == [state.soc_pct for state in store.sightings(ADA, NOW)]


def test_a_session_is_updated_until_it_is_closed(store: Store) -> None:
    session = ChargeSession(ADA, NOW, 40.0)
    store.save_session(session)
    store.save_session(replace(session, energy_kwh=3.0))
    running = store.session(ADA)

    store.save_session(replace(session, energy_kwh=9.0, unplugged_at=NOW + HOUR))

    assert replace(session, energy_kwh=3.0) == running
    assert store.session(ADA) is None
    assert [9.0] == [session.energy_kwh for session in store.sessions(ADA, NOW)]


def test_a_closed_session_that_a_wrong_clock_dated_ahead_hides_no_open_one(store: Store) -> None:
    store.save_session(ChargeSession(ADA, NOW + 5 * HOUR, unplugged_at=NOW + 6 * HOUR))
    store.save_session(ChargeSession(ADA, NOW))

    assert ChargeSession(ADA, NOW) == store.session(ADA)


def test_sessions_come_oldest_first_and_each_car_has_its_own(store: Store) -> None:
    for hours, vehicle_id in ((5, ADA), (1, ADA), (3, BEN), (-1, ADA)):
        store.save_session(ChargeSession(vehicle_id, NOW + hours * HOUR))

    assert [NOW + HOUR, NOW + 5 * HOUR] == [session.plugged_in_at for session in store.sessions(ADA, NOW)]


def test_an_override_lasts_until_another_takes_its_place(store: Store) -> None:
    store.set_override(ADA, Override.STOP, NOW)
    stopped = store.override(ADA)

    store.set_override(ADA, Override.NONE, NOW + HOUR)

    assert (Override.STOP, Override.NONE, Override.NONE) == (stopped, store.override(ADA), store.override(BEN))


def test_a_promise_is_kept_only_when_plan_goal_or_notes_differ(store: Store) -> None:
    promise = a_promise()
    same = replace(promise, made_at=NOW + HOUR, soc_pct=50.0)
    kept = [
        store.keep_promise(promise),
        store.keep_promise(same),
        store.keep_promise(replace(same, notes=("assumed 40 %",))),
        store.keep_promise(replace(same, goal=None)),
        store.keep_promise(a_promise(cost=9.0)),
    ]

    assert [True, False, True, True, True] == kept
    assert 4 == len(store.promises(ADA, NOW))


def test_the_promise_of_a_past_moment_is_the_one_in_force_then(store: Store) -> None:
    first, second = a_promise(1.0, NOW), a_promise(2.0, NOW + HOUR)
    store.keep_promise(first)
    store.keep_promise(second)

    found = [store.promise(ADA, NOW + moment) for moment in (-MINUTE, 0 * HOUR, 59 * MINUTE, HOUR, DAY)]

    assert [None, first, first, second, second] == found
    assert second == store.promise(ADA)


def test_the_promise_in_force_is_the_last_one_made_also_after_a_step_back_of_the_clock(store: Store) -> None:
    before_the_step, after_it = a_promise(1.0, NOW), a_promise(2.0, NOW - HOUR)
    store.keep_promise(before_the_step)
    store.keep_promise(after_it)

    assert after_it == store.promise(ADA)
    assert [after_it, before_the_step] == store.promises(ADA, NOW - DAY)


def test_calls_are_counted_per_car_from_a_moment_on(store: Store) -> None:
    for minutes, vehicle_id, kind in ((-1, ADA, "look"), (0, ADA, "look"), (1, ADA, "start"), (1, BEN, "look")):
        store.count_call(vehicle_id, NOW + minutes * MINUTE, kind)

    assert (2, 1) == (store.calls(ADA, NOW), store.calls(BEN, NOW))
    assert (3, 2, 1) == (store.calls(None, NOW), store.calls(None, NOW, "look"), store.calls(ADA, NOW, "start"))


def test_a_curve_that_did_not_change_only_moves_its_fetch_time(store: Store) -> None:
    store.save_curve(AGILE, a_curve(), NOW)
    store.save_curve(AGILE, a_curve(), NOW + HOUR)

    assert (a_curve(), NOW + HOUR) == store.curve(AGILE)
    assert (a_curve(), NOW) == store.curve(AGILE, NOW + MINUTE)


def test_the_curve_of_a_past_moment_can_be_found_again(store: Store) -> None:
    for hours, price in ((0, 0.1), (1, 0.2), (2, 0.1)):
        store.save_curve(AGILE, a_curve(price), NOW + hours * HOUR)

    past = [store.curve(AGILE, NOW + hours * HOUR) for hours in (-1, 0, 1, 2)]

    assert [
        None,
        (a_curve(0.1), NOW),
        (a_curve(0.2), NOW + HOUR),
        (a_curve(0.1), NOW + 2 * HOUR),
    ] == past


def test_payloads_come_back_byte_for_byte_within_a_window(store: Store) -> None:
    bodies = [bytes(range(256)), b"", "ü".encode()]
    for hours, body in enumerate(bodies):
        store.save_payload("feed", NOW + hours * HOUR, body)

    assert list(zip([NOW, NOW + HOUR], bodies[:2], strict=True)) == store.payloads(
        "feed", Interval(NOW, NOW + 2 * HOUR)
    )


def test_only_the_newest_payloads_of_each_source_are_kept(store: Store) -> None:
    for number in range(5):
        store.save_payload("feed", NOW + number * MINUTE, bytes([number]))
        store.save_payload("other", NOW, bytes([number]))

    assert [b"\2", b"\3", b"\4"] == [body for _, body in store.payloads("feed", AN_HOUR)]
    assert 3 == len(store.payloads("other", AN_HOUR))


def test_a_transaction_is_kept_whole_or_not_at_all(store: Store) -> None:
    def fall() -> None:
        with store.transaction():
            store.save_session(ChargeSession(ADA, NOW))
            store.record_event(NOW, "vehicle.plugged_in", ADA, {})
            raise Fallen

    with pytest.raises(Fallen):
        fall()

    assert store.session(ADA) is None
    assert [] == store.events()


def test_a_nested_transaction_falls_with_the_outer_one(store: Store) -> None:
    def fall() -> None:
        with store.transaction():
            with store.transaction():
                store.set_override(ADA, Override.STOP, NOW)
            raise Fallen

    with pytest.raises(Fallen):
        fall()

    assert Override.NONE == store.override(ADA)


def test_a_transaction_sees_its_own_writes(store: Store) -> None:
    with store.transaction():
        store.record_sighting(a_state(), NOW)

        assert a_state() == store.last_state(ADA)


def test_housekeeping_drops_nothing_that_is_young(store: Store) -> None:
    store.record_sighting(a_state(), NOW)
    store.count_call(ADA, NOW, "look")
    store.record_event(NOW, "plan.made", ADA, {})
    store.save_curve(AGILE, a_curve(), NOW)

    store.housekeep(NOW + 30 * DAY)

    assert (1, 1, 1) == (len(store.sightings(ADA, NOW)), store.calls(ADA, NOW), len(store.events()))
    assert store.curve(AGILE) is not None


def test_a_delivery_counts_once_however_often_it_comes(store: Store) -> None:
    assert (True, False, True) == (
        store.delivered("first", NOW),
        store.delivered("first", NOW + MINUTE),
        store.delivered("second", NOW),
    )


def test_a_delivery_whose_transaction_falls_has_not_come(store: Store) -> None:
    with pytest.raises(Fallen), store.transaction():  # noqa: PT012
        store.delivered("first", NOW)
        store.keep_told(Told(a_state(), NOW, "{}"))
        raise Fallen

    assert store.told(ADA) is None
    assert store.delivered("first", NOW)


def test_what_a_car_told_is_kept_for_that_car_and_replaced_whole(store: Store) -> None:
    store.keep_told(Told(a_state(), None, "one"))
    store.keep_told(Told(a_state(vehicle_id=BEN), NOW, "other"))

    store.keep_told(Told(a_state(55), NOW + MINUTE, "two"))

    assert Told(a_state(55), NOW + MINUTE, "two") == store.told(ADA)
    assert Told(a_state(vehicle_id=BEN), NOW, "other") == store.told(BEN)
