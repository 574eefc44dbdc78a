"""The command line: what it prints, and with what code it ends."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from scheduler import cli
from tests.house.tree import ROOT

PROBLEM = {
    "now": "2026-02-01T17:00:00Z",
    "currency": "EUR",
    "tariff": [
        ["2026-02-01T17:00:00Z", "2026-02-01T18:00:00Z", 0.30],
        ["2026-02-01T18:00:00Z", "2026-02-01T19:00:00Z", 0.20],
    ],
    "vehicles": [
        {"id": "ada", "max_power_kw": 11.0, "goals": [{"ready_by": "2026-02-01T19:00:00Z", "energy_kwh": 11.0}]}
    ],
}

DAY = {
    "license_info": "CC BY 4.0 (creativecommons.org/licenses/by/4.0) from Bundesnetzagentur | SMARD.de",
    "unix_seconds": [1770681600 + 900 * quarter for quarter in range(96)],
    "price": [float(quarter) for quarter in range(96)],
    "unit": "EUR / MWh",
    "deprecated": False,
}


def run(*arguments: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["smartcharge", *arguments])
    code: str | int | None = 0
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    captured = capsys.readouterr()
    return int(code or 0), captured.out, captured.err


def test_solve_prints_one_json_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "problem.json").write_text(json.dumps(PROBLEM))

    code, out, err = run("solve", str(tmp_path / "problem.json"), capsys=capsys, monkeypatch=monkeypatch)

    answer = json.loads(out)
    assert (0, "") == (code, err)
    assert [["2026-02-01T18:00:00Z", "2026-02-01T19:00:00Z", 11.0]] == answer["plans"][0]["windows"]
    assert 2.2 == pytest.approx(answer["cost"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "the problem is not JSON"),
        ('{"now": ' + "9" * 5000 + "}", "the problem is not JSON: Exceeds the limit"),
        ("[" * 100_000, "the problem is nested too deeply"),
        (json.dumps(PROBLEM).replace("0.3", "NaN"), "tariff[0][2]: expected a finite number, got nan"),
        (json.dumps(PROBLEM).replace("0.3", "1e308"), "tariff[0][2]: expected a number between"),
        (json.dumps({**PROBLEM, "vehicles": [{}, {}]}), "vehicles: several vehicles are not supported"),
        (json.dumps({**PROBLEM, "nwo": 1}), "nwo"),
        (json.dumps({**PROBLEM, "now": "2026-02-01T17:00:00"}), "now"),
    ],
)
def test_an_unsound_problem_ends_with_2_a_path_and_nothing_on_standard_output(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "problem.json").write_text(text)

    code, out, err = run("solve", str(tmp_path / "problem.json"), capsys=capsys, monkeypatch=monkeypatch)

    assert (2, "") == (code, out)
    assert words in err


def test_recorded_payloads_are_parsed_without_any_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "day.json").write_text(json.dumps(DAY))
    recorded = ("prices", "--feed", "energy_charts", "--zone", "DE-LU", "--from-file", str(tmp_path / "day.json"))

    code, out, _ = run(*recorded, "--json", capsys=capsys, monkeypatch=monkeypatch)
    chart_code, chart, _ = run(*recorded, capsys=capsys, monkeypatch=monkeypatch)

    answer = json.loads(out)
    assert {"currency", "slots", "known_until", "gaps", "state", "message"} == set(answer)
    assert (0, 96, "EUR") == (code, len(answer["slots"]), answer["currency"])
    assert (0, True) == (chart_code, "EUR/kWh" in chart)


def test_a_payload_that_is_wrong_ends_with_65_and_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "day.json").write_text("<html>maintenance</html>")

    code, out, err = run(
        *("prices", "--feed", "energy_charts", "--zone", "DE-LU", "--from-file", str(tmp_path / "day.json"), "--json"),
        capsys=capsys,
        monkeypatch=monkeypatch,
    )

    assert (65, "error") == (code, json.loads(out)["state"])
    assert err.startswith("smartcharge: ")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("prices", "--feed", "energy_charts"), 1, "--from-file"),
        (("prices", "--from-file", "x"), 2, "--from-file needs --feed"),
        (("prices", "--feed", "energy_charts", "--from-file", "/nowhere/day.json"), 78, "cannot be read"),
        (("prices", "--feed", "energy_charts", "--set", "zone", "--from-file", "/nowhere/day.json"), 1, "KEY=VALUE"),
        (("prices", "example-dynamik", "--config", str(ROOT / "config")), 1, 'did you mean "example-dynamic"'),
        (("status", "--state", "/nowhere"), 1, "no smartcharge daemon runs"),
        (("check", "--config", "/nowhere"), 78, "/nowhere"),
    ],
)
def test_what_makes_no_sense_is_one_sentence_and_a_code(
    arguments: tuple[str, ...],
    code: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended, _, err = run(*arguments, capsys=capsys, monkeypatch=monkeypatch)

    assert (code, True) == (ended, words in err)
    assert "Traceback" not in err


def test_the_shipped_configuration_is_in_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run("check", "--config", str(ROOT / "config"), capsys=capsys, monkeypatch=monkeypatch)

    assert (0, True) == (code, "everything is in order" in out)


def test_check_says_how_a_car_without_ids_is_connected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    file = tmp_path / "config" / "drivers" / "ada.yaml"
    file.write_text("".join(line for line in file.read_text().splitlines(keepends=True) if "smartcar_" not in line))

    code, out, _ = run("check", "--config", str(tmp_path / "config"), capsys=capsys, monkeypatch=monkeypatch)

    assert (0, True) == (code, "ada-id3: no ids in its file; connected by: smartcharge connect ada-id3" in out)


def test_a_car_has_both_ids_or_neither(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    file = tmp_path / "config" / "drivers" / "ada.yaml"
    file.write_text("".join(line for line in file.read_text().splitlines(keepends=True) if "smartcar_user" not in line))

    code, _, err = run("check", "--config", str(tmp_path / "config"), capsys=capsys, monkeypatch=monkeypatch)

    assert (78, True) == (code, "expected smartcar_user_id beside it, or neither of them" in err)


def test_check_names_file_line_and_what_was_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    ada = tmp_path / "config" / "drivers" / "ada.yaml"
    ada.write_text(ada.read_text().replace("reserve_pct", "reserve_pc"))

    code, _, err = run("check", "--config", str(tmp_path / "config"), capsys=capsys, monkeypatch=monkeypatch)

    assert 78 == code
    assert "ada.yaml:" in err
    assert 'did you mean "reserve_pct"' in err


@pytest.mark.parametrize("what", ["driver", "settings", "tariff"])
def test_schemas_are_json_schemas(
    what: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run("schema", what, capsys=capsys, monkeypatch=monkeypatch)

    assert (0, True) == (code, bool(json.loads(out)["properties"]))


def test_prices_without_a_name_are_the_first_drivers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run("prices", "--config", str(ROOT / "config"), "--json", capsys=capsys, monkeypatch=monkeypatch)

    assert (0, "EUR") == (code, json.loads(out)["currency"])


def test_the_list_of_verbs_says_of_each_a_whole_sentence_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    _, out, _ = run("--help", capsys=capsys, monkeypatch=monkeypatch)

    assert [] == [
        line for line in out.partition("Commands:\n")[2].splitlines() if not line.endswith(".") or "..." in line
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [('{"now": 1, "now": 2}', "the key 'now' stands twice in one object"), ("\ufeff{}", "tariff: missing")],
)
def test_solve_refuses_a_key_that_stands_twice_and_reads_past_a_byte_order_mark(
    document: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "problem.json").write_text(document, encoding="utf-8")

    code, out, err = run("solve", str(tmp_path / "problem.json"), capsys=capsys, monkeypatch=monkeypatch)

    assert (2, "") == (code, out)
    assert said in err
    assert "JSON:" not in err
