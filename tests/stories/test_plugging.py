"""A car without webhooks that comes home at about six: how late the house sees it plugged in, and what that costs."""

from __future__ import annotations

import os
import random
import statistics
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from scheduler.domain.vehicle import VehicleId
from scheduler.settings_file import SettingsFile
from tests.stories.street import BERLIN, Street, parked, resident

MONDAY = datetime(2026, 2, 2, 0, 0, tzinfo=BERLIN)
WEEKS = 5 if os.environ.get("PROVE") else 3
LEARNING = timedelta(weeks=2)
ADA = VehicleId("ada")


async def weeks(street: Street) -> list[datetime]:
    """Drive to work and home on working days, a little differently each; return when the cable went in."""
    chance, plugged = random.Random(3), []
    for day in (MONDAY + timedelta(days=number) for number in range(7 * WEEKS)):
        if day.weekday() > 4:
            continue
        out, home = chance.gauss(450, 10), chance.gauss(1080, 12)
        await street.until(day + timedelta(minutes=out))
        street.world.drive("ada", uses_pct=15, hours=(home - out) / 60 - 0.1, plugs_in=False)
        await street.until(day + timedelta(minutes=home))
        street.world.plug("ada")
        plugged.append(street.clock.now())
    await street.until(MONDAY + timedelta(weeks=WEEKS))
    return plugged


def lived(state: Path, *, learned: bool) -> tuple[float, int]:
    """Live through the weeks; return how late a plug-in was seen since the third, in minutes, and the calls since then."""
    # Weeks are lived through in seconds: a sweep is due every five minutes, where the daemon has one every five seconds.
    settings = SettingsFile(look_learned=learned, price_poll_s=3600).model_copy(update={"sweep_interval_s": 300.0})
    driver = resident("ada", at=time(7, 15), target_pct=70, days=range(5))
    street = Street(
        state, MONDAY.astimezone(UTC), (driver,), (parked("ada", 60, starts_on_plug_in=False),), settings=settings
    )
    settled = MONDAY + LEARNING

    async def story(street: Street) -> tuple[float, int]:
        plugged = [moment for moment in await weeks(street) if moment >= settled]
        seen = [event.at for event in street.house.store.events(0, 10_000) if event.name == "vehicle.plugged_in"]
        late = [min(at for at in seen if at >= moment) - moment for moment in plugged]
        return statistics.median(each / timedelta(minutes=1) for each in late), street.house.store.calls(ADA, settled)

    return street.live(story)


def test_a_car_that_comes_home_at_about_six_is_seen_within_half_an_hour_once_that_is_known(tmp_path: Path) -> None:
    before, calls_before = lived(tmp_path / "ever", learned=False)
    after, calls_after = lived(tmp_path / "learned", learned=True)

    for name, late, calls in (("one pause", before, calls_before), ("learned", after, calls_after)):
        month = calls * 30 / (7 * WEEKS - LEARNING.days)
        print(f"{name:10} plug-in seen after {late:.0f} minutes in the median, {month:.0f} calls a month")
    assert after <= 30 <= before
    assert calls_after <= calls_before
