"""
What a car was measured to draw: its rise in charge per hour, over its last charges, back to power at the plug.

    80 % |            .--  above: cars slow down, not counted
         |        .--'     one charge: from the first state of charge that was true while it charged to the last one
         |    .--'
         |---'             before: still the state of charge of before the start

Reports are whole percents, up to an hour late, and a pause between two of them is not seen; a cold battery, another plug or
a fast charger on the road make a charge unlike the others. So the middle one of several charges counts, never a single one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from scheduler.domain.vehicle import Vehicle, VehicleState

LEAST_CHARGES = 3
"""With three the middle one is no outlier, whatever one of them was."""

LAST_CHARGES = 7
"""About a week: a new wallbox or the cold of winter is believed within days."""

LEAST_RISE_PCT = 10.0
"""States of charge are whole percents: over ten of them rounding is off by a tenth at most, and the middle by far less."""

SLOW_FROM_PCT = 80.0
"""Above it some cars take less than the plug gives (`planning/need.py` has the curve of alternating current)."""

BEYOND_THE_PLUG = 1.3
"""A charge so much above what the file says was at another plug: a fast charger on the road."""

WORTH_TELLING = 0.02
"""A measurement this close to the file is the file's value."""


def as_measured(vehicle: Vehicle, sightings: Sequence[VehicleState]) -> Vehicle:
    """Return *vehicle* with the power it was measured to draw at the plug, or as it is where too little was seen."""
    measured_kw = measured_power_kw(vehicle, sightings)
    if measured_kw is None or abs(measured_kw - vehicle.max_power_kw) <= WORTH_TELLING * vehicle.max_power_kw:
        return vehicle
    return replace(vehicle, max_power_kw=measured_kw)


def measured_power_kw(vehicle: Vehicle, sightings: Sequence[VehicleState]) -> float | None:
    """
    Return the power at the plug that the middle one of the last charges had; None where fewer than `LEAST_CHARGES` tell.

    *sightings*: oldest first, of one car. What flows into the battery is taken through the file's efficiency, so that the
    time a charge takes is right even where that is not.
    """
    kwh_per_pct = vehicle.usable_kwh / 100 / vehicle.efficiency
    powers = [pct_per_hour * kwh_per_pct for pct_per_hour in _rates(sightings)]
    likely = [power for power in powers if power <= BEYOND_THE_PLUG * vehicle.max_power_kw][-LAST_CHARGES:]
    return median(likely) if len(likely) >= LEAST_CHARGES else None


def _rates(sightings: Sequence[VehicleState]) -> Iterator[float]:
    """Yield how many percent per hour each charge gained, oldest first; of those that gained enough to tell."""
    for charge in _charges(sightings):
        points = [(at, pct) for at, pct in charge if pct <= SLOW_FROM_PCT]
        if len(points) < 2:
            continue
        (begin, from_pct), (end, to_pct) = points[0], points[-1]
        if to_pct - from_pct >= LEAST_RISE_PCT and end > begin:
            yield (to_pct - from_pct) / ((end - begin) / timedelta(hours=1))


def _charges(sightings: Sequence[VehicleState]) -> Iterator[list[tuple[datetime, float]]]:
    """Yield each unbroken charge at an ordinary plug as its states of charge, each once, by when they were true."""
    charge: list[tuple[datetime, float]] = []
    begun: datetime | None = None
    for seen in sightings:
        if not seen.charging or seen.fast_charger:
            yield charge
            charge, begun = [], None
            continue
        begun = begun or seen.seen_at
        if seen.soc_pct is None or seen.soc_seen_at is None or seen.soc_seen_at < begun:
            continue
        if not charge or seen.soc_seen_at > charge[-1][0]:
            charge.append((seen.soc_seen_at, seen.soc_pct))
    yield charge
