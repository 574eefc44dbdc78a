"""`smartcharge why` and `smartcharge estimate`, as they stand at a prompt."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest

from scheduler.terminal.why import show_estimate, show_why
from tests.terminal.test_daemon import asked
from tests.web.fleet import a_full_fleet

WHY = {"simulated": False, "cars": [{"title": "Ada's [ID.3]", "simulated": False, "sentences": ["One.", "Two."]}]}
ESTIMATE = {"simulated": True, "cars": [{"simulated": True, "sentence": "Ada's ID.3 takes an hour."}]}


def shown(answer: dict[str, Any], *, as_json: bool = False) -> str:
    out = StringIO()
    (show_why if "sentences" in answer["cars"][0] else show_estimate)(answer, as_json=as_json, out=out)
    return out.getvalue()


def test_each_car_has_its_name_and_a_line_for_each_sentence() -> None:
    assert "Ada's [ID.3]\n  One.\n  Two.\n" == shown(WHY)


def test_an_estimate_is_one_line_and_simulated_says_so_first() -> None:
    first, second = shown(ESTIMATE).splitlines()

    assert first.startswith("SIMULATED: ")
    assert "Ada's ID.3 takes an hour." == second


@pytest.mark.parametrize("answer", [WHY, ESTIMATE])
def test_json_is_the_answer_itself(answer: dict[str, Any]) -> None:
    assert answer == json.loads(shown(answer, as_json=True))


@pytest.mark.live
def test_the_daemon_is_asked_why(tmp_path: Any) -> None:
    answer = asked(a_full_fleet().app(), tmp_path, lambda daemon: daemon.why("ada", "2026-02-06 17:40"))

    assert "No plan was made by" not in shown(answer)


@pytest.mark.live
def test_the_daemon_is_asked_how_long(tmp_path: Any) -> None:
    answer = asked(a_full_fleet().app(), tmp_path, lambda daemon: daemon.estimate("ada", 80.0, power_kw=3.7))

    assert (46.0, 3.7) == (answer["cars"][0]["from_pct"], answer["cars"][0]["power_kw"])
