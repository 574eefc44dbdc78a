"""What is known of a car at its turn: its last word, or a look where that word does not do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.dispatch.budget import Need, sparser
from scheduler.dispatch.looking import LookPlan, Sight, look_is_due
from scheduler.dispatch.purse import Purse
from scheduler.domain.command import Command
from scheduler.domain.errors import VehicleUnreachable
from scheduler.domain.make import rules_for
from scheduler.domain.roster import Seat
from scheduler.domain.vehicle import VehicleId
from scheduler.planning.plugging import KNOWN_OVER, PlugInHabit, plug_in_habit
from scheduler.ports import Clock, Store, VehicleGateway


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What one turn goes by. `looked`: it was asked for just now. `looks` are the pauses this month allows, `look_from` is the
    first moment at which another look may be had.
    """

    sight: Sight
    looked: bool
    looks: LookPlan
    look_from: datetime


class Sights:
    """
    Looks at cars, counted, and only where it must and may. Raises what the gateway raises.

    With *learned* an unplugged car is looked at more often when it is usually plugged in, and less at other times. What is
    kept of that may be lost; it is learned again.
    """

    def __init__(
        self, clock: Clock, store: Store, gateway: VehicleGateway, looks: LookPlan, purse: Purse, *, learned: bool
    ) -> None:
        self._clock, self._store, self._gateway, self._looks, self._purse = clock, store, gateway, looks, purse
        self._learned = learned
        self._habits: dict[VehicleId, PlugInHabit | None] = {}

    def last_word(self, vehicle_id: VehicleId) -> Sight | None:
        """Return what the car last said, asked or by itself; None before its first word."""
        looked_at, told = self._store.last_look(vehicle_id), self._store.told(vehicle_id)
        told_at = told.told_at if told is not None else None
        if told is not None and told_at is not None and (looked_at is None or told_at > looked_at):
            return Sight(told.state, told_at, told_at)
        state = self._store.last_state(vehicle_id)
        return Sight(state, looked_at, told_at) if state is not None and looked_at is not None else None

    async def see(self, seat: Seat) -> Seen:
        """Return what is known of the car now. `VehicleUnreachable` where nothing is, and no look may be had."""
        vehicle = seat.car.vehicle
        last, commands = self.last_word(vehicle.id), self._commands(vehicle.id)
        now, report_every = self._clock.now(), rules_for(vehicle.make).report_interval
        looks = replace(self._looks, habit=self._habit(seat, last, now))
        looks = sparser(looks, self._purse.allowance(vehicle.id).pace(now))
        if last is not None and not look_is_due(now, last, commands, looks, report_every):
            return Seen(last, looked=False, looks=looks, look_from=now)
        # Whether a car obeys is part of the command: such a look may reach as deep as the command itself.
        switched = last is not None and (bool(last.state.charging) or any(each.status.open for each in commands))
        free_at = self._purse.free_at(vehicle.id, Need.LAST if switched else Need.LOOK, now)
        if free_at > now:
            if last is None:
                raise VehicleUnreachable("the calls that are left are kept for starts and stops", free_at - now)
            return Seen(last, looked=False, looks=looks, look_from=free_at)
        self._purse.look(vehicle.id)
        state = await self._gateway.state(vehicle)
        after = self._clock.now()
        return Seen(Sight(state, after, last.told_at if last else None), looked=True, looks=looks, look_from=after)

    def _habit(self, seat: Seat, last: Sight | None, now: datetime) -> PlugInHabit | None:
        """Return when this car, which is unplugged, is usually plugged in; learned once each time it is gone."""
        if not self._learned or last is None or last.state.plugged_in is not False:
            self._habits.pop(seat.vehicle_id, None)
            return None
        if seat.vehicle_id not in self._habits:
            past = self._store.sessions(seat.vehicle_id, now - KNOWN_OVER)
            self._habits[seat.vehicle_id] = plug_in_habit(past, seat.driver.timezone, now)
        return self._habits[seat.vehicle_id]

    def _commands(self, vehicle_id: VehicleId) -> list[Command]:
        """Return this session's commands, and any that is still open."""
        session = self._store.session(vehicle_id)
        commands = self._store.commands(vehicle_id, session.plugged_in_at) if session else []
        return commands + [each for each in self._store.open_commands(vehicle_id) if each not in commands]
