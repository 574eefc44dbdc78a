"""Values that the tests of the ledger write down, small and by hand, and strategies for all the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.interval import Interval
from scheduler.domain.plan import (
    ChargeNeed,
    ChargePlan,
    ChargeRules,
    ChargeWindow,
    EnergyGoal,
    GoalShortfall,
    PlanOutcome,
    Prefer,
)
from scheduler.domain.promise import Promise
from scheduler.domain.session import ChargeSession, Hand
from scheduler.domain.tariff import PriceComponent, PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.domain.wear import Ageing, Wear

NOW = datetime(2026, 2, 1, 17, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ADA, BEN = VehicleId("ada-id3"), VehicleId("ben-zoe")
AGILE = TariffId("agile")


def a_state(soc_pct: float = 46.0, seen_at: datetime = NOW, vehicle_id: VehicleId = ADA) -> VehicleState:
    return VehicleState(vehicle_id, seen_at, soc_pct, seen_at, plugged_in=True, charging=False)


def a_promise(cost: float = 2.31, made_at: datetime = NOW, vehicle_id: VehicleId = ADA) -> Promise:
    plan = ChargePlan(PlanOutcome.MET, (ChargeWindow(NOW + 8 * HOUR, NOW + 10 * HOUR, 11.0),), 22.0, cost=cost)
    return Promise(vehicle_id, made_at, 46.0, ChargeGoal(NOW + 14 * HOUR, 80.0), plan, AGILE, "GBP")


def a_curve(price: float = 0.25) -> TariffCurve:
    return TariffCurve("EUR", (PriceSlot(NOW, NOW + HOUR, price),), "by hand")


def a_command(name: str = "c1", queued_at: datetime = NOW, vehicle_id: VehicleId = ADA) -> Command:
    return Command(CommandId(name), vehicle_id, Verb.START, Reason.PLAN, queued_at, queued_at + HOUR)


moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
numbers = st.floats(allow_nan=False, allow_infinity=False)
vehicle_ids = st.sampled_from([ADA, BEN])
tariff_ids = st.text().map(TariffId)

intervals = st.builds(
    lambda start, length: Interval(start, start + length),
    moments,
    st.timedeltas(timedelta(microseconds=1), timedelta(days=2)),
)
components = st.builds(PriceComponent, st.text(), numbers)
slots = st.builds(
    lambda interval, price, firm, parts: PriceSlot(interval.start, interval.end, price, firm, parts),
    intervals,
    numbers,
    st.booleans(),
    st.lists(components, max_size=2).map(tuple),
)


def _disjoint(drawn: list[PriceSlot]) -> tuple[PriceSlot, ...]:
    kept: list[PriceSlot] = []
    for slot in sorted(drawn, key=lambda slot: slot.start):
        if not kept or kept[-1].end <= slot.start:
            kept.append(slot)
    return tuple(kept)


curves = st.builds(
    TariffCurve, st.text(), st.lists(slots, max_size=5).map(_disjoint), st.text(), st.none() | moments, st.booleans()
)
plans = st.builds(
    ChargePlan,
    st.sampled_from(PlanOutcome),
    windows=st.lists(st.builds(ChargeWindow, moments, moments, numbers), max_size=3).map(tuple),
    energy_kwh=numbers,
    shortfall_kwh=numbers,
    goals=st.lists(st.builds(GoalShortfall, moments, numbers), max_size=2).map(tuple),
    cost=numbers,
    start_costs=numbers,
    unknown_kwh=numbers,
    cost_known=st.booleans(),
    starts=st.integers(0, 9),
    lower_bound=numbers,
    optimal=st.booleans(),
)
durations = st.timedeltas(timedelta(0), timedelta(days=2))
needs = st.builds(ChargeNeed, st.lists(st.builds(EnergyGoal, moments, numbers), max_size=2).map(tuple), numbers)
rules = st.builds(
    ChargeRules,
    numbers,
    st.none() | st.integers(0, 9),
    durations,
    durations,
    numbers,
    st.booleans(),
    st.none() | numbers,
    st.lists(intervals, max_size=2).map(tuple),
    durations,
    st.sampled_from(Prefer),
)
promises = st.builds(
    Promise,
    vehicle_ids,
    moments,
    st.none() | numbers,
    st.none() | st.builds(ChargeGoal, moments, numbers, numbers),
    plans,
    tariff_ids,
    st.text(),
    st.none() | numbers,
    st.none() | moments,
    st.booleans(),
    st.lists(st.text(), max_size=3).map(tuple),
    st.none() | needs,
    st.none() | rules,
    st.booleans(),
    st.lists(st.builds(ChargeGoal, moments, numbers, numbers, st.text(), st.none() | numbers), max_size=2).map(tuple),
    st.lists(slots, max_size=2).map(tuple),
    st.none() | st.builds(Ageing, st.builds(Wear, numbers, numbers, numbers), numbers, numbers, numbers),
)
states = st.builds(
    VehicleState,
    vehicle_ids,
    moments,
    soc_pct=st.none() | numbers,
    soc_seen_at=st.none() | moments,
    plugged_in=st.none() | st.booleans(),
    charging=st.none() | st.booleans(),
    fully_charged=st.none() | st.booleans(),
    fast_charger=st.none() | st.booleans(),
    limit_pct=st.none() | numbers,
    power_kw=st.none() | numbers,
    energy_added_kwh=st.none() | numbers,
    odometer_km=st.none() | numbers,
)
sessions = st.builds(
    ChargeSession,
    vehicle_ids,
    moments,
    start_soc_pct=st.none() | numbers,
    unplugged_at=st.none() | moments,
    end_soc_pct=st.none() | numbers,
    hand=st.sampled_from(Hand),
    automatic_stopped=st.booleans(),
    energy_kwh=numbers,
    cost=numbers,
)
commands = st.builds(
    Command,
    st.just(CommandId("c1")),
    vehicle_ids,
    st.sampled_from(Verb),
    st.sampled_from(Reason),
    moments,
    moments,
    status=st.just(CommandStatus.QUEUED),
    detail=st.text(),
)
