"""
The due rows against everything that two owners, a jumping clock and a queue that doubles and delays batches can do.

Every step is done to the real store and to the one in memory, and both must answer alike. On top of that the machine keeps
its own short book of who may act, so that a mistake both share is seen too.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from scheduler.domain.lease import Lease
from scheduler.domain.vehicle import VehicleId
from scheduler.storage import open_store
from tests.fakes.store import MemoryStore
from tests.storage.samples import MINUTE, NOW, a_command

FLEET = [VehicleId(f"car-{number}") for number in range(3)]
LEASE_FOR = 5 * MINUTE
LONGEST = 60 * MINUTE

minutes = st.integers(-90, 90).map(lambda number: number * MINUTE)
some_vehicles = st.lists(st.sampled_from(FLEET), unique=True)


class LeaseMachine(RuleBasedStateMachine):
    """Two owners need no names: whoever holds a lease may use it, as often and as late as they like."""

    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.real, self.memory = open_store("sqlite://"), MemoryStore()
        self.now = NOW
        self.listed: set[VehicleId] = set()
        self.owner: dict[VehicleId, Lease] = {}
        self.commands = 0

    def teardown(self) -> None:
        self.nobody_is_lost()
        self.real.close()

    @initialize()
    def all_are_listed(self) -> None:
        self.enlist(FLEET)

    @rule(vehicle_ids=some_vehicles)
    def enlist(self, vehicle_ids: list[VehicleId]) -> None:
        for store in (self.real, self.memory):
            store.enlist(vehicle_ids, self.now)
        self.listed = set(vehicle_ids)
        self.owner = {vehicle: lease for vehicle, lease in self.owner.items() if vehicle in self.listed}

    @rule(passed=st.integers(0, 30))
    def time_passes(self, passed: int) -> None:
        self.now += passed * MINUTE

    @rule(step=minutes)
    def the_clock_steps_and_the_guard_sees_it(self, step: timedelta) -> None:
        self.now += step
        for store in (self.real, self.memory):
            store.reanchor(self.now, LONGEST)
        latest = self.now + LONGEST
        self.owner = {
            vehicle: Lease(vehicle, lease.token, min(lease.until, latest)) for vehicle, lease in self.owner.items()
        }

    @rule(target=leases, limit=st.integers(1, 3))
    def claim(self, limit: int) -> object:
        claimed = self.real.claim(self.now, limit, LEASE_FOR)
        assert self.memory.claim(self.now, limit, LEASE_FOR) == claimed
        for lease in claimed:
            before = self.owner.get(lease.vehicle_id)
            assert lease.vehicle_id in self.listed
            assert before is None or before.until <= self.now, "two live owners"
            self.owner[lease.vehicle_id] = lease
        return multiple(*claimed)

    @rule(target=leases, batch=st.lists(leases, max_size=3, unique=True))
    def renew(self, batch: list[Lease]) -> object:
        renewed = self.real.renew(batch, self.now, LEASE_FOR)
        assert self.memory.renew(batch, self.now, LEASE_FOR) == renewed
        assert [lease.vehicle_id for lease in batch if self.may_act(lease)] == [lease.vehicle_id for lease in renewed]
        self.owner.update({lease.vehicle_id: lease for lease in renewed})
        return multiple(*renewed)

    @rule(lease=leases, due_in=minutes)
    def complete(self, lease: Lease, due_in: timedelta) -> None:
        done = self.real.complete(lease, self.now + due_in)
        assert self.memory.complete(lease, self.now + due_in) == done
        assert self.may_act(lease) is done
        if done:
            del self.owner[lease.vehicle_id]

    @rule(lease=leases)
    def write_an_intent(self, lease: Lease) -> None:
        self.commands += 1
        command = a_command(f"c{self.commands}", self.now, lease.vehicle_id)
        written = self.real.queue_command(command, lease)
        assert self.memory.queue_command(command, lease) == written
        assert not written or self.may_act(lease)

    @rule(vehicle_ids=some_vehicles, at=minutes)
    def wake(self, vehicle_ids: list[VehicleId], at: timedelta) -> None:
        for store in (self.real, self.memory):
            store.wake(vehicle_ids, self.now + at)

    @invariant()
    def both_say_how_long_the_oldest_waits(self) -> None:
        assert self.memory.oldest_due(self.now) == self.real.oldest_due(self.now)

    @invariant()
    def at_most_one_command_is_open(self) -> None:
        assert all(len(self.real.open_commands(vehicle_id)) <= 1 for vehicle_id in FLEET)

    def may_act(self, lease: Lease) -> bool:
        owner = self.owner.get(lease.vehicle_id)
        return owner is not None and owner.token == lease.token

    def nobody_is_lost(self) -> None:
        far: datetime = self.now + 10 * LONGEST
        assert self.listed == {lease.vehicle_id for lease in self.real.claim(far, 100, LEASE_FOR)}


TestLeases = LeaseMachine.TestCase
TestLeases.settings = settings(max_examples=30, stateful_step_count=40)
