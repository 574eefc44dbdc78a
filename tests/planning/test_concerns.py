"""What a driver is told without looking: what only a person can mend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.event import Event, Fact
from scheduler.domain.notice import Concern
from scheduler.domain.plan import ChargePlan, PlanOutcome
from scheduler.domain.roster import Roster
from scheduler.domain.vehicle import VehicleId
from scheduler.planning.concerns import concerns
from tests.web.fleet import a_driver

NOW = datetime(2026, 2, 6, 16, 0, tzinfo=UTC)
(SEAT,) = Roster([a_driver("Ada", "ID.3", "ada-id3")]).seats
CAR = VehicleId("ada-id3")
SHORT = ChargePlan(PlanOutcome.SHORT_OF_TIME, shortfall_kwh=4.0)


def event(name: str, **facts: Fact) -> Event:
    return Event(1, NOW, name, "info", CAR, facts)


def held(
    *events: Event, plan: ChargePlan | None = None, consent: Consent | None = None, calls_left: int | None = None
) -> dict[Concern, str]:
    return concerns(SEAT, "Ada's ID.3: 62 % by 07:00", plan, consent or Consent(CAR), calls_left, events, NOW)


def test_a_car_that_is_well_is_no_concern() -> None:
    assert {} == held(event("plan.made"), plan=ChargePlan.rest(), calls_left=400)


def test_a_car_that_cannot_be_ready_is_told_in_its_own_sentence() -> None:
    assert {Concern.SHORT: "Ada's ID.3: 62 % by 07:00"} == held(plan=SHORT)


def test_a_car_that_does_not_obey_is_told_with_what_to_do_until_it_obeys_or_leaves() -> None:
    ignored = event("command.ignored", verb="start", to_do="start it with the car's own app")

    assert {Concern.COMMAND: f"{SEAT.title} does not obey a start: start it with the car's own app"} == held(ignored)
    assert {Concern.COMMAND: f"{SEAT.title} does not obey a stop: look at the car"} == held(
        event("command.given_up", verb="stop", to_do=None)
    )
    assert {} == held(ignored, event("command.confirmed"))
    assert {} == held(ignored, event("vehicle.unplugged"))


def test_a_lost_consent_and_one_that_ends_soon_name_the_command_that_mends_them() -> None:
    lost = held(consent=Consent(CAR, ConsentStatus.LOST))
    ending = held(consent=Consent(CAR, ends_at=NOW + timedelta(days=2)))

    assert "smartcharge connect ada-id3" in lost[Concern.CONSENT]
    assert "smartcharge connect ada-id3" in ending[Concern.CONSENT_ENDING]


def test_a_car_that_was_never_connected_or_was_disconnected_is_no_concern() -> None:
    assert {} == held(consent=Consent(CAR, ConsentStatus.NEVER))
    assert {} == held(consent=Consent(CAR, ConsentStatus.ENDED))


def test_calls_that_are_used_up_are_told() -> None:
    assert [Concern.CALLS] == list(held(calls_left=0))


def test_a_spent_credit_is_told_until_there_is_a_plan_again() -> None:
    spent = event("credit.spent")

    assert "smartcharge prepaid ada --add" in held(spent)[Concern.CREDIT]
    assert {} == held(spent, event("plan.made"))
