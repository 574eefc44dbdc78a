"""A thousand cars due in the same minute, against the application's bucket: who is served when."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

import pytest

from scheduler.clock import ManualClock
from scheduler.dispatch.budget import CallLimits, Need
from scheduler.dispatch.purse import Purse
from scheduler.domain.vehicle import VehicleId
from tests.fakes.journal import Notes
from tests.fakes.store import MemoryStore

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
SWEEP = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Asker:
    """One car that needs one call, and until when it is of use."""

    name: VehicleId
    need: Need
    by: datetime | None = None


def served(askers: list[Asker], limits: CallLimits) -> dict[VehicleId, datetime]:
    """Let all ask at once, and again when they are told to, on the next sweep; return when each was served."""
    clock, store = ManualClock(NOW), MemoryStore()
    purse = Purse(clock, store, Notes(), limits, lambda: len(askers))
    queue = [(NOW, number) for number in range(len(askers))]
    heapify(queue)
    at: dict[VehicleId, datetime] = {}
    while queue:
        now, number = heappop(queue)
        clock.advance((now - clock.now()).total_seconds())
        asker = askers[number]
        free_at = purse.free_at(asker.name, asker.need, now, asker.by)
        if free_at <= now:
            purse.take()
            at[asker.name] = now
        else:
            heappush(queue, (NOW - (NOW - free_at) // SWEEP * SWEEP, number))
    return at


def a_thousand(chance: random.Random, limits: CallLimits) -> list[Asker]:
    """
    Return 600 last starts whose deadlines the bucket just allows, 200 planned starts and 200 looks, in any order.

    The n-th last start can be had n - burst calls after the burst is gone.
    """
    burst, per_minute = limits.burst or 1000, limits.per_minute
    askers = []
    for number in range(600):
        waits = max(number + 1 - burst, 0) / per_minute
        askers.append(Asker(VehicleId(f"last-{number}"), Need.LAST, NOW + 3 * MINUTE + waits * MINUTE))
    for number in range(200):
        askers.append(Asker(VehicleId(f"start-{number}"), Need.START, NOW + timedelta(hours=12)))
        askers.append(Asker(VehicleId(f"look-{number}"), Need.LOOK))
    chance.shuffle(askers)
    return askers


@pytest.mark.parametrize(
    ("name", "limits"),
    [("120 and 2 a minute", CallLimits(None, burst=120)), ("roomy", CallLimits(None, burst=2000, per_minute=60.0))],
)
def test_a_thousand_cars_due_at_once_are_served_by_need_and_none_too_late(name: str, limits: CallLimits) -> None:
    askers = a_thousand(random.Random(5), limits)

    at = served(askers, limits)

    last = sorted((asker for asker in askers if asker.need is Need.LAST), key=lambda asker: asker.by or NOW)
    late = [asker.name for asker in last if at[asker.name] > (asker.by or NOW)]
    moments = [at[asker.name] for asker in last]
    kinds = {need: [at[asker.name] for asker in askers if asker.need is need] for need in Need}
    for need, times in kinds.items():
        first, end = (min(times) - NOW) / MINUTE, (max(times) - NOW) / MINUTE
        print(f"{name}: {len(times)} {need.name.lower()} calls served from minute {first:.1f} to {end:.1f}")
    print(f"{name}: {len(late)} of {len(last)} last starts after their deadline")
    assert [] == late
    assert moments == sorted(moments)
    assert max(moments) <= min(kinds[Need.START]) or name == "roomy"
    assert max(kinds[Need.START]) <= min(kinds[Need.LOOK]) or name == "roomy"
