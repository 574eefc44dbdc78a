"""What is known of a car at its turn: its last word, or a look where that word does not do."""

from __future__ import annotations

from scheduler.dispatch.looking import LookPlan, Sight, look_is_due
from scheduler.domain.make import rules_for
from scheduler.domain.roster import Seat
from scheduler.domain.vehicle import VehicleId
from scheduler.ports import Clock, Store, VehicleGateway


class Sights:
    """Looks at cars, counted, and only where it must. Raises what the gateway raises."""

    def __init__(self, clock: Clock, store: Store, gateway: VehicleGateway, looks: LookPlan) -> None:
        self._clock, self._store, self._gateway, self._looks = clock, store, gateway, looks

    def last_word(self, vehicle_id: VehicleId) -> Sight | None:
        """Return what the car last said, asked or by itself; None before its first word."""
        looked_at, told = self._store.last_look(vehicle_id), self._store.told(vehicle_id)
        told_at = told.told_at if told is not None else None
        if told is not None and told_at is not None and (looked_at is None or told_at > looked_at):
            return Sight(told.state, told_at, told_at)
        state = self._store.last_state(vehicle_id)
        return Sight(state, looked_at, told_at) if state is not None and looked_at is not None else None

    async def see(self, seat: Seat) -> tuple[Sight, bool]:
        """Return what is known of the car now, and whether it was looked at for that."""
        vehicle = seat.car.vehicle
        last = self.last_word(vehicle.id)
        session = self._store.session(vehicle.id)
        commands = self._store.commands(vehicle.id, session.plugged_in_at) if session else []
        commands += [command for command in self._store.open_commands(vehicle.id) if command not in commands]
        now, report_every = self._clock.now(), rules_for(vehicle.make).report_interval
        if last is not None and not look_is_due(now, last, commands, self._looks, report_every):
            return last, False
        self._store.count_call(vehicle.id, now, "look")
        state = await self._gateway.state(vehicle)
        return Sight(state, self._clock.now(), last.told_at if last else None), True
