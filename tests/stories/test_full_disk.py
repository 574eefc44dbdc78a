"""The disk is full for two hours of an evening: said once, survived, and caught up with."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import event

from scheduler.monitoring.logs import configure_logs
from tests.stories.street import Street, parked, resident

EVENING = datetime(2026, 2, 2, 18, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 3, 6, 0, tzinfo=UTC)


def fill(street: Street, *, full: bool) -> None:
    """Let every write be refused, or taken again, on each connection that is open or will be."""
    engine = street.house.store._database.engine  # type: ignore[attr-defined]
    event.listen(engine, "checkout", lambda connection, *_: connection.execute(f"PRAGMA query_only={full:d}"))


def lines_of(log: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in log.getvalue().splitlines()]


def test_a_full_disk_is_told_once_when_it_begins_and_once_when_it_ends_and_the_car_is_ready(tmp_path: Path) -> None:
    street = Street(tmp_path / "state", EVENING, (resident("ada"),), (parked("ada", 45),))
    log = io.StringIO()

    async def night(street: Street) -> float:
        configure_logs(stream=log, level="info")
        await street.hours(1)
        fill(street, full=True)
        await street.hours(2)
        fill(street, full=False)
        await street.until(MORNING)
        return street.world.truth("ada").soc_pct

    soc_pct = street.live(night)

    said = lines_of(log)
    assert 79 <= soc_pct <= 82
    assert 1 == said.count("ledger.failed")
    assert 1 == said.count("ledger.recovered")
    assert [] == [line for line in said if "xception" in line or line == "cycle.failed"]


def test_a_daemon_on_a_full_disk_ends_when_it_is_told_to(tmp_path: Path) -> None:
    street = Street(tmp_path / "state", EVENING, (resident("ada"),), (parked("ada", 45),))
    log = io.StringIO()

    async def evening(street: Street) -> None:
        configure_logs(stream=log, level="info")
        await street.hours(1)
        fill(street, full=True)

    street.live(evening)

    assert ["service.stopping", "service.stopped"] == [line for line in lines_of(log) if line.startswith("service.sto")]
