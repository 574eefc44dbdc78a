"""A process that renews one grant again and again, racing with others: `refresh_racer.py ORIGIN DIRECTORY KEY_FILE TIMES`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from scheduler.clock import SystemClock
from scheduler.vehicles.smartcar.channel import Channels
from scheduler.vehicles.smartcar.grant_directory import GrantDirectory
from scheduler.vehicles.smartcar.grants import GrantId, GrantKeeper
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from scheduler.vehicles.smartcar.vault import vault_from

ADA = GrantId("ada")


async def race(origin: str, directory: Path, key_file: Path, times: int) -> None:
    settings, clock = SmartcarSettings.at(origin), SystemClock()
    store, channels = GrantDirectory(directory, vault_from(key_file), clock), Channels(settings)
    keeper = GrantKeeper(settings, channels, clock, store)
    for _ in range(times):
        token = await keeper.access_token(ADA)
        keeper.accepted(ADA, token)
        await keeper.instead_of(ADA, token)
    await channels.aclose()


if __name__ == "__main__":
    asyncio.run(race(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
