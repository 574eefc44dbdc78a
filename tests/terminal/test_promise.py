"""What `smartcharge run` prints: promises when they are made, and when a person would notice a change."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan, PlanOutcome
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.terminal.promise import PromiseBoard, print_promises, promise_lines
from tests.web.fleet import ADA, BEN, HOME, NOW, Fleet, a_driver, a_full_fleet, a_window, local


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Board:
    """A board on *fleet* and what it printed so far."""

    def __init__(self, fleet: Fleet, out: io.StringIO | None = None) -> None:
        self._fleet, self._out = fleet, io.StringIO() if out is None else out
        self._board = PromiseBoard(fleet.operations.curve, "http://127.0.0.1:8712/", self._out)

    def show(self) -> str:
        before = len(self._out.getvalue())
        self._board.show(self._fleet.operations.fleet())
        return self._out.getvalue()[before:]


@pytest.fixture
def fleet() -> Fleet:
    return a_full_fleet()


def test_first_every_car_is_told_with_its_chart_and_the_page(fleet: Fleet) -> None:
    printed = Board(fleet).show()

    lines = printed.splitlines()
    assert (
        "Ada's ID.3: 46 %, ready 07:00 at 80 % for EUR 2.31, next start 01:15; charging at once would cost EUR 4.36"
        == lines[0]
    )
    assert any(line.startswith("EUR/kWh") for line in lines)
    assert any(line.startswith(" charge") and "█" in line for line in lines)
    assert "Ben's Zoe: not seen yet" in lines
    assert "The page: http://127.0.0.1:8712/" == lines[-1]
    assert all(len(line) <= 100 for line in lines[1:])


def test_what_has_been_told_is_not_told_again(fleet: Fleet) -> None:
    board = Board(fleet)
    board.show()

    assert "" == board.show()


def test_only_the_car_that_changed_is_told_again_without_the_page(fleet: Fleet) -> None:
    board = Board(fleet)
    board.show()
    fleet.plug(BEN, 14.0, charging=True)

    printed = board.show()

    assert printed.startswith("Ben's Zoe: 14 %, plugged in, no plan yet")
    assert "Ada" not in printed
    assert "The page" not in printed


def test_an_edge_that_moves_by_a_few_minutes_is_no_news(fleet: Fleet) -> None:
    board = Board(fleet)
    board.show()

    fleet.promise(ADA, a_window("2026-02-07 01:19", "2026-02-07 03:26"))
    assert "" == board.show()

    fleet.promise(ADA, a_window("2026-02-07 01:21", "2026-02-07 03:30"))
    assert "Ada's ID.3" in board.show()


def test_small_moves_that_add_up_are_news(fleet: Fleet) -> None:
    board = Board(fleet)
    board.show()
    fleet.promise(ADA, a_window("2026-02-07 01:18", "2026-02-07 03:33"))
    board.show()
    fleet.promise(ADA, a_window("2026-02-07 01:21", "2026-02-07 03:36"))

    assert "Ada's ID.3" in board.show()


def test_time_that_passes_within_a_window_is_no_news(fleet: Fleet) -> None:
    board = Board(fleet)
    board.show()

    fleet.clock.advance((local("2026-02-07 02:15") - NOW).total_seconds())
    fleet.promise(ADA, a_window("2026-02-07 02:15", "2026-02-07 03:32"))
    assert "" == board.show()

    fleet.clock.advance(3 * 3600)
    fleet.promise(ADA, notes=("the target is reached",))
    assert "" == board.show()


@pytest.mark.parametrize(
    "facts",
    [
        {"goal": ChargeGoal(local("2026-02-07 08:00"), 80.0, 20.0)},
        {"goal": None},
        {"plan": ChargePlan(PlanOutcome.SHORT_OF_TIME, (a_window("2026-02-07 01:15", "2026-02-07 03:30"),), 16.6)},
        {"plan": ChargePlan.rest()},
    ],
    ids=["later departure", "no departure", "short of time", "nothing to do"],
)
def test_another_goal_or_outcome_is_news(fleet: Fleet, facts: dict[str, object]) -> None:
    board = Board(fleet)
    board.show()

    fleet.promise(ADA, a_window("2026-02-07 01:15", "2026-02-07 03:30"), **facts)

    assert "Ada's ID.3" in board.show()


def test_a_persons_word_and_a_hand_on_the_car_are_news(fleet: Fleet) -> None:
    board = Board(fleet)
    board.show()

    fleet.store.save_session(ChargeSession(ADA, NOW - timedelta(hours=1), hand=Hand.STOPPED))
    assert "stopped by hand" in board.show()

    fleet.store.set_override(ADA, Override.STOP, NOW)
    printed = board.show()
    assert "stopped by you" in printed
    assert "EUR/kWh" not in printed


def test_a_car_without_prices_has_its_notes_and_no_chart(fleet: Fleet) -> None:
    del fleet.curves[HOME]
    fleet.promise(ADA, a_window("2026-02-07 01:15", "2026-02-07 03:30"), notes=("no prices are known",))
    (car,) = fleet.operations.cars("ada")

    assert ["  no prices are known"] == promise_lines(car, None, NOW, 80)


def test_simulated_is_said_above_what_is_simulated() -> None:
    fleet = Fleet(a_driver("Ada", "ID.3", ADA), simulated=True)

    assert Board(fleet).show().startswith("SIMULATED: ")


def test_a_terminal_sees_the_planned_hours_in_green(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    printed = Board(fleet, Terminal()).show()

    charging = next(line for line in printed.splitlines() if "charge" in line and "█" in line)
    assert re.search(r"\x1b\[32m█+\x1b\[0m", charging)


def test_a_pipe_gets_no_colours(fleet: Fleet) -> None:
    assert "\x1b" not in Board(fleet).show()


@pytest.mark.parametrize(("columns", "most"), [("80", 80), ("300", 100), ("20", 40)])
def test_it_is_as_wide_as_the_terminal_within_reason(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, columns: str, most: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    printed = Board(fleet, Terminal()).show()

    assert all(len(re.sub(r"\x1b\[[\d;]*m", "", line)) <= most for line in printed.splitlines())


def test_brackets_in_a_name_are_no_markup() -> None:
    fleet = Fleet(a_driver("[bold]Ada[/]", "ID.3", ADA))

    assert "[bold]Ada[/]'s ID.3: not seen yet" in Board(fleet).show()


def test_all_promises_can_be_printed_once(fleet: Fleet) -> None:
    out = io.StringIO()

    print_promises(fleet.operations.fleet(), fleet.operations.curve, out=out)

    assert "Ada's ID.3: 46 %" in out.getvalue()
    assert "The page" not in out.getvalue()
