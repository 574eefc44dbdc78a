"""How one car stands, in one sentence, and what comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Roster
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import VehicleState
from scheduler.planning.car_sentence import NO_CALLS, car_sentence, next_of, trouble_sentence
from tests.web.fleet import ADA, a_driver

NOW = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
(SEAT,) = Roster([a_driver("Ada", "ID.3", ADA)]).seats
SUPPLIED = replace(SEAT, car=replace(SEAT.car, by_supplier=True))
STATE = VehicleState(ADA, NOW, 46.0, NOW, plugged_in=True)
SILENT = replace(STATE, soc_pct=None)
SESSION = ChargeSession(ADA, NOW - HOUR)
PLAN = ChargePlan(PlanOutcome.MET, (ChargeWindow(NOW + HOUR, NOW + 3 * HOUR, 11.0),), 22.0, cost=2.31)
PROMISE = Promise(ADA, NOW, 46, ChargeGoal(NOW + 8 * HOUR, 80), PLAN, TariffId("home"), "EUR", at_once_cost=4.36)
GOALLESS = replace(PROMISE, goal=None)


@pytest.mark.parametrize(
    ("state", "session", "override", "promise", "words"),
    [
        (None, None, Override.NONE, None, "not seen yet"),
        (replace(STATE, plugged_in=False), None, Override.NONE, PROMISE, "46 %, not plugged in"),
        (replace(SILENT, plugged_in=None), None, Override.NONE, None, "charge unknown, the car does not say"),
        (STATE, SESSION, Override.STOP, PROMISE, "stopped by you"),
        (STATE, SESSION, Override.START, PROMISE, "charging to 80 % now, because you asked; done about"),
        (STATE, SESSION, Override.START, None, "charging to 100 % now"),
        (STATE, SESSION, Override.START, GOALLESS, "charging to 100 % now"),
        (SILENT, SESSION, Override.START, PROMISE, "charge unknown, charging to 80 % now, because you asked"),
        (STATE, SESSION, Override.HOLD, PROMISE, "on hold"),
        (STATE, replace(SESSION, hand=Hand.CHARGING), Override.NONE, PROMISE, "started by hand"),
        (STATE, replace(SESSION, hand=Hand.STOPPED), Override.NONE, PROMISE, "stopped by hand"),
        (STATE, SESSION, Override.NONE, None, "plugged in, no plan yet"),
        (STATE, SESSION, Override.NONE, PROMISE, "ready 07:00 at 80 % for EUR 2.31"),
    ],
)
def test_the_sentence_says_who_decides_and_what_was_promised(
    state: VehicleState | None,
    session: ChargeSession | None,
    override: Override,
    promise: Promise | None,
    words: str,
) -> None:
    sentence = car_sentence(SEAT, state, session, override, promise, NOW)

    assert sentence.startswith("Ada's ID.3: ")
    assert words in sentence


def test_a_car_of_the_suppliers_says_so() -> None:
    assert "energy supplier" in car_sentence(SUPPLIED, STATE, SESSION, Override.NONE, None, NOW)


@pytest.mark.parametrize(
    ("state", "consent", "calls_left", "sentence"),
    [
        (STATE, Consent(ADA), 3, None),
        (STATE, Consent(ADA), None, None),
        (STATE, Consent(ADA), 0, f"Ada's ID.3: 46 % when last seen, {NO_CALLS}"),
        (None, Consent(ADA), 0, f"Ada's ID.3: {NO_CALLS}"),
        (SILENT, Consent(ADA, ConsentStatus.NEVER), 3, "Ada's ID.3: not connected: smartcharge connect ada-id3"),
    ],
)
def test_a_car_that_cannot_be_reached_says_only_that(
    state: VehicleState | None, consent: Consent, calls_left: int | None, sentence: str | None
) -> None:
    assert sentence == trouble_sentence(SEAT, state, consent, calls_left, NOW)


@pytest.mark.parametrize(
    ("promise", "override", "now", "expected"),
    [
        (None, Override.NONE, NOW, (None, "")),
        (PROMISE, Override.STOP, NOW, (None, "")),
        (PROMISE, Override.NONE, NOW, (NOW + HOUR, "start")),
        (PROMISE, Override.NONE, NOW + HOUR, (NOW + 3 * HOUR, "stop")),
        (PROMISE, Override.NONE, NOW + 4 * HOUR, (NOW + 8 * HOUR, "departure")),
        (PROMISE, Override.NONE, NOW + 9 * HOUR, (None, "")),
        (GOALLESS, Override.NONE, NOW + 4 * HOUR, (None, "")),
    ],
)
def test_next_comes_a_start_a_stop_the_departure_or_nothing(
    promise: Promise | None, override: Override, now: datetime, expected: tuple[datetime | None, str]
) -> None:
    assert expected == next_of(promise, override, now)
