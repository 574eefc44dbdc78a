"""Canaries: secrets, tokens, VINs, ids and positions are sent down every way, and none comes out."""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime

import pytest

from scheduler.clock import ManualClock
from scheduler.domain.vehicle import VehicleId
from scheduler.monitoring.journal import LedgerJournal
from scheduler.monitoring.logs import configure_logs
from scheduler.monitoring.redaction import MASK, Redaction
from tests.fakes.store import MemoryStore

SECRET = "canary/with+odd=characters"
CANARIES = {
    "a secret known by value": f"body was {SECRET}",
    "the same secret in a URL": "https://iam.example/?s=canary%2Fwith%2Bodd%3Dcharacters",
    "a bearer token": "Authorization: Bearer canary.TOKEN-1_2~3",
    "basic credentials": "authorization: basic Y2FuYXJ5OmNhbmFyeQ==",
    "a token in a form": "refresh_token=canarycanary&grant_type=x",
    "a secret in a form": "client_secret=canarycanary",
    "a password in a form": "password=canarycanary",
    "a signed token": "got eyJcanary0.eyJcanary1.canary2",
    "a VIN": "vehicle WVWZZZ1JZ3W386752 asleep",
    "a VIN in a path in small letters": "/v3/vehicles/wvwzzz1jz3w386752/signals",
    "an id of Smartcar's": "vehicle 36ab27d0-fd9d-4455-823a-ce30af709ffc",
    "a position": "at 52.52001, 13.40495 since noon",
}
TRACES = ("canary", "Y2FuYXJ5", "WVWZZZ1JZ3W386752", "wvwzzz1jz3w386752", "36ab27d0", "52.52001", "13.40495")


def traces_in(text: str) -> list[str]:
    return [trace for trace in TRACES if trace in text]


@pytest.mark.parametrize("text", CANARIES.values(), ids=CANARIES.keys())
def test_what_must_not_be_read_is_masked(text: str) -> None:
    masked = Redaction([SECRET]).text(text)

    assert [] == traces_in(masked)
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "ada-id3",
        "the car refused: CHARGING_PLUG_NOT_CONNECTED",
        "2026-02-01T17:00:00+00:00",
        "0.12345678901234567",
        "12345678901234567",
        "misunderstandings",
        "f47ac10b58cc4372a5670e02b2c3d479",
        "energy 22.0, cost 2.31",
        "no token, please connect again",
    ],
)
def test_what_may_be_read_is_left_as_it_is(text: str) -> None:
    assert text == Redaction([SECRET]).text(text)


@pytest.mark.parametrize("name", ["access_token", "client_secret", "vin", "latitude", "Authorization", "password"])
def test_a_fact_is_masked_for_its_name_alone(name: str) -> None:
    assert MASK == Redaction().fact(name, 52.5)


def test_a_fact_that_is_absent_stays_absent() -> None:
    assert Redaction().fact("token", None) is None


def test_numbers_are_left_as_they_are() -> None:
    assert {"cost": 2.31, "starts": 2} == Redaction(["2.31"]).facts({"cost": 2.31, "starts": 2})


def test_a_secret_too_short_to_be_one_blots_nothing_out() -> None:
    assert "a car charges" == Redaction(["", "a"]).text("a car charges")


def test_of_two_secrets_the_longer_goes_whole() -> None:
    assert MASK == Redaction(["canary", "canary-long"]).text("canary-long")


def test_a_secret_learned_later_is_masked_from_then_on() -> None:
    redaction = Redaction()
    redaction.learn(["hunter22"])

    assert f"got {MASK}" == redaction.text("got hunter22")


@pytest.mark.parametrize("human", [True, False])
def test_nothing_of_it_comes_through_the_log_or_into_the_ledger(stream: io.StringIO, human: bool) -> None:
    configure_logs(stream=stream, human=human, level="debug", secrets=[SECRET])
    store = MemoryStore()
    journal = LedgerJournal(ManualClock(datetime(2026, 2, 1, tzinfo=UTC)), store)
    heard: list[str] = []
    journal.listen(lambda event: heard.append(repr(event)))

    for text in CANARIES.values():
        journal.note("command.refused", VehicleId("ada-id3"), detail=text, token=text)
        journal.note("cycle.completed", detail=text)
        logging.getLogger("httpx").warning("%s failed", text)
        try:
            raise ValueError(text)
        except ValueError:
            logging.getLogger("asyncio").exception("a task failed")

    written = stream.getvalue()
    assert 4 * len(CANARIES) == written.count("\n")
    assert [] == traces_in(written) + traces_in(repr(store.events(limit=1000))) + traces_in("".join(heard))
