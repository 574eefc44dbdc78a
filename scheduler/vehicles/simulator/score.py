"""How a scheduler did, against the truth: who left short, what it asked of cars, what it cost, what flowed at the wrong time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field

from scheduler.document import Section
from scheduler.domain.interval import as_utc
from scheduler.vehicles.simulator.car import Car
from scheduler.vehicles.simulator.wire import iso
from scheduler.vehicles.simulator.world import World


class Judgement(Section):
    """
    What to judge by, as the judge knows it: `prices` as [start, end, price per kWh], `windows` by car as [start, end].

    A car that `windows` does not name has no energy outside of them.
    """

    prices: tuple[tuple[AwareDatetime, AwareDatetime, float], ...] = ()
    windows: dict[str, tuple[tuple[AwareDatetime, AwareDatetime], ...]] = Field(default_factory=dict)
    since: AwareDatetime | None = None


def score(world: World, judgement: Judgement) -> dict[str, Any]:
    """Return the score of every car, and the sums over all of them. Energy is at the plug."""
    now = world.now()
    since = as_utc(judgement.since) if judgement.since else None
    cars = {name: _score(world.car(name), now, since, judgement) for name in world.cars}
    totals = {
        key: sum(car[key] for car in cars.values())
        for key in ("missed_targets", "stranded", "energy_kwh", "cost", "outside_kwh", "unpriced_kwh")
    }
    return {"now": iso(now), "totals": totals, "cars": cars}


def energy_between(car: Car, start: datetime, end: datetime) -> float:
    """Return what flowed at the plug of *car* from *start* to *end*, exactly."""
    return car.truth(end).energy_kwh - car.truth(start).energy_kwh if end > start else 0.0


def _score(car: Car, now: datetime, since: datetime | None, judgement: Judgement) -> dict[str, Any]:
    since = max(since, car.timeline[0].since) if since else car.timeline[0].since
    departures = [each for each in car.departures if each.at >= since]
    short = [each for each in departures if each.wants_pct is not None and each.soc_pct < each.wants_pct - 0.05]
    energy_kwh = energy_between(car, since, now)
    prices = [(as_utc(start), as_utc(end), price) for start, end, price in judgement.prices]
    priced = [(energy_between(car, max(start, since), min(end, now)), price) for start, end, price in prices]
    commands = [each for each in car.commands if each.at >= since]
    return {
        "departures": len(departures),
        "missed_targets": len(short),
        "missing_pct": [round(each.wants_pct - each.soc_pct, 2) for each in short if each.wants_pct is not None],
        "stranded": sum(each.soc_pct < each.uses_pct for each in departures),
        "energy_kwh": energy_kwh,
        "cost": sum(kwh * price for kwh, price in priced),
        "unpriced_kwh": max(energy_kwh - sum(kwh for kwh, _ in priced), 0.0) if prices else 0.0,
        "outside_kwh": _outside(car, since, now, judgement.windows.get(car.spec.id), energy_kwh),
        "commands": dict(Counter(f"{each.verb} {each.effect}" for each in commands)),
        "starts": sum(each.start >= since for each in car.charging_intervals(now)),
    }


def _outside(
    car: Car, since: datetime, now: datetime, windows: Sequence[tuple[datetime, datetime]] | None, energy_kwh: float
) -> float:
    if windows is None:
        return 0.0
    inside = sum(energy_between(car, max(as_utc(start), since), min(as_utc(end), now)) for start, end in windows)
    return max(energy_kwh - inside, 0.0)
