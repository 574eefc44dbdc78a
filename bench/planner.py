"""
One plan through the public function, beside the same plan by a mixed-integer program and by sorting a data frame.

A night of 56 quarter hours, 33 kWh at 11 kW. HiGHS is called as such; scipy, which would wrap it, is no dependency. Each
way is taken in turn (A B C A B C), so that a busy machine is busy for all of them; medians are printed, and the peak memory
of a process that makes this one kind of plan.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import pi, sin
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

import numpy as np

from scheduler.domain.plan import ChargeNeed, ChargeRules, EnergyGoal
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning.cheapest import cheapest_plan
from scheduler.planning.crowd import Crowd, CrowdPlans, RankedCurve
from scheduler.planning.timeline import EPOCH, microseconds

EVENING = datetime(2026, 2, 1, 17, tzinfo=UTC)
SLOTS, QUARTER = 56, timedelta(minutes=15)
POWER_KW, WANTED = 11.0, 12
LEAST_RUN = 2
YEAR_OF_PLANS = 17_353
"""What a car that is plugged in every evening is planned for, once per quarter hour (facts: performance.md, W6)."""

CROWD = 100_000
CROWD_SLOTS = 144
SAMPLE = 1_000
"""Of the crowd, planned one after the other; the rest would take a minute and tell no more."""

Way = Callable[[], float]


def prices() -> list[float]:
    """Return prices as a winter night has them: dear evenings, cheap small hours, noise."""
    noise = Random(7)
    return [round(0.27 + 0.08 * sin(pi * (1 + slot / 28)) + noise.gauss(0, 0.03), 4) for slot in range(SLOTS)]


CURVE = TariffCurve(
    "EUR",
    tuple(
        PriceSlot(EVENING + slot * QUARTER, EVENING + (slot + 1) * QUARTER, price)
        for slot, price in enumerate(prices())
    ),
)
NEED = ChargeNeed((EnergyGoal(EVENING + SLOTS * QUARTER, WANTED * POWER_KW / 4),))
SPLIT = ChargeRules(POWER_KW, max_starts=None)
TWO_STARTS = ChargeRules(POWER_KW, max_starts=2)
TWO_LONG_STARTS = ChargeRules(POWER_KW, max_starts=2, min_run=LEAST_RUN * QUARTER)


def ours(rules: ChargeRules) -> Way:
    return lambda: cheapest_plan(EVENING, CURVE, NEED, rules).cost


def sorted_frame() -> float:
    """Return the cost of the cheapest quarter hours, by a data frame."""
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame({"start": [slot.start for slot in CURVE.slots], "price": prices()})
    return float(frame.sort_values("price").head(WANTED)["price"].sum() * POWER_KW / 4)


def program(starts: int | None, least_run: int) -> Way:
    """Return a way by HiGHS: each quarter hour on or off, a start where one is on and the one before it is not."""

    def solve() -> float:
        import highspy  # noqa: PLC0415

        slots = range(SLOTS)
        rows: list[tuple[dict[int, float], float, float]] = [(dict.fromkeys(slots, 1.0), WANTED, WANTED)]
        for slot in slots:
            begins = {SLOTS + slot: 1.0, slot: -1.0} | ({slot - 1: 1.0} if slot else {})
            rows.append((begins, 0.0, highspy.kHighsInf))
            recent = range(max(slot - least_run + 1, 0), slot + 1)
            rows.append(({slot: 1.0} | {SLOTS + start: -1.0 for start in recent}, 0.0, highspy.kHighsInf))
        rows.extend(({SLOTS + slot: 1.0}, 0.0, 0.0) for slot in range(SLOTS - least_run + 1, SLOTS))
        if starts is not None:
            rows.append((dict.fromkeys(range(SLOTS, 2 * SLOTS), 1.0), 0.0, starts))
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = 2 * SLOTS, len(rows)
        lp.col_cost_ = np.array([*(price * POWER_KW / 4 for price in prices()), *[0.0] * SLOTS])
        lp.col_lower_, lp.col_upper_ = np.zeros(2 * SLOTS), np.ones(2 * SLOTS)
        lp.row_lower_ = np.array([lower for _, lower, _ in rows])
        lp.row_upper_ = np.array([upper for _, _, upper in rows])
        lp.integrality_ = [highspy.HighsVarType.kInteger] * (2 * SLOTS)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(terms) for terms, _, _ in rows)])
        lp.a_matrix_.index_ = np.array([column for terms, _, _ in rows for column in terms])
        lp.a_matrix_.value_ = np.array([weight for terms, _, _ in rows for weight in terms.values()])
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.silent()
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.setOptionValue("threads", 1)
        solver.passModel(lp)
        solver.run()
        return float(solver.getInfo().objective_function_value)

    return solve


WAYS: dict[str, dict[str, Way]] = {
    "any number of starts": {
        "cheapest_plan": ours(SPLIT),
        "pandas sort_values": sorted_frame,
        "HiGHS, on/off": program(None, 1),
    },
    "two starts": {"cheapest_plan": ours(TWO_STARTS), "HiGHS, on/off": program(2, 1)},
    "two starts of half an hour at least": {
        "cheapest_plan": ours(TWO_LONG_STARTS),
        "HiGHS, on/off": program(2, LEAST_RUN),
    },
}
GOALS_US = {"any number of starts": 60, "two starts of half an hour at least": 1000}


def main() -> None:
    print(f"{'':38}{'median':>12}{'ratio':>9}{'cost EUR':>11}{'peak MB':>9}")
    for task, ways in WAYS.items():
        medians = timed(ways)
        goal = f" (goal: {GOALS_US[task]} us)" if task in GOALS_US else ""
        print(f"{task}{goal}")
        for name, way in ways.items():
            ratio = medians[name] / medians["cheapest_plan"]
            print(f"  {name:36}{medians[name]:9.0f} us{ratio:9.1f}{way():11.6f}{peak_mb(task, name):9.0f}")
    crowd_rows()
    print(
        f"a driver-year of {YEAR_OF_PLANS} plans, from some hundreds of them (goal: 1 s): any number of starts "
        f"{driver_year_s(SPLIT):.1f} s, two starts {driver_year_s(TWO_STARTS):.1f} s"
    )


def timed(ways: dict[str, Way], rounds: int = 15) -> dict[str, float]:
    """Return each way's median time in microseconds; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            begun = perf_counter()
            way()
            times[name].append((perf_counter() - begun) * 1e6)
    return {name: median(spans) for name, spans in times.items()}


def driver_year_s(rules: ChargeRules, sample: int = 300) -> float:
    """Return the time for a year of plans, each quarter hour of a night anew, from a sample of them."""
    moments = [EVENING + (number % (SLOTS - WANTED)) * QUARTER for number in range(sample)]
    begun = perf_counter()
    for now in moments:
        cheapest_plan(now, CURVE, NEED, rules)
    return (perf_counter() - begun) / sample * YEAR_OF_PLANS


def crowd_curve() -> TariffCurve:
    """Return a day and a half of quarter hours."""
    noise = Random(8)
    prices = [0.27 + 0.08 * sin(pi * slot / 28) + noise.gauss(0, 0.03) for slot in range(CROWD_SLOTS)]
    begins = [EVENING + slot * QUARTER for slot in range(CROWD_SLOTS)]
    return TariffCurve(
        "EUR", tuple(PriceSlot(at, at + QUARTER, price) for at, price in zip(begins, prices, strict=True))
    )


def crowd() -> Crowd:
    """Return vehicles that come and go at odd seconds, a few of them too briefly for what they want."""
    random, since = np.random.default_rng(9), microseconds(EVENING - EPOCH)
    arrivals = random.integers(0, 20 * 3600, CROWD)
    departures = arrivals + random.integers(3600, 16 * 3600, CROWD)
    return Crowd(
        since + arrivals * 1_000_000,
        since + departures * 1_000_000,
        random.uniform(2, 50, CROWD),
        random.choice([3.7, 7.4, 11.0], CROWD),
    )


def one_by_one(curve: TariffCurve, vehicles: Crowd) -> float:
    """Return what the first vehicles of the crowd cost when the planner plans each by itself."""
    cost = 0.0
    for number in range(SAMPLE):
        arrival, departure = (
            EPOCH + timedelta(microseconds=int(times[number])) for times in (vehicles.arrival_us, vehicles.departure_us)
        )
        need = ChargeNeed((EnergyGoal(departure, float(vehicles.energy_kwh[number])),))
        rules = ChargeRules(float(vehicles.power_kw[number]), max_starts=None)
        cost += cheapest_plan(arrival, curve, need, rules).cost
    return cost


def crowd_together() -> CrowdPlans:
    return RankedCurve(crowd_curve()).plans(crowd())


def crowd_rows() -> None:
    curve, vehicles = crowd_curve(), crowd()
    ranked = RankedCurve(curve)
    medians = timed(
        {
            "tables": lambda: len(vars(RankedCurve(curve))),
            "plans": lambda: len(ranked.plans(vehicles)),
            "both": lambda: len(RankedCurve(curve).plans(vehicles)),
        }
    )
    begun = perf_counter()
    alone = one_by_one(curve, vehicles)
    loop_s = (perf_counter() - begun) * CROWD / SAMPLE
    off = abs(alone - ranked.plans(vehicles).cost[:SAMPLE].sum()) / alone
    print(
        f"{CROWD:,} vehicles on one curve of {CROWD_SLOTS} quarter hours (goal: 20 ms): {medians['both'] / 1000:.1f} ms = "
        f"tables {medians['tables'] / 1000:.2f} ms + plans {medians['plans'] / 1000:.1f} ms, "
        f"peak {peak_mb('crowd', 'together'):.0f} MB\n"
        f"  cheapest_plan one by one: {loop_s:.1f} s, from the first {SAMPLE:,}, "
        f"{loop_s * 1e6 / medians['both']:.0f} times as long; costs of those differ by {off:.0e}"
    )


def peak_mb(task: str, name: str) -> float:
    """Return the peak memory of a process of its own that makes this plan once."""
    child = subprocess.run(
        [sys.executable, "-m", "bench.planner", task, name], check=True, capture_output=True, text=True
    )
    return float(child.stdout)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        (crowd_together if sys.argv[1] == "crowd" else WAYS[sys.argv[1]][sys.argv[2]])()
        status = Path("/proc/self/status").read_text("utf-8")  # rusage would count what the parent held at the fork
        print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
    else:
        main()
