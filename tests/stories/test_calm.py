"""A night that is planned anew every minute: few commands, few plans."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.domain.command import Verb
from scheduler.domain.vehicle import VehicleId
from tests.stories.street import Street, parked, resident

EVENING = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 2, 6, 0, tzinfo=UTC)


def jagged(hour: int) -> float:
    """Two cheap stretches with a dearer one between, so that two windows are worth it."""
    return {0: 0.20, 1: 0.17, 2: 0.26, 3: 0.25, 4: 0.18, 5: 0.19}.get(hour, 0.33)


@pytest.mark.parametrize("power_kw", [11.0, 10.45], ids=["full power", "5 % less than assumed"])
def test_replanning_every_minute_keeps_few_commands_and_few_plans(tmp_path: Path, power_kw: float) -> None:
    car = parked("ada", 45, power_kw=power_kw, starts_on_plug_in=False)
    street = Street(tmp_path / "state", EVENING, (resident("ada"),), (car,), price=jagged, poll=timedelta(minutes=1))

    async def story(street: Street) -> tuple[float, Counter[Verb], int, int]:
        for _ in range(int((MORNING - EVENING) / timedelta(minutes=1))):
            await street.hours(1 / 60)
            street.house.store.wake([VehicleId("ada")], street.clock.now())
        store = street.house.store
        sent = Counter(command.verb for command in store.commands(VehicleId("ada"), EVENING) if command.sent_at)
        promises = store.promises(VehicleId("ada"), EVENING)
        windows = len({window.start for promise in promises for window in promise.plan.windows})
        return street.world.truth("ada").soc_pct, sent, len(promises), windows

    soc_pct, sent, plans, _ = street.live(story)

    print(f"{power_kw} kW: {soc_pct:.1f} %, {dict(sent)}, {plans} plans")
    assert 79.5 <= soc_pct <= 80.5
    assert sent[Verb.START] <= 2
    assert sent[Verb.STOP] <= 2
    assert plans <= 5
