"""Intent before the call, outcome after, and never blindly again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.clock import ManualClock
from scheduler.dispatch.budget import CallLimits
from scheduler.dispatch.commands import Commands, Door
from scheduler.dispatch.decide import Decision
from scheduler.dispatch.purse import Purse
from scheduler.domain.command import Command, CommandStatus, Reason, Verb
from scheduler.domain.errors import (
    BudgetExhausted,
    ConsentLost,
    OutcomeUnknown,
    VehicleError,
    VehicleNotCapable,
    VehicleRefused,
    VehicleUnreachable,
)
from scheduler.domain.lease import Lease
from scheduler.domain.session import ChargeSession
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId, VehicleState
from tests.fakes.gateway import MemoryGateway
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
CAR = VehicleId("ada-id3")
VEHICLE = Vehicle(CAR, "ID.3", "VOLKSWAGEN", "ID.3", Powertrain.BEV, "v", "u", 58, 11, 0.9)
LEASE_FOR = timedelta(minutes=6)
START = Decision(Verb.START, Reason.PLAN, NOW + timedelta(hours=2))


class Desk:
    """Commands with everything they need, and one leased car that waits."""

    def __init__(self) -> None:
        self.clock, self.store, self.gateway, self.notes = ManualClock(NOW), MemoryStore(), MemoryGateway(), Notes()
        self.door = Door()
        purse = Purse(self.clock, self.store, self.notes, CallLimits())
        self.commands = Commands(
            self.clock, self.store, self.gateway, self.notes, lease_for=LEASE_FOR, door=self.door, purse=purse
        )
        self.gateway.park(CAR, NOW)
        self.store.enlist([CAR], NOW)
        (self.lease,) = self.store.claim(NOW, 1, LEASE_FOR)

    def queued(self) -> Command:
        command = self.commands.queue(START, self.lease, NOW)
        assert command is not None
        return command

    def send(self, command: Command) -> Lease:
        return asyncio.run(self.commands.send(command, VEHICLE, self.lease))

    def status(self) -> CommandStatus:
        return self.store.commands(CAR, NOW)[-1].status


def test_the_intent_is_written_before_the_call_and_the_outcome_after() -> None:
    desk = Desk()

    command = desk.queued()
    assert CommandStatus.QUEUED == desk.status()
    assert [] == desk.gateway.calls
    desk.send(command)

    assert CommandStatus.ACCEPTED == desk.status()
    assert [("start", CAR)] == desk.gateway.calls
    assert ["command.queued", "command.accepted"] == desk.notes.names
    assert 1 == desk.store.calls(CAR, NOW)


def test_the_lease_to_go_on_with_is_the_renewed_one() -> None:
    desk = Desk()

    held = desk.send(desk.queued())

    assert not desk.store.complete(desk.lease, NOW)
    assert desk.store.complete(held, NOW)


def test_nothing_is_queued_without_a_verb_or_under_a_lost_lease() -> None:
    desk = Desk()
    assert desk.commands.queue(Decision(), desk.lease, NOW) is None

    desk.store.complete(desk.lease, NOW)

    assert desk.commands.queue(START, desk.lease, NOW) is None
    assert [] == desk.store.commands(CAR, NOW)


def test_nothing_is_sent_under_a_lease_that_was_lost_meanwhile() -> None:
    desk = Desk()
    command = desk.queued()
    desk.store.renew([desk.lease], NOW, LEASE_FOR)

    desk.send(command)

    assert [] == desk.gateway.calls
    assert CommandStatus.QUEUED == desk.status()


def test_a_command_whose_window_has_passed_is_dropped_not_sent_late() -> None:
    desk = Desk()
    command = desk.queued()
    desk.clock.advance(3 * 3600)

    desk.send(command)

    assert ([], CommandStatus.EXPIRED) == (desk.gateway.calls, desk.status())
    assert "command.expired" == desk.notes.names[-1]


def test_nothing_is_sent_once_the_daemon_stops() -> None:
    desk = Desk()
    command = desk.queued()
    desk.door.open = False

    desk.send(command)

    assert ([], CommandStatus.QUEUED) == (desk.gateway.calls, desk.status())


@pytest.mark.parametrize(
    ("failure", "status", "name"),
    [
        (OutcomeUnknown("no answer in 310 s"), CommandStatus.UNKNOWN, "command.unknown"),
        (VehicleUnreachable("no connection"), CommandStatus.FAILED, "command.postponed"),
        (VehicleRefused("not plugged in", "CHARGING_PLUG_NOT_CONNECTED"), CommandStatus.FAILED, "command.refused"),
        (VehicleNotCapable("this car cannot stop"), CommandStatus.REFUSED, "command.given_up"),
        (VehicleRefused("at its limit", "FULLY_CHARGED"), CommandStatus.REFUSED, "command.given_up"),
        (BudgetExhausted("no calls left"), CommandStatus.FAILED, "command.refused"),
        (ConsentLost("connect again"), CommandStatus.REFUSED, "command.refused"),
    ],
)
def test_each_failure_is_recorded_as_what_it_is(failure: VehicleError, status: CommandStatus, name: str) -> None:
    desk = Desk()
    desk.gateway.failures.append(failure)

    desk.send(desk.queued())

    assert status == desk.status()
    assert name == desk.notes.names[-1]
    assert str(failure) == desk.store.commands(CAR, NOW)[-1].detail


@pytest.mark.parametrize(
    "failure",
    [
        VehicleUnreachable("too many requests", timedelta(minutes=40)),
        VehicleRefused("busy", "UNKNOWN", timedelta(minutes=40)),
    ],
)
def test_a_pause_that_was_asked_for_is_written_down(failure: VehicleError) -> None:
    desk = Desk()
    desk.gateway.failures.append(failure)

    desk.send(desk.queued())

    assert NOW + timedelta(minutes=40) == desk.store.commands(CAR, NOW)[-1].retry_at


def test_a_refusal_for_good_says_what_to_do() -> None:
    desk = Desk()
    desk.gateway.failures.append(VehicleNotCapable("no start through Smartcar"))

    desk.send(desk.queued())

    _, _, facts = desk.notes.entries[-1]
    assert "no start through Smartcar" == facts["detail"]
    assert "Start this car by its own timer or at the charger; smartcharge cannot." == facts["to_do"]


def test_after_two_starts_in_vain_the_driver_is_told_and_after_fifteen_that_it_is_given_up() -> None:
    desk = Desk()
    desk.store.save_session(ChargeSession(CAR, NOW))

    for _ in range(16):
        desk.gateway.failures.append(VehicleUnreachable("no coverage"))
        desk.clock.advance(60)
        desk.lease = desk.send(desk.queued())

    told = [name for name in desk.notes.names if name in ("command.ignored", "command.given_up")]
    assert ["command.ignored", "command.given_up"] == told
    assert 15 == desk.notes.entries[desk.notes.names.index("command.given_up")][2]["tries"]


def test_a_call_that_is_cut_off_by_the_end_stays_sending_and_is_looked_at_on_the_next_start() -> None:
    desk = Desk()
    command = desk.queued()

    async def cut_off() -> None:
        desk.gateway.delay_s = 400
        sending = asyncio.create_task(desk.commands.send(command, VEHICLE, desk.lease))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    asyncio.run(cut_off())
    assert CommandStatus.SENDING == desk.status()

    charging = VehicleState(CAR, NOW + timedelta(minutes=1), 47, NOW, plugged_in=True, charging=True)
    moved = desk.commands.settle(
        desk.store.open_commands(CAR), charging, NOW + timedelta(minutes=1), timedelta(hours=1)
    )

    assert moved
    assert CommandStatus.CONFIRMED == desk.status()


def test_a_look_that_proves_nothing_leaves_the_outcome_open() -> None:
    desk = Desk()
    desk.send(desk.queued())

    old = VehicleState(CAR, NOW - timedelta(minutes=1), 46, NOW, plugged_in=True, charging=False)
    moved = desk.commands.settle(desk.store.open_commands(CAR), old, NOW, timedelta(hours=1))

    assert (False, CommandStatus.ACCEPTED) == (moved, desk.status())


def test_a_confirmation_says_how_long_it_took() -> None:
    desk = Desk()
    desk.send(desk.queued())

    charging = VehicleState(CAR, NOW + timedelta(seconds=5), 46, NOW, plugged_in=True, charging=True)
    desk.commands.settle(desk.store.open_commands(CAR), charging, NOW + timedelta(seconds=6), timedelta(hours=1))

    name, vehicle_id, facts = desk.notes.entries[-1]
    assert ("command.confirmed", CAR) == (name, vehicle_id)
    assert {"verb": "start", "reason": "plan", "after_s": 6.0} == {
        key: facts[key] for key in ("verb", "reason", "after_s")
    }
