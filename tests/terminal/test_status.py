"""`smartcharge status`, on a terminal and in a pipe."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.session import Override
from scheduler.terminal.daemon import RunningDaemon
from scheduler.terminal.status import show_status
from scheduler.web.answers import FleetAnswer
from tests.web.fleet import ADA, BEN, NOW, Fleet, a_driver, a_full_fleet, a_window


class NearDaemon(RunningDaemon):
    """A daemon whose answers need no socket."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(Path("state"), "http://127.0.0.1:1/")
        self._fleet = fleet

    def cars(self, name: str | None = None) -> dict[str, Any]:
        operations = self._fleet.operations
        fleet = operations.fleet()
        answer = FleetAnswer.of(fleet, fleet.cars if name is None else operations.cars(name))
        return cast("dict[str, Any]", json.loads(answer.model_dump_json()))


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(fleet: Fleet, who: str | None = None, *, as_json: bool = False, out: io.StringIO | None = None) -> str:
    out = io.StringIO() if out is None else out
    show_status(NearDaemon(fleet), who, as_json=as_json, out=out)
    return out.getvalue()


@pytest.fixture
def fleet() -> Fleet:
    return a_full_fleet()


def test_a_pipe_gets_one_line_for_each_car(fleet: Fleet) -> None:
    ada, ben = shown(fleet).splitlines()

    assert (
        "Ada's ID.3: 46 %, ready 07:00 at 80 % for EUR 2.31, next start 01:15; charging at once would cost EUR 4.36"
        "  |  46 %, 4 min ago  |  plugged in  |  start Sat 01:15  |  connected"
    ) == ada
    assert "Ben's Zoe: not seen yet  |  charge unknown  |  not seen yet  |  connected" == ben


def test_one_drivers_cars_can_be_asked_for(fleet: Fleet) -> None:
    assert 1 == len(shown(fleet, "ben").splitlines())


def test_json_is_what_the_api_says(fleet: Fleet) -> None:
    assert fleet.get("/api/v1/cars/ada").json() == json.loads(shown(fleet, "ada", as_json=True))


@pytest.mark.parametrize(
    ("age_s", "words"),
    [(-600, "46 %, just now"), (0, "4 min"), (3600, "1 h ago"), (46 * 3600, "46 h ago"), (72 * 3600, "3 days ago")],
)
def test_the_state_of_charge_comes_with_its_age(fleet: Fleet, age_s: float, words: str) -> None:
    fleet.clock.advance(age_s)

    assert words in shown(fleet, "ada")


@pytest.mark.parametrize(
    ("facts", "said", "words"),
    [
        ({"plugged_in": True, "charging": True}, "plugged in, no plan yet", "charging"),
        ({"plugged_in": True, "charging": False}, "plugged in, no plan yet", "plugged in"),
        ({"plugged_in": False, "charging": False}, "not plugged in", "not plugged in"),
        ({}, "the car does not say whether it is plugged in", "plug unknown"),
    ],
)
def test_the_plug_is_told_as_far_as_the_car_tells_it(
    fleet: Fleet, facts: dict[str, bool], said: str, words: str
) -> None:
    fleet.see(BEN, 71.0, **facts)

    assert f"Ben's Zoe: 71 %, {said}  |  71 %, 4 min ago  |  {words}  |  connected\n" == shown(fleet, "ben")


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-02-06 20:00", "2026-02-06 21:00", "start 20:00"),
        ("2026-02-07 20:00", "2026-02-07 21:00", "start Sat 20:00"),
        ("2026-02-16 20:00", "2026-02-16 21:00", "start 16 Feb 20:00"),
        ("2026-02-06 17:00", "2026-02-06 21:00", "stop 21:00"),
    ],
)
def test_the_next_event_is_told_at_the_drivers_time(fleet: Fleet, start: str, end: str, words: str) -> None:
    fleet.promise(ADA, a_window(start, end))

    assert shown(fleet, "ada").endswith(f"  |  {words}  |  connected\n")


def test_a_car_on_hold_has_no_next_event(fleet: Fleet) -> None:
    fleet.store.set_override(ADA, Override.HOLD, NOW)

    assert shown(fleet, "ada").endswith("  |  plugged in  |  connected\n")


@pytest.mark.parametrize(
    ("consent", "words"),
    [
        (Consent(ADA, ConsentStatus.NEVER), "not connected: smartcharge connect ada-id3  |"),
        (Consent(ADA, ConsentStatus.NEVER), "|  not connected\n"),
        (Consent(ADA, ConsentStatus.LOST, reason="revoked"), "46 % when last seen, consent lost (revoked): "),
        (Consent(ADA, ConsentStatus.LOST, reason="revoked"), "|  consent lost\n"),
        (Consent(ADA, ConsentStatus.ENDED), "|  disconnected\n"),
        (Consent(ADA, ends_at=NOW + timedelta(days=12)), "|  connected for 12 more days\n"),
        (Consent(ADA, ends_at=NOW + timedelta(days=2)), "|  consent ends in 2 days: smartcharge connect ada-id3\n"),
    ],
)
def test_what_became_of_the_consent_is_told_with_what_to_do(fleet: Fleet, consent: Consent, words: str) -> None:
    fleet.consents[ADA] = consent

    assert words in shown(fleet, "ada")


@pytest.mark.parametrize("out", [io.StringIO, Terminal])
def test_simulated_is_said_first(out: type[io.StringIO]) -> None:
    fleet = Fleet(a_driver("Ada", "ID.3", ADA), simulated=True)

    plain = re.sub(r"\x1b\[[\d;]*m", "", shown(fleet, out=out()))

    assert plain.startswith("SIMULATED: ")


@pytest.mark.parametrize("out", [io.StringIO, Terminal])
def test_a_real_car_on_simulated_prices_is_told_apart(fleet: Fleet, out: type[io.StringIO]) -> None:
    fleet.promise(ADA, a_window("2026-02-07 01:15", "2026-02-07 03:45"), simulated=True)

    printed = shown(fleet, out=out())

    assert "SIMULATED: some cars are planned on prices that are not today's." in printed
    assert "no real car" not in printed


def test_a_real_fleet_never_says_simulated(fleet: Fleet) -> None:
    assert "SIMULATED" not in shown(fleet) + shown(fleet, out=Terminal())


@pytest.mark.parametrize("out", [io.StringIO, Terminal])
def test_a_house_without_cars_says_what_to_do(out: type[io.StringIO]) -> None:
    assert "No cars yet: write a driver with a car into config/drivers/." in shown(Fleet(), out=out())


def test_a_terminal_gets_a_table(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm-256color")

    head, ada, ben = re.sub(r"\x1b\[[\d;]*m", "", shown(fleet, out=Terminal())).splitlines()

    assert ["car", "charge", "plug", "next", "consent"] == head.split()
    assert "46 %, 4 min ago  plugged in    start Sat 01:15" in ada
    assert ben.startswith("Ben's Zoe: not seen yet")


def test_brackets_in_a_name_are_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    fleet = Fleet(a_driver("[bold red]Ada[/]", "[link=x]ID.3", ADA))

    assert "[bold red]Ada[/]'s [link=x]ID.3: not seen yet" in shown(fleet, out=Terminal())


def test_a_pipe_does_not_pay_for_the_table(fleet: Fleet) -> None:
    assert "\x1b" not in shown(fleet)
