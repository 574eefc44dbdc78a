"""A crowd on one curve: each vehicle gets what the planner gives it by itself, to the last cent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.errors import InvalidValue
from scheduler.domain.plan import ChargeNeed, ChargePlan, ChargeRules, EnergyGoal, Prefer
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.planning import crowd as crowd_module
from scheduler.planning.cheapest import cheapest_plan
from scheduler.planning.crowd import Crowd, CrowdPlans, RankedCurve
from scheduler.planning.timeline import EPOCH, microseconds
from tests.planning.checker import Document
from tests.planning.milp import RunProgram

EVENING = datetime(2026, 2, 1, 17, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Vehicle = tuple[int, int, float, float]
"""Arrival and departure in seconds of the evening, kWh, kW."""


def curve_of(slots: Sequence[tuple[int, float | None, bool]]) -> TariffCurve:
    """Return slots of (seconds, price, firm), one after the other; no price is a gap."""
    at, made = EVENING, list[PriceSlot]()
    for seconds, price, firm in slots:
        if price is not None:
            made.append(PriceSlot(at, at + seconds * SECOND, price, firm))
        at += seconds * SECOND
    return TariffCurve("EUR", tuple(made))


def crowd_of(vehicles: list[Vehicle]) -> Crowd:
    since = microseconds(EVENING - EPOCH)
    return Crowd(
        np.array([since + arrival * 1_000_000 for arrival, _, _, _ in vehicles], dtype=np.int64),
        np.array([since + departure * 1_000_000 for _, departure, _, _ in vehicles], dtype=np.int64),
        np.array([energy_kwh for _, _, energy_kwh, _ in vehicles]),
        np.array([power_kw for _, _, _, power_kw in vehicles]),
    )


def alone(curve: TariffCurve, vehicle: Vehicle, prefer: Prefer = Prefer.LATE) -> ChargePlan:
    arrival, departure, energy_kwh, power_kw = vehicle
    need = ChargeNeed((EnergyGoal(EVENING + departure * SECOND, energy_kwh),))
    return cheapest_plan(EVENING + arrival * SECOND, curve, need, ChargeRules(power_kw, max_starts=None, prefer=prefer))


def check_each(curve: TariffCurve, vehicles: list[Vehicle], prefer: Prefer = Prefer.LATE) -> int:
    """Check every vehicle against the planner, and return how many had a choice between equal cells."""
    crowd, ranked, tied = crowd_of(vehicles), RankedCurve(curve), 0
    plans = ranked.plans(crowd)
    for number, vehicle in enumerate(vehicles):
        plan = alone(curve, vehicle, prefer)
        assert pytest.approx(plan.cost, abs=1e-9) == plans.cost[number], vehicle
        assert pytest.approx(plan.energy_kwh, abs=1e-9) == plans.energy_kwh[number], vehicle
        assert pytest.approx(plan.shortfall_kwh, abs=1e-9) == plans.shortfall_kwh[number], vehicle
        assert pytest.approx(plan.unknown_kwh, abs=1e-9) == plans.unknown_kwh[number], vehicle
        windows = ranked.windows(crowd, plans, number, late=prefer is Prefer.LATE)
        planned = [(microseconds(w.start - EPOCH), microseconds(w.end - EPOCH)) for w in plan.windows]
        assert windows is None or planned == windows, vehicle
        tied += windows is None
    return tied


slots = st.lists(
    st.tuples(
        st.sampled_from([900, 900, 1800, 3600, 777, 1]),
        st.one_of(st.none(), st.sampled_from([-0.1, 0.0, 0.1, 0.2]), st.floats(-0.2, 0.5)),
        st.booleans(),
    ),
    max_size=24,
)
vehicle = st.tuples(
    st.integers(-4000, 30_000), st.integers(-4000, 40_000), st.floats(-1, 60), st.sampled_from([3.7, 11.0])
)


@given(slots, st.lists(vehicle, min_size=1, max_size=12), st.sampled_from(Prefer))
def test_each_vehicle_of_a_crowd_gets_what_the_planner_gives_it_alone(
    slots: list[tuple[int, float | None, bool]], vehicles: list[Vehicle], prefer: Prefer
) -> None:
    check_each(curve_of(slots), vehicles, prefer)


def quarter_hours(seed: int, count: int) -> TariffCurve:
    random = Random(seed)
    return curve_of(
        [(900, round(random.gauss(0.1, 0.1), 3) if random.random() < 0.97 else None, True) for _ in range(count)]
    )


def random_vehicles(seed: int, count: int, horizon_s: int) -> list[Vehicle]:
    random = Random(seed)
    vehicles: list[Vehicle] = []
    for _ in range(count):
        arrival = random.randint(-3600, horizon_s)
        vehicles.append(
            (
                arrival,
                arrival + random.randint(1, 86_400),
                random.uniform(0.1, 70),
                random.choice([2.3, 7.4, 11.0, 22.0]),
            )
        )
    return vehicles


def test_a_crowd_over_days_is_planned_in_passes_and_no_vehicle_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd_module, "AT_ONCE", 64)
    curve, vehicles = quarter_hours(1, 700), random_vehicles(2, 150, 600_000)

    tied = check_each(curve, vehicles)

    assert 0 < tied < len(vehicles) // 3


def test_few_buckets_find_the_same_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd_module, "MOST_BUCKETS", 3)

    check_each(quarter_hours(3, 100), random_vehicles(4, 40, 90_000))


@pytest.mark.parametrize("seed", range(12))
def test_no_mixed_integer_program_pays_less_than_a_vehicle_of_the_crowd(seed: int) -> None:
    random = Random(seed)
    prices = [
        (random.choice([1800, 2700, 3600]), random.choice([0.1, random.uniform(-0.1, 0.4)]), True) for _ in range(7)
    ]
    vehicle = (random.randint(0, 3000), random.randint(7000, 12_000), random.uniform(2, 12), 7.4)
    curve = curve_of(prices)

    plans = RankedCurve(curve).plans(crowd_of([vehicle]))

    program = RunProgram(document_of(curve, vehicle), 4)
    shortfall = program.least(program.shortfalls[0])
    program.keep(program.shortfalls[0], shortfall + 1e-7)
    assert pytest.approx(shortfall / 60 * 7.4, abs=1e-5) == plans.shortfall_kwh[0]
    assert plans.cost[0] <= program.least(program.cost) + 1e-5


def document_of(curve: TariffCurve, vehicle: Vehicle) -> Document:
    arrival, departure, energy_kwh, power_kw = vehicle
    ready_by = (EVENING + departure * SECOND).isoformat()
    rules = {"max_starts": None, "min_run_s": 0, "min_pause_s": 0, "start_cost": 0.0, "continuous": False}
    goals = [{"ready_by": ready_by, "energy_kwh": energy_kwh}]
    return {
        "now": (EVENING + arrival * SECOND).isoformat(),
        "tariff": [[slot.start.isoformat(), slot.end.isoformat(), slot.price_per_kwh] for slot in curve.slots],
        "forecast": [],
        "power_limits": [],
        "vehicles": [
            {"id": "ada", "max_power_kw": power_kw, "charging": False, "plugged_in_from": None, "goals": goals, **rules}
            | {"max_price": None, "blocked": [], "prefer": "late"}
        ],
    }


def test_a_gap_is_no_price_and_is_taken_last_and_late() -> None:
    curve = curve_of([(3600, 0.5, True), (7200, None, True), (3600, 0.3, True)])
    crowd, ranked = crowd_of([(0, 14_400, 30.0, 10.0)]), RankedCurve(curve)

    plans = ranked.plans(crowd)

    assert pytest.approx(8.0) == plans.cost[0]
    assert pytest.approx(10.0) == plans.unknown_kwh[0]
    since = microseconds(EVENING - EPOCH)
    assert [(since, since + 3600 * 10**6), (since + 7200 * 10**6, since + 14_400 * 10**6)] == ranked.windows(
        crowd, plans, 0
    )


def test_without_a_price_everything_is_charged_at_an_unknown_one() -> None:
    crowd, ranked = crowd_of([(0, 3600, 5.0, 10.0), (0, 3600, 50.0, 10.0)]), RankedCurve(TariffCurve("EUR"))

    plans = ranked.plans(crowd)

    assert [5.0, 10.0] == pytest.approx(plans.unknown_kwh.tolist())
    assert [0.0, 40.0] == pytest.approx(plans.shortfall_kwh.tolist())
    assert [0.0, 0.0] == plans.cost.tolist()


def test_a_rank_takes_one_byte_on_a_night_of_quarter_hours_and_two_on_a_week() -> None:
    crowd = crowd_of([(0, 3600, 5.0, 10.0)])

    assert 1 == RankedCurve(quarter_hours(1, 96)).plans(crowd).rank.itemsize
    assert 2 == RankedCurve(quarter_hours(1, 672)).plans(crowd).rank.itemsize


def test_a_crowd_of_nobody_has_no_plans() -> None:
    plans = RankedCurve(quarter_hours(1, 8)).plans(crowd_of([]))

    assert isinstance(plans, CrowdPlans)
    assert 0 == len(plans)


@pytest.mark.parametrize(
    ("crowd", "says"),
    [
        ([[0], [1], [1.0], [0.0]], "each power one above 0"),
        ([[0], [1], [float("nan")], [7.4]], "must be a finite number"),
        ([[0, 1], [1], [1.0], [7.4]], "one arrival, departure, energy and power per vehicle"),
    ],
)
def test_a_crowd_that_makes_no_sense_is_refused(crowd: list[list[float]], says: str) -> None:
    arrivals, departures, energies, powers = crowd

    with pytest.raises(InvalidValue, match=says):
        Crowd(np.array(arrivals, np.int64), np.array(departures, np.int64), np.array(energies), np.array(powers))
