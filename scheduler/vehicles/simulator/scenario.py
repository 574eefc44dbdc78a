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

LEAST_PERMISSIONS = (
    "read_vehicle_info", "read_vin", "read_battery", "read_charge", "read_location", "read_odometer", "control_charge",
)  # fmt: skip


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
    `wants_pct` is what the driver needs at departure, for the score; None: nothing in particular. People leave up to
    `jitter_min` late, never early, and come back within as much of their time.
    """

    days: tuple[Weekday, ...] = tuple(Weekday)
    leaves: time
    returns: time
    uses_pct: Percent = 20.0
    distance_km: Annotated[float, Field(ge=0)] = 40.0
    plugs_in: bool = True
    jitter_min: Annotated[float, Field(ge=0, le=120)] = 0.0
    wants_pct: Percent | None = None


class Timer(Section):
    """
    A charging timer set in the car itself, in local time: it charges from `start` to `stop`, and not otherwise.

    A stop that is not later than the start is on the next day.
    """

    days: tuple[Weekday, ...] = tuple(Weekday)
    start: time
    stop: time


class Opening(Section):
    """How a car stands when the world starts for the first time."""

    soc_pct: Percent = 50.0
    plugged_in: bool = True
    limit_pct: Annotated[float, Field(ge=50, le=100)] = 100.0
    odometer_km: Annotated[float, Field(ge=0)] = 12_000.0
    connected: bool = True


class Dialect(StrEnum):
    """How a car's signals are written; both have been seen (facts/smartcar.md section 3.4)."""

    PLAIN = "plain"
    ODD = "odd"
    """Lower-case words, other units, limits without values, times as epoch seconds."""


class CarSpec(Section):
    """
    One car. `usable_kwh` is what the state of charge is a share of; `ac_power_kw` is at the plug.

    Its cloud hears from it every `reports_every_s` while it is awake (None: as its make does), and `reports_events_after_s`
    after something happened (None: not before the next regular report). Smartcar sees a report `store_lag_s` later, with the
    state of charge in steps of `soc_step_pct`. A car that has rested for `sleeps_after_min` sends nothing (None: it never
    sleeps) and, with `asleep_refuses`, answers commands with ASLEEP.

    With `as_its_make` it has its make's ways (`makes.py`); `virtual_key` and `paired` say what its owner has done for them.
    A car with `timers` charges by them; with `timers_refuse` it answers a START at another time with CHARGE_FAULT.
    `not_capable` names signals or groups it never sends.
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
    as_its_make: bool = False
    virtual_key: bool = True
    paired: bool = False
    timers: tuple[Timer, ...] = ()
    timers_refuse: bool = False
    dialect: Dialect = Dialect.PLAIN
    soc_step_pct: Positive = 0.1
    reports_every_s: Positive | None = None
    reports_events_after_s: Seconds | None = 5.0
    store_lag_s: Seconds = 1.0
    sleeps_after_min: Positive | None = None
    asleep_refuses: bool = False
    permissions: tuple[str, ...] = LEAST_PERMISSIONS
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
    """
    The application that may call: what a developer gets from Smartcar's dashboard, invented.

    `id` and `secret` are the machine-to-machine pair of v3. `application_id` names the application to Connect, and is with
    `legacy_secret` the pair of v2. `management_token` signs webhooks. No `redirect_uris` means that any is registered.
    """

    id: str = "client_simulated"
    secret: str = "simulated-secret"  # noqa: S105 -- invented, and printed in the README
    application_id: str = "00000000-5111-4000-8000-00000000ca85"
    legacy_secret: str = "simulated-legacy-secret"  # noqa: S105 -- invented
    management_token: str = "simulated-management-token"  # noqa: S105 -- invented
    redirect_uris: tuple[str, ...] = ()


class QuotaSpec(Section):
    """
    How often the application may call. The defaults are Smartcar's; None: no limit.

    `vehicle_every_s` is the least time between two calls that reach one car.
    """

    bucket: Annotated[int, Field(ge=1)] | None = 120
    refill_per_min: Positive = 2.0
    calls_per_month: Annotated[int, Field(ge=1)] | None = 500
    vehicle_every_s: Seconds = 0.0


class Plan(Section):
    """What the application's plan includes: groups of signals it hides, and whether it may command."""

    hides: tuple[str, ...] = ()
    commands: bool = True


class Shape(StrEnum):
    """How a webhook's payload is written; all have been seen or documented (facts/smartcar.md section 6.1)."""

    CAPTURED = "captured"
    """Triggers beside `data`, as in every capture."""
    DOCUMENTED = "documented"
    """Triggers inside `data`, with the signal named as text."""
    OLD = "old"
    """No external id, mode, powertrain or sequence; signals without status."""


class WebhookSpec(Section):
    """A webhook as its owner made it in the dashboard. A change of any of `triggers` (signal codes) is told."""

    id: Identity
    name: str = "simulated webhook"
    callback_uri: Annotated[str, Field(pattern="^https?://")]
    triggers: tuple[str, ...] = (
        "charge-ischarging", "charge-ischargingcableconnected", "charge-detailedchargingstatus",
        "tractionbattery-stateofcharge",
    )  # fmt: skip
    auto_subscribe: bool = True
    shape: Shape = Shape.CAPTURED


class Filling(StrEnum):
    """What fills Smartcar's store."""

    ALWAYS = "always"
    """Every report of every connected car, as if each were subscribed to a webhook."""
    SUBSCRIBED = "subscribed"
    """Only those of subscribed cars; the others' once in 24 hours, and of a car never subscribed nothing at all."""


class Scenario(Section):
    """
    A whole world. The same scenario, seed and inputs give the same physical truth, to the bit.

    Without `quotas` calls are not counted. `refresh_grace_s` is how long a used refresh token of v2 still works; with
    `refresh_race: newest` a second use of it kills the pair the first one gave.
    """

    seed: int = 1
    time_zone: str = "Europe/Berlin"
    client: Client = Client()
    insists_on_user_id: bool = True
    latency: Latency = Latency()
    quotas: QuotaSpec | None = None
    plan: Plan = Plan()
    webhooks: tuple[WebhookSpec, ...] = ()
    store: Filling = Filling.ALWAYS
    refresh_grace_s: Seconds = 60.0
    refresh_race: Annotated[str, Field(pattern="^(both|newest)$")] = "both"
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
