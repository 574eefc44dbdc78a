from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from scheduler.domain.session import ChargeSession, Hand
from scheduler.domain.vehicle import VehicleId

NEW = ChargeSession(VehicleId("ada-id3"), datetime(2026, 2, 1, 17, tzinfo=UTC), start_soc_pct=46.0)


def test_a_new_session_knows_of_no_hand_on_the_car() -> None:
    assert Hand.NONE is NEW.hand
    assert not NEW.automatic_stopped


def test_a_hand_that_lets_go_leaves_the_rest_as_it_was() -> None:
    held = replace(NEW, hand=Hand.CHARGING, energy_kwh=3.5)

    assert replace(NEW, energy_kwh=3.5) == held.without_hand()
