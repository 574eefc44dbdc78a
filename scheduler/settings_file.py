"""What the operator writes: the keys of `config/smartcharge.yaml`, their defaults, and what they may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, StringConstraints, model_validator

from scheduler.document import Section, error_at

LONGEST_COMMAND_S = 310.0
"""Smartcar keeps a command's connection open for minutes; its own SDKs wait 310 s before they give up."""

_ORIGIN = r"^(https://[^/@?#\s]+|http://(127\.[0-9.]+|localhost|\[::1\])(:[0-9]+)?)$"

Pause = Annotated[float, Field(gt=0, le=86_400)]
Ladder = Annotated[tuple[Pause, ...], Field(min_length=1)]
Origin = Annotated[str, StringConstraints(pattern=_ORIGIN), Field(json_schema_extra={"format": "origin"})]
DatabaseUrl = Annotated[
    str,
    StringConstraints(pattern=r"^(sqlite|postgresql)(\+[a-z0-9]+)?://"),
    Field(json_schema_extra={"format": "database-url", "writeOnly": True}),
]


class SmartcarSection(Section):
    """Smartcar: its hosts, and who we are to it."""

    client_id: str = Field(default="", description="The machine-to-machine client id from Smartcar's dashboard.")
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The id's secret. Never in YAML: environment, systemd credential, or client_secret_file.",
    )
    client_secret_file: Path | None = Field(
        default=None, description="A file with the secret and nothing else, of mode 0600."
    )
    version: Literal["v3", "v2"] = Field(default="v3", description="The API that is spoken. v2 may end on 2026-12-01.")
    legacy_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The application's secret, for v2 only. Never in YAML, as client_secret.",
    )
    legacy_secret_file: Path | None = Field(
        default=None, description="A file with the legacy secret and nothing else, of mode 0600."
    )
    application_id: str = Field(default="", description="The application's id, by which Smartcar's Connect knows us.")
    management_token: SecretStr = Field(
        default=SecretStr(""),
        description="The application management token, which signs webhooks. Never in YAML, as client_secret.",
    )
    management_token_file: Path | None = Field(
        default=None, description="A file with the management token and nothing else, of mode 0600."
    )
    redirect_uri: str = Field(
        default="", description="Where Connect sends a driver back to, as registered: https://.../connect/callback."
    )
    connect_parameter: Literal["client_id", "application_id"] = Field(
        default="client_id", description="The name under which Connect is given the application_id."
    )
    mode: Literal["live", "simulated"] = Field(default="live", description="Real cars, or Smartcar's simulated ones.")
    iam_origin: Origin = Field(default="https://iam.smartcar.com", description="Where tokens are made.")
    vehicle_origin: Origin = Field(
        default="https://vehicle.api.smartcar.com", description="Where cars are read and commanded."
    )
    management_origin: Origin = Field(
        default="https://management.api.smartcar.com", description="Where webhooks are looked up, by the doctor."
    )
    connect_origin: Origin = Field(default="https://connect.smartcar.com", description="Where drivers consent.")
    auth_origin: Origin = Field(default="https://auth.smartcar.com", description="Where v2's tokens are made.")
    api_origin: Origin = Field(default="https://api.smartcar.com", description="Where v2 reads and commands cars.")
    consent_days: Annotated[int, Field(ge=0, le=3650)] = Field(
        default=0,
        description="How many days a consent lasts, to be reminded before; 0: only what is known of the make.",
    )
    read_timeout_s: Annotated[float, Field(gt=0, le=310)] = Field(default=60.0, description="How long a look may take.")
    command_timeout_s: Annotated[float, Field(ge=LONGEST_COMMAND_S, le=900)] = Field(
        default=LONGEST_COMMAND_S,
        description="How long a start or stop may take. Hanging up earlier leaves its outcome unknown.",
    )


class SimulatorSection(Section):
    """The simulator of Smartcar's API that `smartcharge run` may start beside itself. Never with real cars."""

    start: bool = Field(default=False, description="Start the simulator and use its cars instead of Smartcar's.")
    scenario: Path | None = Field(default=None, description="The simulated cars, for example simulator.yaml.")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=0, description="The simulator's port on this machine; 0 takes a free one."
    )
    idle_exit_s: Pause = Field(default=600.0, description="The simulator ends after so long without a request.")


class SettingsFile(Section):
    """`config/smartcharge.yaml`: every key has a default."""

    database_url: DatabaseUrl | None = Field(
        default=None, description="A SQLAlchemy URL, for PostgreSQL. Default: SQLite in the state directory."
    )
    page_host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$")] = Field(
        default="127.0.0.1",
        description="The address of the page and the API. They know no passwords: keep it on this machine.",
    )
    page_port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=8712, description="The port of the page and the API; 0 takes a free one."
    )
    public_hosts: tuple[str, ...] = Field(
        default=(),
        description="Names under which a proxy or tunnel reaches us: for webhooks and drivers' consent, not for the page.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged."
    )
    log_format: Literal["auto", "human", "json"] = Field(
        default="auto", description="auto: human on a terminal, else JSON."
    )

    sweep_interval_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=5.0, description="Pause between two sweeps for due cars."
    )
    sweep_batch: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=100, description="Most cars that one sweep takes on."
    )
    lease_s: Annotated[float, Field(le=3600)] = Field(
        default=360.0,
        description="How long one turn may hold a car. Longer than command_timeout_s, or a turn is done twice.",
    )

    look_unplugged_s: Pause = Field(default=7200.0, description="Pause between looks at a car without a cable.")
    look_learned: bool = Field(
        default=True,
        description="Of the looks at a car without a cable, have more when it is usually plugged in, and fewer else.",
    )
    look_waiting_s: Pause = Field(
        default=21_600.0, description="Pause between looks at a car that waits for its window."
    )
    look_charging_s: Pause = Field(default=7200.0, description="Pause between looks at a car that charges.")
    look_told_s: Pause = Field(
        default=21_600.0, description="Pause between looks at a car that tells by itself what changes (webhooks)."
    )
    look_fresh_s: Pause = Field(
        default=600.0, description="The last word of a charging car may be so old where a command hangs on it."
    )
    look_by_make: bool = Field(
        default=True, description="Look for the outcome of a command only when a car of its make should have reported."
    )
    confirm_after_s: Ladder = Field(
        default=(120.0, 600.0, 1800.0, 3600.0),
        description="Looks after a command until it is confirmed; the last pause repeats.",
    )
    confirm_patience_s: Pause = Field(
        default=3900.0,
        description="How long a car may take to show that it obeyed, before the command counts as ignored.",
    )
    unreachable_after_s: Ladder = Field(
        default=(60.0, 300.0, 900.0, 1800.0, 3600.0),
        description="Pauses while a car gives no answer; the last repeats.",
    )
    stale_after_s: Annotated[float, Field(gt=0, le=604_800)] = Field(
        default=86_400.0,
        description="A report older than this is not planned on: a plugged-in car is then taken to be empty.",
    )

    calls_per_month: Annotated[int, Field(ge=0)] = Field(
        default=500, description="Calls that the Smartcar plan allows each car in a month; 0: they are not counted."
    )
    calls_reserve: Annotated[int, Field(ge=0)] = Field(
        default=20, description="Of those, the last so many are for stops and for the last start before a departure."
    )
    calls_burst: Annotated[int, Field(ge=0)] = Field(
        default=120, description="Calls that the application may make at once; 0: any number."
    )
    calls_per_minute: Annotated[float, Field(gt=0)] = Field(
        default=2.0, description="Calls that come back to the application in a minute, up to calls_burst."
    )
    automatic_start_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=600.0,
        description="Charging so soon after plug-in is the car's own doing and is stopped once; 0 leaves it alone.",
    )
    spread_starts_s: Annotated[float, Field(ge=0, le=600)] = Field(
        default=0.0, description="Spread planned starts over so long, for fleets; 0 starts all of them on time."
    )
    learned_departure_risk: Annotated[float, Field(ge=0, le=0.5)] | None = Field(
        default=0.05,
        description="Of a driver who states no departure: the share of stays that may leave short; null learns none.",
    )
    calm_gain: Annotated[float, Field(ge=0)] = Field(
        default=0.05,
        description="A new plan replaces a good one only if it saves more than this, in the tariff's currency.",
    )
    calm_surplus_kwh: Annotated[float, Field(ge=0)] = Field(
        default=1.0, description="A new plan also replaces one that would charge this much too much, in kWh."
    )
    price_poll_s: Annotated[float, Field(ge=10, le=86_400)] = Field(
        default=60.0,
        description="Pause between two looks at the plan of the price feeds. Each is asked when it is due.",
    )
    secrets_directory: Path | None = Field(
        default=None, description="A folder with the secrets of price feeds: files of mode 0600, named as the secrets."
    )
    price_payloads_kept: Annotated[int, Field(ge=0)] = Field(
        default=200, description="Raw answers kept per price feed, so that a past night can be replayed."
    )

    smartcar: SmartcarSection = Field(
        default=SmartcarSection(), description="The hosts, and the account that signs in."
    )
    simulator: SimulatorSection = Field(default=SimulatorSection(), description="Simulated cars instead of real ones.")

    @model_validator(mode="after")
    def _simulated_or_real(self) -> SettingsFile:
        if self.simulator.start and self.smartcar.client_id:
            reason = "expected false where smartcar.client_id is set: simulated and real cars never mix"
            raise error_at(("simulator", "start"), reason, self.simulator.start)
        return self

    @model_validator(mode="after")
    def _reserve_is_a_part(self) -> SettingsFile:
        if self.calls_per_month and self.calls_reserve >= self.calls_per_month:
            raise error_at(
                ("calls_reserve",),
                f"expected less than calls_per_month, which is {self.calls_per_month}",
                self.calls_reserve,
            )
        return self

    @model_validator(mode="after")
    def _lease_outlasts_a_command(self) -> SettingsFile:
        timeout_s = self.smartcar.command_timeout_s
        if self.lease_s <= timeout_s:
            reason = f"expected more than smartcar.command_timeout_s, which is {timeout_s:g}"
            raise error_at(("lease_s",), reason, self.lease_s)
        return self


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of `smartcharge.yaml`, for editors."""
    return SettingsFile.model_json_schema()
