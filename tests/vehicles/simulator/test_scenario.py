"""What a scenario may say, and that the shipped one holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from scheduler.domain.errors import ConfigError
from scheduler.vehicles.simulator.fault import FaultKind
from scheduler.vehicles.simulator.scenario import CarSpec, Plan, QuotaSpec, Scenario, WebhookSpec, load_scenario

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "config" / "simulator.yaml"


def test_the_shipped_cars_are_the_three_of_the_example_drivers() -> None:
    scenario = load_scenario(SHIPPED)

    assert [("ada", "sim-vehicle-ada", "sim-user-ada", 46), ("ben", "sim-vehicle-ben", "sim-user-ben", 12),
            ("cleo", "sim-vehicle-cleo", "sim-user-cleo", 35)] == [
        (car.id, car.vehicle_id, car.user_id, car.opening.soc_pct) for car in scenario.cars
    ]  # fmt: skip
    assert [True, False, True] == [car.starts_on_plug_in for car in scenario.cars]


def test_what_is_wrong_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "simulator.yaml"
    path.write_text("cars:\n  - id: ada\n    make: VW\n    colour: red\n")

    with pytest.raises(ConfigError, match=r"simulator\.yaml:4:5: cars\[0\]\.colour"):
        load_scenario(path)


@pytest.mark.parametrize("changes", [{"usable_kwh": 60}, {"efficiency": 0}, {"id": "a b"}, {"powertrain": "ICE"}])
def test_a_car_that_cannot_be_is_refused(spec: Callable[..., Any], changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**({"name": "ada"} | changes) if "id" not in changes else {"name": changes["id"]})


def test_two_cars_of_one_name_are_refused(spec: Callable[..., Any]) -> None:
    with pytest.raises(ValidationError, match="ada is used twice"):
        Scenario(cars=(spec(), spec(vehicle_id="other")))


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        Scenario(time_zone="Mars/Olympus")


@pytest.mark.parametrize("model", [CarSpec, Scenario, QuotaSpec, WebhookSpec, Plan], ids=lambda model: model.__name__)
def test_the_manual_names_every_key_a_person_may_write(model: type[BaseModel]) -> None:
    manual = (ROOT / "docs" / "simulator.md").read_text()
    obvious = {"id", "name"}

    missing = [
        key for key in model.model_fields if key not in obvious and f"`{key}" not in manual and f"{key}:" not in manual
    ]

    assert [] == missing


@pytest.mark.parametrize("kind", FaultKind)
def test_the_manual_names_every_fault(kind: FaultKind) -> None:
    assert f"`{kind}`" in (ROOT / "docs" / "simulator.md").read_text()
