"""From payloads to prices: a day parsed, a year of quarters made a retail curve (goals: 5 ms, 0.5 s)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.prices.catalogue import read_files
from scheduler.prices.tariff import load_tariffs
from tests.prices.shapes import SHAPES

CONFIG = Path(__file__).parents[1] / "config" / "tariffs"
QUARTER = timedelta(minutes=15)
BERLIN = ZoneInfo("Europe/Berlin")


def fastest_s(work: Callable[[], object], times: int) -> float:
    """Return the processor time of the fastest of several runs: others on the machine do not make the work longer."""
    spent = []
    for _ in range(times):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


def main() -> None:
    (tariff,) = load_tariffs([CONFIG / "example-dynamic.yaml"]).values()
    start = datetime(2025, 12, 31, 23, tzinfo=UTC)
    prices = ((n * 7919 % 611 - 80) / 1000 for n in range(35_040))
    slots = (PriceSlot(start + n * QUARTER, start + (n + 1) * QUARTER, price) for n, price in enumerate(prices))
    year = TariffCurve("EUR", tuple(slots))
    spent_s = fastest_s(lambda: tariff.recipes[0].retail.applied(year), 3)
    print(f"a year of quarters to a retail curve   {spent_s:8.3f} s   {'ok' if spent_s < 0.5 else 'OVER 0.5 s'}")
    for kind, shape in sorted(SHAPES.items()):
        payload = shape.payload(shape.day(datetime(2026, 6, 10, tzinfo=BERLIN).date()))
        zone = {"nordpool": "SE3", "entsoe": "DE-LU"}.get(kind)
        spent_ms = 1000 * fastest_s(lambda: read_files(kind, zone, shape.options, [payload]), 5)  # noqa: B023 - run here and now
        print(
            f"{kind:20} a day of {len(payload):7} bytes   {spent_ms:6.2f} ms  {'ok' if spent_ms < 5 else 'OVER 5 ms'}"
        )


if __name__ == "__main__":
    main()
