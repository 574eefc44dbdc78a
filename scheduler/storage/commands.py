"""The commands: each written down before it is sent, moved along its arrows by compare-and-set, and never deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update

from scheduler.domain.command import ARROWS, Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.errors import InvalidValue
from scheduler.domain.lease import Lease
from scheduler.domain.vehicle import VehicleId
from scheduler.storage.database import Rows
from scheduler.storage.schema import COMMAND, DUE, OPEN


class CommandRows(Rows):
    """At most one open command per vehicle, kept by a unique index over the open ones."""

    def queue_command(self, command: Command, lease: Lease) -> bool:
        """
        Write the intent. False, and nothing written, where the lease's token is no longer current (fencing), or where
        another command of the vehicle is still open: settle or supersede that one first, in the same transaction.
        """
        if command.status is not CommandStatus.QUEUED:
            raise InvalidValue(f"a command begins as queued, got {command.status.value}")
        if command.vehicle_id != lease.vehicle_id:
            raise InvalidValue(f"the lease is for {lease.vehicle_id}, the command for {command.vehicle_id}")
        # FOR UPDATE: on PostgreSQL two holders of one token queue one after the other. SQLite has one writer anyway.
        token = select(DUE.c.token).where(DUE.c.vehicle_id == lease.vehicle_id).with_for_update()
        with self._database.writing() as connection:
            if connection.execute(token).scalar() != lease.token or self.open_commands(command.vehicle_id):
                return False
            last = select(func.max(COMMAND.c.seq)).where(COMMAND.c.vehicle_id == command.vehicle_id)
            seq = (connection.execute(last).scalar() or 0) + 1
            connection.execute(insert(COMMAND).values(_row(command) | {"seq": seq}))
            return True

    def advance_command(
        self,
        command_id: CommandId,
        expected: CommandStatus,
        status: CommandStatus,
        at: datetime,
        detail: str = "",
        retry_at: datetime | None = None,
    ) -> bool:
        """
        Move a command along its arrows by compare-and-set; False where it no longer stands at *expected*.

        `sending` sets `sent_at` and counts the attempt; a status that is not open sets `settled_at`. An empty *detail*
        and no *retry_at* keep the ones before. A move for which there is no arrow is InvalidValue.
        """
        if status not in ARROWS.get(expected, ()):
            raise InvalidValue(f"a command never moves from {expected.value} to {status.value}")
        values: dict[str, Any] = {"status": status.value}
        if status is CommandStatus.SENDING:
            values |= {"sent_at": at, "attempts": COMMAND.c.attempts + 1}
        if not status.open:
            values["settled_at"] = at
        if detail:
            values["detail"] = detail
        if retry_at is not None:
            values["retry_at"] = retry_at
        moved = update(COMMAND).where(COMMAND.c.id == command_id, COMMAND.c.status == expected.value).values(values)
        with self._database.writing() as connection:
            return connection.execute(moved).rowcount == 1

    def open_commands(self, vehicle_id: VehicleId) -> list[Command]:
        """Return the commands whose outcome is still to be learned: none, or one."""
        return self._commands(select(COMMAND).where(COMMAND.c.vehicle_id == vehicle_id, OPEN))

    def commands(self, vehicle_id: VehicleId, since: datetime) -> list[Command]:
        """Return the vehicle's commands queued at or after *since*, in the order they were queued, whatever the clock did."""
        return self._commands(
            select(COMMAND)
            .where(COMMAND.c.vehicle_id == vehicle_id, COMMAND.c.queued_at >= since)
            .order_by(COMMAND.c.seq)
        )

    def _commands(self, query: Select[Any]) -> list[Command]:
        with self._database.reading() as connection:
            return [_command(row) for row in connection.execute(query)]


def _row(command: Command) -> dict[str, Any]:
    row = {column.name: getattr(command, column.name) for column in COMMAND.columns if column is not COMMAND.c.seq}
    return row | {"verb": command.verb.value, "reason": command.reason.value, "status": command.status.value}


def _command(row: Row[Any]) -> Command:
    facts = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row's columns
    del facts["seq"]
    return Command(
        **facts | {"verb": Verb(row.verb), "reason": Reason(row.reason), "status": CommandStatus(row.status)}
    )
