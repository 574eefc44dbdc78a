"""Prepaid credit over the local API and the command line: left, added, refused in words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest

from scheduler.domain.credit import Booking, Meter
from scheduler.domain.driver import DriverId
from scheduler.domain.errors import ConfigError, InvalidValue
from scheduler.ledger_credit import credit_in_ledger
from scheduler.terminal.prepaid import show_account
from tests.house.tree import ROOT
from tests.web.fleet import Fleet, a_driver

ADA = DriverId("ada")


def a_prepaid_fleet() -> Fleet:
    return Fleet(replace(a_driver("Ada", "ID.3", "ada-id3"), prepaid=True), a_driver("Ben", "Zoe", "ben-zoe"))


def ask(fleet: Fleet, method: str, path: str) -> tuple[int, dict[str, Any]]:
    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(fleet.app()), base_url="http://127.0.0.1:8712"
        ) as client:
            return await client.request(method, path)

    answer = asyncio.run(asked())
    return answer.status_code, answer.json()


def test_what_is_added_is_left_and_wakes_the_drivers_cars() -> None:
    fleet = a_prepaid_fleet()

    added = ask(fleet, "POST", "/api/v1/drivers/ada/credit?kwh=20kWh")
    seen = ask(fleet, "GET", "/api/v1/drivers/ada-id3/credit")

    assert added == seen
    assert (200, "20.000", "Ada has 20.000 kWh left of 20.000 kWh bought.") == (
        seen[0], seen[1]["balance_kwh"], seen[1]["sentence"],
    )  # fmt: skip
    assert Decimal(20) == fleet.store.balance_kwh(ADA)
    assert "credit.added" in [event.name for event in fleet.store.events()]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/drivers/ada/credit?kwh=-5kWh", "expected an amount such as 20kWh"),
        ("/api/v1/drivers/ben/credit?kwh=5kWh", "Ben is not prepaid"),
        ("/api/v1/drivers/aba/credit?kwh=5kWh", "did you mean"),
    ],
)
def test_what_cannot_be_added_is_refused_in_words(path: str, words: str) -> None:
    fleet = a_prepaid_fleet()

    status, answer = ask(fleet, "POST", path)

    assert 422 == status
    assert words in answer["error"]["message"]
    assert [] == fleet.store.bookings(ADA)


def test_a_receipt_has_a_line_for_each_purchase_and_each_stay() -> None:
    fleet, now = a_prepaid_fleet(), a_prepaid_fleet().clock.now()
    fleet.prepaying.add("ada", "20kWh")
    for minute, kwh in enumerate(("-0.100", "-1.400")):
        at, car = now + timedelta(minutes=minute), fleet.drivers[0].cars[0].vehicle.id
        fleet.store.book(Booking(ADA, at, Decimal(kwh), car, now, Meter.COUNTER, Decimal("0.050")))
    out = StringIO()

    show_account(ask(fleet, "GET", "/api/v1/drivers/ada/credit")[1], receipt=True, out=out)

    purchase, stay, balance = out.getvalue().splitlines()
    assert purchase.endswith("bought 20.000 kWh, 20.000 kWh left")
    assert stay.endswith("ada-id3 used 1.500 kWh by the car's counter, give or take 0.050 kWh, 18.500 kWh left")
    assert "Ada has 18.500 kWh left of 20.000 kWh bought." == balance


def test_without_a_daemon_the_ledger_is_added_to_before_the_first_night_too(tmp_path: Path) -> None:
    config, state = tmp_path / "config", tmp_path / "state"
    copytree(ROOT / "config", config)
    driver = min((config / "drivers").glob("*.yaml"))
    with pytest.raises(InvalidValue, match="is not prepaid"):
        credit_in_ledger(config, state, driver.stem, "5kWh")
    driver.write_text(f"prepaid: true\n{driver.read_text(encoding='utf-8')}", encoding="utf-8")

    credit_in_ledger(config, state, driver.stem, "5kWh")
    account = credit_in_ledger(config, state, driver.stem, None)

    assert "5.000" == account["balance_kwh"]
    with pytest.raises(ConfigError):
        credit_in_ledger(tmp_path / "nowhere", state, driver.stem, None)
