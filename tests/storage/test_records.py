"""Domain values go into the ledger and come back exactly, microsecond and last bit included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from hypothesis import given

from scheduler.domain.command import Command, CommandId, CommandStatus
from scheduler.domain.errors import InvalidValue, StoreUnavailable
from scheduler.domain.event import Event
from scheduler.domain.promise import Promise
from scheduler.domain.session import ChargeSession
from scheduler.domain.tariff import TariffCurve
from scheduler.domain.vehicle import VehicleState
from scheduler.ports import Store
from scheduler.storage import open_store
from scheduler.storage.records import from_record, to_record
from tests.storage.samples import (
    ADA,
    AGILE,
    BEN,
    HOUR,
    NOW,
    a_promise,
    a_state,
    commands,
    curves,
    promises,
    sessions,
    states,
)


@pytest.fixture(scope="module")
def ledger() -> Iterator[Store]:
    store = open_store("sqlite://")
    store.enlist([ADA, BEN], NOW)
    yield store
    store.close()


@given(promise=promises)
def test_a_promise_comes_back_as_it_was(promise: Promise, ledger: Store) -> None:
    ledger.keep_promise(promise)

    found = ledger.promise(promise.vehicle_id)

    assert found is not None
    assert (promise.plan, promise.goal, promise.notes) == (found.plan, found.goal, found.notes)
    assert promise == from_record(Promise, to_record(promise))


@given(curve=curves)
def test_a_curve_comes_back_as_it_was(curve: TariffCurve, ledger: Store) -> None:
    ledger.save_curve(AGILE, curve, NOW)

    assert (curve, NOW) == ledger.curve(AGILE)


@given(state=states)
def test_a_state_comes_back_as_it_was(state: VehicleState, ledger: Store) -> None:
    ledger.record_sighting(state, NOW)

    assert state == ledger.last_state(state.vehicle_id)


@given(session=sessions)
def test_a_session_comes_back_as_it_was(session: ChargeSession, ledger: Store) -> None:
    ledger.save_session(session)

    assert session in ledger.sessions(session.vehicle_id, session.plugged_in_at)


@given(command=commands)
def test_a_command_comes_back_as_it_was(command: Command, ledger: Store) -> None:
    # The same example may come twice, the same name may not.
    command = replace(command, id=CommandId(uuid4().hex))
    leases = {lease.vehicle_id: lease for lease in ledger.claim(NOW, 10, HOUR)}

    ledger.queue_command(command, leases[command.vehicle_id])

    assert [command] == ledger.open_commands(command.vehicle_id)
    ledger.advance_command(command.id, CommandStatus.QUEUED, CommandStatus.EXPIRED, NOW)
    for lease in leases.values():
        ledger.complete(lease, NOW)


def test_a_kind_of_field_that_no_record_can_hold_is_named() -> None:
    with pytest.raises(TypeError, match=r"no record can hold a "):
        from_record(Event, "{}")


def test_times_come_back_in_utc_from_whatever_zone_they_went_in() -> None:
    moment = datetime(2026, 2, 1, 18, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))

    found = from_record(VehicleState, to_record(a_state(seen_at=moment)))

    assert moment == found.seen_at
    assert found.seen_at.tzinfo is UTC


def test_a_naive_time_is_not_written_down() -> None:
    with pytest.raises(InvalidValue, match="aware times"):
        to_record(a_state(seen_at=datetime(2026, 2, 1)))


def test_a_number_that_is_not_finite_is_not_written_down() -> None:
    with pytest.raises(InvalidValue, match="a Promise to be stored must hold finite numbers"):
        to_record(replace(a_promise(), at_once_cost=float("inf")))


def test_a_field_that_an_old_record_does_not_know_has_its_default() -> None:
    record = json.loads(to_record(a_promise()))
    del record["simulated"]

    assert a_promise() == from_record(Promise, json.dumps(record))


# What the first version of the ledger wrote, to the letter.
OLD_PROMISE = (
    '{"v":1,"vehicle_id":"ada-id3","made_at":"2026-02-01T17:00:00+00:00","soc_pct":46.0,"goal":{"ready_by":'
    '"2026-02-02T07:00:00+00:00","target_pct":80.0,"reserve_pct":0.0},"plan":{"outcome":"met","windows":[{"start":'
    '"2026-02-02T01:00:00+00:00","end":"2026-02-02T03:00:00+00:00","power_kw":11.0}],"energy_kwh":22.0,"shortfall_kwh":'
    '0.0,"goals":[],"cost":2.31,"start_costs":0.0,"unknown_kwh":0.0,"cost_known":true,"starts":0,"lower_bound":0.0,'
    '"optimal":true},"tariff_id":"agile","currency":"GBP","at_once_cost":null,"prices_known_until":null,'
    '"simulated":false,"notes":[]}'
)


def test_a_promise_of_the_first_version_is_still_read_without_what_it_was_planned_with() -> None:
    found = from_record(Promise, OLD_PROMISE)

    assert a_promise() == found
    assert (None, None, False) == (found.need, found.rules, found.charging)


def test_a_record_of_a_later_form_says_which_forms_are_known() -> None:
    record = json.dumps({**json.loads(to_record(a_state())), "v": 2})

    with pytest.raises(StoreUnavailable, match="a stored VehicleState has form 2, this smartcharge reads form 1"):
        from_record(VehicleState, record)


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"v": 1}', '{"v": 1, "unheard": 1}'])
def test_a_record_that_cannot_be_read_says_of_what(record: str) -> None:
    with pytest.raises(StoreUnavailable, match="a stored VehicleState cannot be read"):
        from_record(VehicleState, record)
