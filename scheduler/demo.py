"""
One night in virtual time: the daemon's own house with simulated cars, from this evening to tomorrow morning, told as it
happens and reckoned up at the end.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from scheduler.app import House, Surroundings, assembled
from scheduler.clock import LoopClock, SystemClock, VirtualLoop, run_virtually
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.event import Event
from scheduler.domain.interval import Interval
from scheduler.domain.roster import Seat
from scheduler.domain.tariff import TariffCurve
from scheduler.drivers import upcoming_goals
from scheduler.monitoring.logs import configure_logs, event_line
from scheduler.prices.feeds.replay import ShippedDay, shipped_days
from scheduler.settings import load_settings
from scheduler.simulation import simulated_account
from scheduler.terminal.promise import print_promises
from scheduler.vehicles.simulator.app import SimulatorTransport
from scheduler.vehicles.simulator.scenario import load_scenario
from scheduler.vehicles.simulator.world import World

EVENING = time(17, 30)
MORNING = time(10, 0)
PACE = {"sweep_interval_s": 15.0, "look_waiting_s": 1800.0, "look_charging_s": 600.0, "look_unplugged_s": 1800.0}
"""In virtual time each sweep and each look costs real work; this is about what a real account would be asked."""


@dataclass(frozen=True, slots=True)
class Balance:
    """How one car's night ended: what it had by its departure, what that cost, and what charging at once would have."""

    seat: Seat
    goal: ChargeGoal
    soc_pct: float
    energy_kwh: float
    cost: float
    at_once_cost: float
    currency: str

    @property
    def ready(self) -> bool:
        """Reports are whole percents: half a percent below the target is the target."""
        return self.soc_pct >= self.goal.target_pct - 0.5


def run_demo(config: Path, night: datetime | None, *, quiet: bool) -> None:
    """Live through the night that begins on the local day *night* (default: today) and print it."""
    with tempfile.TemporaryDirectory() as folder:
        loop = VirtualLoop()
        balances = run_virtually(_lived(config, night.date() if night else None, Path(folder), loop, quiet=quiet), loop)
    _print_balances(balances, config)


async def _lived(config: Path, night: date | None, folder: Path, loop: VirtualLoop, *, quiet: bool) -> list[Balance]:
    settings = load_settings(config).model_copy(update=PACE)
    scenario_file = settings.simulator.scenario or config / "simulator.yaml"
    scenario = load_scenario(scenario_file)
    zone = ZoneInfo(scenario.time_zone)
    day = night or SystemClock().now().astimezone(zone).date()
    start = datetime.combine(day, EVENING, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), MORNING, zone).astimezone(UTC)
    configure_logs(level="critical")  # every event is printed below, in local time
    clock = LoopClock(start, loop)
    world = World(scenario, clock)
    around = Surroundings(
        clock,
        simulated_account(scenario_file, "http://localhost"),
        lambda: SimulatorTransport(world),
        beats_on_apscheduler=False,
        simulated=True,
    )
    house = assembled(config, settings, folder / "demo.db", around)
    if not quiet:
        house.journal.listen(lambda event: _print_event(event, zone))
    await house.open()
    try:
        await asyncio.sleep(120)
        print_promises(house.operations.fleet(), house.operations.curve)
        return await _balances(house, world, start, end)
    finally:
        await house.close(1.0)


async def _balances(house: House, world: World, start: datetime, end: datetime) -> list[Balance]:
    """Wait for each car's departure, and weigh it at that moment; then let the morning end."""
    goals: list[tuple[datetime, ChargeGoal, Seat]] = []
    for seat in house.roster.seats:
        goal = next(iter(upcoming_goals(seat.car, seat.driver.timezone, start)), None)
        if goal is not None and goal.ready_by <= end:
            goals.append((goal.ready_by, goal, seat))
    balances = []
    for ready_by, goal, seat in sorted(goals, key=lambda entry: entry[0]):
        await asyncio.sleep((ready_by - house.clock.now()).total_seconds())
        balances.append(_balance(house, world, seat, goal, start))
    await asyncio.sleep(max((end - house.clock.now()).total_seconds(), 0))
    return balances


def _balance(house: House, world: World, seat: Seat, goal: ChargeGoal, start: datetime) -> Balance:
    name, now = seat.car.vehicle.smartcar_vehicle_id, house.clock.now()
    truth = world.truth(name)
    curve = house.prices.curve(seat.driver.tariff_id) or TariffCurve("")
    energy_kwh = cost = 0.0
    for interval in world.car(name).charging_intervals(now):
        stretch = Interval(interval.start, interval.end or now)
        hours = stretch.duration.total_seconds() / 3600
        energy_kwh += interval.energy_kwh
        cost += curve.cost([stretch], interval.energy_kwh / hours)
    power_kw = seat.car.vehicle.max_power_kw
    at_once = Interval(start, start + timedelta(hours=max(energy_kwh, 1e-6) / power_kw))
    return Balance(seat, goal, truth.soc_pct, energy_kwh, cost, curve.cost([at_once], power_kw), curve.currency)


def _print_event(event: Event, zone: ZoneInfo) -> None:
    click.echo(f"{event.at.astimezone(zone):%a %H:%M:%S} SIMULATED {event_line(event)}")


def _print_balances(balances: list[Balance], config: Path) -> None:
    """Print who was ready, what it cost, what was saved, and how ordinary the prices were."""
    click.echo()
    for balance in balances:
        vehicle, goal = balance.seat.title, balance.goal
        local = goal.ready_by.astimezone(balance.seat.driver.timezone)
        word = "ready" if balance.ready else "NOT READY"
        # Of what is shown, so that whoever reckons with the lines comes to the same cent.
        saved = round(balance.at_once_cost, 2) - round(balance.cost, 2)
        share = f" ({100 * saved / balance.at_once_cost:.0f} %)" if balance.at_once_cost > 0 else ""
        click.echo(
            f"{vehicle}: {word} at {local:%H:%M} with {balance.soc_pct:.0f} % of {goal.target_pct:.0f} %; "
            f"{balance.energy_kwh:.1f} kWh for {balance.currency} {balance.cost:.2f}, "
            f"at once {balance.currency} {balance.at_once_cost:.2f}, saved {balance.currency} {saved:.2f}{share}"
        )
    ready = sum(balance.ready for balance in balances)
    for currency in sorted({balance.currency for balance in balances}):
        of_currency = [balance for balance in balances if balance.currency == currency]
        cost = sum(round(balance.cost, 2) for balance in of_currency)
        at_once = sum(round(balance.at_once_cost, 2) for balance in of_currency)
        click.echo(
            f"{ready} of {len(balances)} cars ready. All together {currency} {cost:.2f} instead of "
            f"{currency} {at_once:.2f}: {currency} {at_once - cost:.2f} saved."
        )
    for day in _shipped(config):
        click.echo(
            f"SIMULATED cars on real prices of {day.day}: their spread of {day.spread:.0f} EUR/MWh is larger than on "
            f"{100 * day.smaller_share:.0f} % of the days of {day.day.year} (Bundesnetzagentur | SMARD.de, CC BY 4.0)."
        )


def _shipped(config: Path) -> tuple[ShippedDay, ...]:
    tables = sorted((config / "prices").glob("*.csv"))
    return tuple(day for table in tables for day in shipped_days(table.read_bytes()))
