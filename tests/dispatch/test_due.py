"""When a car is looked at again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler.dispatch.due import EDGE, after_failure, next_turn
from scheduler.dispatch.looking import LookPlan, Sight
from scheduler.domain.command import Command, CommandId, CommandStatus, Reason, Verb
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import VehicleId, VehicleState

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
CAR = VehicleId("ada-id3")
LOOKS = LookPlan(
    unplugged=timedelta(minutes=60),
    waiting=timedelta(minutes=30),
    charging=timedelta(minutes=15),
    confirm=(timedelta(minutes=1), timedelta(minutes=5)),
    patience=timedelta(hours=1),
    unreachable=(timedelta(minutes=1), timedelta(minutes=10)),
)
WAITING = VehicleState(CAR, NOW, 46, NOW, plugged_in=True, charging=False)
SEEN = Sight(WAITING, NOW)


def seen(at: datetime = NOW, **facts: bool) -> Sight:
    return Sight(replace(WAITING, **facts), at)  # type: ignore[arg-type]


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def promise(*windows: tuple[float, float], ready_in: float | None = None) -> Promise:
    plan = ChargePlan(PlanOutcome.MET, tuple(ChargeWindow(minutes(a), minutes(b), 11.0) for a, b in windows))
    goal = ChargeGoal(minutes(ready_in), 80) if ready_in is not None else None
    return Promise(CAR, NOW, 46, goal, plan, TariffId("t"), "EUR")


def test_the_pause_fits_what_the_car_does() -> None:
    assert minutes(30) == next_turn(NOW, SEEN, None, [], LOOKS)
    assert minutes(15) == next_turn(NOW, seen(charging=True), None, [], LOOKS)
    assert minutes(60) == next_turn(NOW, seen(plugged_in=False), None, [], LOOKS)


def test_the_next_edge_of_the_plan_comes_first_and_is_looked_at_just_behind_it() -> None:
    assert minutes(7) + EDGE == next_turn(NOW, SEEN, promise((7, 20)), [], LOOKS)
    assert minutes(20) + EDGE == next_turn(minutes(8), seen(minutes(8)), promise((7, 20)), [], LOOKS)


def test_the_departure_is_a_turn() -> None:
    assert minutes(12) + EDGE == next_turn(NOW, SEEN, promise(ready_in=12), [], LOOKS)
    assert minutes(43) == next_turn(minutes(13), seen(minutes(13)), promise(ready_in=12), [], LOOKS)


def test_a_command_is_confirmed_on_its_ladder_whose_last_rung_repeats() -> None:
    sent = Command(CommandId("c"), CAR, Verb.START, Reason.PLAN, NOW, minutes(90), CommandStatus.ACCEPTED, NOW)

    assert minutes(1) == next_turn(NOW, SEEN, None, [sent], LOOKS)
    assert minutes(5) == next_turn(minutes(1), seen(minutes(1)), None, [sent], LOOKS)
    assert minutes(11) == next_turn(minutes(6), seen(minutes(6)), None, [replace(sent, sent_at=None)], LOOKS)
    assert minutes(30) == next_turn(NOW, SEEN, None, [replace(sent, status=CommandStatus.CONFIRMED)], LOOKS)


def test_a_retry_that_waits_is_remembered_and_never_lies_in_the_past() -> None:
    assert minutes(2) == next_turn(NOW, SEEN, None, [], LOOKS, retry_at=minutes(2))
    assert NOW + EDGE == next_turn(NOW, SEEN, None, [], LOOKS, retry_at=minutes(-2))


def test_a_silent_car_is_tried_after_growing_pauses_and_never_before_it_allows() -> None:
    assert minutes(1) == after_failure(NOW, 1, LOOKS, None)
    assert minutes(10) == after_failure(NOW, 7, LOOKS, None)
    assert minutes(45) == after_failure(NOW, 1, LOOKS, timedelta(minutes=45))
