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
from click.testing import CliRunner

from scheduler.domain.credit import Booking, Meter
from scheduler.domain.driver import DriverId
from scheduler.domain.errors import ConfigError, InvalidValue
from scheduler.domain.tariff import TariffCurve
from scheduler.ledger_credit import credit_in_ledger
from scheduler.prepaid_verb import prepaid
from scheduler.terminal.prepaid import show_account
from tests.house.tree import ROOT
from tests.web.fleet import Fleet, a_driver

ADA = DriverId("ada")


def a_prepaid_fleet() -> Fleet:
    fleet = Fleet(replace(a_driver("Ada", "ID.3", "ada-id3"), prepaid=True), a_driver("Ben", "Zoe", "ben-zoe"))
    fleet.curves[fleet.drivers[0].tariff_id] = TariffCurve("EUR")
    return fleet


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

    added = ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=20kWh")
    seen = ask(fleet, "GET", "/api/v1/drivers/ada-id3/credit")

    assert added == seen
    assert (200, "20.000", "Ada has 20.000 kWh left of 20.000 kWh bought.") == (
        seen[0], seen[1]["balance"], seen[1]["sentence"],
    )  # fmt: skip
    assert Decimal(20) == fleet.store.balance(ADA).value
    assert "credit.added" in [event.name for event in fleet.store.events()]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/drivers/ada/credit?amount=-5kWh", "expected an amount such as 20kWh"),
        ("/api/v1/drivers/ben/credit?amount=5kWh", "Ben is not prepaid"),
        ("/api/v1/drivers/aba/credit?amount=5kWh", "did you mean"),
        ("/api/v1/drivers/ada/credit?amount=5GBP", "got GBP 5.00, expected EUR, which Ada's prices are in"),
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
        credit_in_ledger(config, state, lambda prepaying: prepaying.add(driver.stem, "5kWh"))
    driver.write_text(f"prepaid: true\n{driver.read_text(encoding='utf-8')}", encoding="utf-8")

    credit_in_ledger(config, state, lambda prepaying: prepaying.add(driver.stem, "5EUR"))
    account = credit_in_ledger(config, state, lambda prepaying: prepaying.account(driver.stem))

    assert ("5.0000", "EUR") == (account["balance"], account["unit"])
    with pytest.raises(ConfigError):
        credit_in_ledger(tmp_path / "nowhere", state, lambda prepaying: prepaying.account(driver.stem))


def test_money_is_added_and_left_and_a_receipt_says_what_flowed_for_it() -> None:
    fleet, now = a_prepaid_fleet(), a_prepaid_fleet().clock.now()

    ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=10eur")
    car = fleet.drivers[0].cars[0].vehicle.id
    for _ in range(2):
        fleet.store.book(
            Booking(ADA, now, Decimal("-5.1"), car, now, Meter.BATTERY, Decimal("0.7"), Decimal("-1.0025"), "EUR")
        )
    account = ask(fleet, "GET", "/api/v1/drivers/ada/credit")[1]

    assert ("7.9950", "EUR") == (account["balance"], account["unit"])
    assert "Ada has EUR 8.00 left of EUR 10.00 bought." == account["sentence"]
    assert account["receipt"][0].endswith("bought EUR 10.00, EUR 10.00 left")
    assert account["receipt"][1].endswith(
        "ada-id3 used 10.200 kWh for EUR 2.00 by its battery, give or take 0.7 kWh, EUR 8.00 left"
    )


def test_a_purchase_of_one_reference_is_made_once_and_the_second_one_says_so() -> None:
    fleet = a_prepaid_fleet()

    ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=20kWh&reference=till-7")
    again = ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=30kWh&reference=till-7")[1]
    ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=1kWh&reference=till-8")

    assert again["sentence"].startswith("Nothing was added: till-7 was bought before, 20.000 kWh on 20")
    assert Decimal(21) == fleet.store.balance(ADA).value
    assert 2 == [event.name for event in fleet.store.events()].count("credit.added")


def test_one_unit_at_a_time_until_what_is_left_is_paid_out() -> None:
    fleet = a_prepaid_fleet()
    ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=20kWh")

    status, refused = ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=5EUR")
    paid_out = ask(fleet, "DELETE", "/api/v1/drivers/ada/credit")[1]
    nothing = ask(fleet, "DELETE", "/api/v1/drivers/ada/credit")
    added = ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=5EUR")[1]

    assert 422 == status
    assert "Ada has 20.000 kWh left, and a credit is in one unit at a time" in refused["error"]["message"]
    assert paid_out["receipt"][-1].endswith("paid out 20.000 kWh, 0.000 kWh left")
    assert (422, True) == (nothing[0], "there is nothing to pay out" in nothing[1]["error"]["message"])
    assert "Ada has EUR 5.00 left of EUR 5.00 bought." == added["sentence"]
    assert "credit.paid_out" in [event.name for event in fleet.store.events()]


def test_a_debt_is_paid_in_its_own_unit_first() -> None:
    fleet, now = a_prepaid_fleet(), a_prepaid_fleet().clock.now()
    fleet.store.book(Booking(ADA, now, Decimal("-0.301"), fleet.drivers[0].cars[0].vehicle.id, now))

    status, refused = ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=5EUR")

    assert 422 == status
    assert "Ada owes 0.301 kWh: add that before EUR 5.00" in refused["error"]["message"]


def test_what_a_car_took_before_it_was_stopped_does_not_keep_its_driver_from_money() -> None:
    fleet, now = a_prepaid_fleet(), a_prepaid_fleet().clock.now()
    fleet.store.book(Booking(ADA, now, Decimal("-0.300"), fleet.drivers[0].cars[0].vehicle.id, now))

    added = ask(fleet, "POST", "/api/v1/drivers/ada/credit?amount=5EUR")[1]

    assert "Ada has EUR 5.00 left of EUR 5.00 bought." == added["sentence"]


def test_money_waits_for_the_first_price_of_its_tariff() -> None:
    fleet = a_prepaid_fleet()
    fleet.curves.clear()

    with pytest.raises(
        InvalidValue, match=r"got EUR 5\.00, but no price of the tariff .* is known yet, nor its currency"
    ):
        fleet.prepaying.add("ada", "5EUR")


def test_at_a_prompt(tmp_path: Path) -> None:
    config = tmp_path / "config"
    copytree(ROOT / "config", config)
    driver = min((config / "drivers").glob("*.yaml"))
    driver.write_text(f"prepaid: true\n{driver.read_text(encoding='utf-8')}", encoding="utf-8")

    def said(*options: str) -> tuple[int, str]:
        house = ("--config", str(config), "--state", str(tmp_path / "state"))
        result = CliRunner().invoke(prepaid, [driver.stem, *house, *options])
        return result.exit_code, result.output

    for options, code, words in (
        (("--add", "5EUR", "--reference", "till-7"), 0, "EUR 5.00 left of EUR 5.00 bought"),
        (("--add", "5EUR", "--reference", "till-7"), 0, "Nothing was added: till-7 was bought before, EUR 5.00 on"),
        (("--receipt",), 0, "bought EUR 5.00 (till-7), EUR 5.00 left"),
        (("--pay-out",), 0, "EUR 0.00 left of EUR 5.00 bought"),
        (("--pay-out", "--add", "5kWh"), 2, "--add and --pay-out do opposite things"),
        (("--reference", "till-7"), 2, "--reference names what is added: it needs --add"),
        (("--balance", "--receipt"), 2, "say different things"),
    ):
        status, output = said(*options)
        assert code == status, output
        assert words in output
