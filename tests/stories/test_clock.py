"""Clocks that jump, in mid-window."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.stories.street import Street, parked, resident

EVENING = datetime(2026, 2, 1, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("step_s", [-3600, 3600, -1200])
def test_a_wall_clock_that_jumps_and_is_put_right_leaves_the_car_ready(tmp_path: Path, step_s: float) -> None:
    street = Street(tmp_path / "state", EVENING, (resident("ada"),), (parked("ada", 45),))

    async def story(street: Street) -> list[str]:
        told: list[str] = []
        street.house.journal.listen(lambda event: told.append(f"{event.at:%H:%M:%S} {event.name} {event.facts}"))
        await street.until(datetime(2026, 2, 2, 3, 0, tzinfo=UTC))
        assert street.world.truth("ada").charging
        street.clock.step(step_s)
        await street.hours(0.5)
        street.clock.step(-step_s)
        await street.until(datetime(2026, 2, 2, 6, 0, tzinfo=UTC))
        return [*told, str(street.world.truth("ada").soc_pct)]

    told = street.live(story)

    assert 79.5 <= float(told[-1]) <= 81.5, "\n".join(told)
