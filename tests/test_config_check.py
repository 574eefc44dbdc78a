"""What `smartcharge check` finds beyond each file by itself: whatever would keep the daemon from starting."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scheduler.config_check import config_notes, config_problems

EXAMPLE = Path(__file__).parents[1] / "config"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return shutil.copytree(EXAMPLE, tmp_path / "config")


def test_the_example_is_in_order(config: Path) -> None:
    assert [] == config_problems(config)
    assert [] == config_notes(config)


def test_a_simulator_without_its_cars_is_a_problem(config: Path) -> None:
    (config / "simulator.yaml").write_text("cars: 3\n", encoding="utf-8")

    (problem,) = config_problems(config)

    assert problem.startswith(f"{config / 'simulator.yaml'}:1")
    assert "cars" in problem


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read: No such file"), ("nonsense\n", "start_utc")])
def test_a_table_of_prices_that_is_missing_or_none_is_a_problem(config: Path, content: str | None, said: str) -> None:
    (table,) = (config / "prices").glob("*.csv")
    table.unlink()
    if content is not None:
        table.write_text(content, encoding="utf-8")

    problems = config_problems(config)

    assert problems
    assert all(problem.startswith("tariff example-dynamic: ") and said in problem for problem in problems)


def test_a_secret_that_is_not_here_may_be_with_systemd(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTCHARGE_SIMULATOR__START", "false")
    monkeypatch.setenv("SMARTCHARGE_SMARTCAR__CLIENT_ID", "client")

    assert [] == config_problems(config)
    (note,) = config_notes(config)
    assert note.startswith(
        "without it the daemon does not start, unless systemd hands it over: Smartcar's client secret"
    )
