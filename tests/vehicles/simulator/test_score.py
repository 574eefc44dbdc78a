"""The score says by the truth how whoever commands the cars has done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest

from scheduler.clock import ManualClock
from scheduler.vehicles.simulator.scenario import Trip

Make = Callable[..., Any]


def test_a_departure_below_what_was_wanted_is_a_missed_target(caller: Make, clock: ManualClock) -> None:
    ada = caller(life=(Trip(leaves=time(7), returns=time(17), wants_pct=80, uses_pct=60),))
    clock.advance(24 * 3600)

    score = ada.call("GET", "/simulator/score").json()

    assert (1, 1, 1, [30]) == tuple(
        score["cars"]["ada"][key] for key in ("departures", "missed_targets", "stranded", "missing_pct")
    )
    assert 1 == score["totals"]["missed_targets"]


def test_energy_is_priced_and_what_flowed_outside_the_windows_is_counted(caller: Make, clock: ManualClock) -> None:
    ada, start = caller(), clock.now()
    hours = [(start + timedelta(hours=hour)).isoformat() for hour in range(4)]
    asyncio.run(ada.world.command("ada", "start"))
    clock.advance(1.5 * 3600)
    asyncio.run(ada.world.command("ada", "stop"))
    asyncio.run(ada.world.command("ada", "stop"))
    clock.advance(3600)
    judgement = {"prices": [[hours[0], hours[1], 0.2]], "windows": {"ada": [[hours[1], hours[3]]]}}

    car = ada.call("POST", "/simulator/score", json=judgement).json()["cars"]["ada"]

    assert (15, 2, 5, 10, 1) == tuple(
        pytest.approx(car[key]) for key in ("energy_kwh", "cost", "unpriced_kwh", "outside_kwh", "starts")
    )
    assert {"start acted": 1, "stop acted": 1, "stop refused": 1} == car["commands"]


def test_a_score_may_begin_later_than_the_world(caller: Make, clock: ManualClock) -> None:
    ada = caller()
    ada.world.start("ada")
    clock.advance(3600)

    since = {"since": (clock.now() - timedelta(minutes=30)).isoformat()}

    assert 5 == pytest.approx(ada.call("POST", "/simulator/score", json=since).json()["totals"]["energy_kwh"])


def test_a_judgement_that_makes_no_sense_is_refused(caller: Make) -> None:
    assert 422 == caller().call("POST", "/simulator/score", json={"opinion": 1}).status_code
