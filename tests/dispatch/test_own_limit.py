from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.dispatch.own_limit import own_limit_pct
from scheduler.domain.command import Command, CommandId, Reason, Verb
from scheduler.domain.vehicle import VehicleId, VehicleState
from tests.fakes.store import MemoryStore

NOW = datetime(2026, 2, 1, 22, tzinfo=UTC)
ADA = VehicleId("ada")


class Sent(MemoryStore):
    """A ledger in which *given* were sent."""

    def __init__(self, *given: Command) -> None:
        super().__init__()
        self.given = given

    def commands(self, vehicle_id: VehicleId, since: datetime) -> list[Command]:
        return [command for command in self.given if command.queued_at >= since]


def limit(pct: int, days_ago: float = 1) -> Command:
    queued_at = NOW - timedelta(days=days_ago)
    return Command(CommandId("c"), ADA, Verb.LIMIT, Reason.PLAN, queued_at, queued_at, limit_pct=pct)


def seen(limit_pct: float | None) -> VehicleState:
    return VehicleState(ADA, NOW, 50.0, NOW, limit_pct=limit_pct)


@pytest.mark.parametrize(
    ("said", "sent", "expected"),
    [
        (None, (), None),
        (100.0, (), None),
        (80.0, (), 80.0),
        (80.0, (limit(80),), None),
        (80.0, (limit(90),), 80.0),
        (80.0, (limit(80, days_ago=60),), 80.0),
    ],
    ids=["unsaid", "all", "the driver's", "ours", "the driver's since", "long ago"],
)
def test_a_limit_holds_unless_we_have_set_it(
    said: float | None, sent: tuple[Command, ...], expected: float | None
) -> None:
    assert expected == own_limit_pct(Sent(*sent), seen(said), NOW)
