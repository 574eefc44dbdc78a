"""The daemon as a process: one at a time, gone when told, obeying the local API, and discreet."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from scheduler.domain.vehicle import VehicleId
from scheduler.vehicles.simulator.journal import Journal
from tests.stories.town import SMARTCHARGE, Household, Town, eventually, real_now, real_s

pytestmark = pytest.mark.live

ADA = Household("ada", 12, reserve_pct=20, reports_every_s=2)
BEN = Household("ben", 60, target_pct=50, reports_every_s=2)

Founded = Callable[..., Town]


@pytest.fixture
def founded(tmp_path: Path) -> Iterator[Founded]:
    """Return how to make a town; its processes end with the test."""
    towns: list[Town] = []

    def found(*households: Household, **facts: object) -> Town:
        towns.append(Town(tmp_path / f"town{len(towns)}", households or (ADA,), **facts).build())  # type: ignore[arg-type]
        return towns[-1]

    yield found
    for town in towns:
        town.end()


def running(town: Town, stdout: IO[str] | int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    daemon = town.start(stdout=stdout)
    town.await_ready(daemon)
    return daemon


def ended(town: Town, daemon: subprocess.Popen[str]) -> tuple[int, str]:
    """Return how *daemon* ended by itself, and the last line it wrote."""
    code = daemon.wait(60)
    return code, town.log().strip().splitlines()[-1]


def commands(town: Town) -> list[dict[str, Any]]:
    return list(town.api("/commands")["commands"])


def confirmed(town: Town, verb: str) -> None:
    eventually(
        f"{verb} is confirmed", lambda: (verb, "confirmed") in [(c["verb"], c["status"]) for c in commands(town)]
    )


def test_a_second_daemon_on_the_same_state_ends_with_73_and_says_who_is_there(founded: Founded) -> None:
    town = founded()
    first = running(town)

    code, _ = ended(town, town.start())

    # The first one writes into the same log meanwhile, and nobody knows who of the two speaks last.
    sentence = (
        f"smartcharge: another smartcharge (process {first.pid}) runs on the state directory {town.state}; "
        "stop it first, or give this one a directory of its own with --state"
    )
    assert 73 == code
    assert 1 == town.log().splitlines().count(sentence)


def test_a_page_port_that_is_taken_ends_with_73_and_says_which(founded: Founded) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        town = founded(settings={"page_port": port})

        code, said = ended(town, town.start())

    assert 73 == code
    assert said == (
        f"smartcharge: the page's port {port} on 127.0.0.1 is taken by another program, perhaps another smartcharge: "
        "stop that one, or set another port"
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_0_within_five_seconds_also_with_a_command_on_its_way(founded: Founded, number: int) -> None:
    town = founded(latency={"command_s": (60, 60)})
    daemon = running(town)
    eventually("a command is on its way", lambda: [c["status"] for c in commands(town)] == ["sending"])

    asked_s = real_s()
    daemon.send_signal(number)
    code = daemon.wait(20)
    took_s = real_s() - asked_s

    assert 0 == code
    assert took_s < 5
    assert "service.stopped" in town.log()
    with town.ledger() as ledger:
        assert ["sending"] == [c.status for c in ledger.open_commands(VehicleId("ada"))]
    assert not (town.state / "daemon.json").exists()


def test_it_ends_with_0_also_before_it_is_ready(founded: Founded) -> None:
    town = founded()
    # The state of the simulator is held, and nobody listens: the daemon waits for whoever starts there.
    starting = Journal(town.state / "simulator")
    daemon = town.start()
    told = town.state / "simulator" / "simulator.log"
    eventually("it waits", lambda: told.exists() and "another simulator holds" in told.read_text(encoding="utf-8"))

    asked_s = real_s()
    daemon.terminate()
    code = daemon.wait(20)
    took_s = real_s() - asked_s
    starting.close()

    assert 0 == code, town.log()
    assert took_s < 5


def test_status_without_a_daemon_says_how_to_start_one_and_with_one_shows_every_car(founded: Founded) -> None:
    town = founded(ADA, BEN)

    without = town.smartcharge("status")
    running(town)
    eventually("both cars were seen", lambda: all(car["state"] for car in town.cars().values()))
    every, one, stranger = (
        town.smartcharge("status"),
        town.smartcharge("status", "ben"),
        town.smartcharge("status", "bne"),
    )

    assert (1, "") == (without.returncode, without.stdout)
    assert f"no smartcharge daemon runs on the state directory {town.state}" in without.stderr
    assert 0 == every.returncode
    assert ["Ada's Model 3", "Ben's Model 3"] == [
        title for title in ("Ada's Model 3", "Ben's Model 3") if title in every.stdout
    ]
    assert "Ada's" not in one.stdout
    assert (1, True) == (stranger.returncode, 'did you mean "ben"?' in stranger.stderr)


def test_what_a_person_asks_for_is_what_the_car_does(founded: Founded) -> None:
    evening = f"2026-02-02T19:00:00Z@{real_now().isoformat()}*1"
    town = founded(Household("ada", 60, target_pct=90, reports_every_s=2), clock=evening)
    running(town)
    eventually("the car was seen", lambda: town.cars()["ada"]["promise"])

    def charges() -> bool:
        return bool(town.truth("ada")["charging"])

    def asked(verb: str) -> str:
        answer = town.smartcharge(verb, "ada")
        assert 0 == answer.returncode, answer.stderr
        return answer.stdout.strip()

    assert "charges to its target now" in asked("start")
    eventually("the car charges", charges)
    confirmed(town, "start")
    assert "will not charge until" in asked("stop")
    eventually("the car has stopped", lambda: not charges())
    confirmed(town, "stop")

    # On hold, nobody minds what a hand does to the car.
    assert "gets no command" in asked("hold")
    before = len(town.truth("ada")["commands"])
    town.hand("ada", "start")
    eventually("the daemon saw it", lambda: town.cars()["ada"]["state"]["charging"])
    assert charges()
    assert before == len(town.truth("ada")["commands"])

    assert "follows its plan again" in asked("resume")
    assert "none" == town.cars()["ada"]["override"]
    assert "stop" == eventually("the plan takes over", lambda: town.truth("ada")["commands"][before:])[0]["verb"]
    eventually("the car has stopped", lambda: not charges())


def test_in_a_pipe_a_sentence_and_a_chart_come_for_every_driver_within_half_a_minute(founded: Founded) -> None:
    town = founded(ADA, BEN)
    begun_s = real_s()
    daemon = town.start(stdout=subprocess.PIPE)
    assert daemon.stdout is not None

    shown: list[str] = []
    for line in daemon.stdout:
        shown.append(line.rstrip())
        if line.startswith("The page: "):
            break

    assert real_s() - begun_s < 30
    sentences = [line for line in shown if line.startswith(("Ada's Model 3: ", "Ben's Model 3: "))]
    assert ["Ada's Model 3: 12 %", "Ben's Model 3: 60 %"] == [sentence.split(",")[0] for sentence in sentences]
    assert any("│" in line for line in shown)
    assert any("SIMULATED" in line for line in shown)
    confirmed(town, "start")
    assert "command.confirmed" in town.log()


def test_a_dropped_connection_is_no_failure_of_ours(founded: Founded) -> None:
    town = founded(BEN)
    running(town)
    eventually("the car was seen", lambda: town.cars()["ben"]["state"])

    town.fault(kind="cut", on="read", times=4)
    eventually("it is told", lambda: "vehicle.unreachable" in town.log())
    eventually("it is over", lambda: "vehicle.recovered" in town.log())

    assert 1 == town.log().count("vehicle.unreachable")
    assert "cycle.failed" not in town.log()


SECRET = "canary-5ecret-of-the-application"


def test_no_secret_and_no_id_of_the_maker_is_in_the_log_the_terminal_or_the_ledger(founded: Founded) -> None:
    town = founded(ADA, secret=SECRET, settings={"log_level": "debug"})
    out = (town.folder / "stdout").open("w")
    daemon = running(town, stdout=out)
    confirmed(town, "start")
    town.fault(kind="error", on="read", status=500, times=2)
    town.fault(kind="error", on="token", status=401)
    eventually("it was told", lambda: "vehicle.unreachable" in town.log())
    asked = {
        words: town.smartcharge(*words.split()).stdout for words in ("status", "status --json", "doctor", "why ada")
    }
    heard = {path: str(town.api(path)) for path in ("/events?limit=1000", "/commands", "/cars/ada/connect")}
    daemon.terminate()
    assert 0 == daemon.wait(20)
    out.close()

    told = {
        **asked,
        **heard,
        "log": town.log(),
        "terminal": (town.folder / "stdout").read_text(),
        **{path.name: path.read_bytes().decode("latin-1") for path in town.state.glob("smartcharge.db*")},
        **{
            path.name: path.read_bytes().decode("latin-1") for path in town.state.glob("private/**/*") if path.is_file()
        },
    }
    assert [] == [words for words, said in asked.items() if not said]

    canaries = [SECRET, "sim-vehicle-ada", "sim-user-ada", "Bearer", "sim.app."]
    assert {"log", "terminal", "smartcharge.db"} <= told.keys()
    assert [] == [(where, canary) for where, text in told.items() for canary in canaries if canary in text]


def test_a_driver_connects_by_the_commands_link_in_a_browser_and_is_disconnected_again(founded: Founded) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    town = founded(settings={"page_port": port})
    running(town)
    waiting = subprocess.Popen(
        [*SMARTCHARGE, "connect", "ada", "--state", str(town.state)], stdout=subprocess.PIPE, text=True
    )
    assert waiting.stdout is not None

    link = waiting.stdout.readline().strip()
    browser = build_opener(HTTPCookieProcessor())
    page = browser.open(link, timeout=30).read().decode()
    said, _ = waiting.communicate(timeout=60)

    assert "connected." in page
    assert (0, True) == (waiting.returncode, "Ada's Model 3: connected." in said)
    assert "disconnected, here and at Smartcar" in town.smartcharge("disconnect", "ada", "--yes").stdout
    assert "disconnected: smartcharge connect ada" in town.smartcharge("status", "ada").stdout
    assert "consent.given" in town.log()
    assert "consent.ended" in town.log()
