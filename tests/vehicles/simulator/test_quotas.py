"""How often an application may call, and what its plan includes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scheduler.clock import ManualClock

Make = Callable[..., Any]
SIGNALS = "/v3/vehicles/sim-vehicle-ada/signals"


def with_quotas(**quotas: Any) -> dict[str, Any]:
    return {"scenario": {"quotas": quotas}}


def refused(answer: Any) -> tuple[int, str, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["type"], error["code"]


def test_the_bucket_holds_120_and_fills_by_two_a_minute(caller: Make, clock: ManualClock) -> None:
    ada = caller(**with_quotas(calls_per_month=None))

    burst = [ada.get(SIGNALS).status_code for _ in range(121)]
    clock.advance(60)
    later = [ada.get(SIGNALS).status_code for _ in range(3)]

    assert [200] * 120 + [429] == burst
    assert [200, 200, 429] == later


def test_an_empty_bucket_says_smartcar_and_no_time(caller: Make) -> None:
    ada = caller(**with_quotas(bucket=1))
    ada.get(SIGNALS)

    answer = ada.get(SIGNALS)

    assert (429, "RATE_LIMIT", "SMARTCAR_API") == refused(answer)
    assert "retry-after" not in answer.headers


def test_a_months_calls_end_and_begin_anew_with_the_month(caller: Make, clock: ManualClock) -> None:
    ada = caller(**with_quotas(bucket=None, calls_per_month=2))

    used = [ada.get(SIGNALS).status_code, ada.command("start").status_code]
    over = [refused(ada.get(SIGNALS)), refused(ada.command("stop"))]
    free = ada.get("/v3/connections").status_code
    clock.advance(28 * 24 * 3600)
    ada.take_token()

    assert [200, 200] == used
    assert [(430, "BILLING", "VEHICLE_REQUEST_LIMIT")] * 2 == over
    assert 200 == free
    assert 200 == ada.get(SIGNALS).status_code


def test_a_car_asked_too_often_says_when_to_come_back(caller: Make, clock: ManualClock) -> None:
    ada = caller(**with_quotas(vehicle_every_s=90))
    ada.get(SIGNALS)
    clock.advance(30)

    answer = ada.get(SIGNALS)
    clock.advance(60)

    assert (429, "RATE_LIMIT", "VEHICLE") == refused(answer)
    assert "60" == answer.headers["retry-after"]
    assert 200 == ada.get(SIGNALS).status_code


def test_calls_are_counted_through_a_kill(world: Make, clock: ManualClock, tmp_path: Path) -> None:
    before = world(state_dir=tmp_path, **with_quotas(bucket=10, calls_per_month=10))
    for _ in range(4):
        assert before.spend("ada") is None
    before.close()

    after = world(state_dir=tmp_path, **with_quotas(bucket=10, calls_per_month=10))

    assert (6, 6) == (after.quotas.calls_left("ada", clock.now()), after.quotas.bucket_left(clock.now()))


def test_what_is_left_can_be_seen_from_outside(caller: Make) -> None:
    ada, free = caller(**with_quotas()), caller()
    ada.get(SIGNALS)

    assert {"bucket_left": 119, "calls_left": {"ada": 499}} == ada.call("GET", "/simulator/quotas").json()
    assert {"bucket_left": None, "calls_left": {"ada": None}} == free.call("GET", "/simulator/quotas").json()


def test_a_plan_can_hide_groups_of_signals_and_have_no_commands(caller: Make) -> None:
    ada = caller(scenario={"plan": {"hides": ("Charge", "Location"), "commands": False}})

    groups = {signal["attributes"]["group"] for signal in ada.get(SIGNALS).json()["data"]}

    assert not groups & {"Charge", "Location"}
    assert "TractionBattery" in groups
    assert 404 == ada.get(f"{SIGNALS}/charge-ischarging").status_code
    assert (430, "BILLING", "INVALID_PLAN") == refused(ada.command("start"))


# The store


def test_the_store_of_a_car_nobody_ever_subscribed_is_empty(caller: Make) -> None:
    ada = caller(scenario={"store": "subscribed"})

    assert [] == ada.get(SIGNALS).json()["data"]
    assert 404 == ada.get(f"{SIGNALS}/charge-ischarging").status_code


def test_the_store_of_a_car_once_subscribed_is_filled_once_a_day(world: Make, clock: ManualClock) -> None:
    home = world(scenario={"store": "subscribed"})
    webhook = {"webhook": "wh-1", "spec": {"id": "wh-1", "callback_uri": "http://127.0.0.1:9/"}}
    home.record("webhook", act="made", **webhook)
    home.record("webhook", "ada", act="subscribed", webhook="wh-1")
    home.record("webhook", act="verified", webhook="wh-1")
    clock.advance(600)
    watched = home.stored("ada")
    home.record("webhook", "ada", act="told", webhook="wh-1", reported_at=watched.reported_at.isoformat())
    home.webhooks.webhooks["wh-1"].verified = False

    clock.advance(23 * 3600)
    same_day = home.stored("ada")
    clock.advance(2 * 3600)
    next_day = home.stored("ada")

    assert watched.reported_at == same_day.reported_at
    assert 86_000 < (next_day.reported_at - watched.reported_at).total_seconds() <= 86_400


# How signals are written


def test_signals_can_be_written_oddly_and_mean_the_same(caller: Make, clock: ManualClock) -> None:
    plain, odd = caller(dialect="plain"), caller(dialect="odd")
    clock.advance(600)

    def told(who: Any, code: str) -> Any:
        return who.signal(code)["attributes"]["body"]

    assert ("NOT_CHARGING", "not_charging") == tuple(
        told(who, "charge-detailedchargingstatus")["value"] for who in (plain, odd)
    )
    assert ("kWh", "kilowatt_hours") == tuple(
        told(who, "tractionbattery-nominalcapacity")["unit"] for who in (plain, odd)
    )
    assert {"values": [], "activeLimit": 100, "unit": "PERCENT"} == told(odd, "charge-chargelimits")
    assert isinstance(odd.signal("charge-ischarging")["meta"]["oemUpdatedAt"], int)


@pytest.mark.parametrize(("step", "told"), [(0.1, 51.2), (1, 51), (5, 50)])
def test_the_state_of_charge_is_told_in_the_makers_steps(caller: Make, step: float, told: float) -> None:
    ada = caller(soc_step_pct=step, opening={"soc_pct": 51.23})

    assert told == ada.value("tractionbattery-stateofcharge")


def test_a_slow_car_is_answered_202_by_itself(caller: Make, clock: ManualClock) -> None:
    ada = caller(scenario={"latency": {"read_s": (0, 0), "command_s": (200, 200)}})
    ada.take_token()
    before = clock.now()

    answer = ada.command("start")

    assert (202, "SUCCESS") == (answer.status_code, answer.json()["data"]["attributes"]["status"])
    assert 200 == (clock.now() - before).total_seconds()
    assert ada.world.truth("ada").charging
