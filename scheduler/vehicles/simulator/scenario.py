"""
What a simulated world is made of: `config/simulator.yaml` as values. What happens in it afterwards is in the journal.

Every figure has its default here. The defaults describe an ordinary European car on a home wallbox.
"""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from scheduler.document import Section, load_document

Percent = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Seconds = Annotated[float, Field(ge=0)]
Identity = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Weekday(StrEnum):
    """Days as people write them; in the order of `date.weekday()`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Trip(Section):
    """
    One habit of a week, in local time: the car leaves, is driven, comes back and is plugged in.

    A return that is not later than the departure is on the next day. `uses_pct` is what the trip takes from the battery.
    People leave up to `jitter_min` late, never early, and come back within as much of their time.
    """

    days: tuple[Weekday, ...] = tuple(Weekday)
    leaves: time
    returns: time
    uses_pct: Percent = 20.0
    distance_km: Annotated[float, Field(ge=0)] = 40.0
    plugs_in: bool = True
    jitter_min: Annotated[float, Field(ge=0, le=120)] = 0.0


class Opening(Section):
    """How a car stands when the world starts for the first time."""

    soc_pct: Percent = 50.0
    plugged_in: bool = True
    limit_pct: Annotated[float, Field(ge=50, le=100)] = 100.0
    odometer_km: Annotated[float, Field(ge=0)] = 12_000.0


class CarSpec(Section):
    """
    One car. `usable_kwh` is what the state of charge is a share of; `ac_power_kw` is at the plug.

    Its cloud hears from it every `reports_every_s` while it is awake, and `reports_events_after_s` after something happened
    (None: not before the next regular report). Smartcar sees a report `store_lag_s` later. A car that has rested for
    `sleeps_after_min` sends nothing (None: it never sleeps) and, with `asleep_refuses`, answers commands with ASLEEP.
    """

    id: Identity
    make: str
    model: str
    year: Annotated[int, Field(ge=1990, le=2100)]
    powertrain: Annotated[str, Field(pattern="^(BEV|PHEV)$")] = "BEV"
    vehicle_id: Identity = ""
    user_id: Identity = ""
    gross_kwh: Positive
    usable_kwh: Positive
    ac_power_kw: Positive
    efficiency: Share = 0.9
    taper_from_pct: Percent = 80.0
    taper_to_share: Share = 0.3
    range_km: Positive = 400.0
    starts_on_plug_in: bool = True
    reports_every_s: Positive = 300.0
    reports_events_after_s: Seconds | None = 5.0
    store_lag_s: Seconds = 1.0
    sleeps_after_min: Positive | None = None
    asleep_refuses: bool = False
    permissions: tuple[str, ...] = (
        "read_vehicle_info", "read_vin", "read_battery", "read_charge", "read_location", "read_odometer", "control_charge",
    )  # fmt: skip
    not_capable: tuple[str, ...] = ()
    life: tuple[Trip, ...] = ()
    opening: Opening = Opening()

    @model_validator(mode="after")
    def _name_at_smartcar(self) -> Self:
        """Derive the ids at Smartcar from the car's own: `sim-vehicle-ada`, `sim-user-ada`."""
        # After, not before: what comes before turns JSON into Python values, and strictly those are neither times nor tuples.
        object.__setattr__(self, "vehicle_id", self.vehicle_id or f"sim-vehicle-{self.id}")
        object.__setattr__(self, "user_id", self.user_id or f"sim-user-{self.id}")
        return self

    @model_validator(mode="after")
    def _usable_is_a_part(self) -> Self:
        if self.usable_kwh > self.gross_kwh:
            raise ValueError(
                f"expected usable_kwh to be at most gross_kwh ({self.gross_kwh:g}), got {self.usable_kwh:g}"
            )
        return self


class Latency(Section):
    """How long an answer takes, evenly spread between two bounds."""

    read_s: tuple[Seconds, Seconds] = (0.0, 0.0)
    command_s: tuple[Seconds, Seconds] = (0.0, 0.0)


class Client(Section):
    """The application that may call: what a developer gets from Smartcar's dashboard, invented."""

    id: str = "client_simulated"
    secret: str = "simulated-secret"  # noqa: S105 -- invented, and printed in the README


class Scenario(Section):
    """A whole world. The same scenario, seed and inputs give the same physical truth, to the bit."""

    seed: int = 1
    time_zone: str = "Europe/Berlin"
    client: Client = Client()
    insists_on_user_id: bool = True
    latency: Latency = Latency()
    cars: tuple[CarSpec, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("expected the name of a time zone such as Europe/Berlin") from None
        return name

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for what in ("id", "vehicle_id"):
            names = [getattr(car, what) for car in self.cars]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"expected every car to have a {what} of its own, but {twice[0]} is used twice")
        return self


def load_scenario(path: Path) -> Scenario:
    """Return the scenario in *path*; raise `ConfigError` that lists everything that is wrong with it."""
    return load_document(path, Scenario)
