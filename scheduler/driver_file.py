"""What a driver writes: the keys of `config/drivers/NAME.yaml`, what they may hold, and the values they become."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from scheduler.document import Section, error_at
from scheduler.domain.driver import (
    DAILY_LIMIT_PCT,
    PARKED_AT_C,
    BlockedHours,
    Car,
    ChargePreferences,
    Departure,
    Driver,
    DriverId,
    Trip,
)
from scheduler.domain.plan import Prefer
from scheduler.domain.tariff import TariffId
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.notify_section import NotifySection
from scheduler.written_time import DAYS, BlockedEnd, Days, WallMoment, WallTime, rank, weekdays

EFFICIENCY = 0.90
EFFICIENCY_SINGLE_PHASE = 0.86
SINGLE_PHASE_KW = 4.6
"""
The share of the energy at the plug that reaches the battery, where a driver's file says nothing: the mean over eight
electric cars charging at 16 A on three phases (11 kW: 0.904) and on one (3.7 kW: 0.863), from the tables of EV2Gym (MIT).
Up to 4.6 kW, which is 20 A, the feed is taken to be a single phase.
"""

FULL_PCT = 100.0

ID = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
_NO_PLUG = {
    "HEV": "a full hybrid has no plug and charges itself as it drives",
    "MHEV": "a mild hybrid has no plug and charges itself as it drives",
    "ICE": "a car with a combustion engine alone has nothing to charge",
    "FCEV": "a fuel-cell car takes hydrogen and has no plug",
}


def _with_plug(written: object) -> object:
    name = written.upper() if isinstance(written, str) else ""
    if name in _NO_PLUG:
        raise ValueError(f"{_NO_PLUG[name]}; only a BEV or a PHEV can be scheduled")
    return name if name in set(Powertrain) else written


Percent = Annotated[float, Field(ge=0, le=100)]
Identity = Annotated[str, StringConstraints(pattern=ID), Field(json_schema_extra={"format": "id"})]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected letters that can be printed: names are shown on terminals and in logs")
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), AfterValidator(_printable)]
SmartcarId = Annotated[str, StringConstraints(min_length=1), Field(json_schema_extra={"writeOnly": True})]
"""Not a password, but nothing for a log or an error message either; `writeOnly` keeps it out of both."""


class DepartureEntry(Section):
    """A local wall time by which the car is ready."""

    at: WallTime = Field(description="Local wall time, for example 07:00.")
    target_pct: Percent | None = Field(
        default=None, description="State of charge to be reached by then, in percent. Default: the daily limit."
    )
    floor_pct: Percent | None = Field(
        default=None, description="So much will do where the night is dear: the target may wait for a later day."
    )

    def wanted_pct(self, limit_pct: float) -> float:
        """Return the target, or the daily limit where none is stated."""
        return limit_pct if self.target_pct is None else self.target_pct


class TripEntry(Section):
    """One departure of its own. On the same day it takes the place of a weekly departure that is not earlier."""

    ready_by: WallMoment = Field(description="Local wall time with its date, for example 2026-12-24 09:00.")
    target_pct: Percent = Field(default=100.0, description="State of charge to be reached by then, in percent.")
    name: Name | None = Field(default=None, description="What the trip is called.")


class BlockedEntry(Section):
    """Hours without charging, in local wall time. `to` at or before `from` is on the next day."""

    start: WallTime = Field(alias="from", description="Local wall time, for example 17:00.")
    end: BlockedEnd = Field(alias="to", description="Local wall time; at or before `from` it is on the next day.")
    days: Days = Field(default="daily", description="The days on which they begin, as in departures.")


class CarEntry(Section):
    """A car, and what its driver wants of it."""

    id: Identity | None = Field(
        default=None, description="Our name for it in logs. Default: DRIVER-NAME, for example ada-id3."
    )
    name: Name | None = Field(default=None, description="What people call it. Default: the model.")
    make: Name = Field(description="The maker, for example Volkswagen.")
    model: Name = Field(description="The model, for example ID.3.")
    powertrain: Annotated[Powertrain, BeforeValidator(_with_plug)] = Field(description="BEV or PHEV: it needs a plug.")
    smartcar_vehicle_id: SmartcarId | None = Field(
        default=None, description="Smartcar's id of the vehicle. Default: smartcharge connect brings it."
    )
    smartcar_user_id: SmartcarId | None = Field(
        default=None,
        description="Smartcar's id of the user who connected it. Beside smartcar_vehicle_id, or not at all.",
    )
    usable_kwh: Annotated[float, Field(gt=0, le=300)] = Field(description="Battery the driver can use, not gross.")
    max_power_kw: Annotated[float, Field(gt=0, le=44)] = Field(description="Alternating current at the plug, in kW.")
    efficiency: Annotated[float, Field(ge=0.5, le=1)] | None = Field(
        default=None,
        description="Share of the plug's energy that reaches the battery. Default: 0.90, or 0.86 up to 4.6 kW.",
    )
    departures: dict[Days, DepartureEntry] = Field(
        default={},
        description="By day: mon, mon-fri, mon,wed or daily. A single day wins over a range, a range over daily.",
    )
    trips: tuple[TripEntry, ...] = Field(default=(), description="Departures of their own, beside the weekly ones.")
    always_ready_within_hours: Annotated[float, Field(gt=0, le=168)] | None = Field(
        default=None,
        description="Without departures: at the daily limit so many hours after it was plugged in, whenever that is cheap.",
    )
    daily_limit_pct: Percent | None = Field(
        default=None,
        description="The target where none is stated, but for trips. Default: 80, or 100 for a PHEV.",
    )
    battery_cost: Annotated[float, Field(ge=0)] | None = Field(
        default=None,
        description="What replacing the battery would cost, in the tariff's currency; 0: standing full costs nothing. "
        "Default: usable_kwh at 115 USD per kWh.",
    )
    parked_at_c: Annotated[float, Field(ge=-40, le=60)] = Field(
        default=PARKED_AT_C, description="How warm it is where the car stands, in °C: a warm battery ages faster."
    )
    reserve_pct: Percent = Field(default=0.0, description="Below this the car charges at once, whatever the price.")
    max_starts: Annotated[int, Field(ge=1)] | Literal["any"] = Field(
        default=2, description="Most starts from plug-in to unplugging, or any."
    )
    continuous: bool = Field(default=False, description="One uninterrupted window.")
    max_price_per_kwh: float | None = Field(
        default=None, description="Never charge above it; in the tariff's currency per kWh."
    )
    blocked: tuple[BlockedEntry, ...] = Field(default=(), description="Hours without charging, even below the reserve.")
    prefer: Prefer = Field(default=Prefer.LATE, description="Between plans of equal cost: late or early.")
    min_run_minutes: Annotated[int, Field(ge=0, le=720)] = Field(
        default=0, description="Shortest charging window, in minutes."
    )
    start_cost: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="What a start must save; in the tariff's currency."
    )
    controlled_by: Literal["smartcharge", "supplier"] = Field(
        default="smartcharge", description="supplier: the energy supplier charges it, and smartcharge leaves it alone."
    )

    @field_validator("departures")
    @classmethod
    def _one_departure_a_day(cls, departures: dict[str, DepartureEntry]) -> dict[str, DepartureEntry]:
        taken: dict[tuple[int, int], str] = {}
        for days in departures:
            for weekday in weekdays(days):
                other = taken.setdefault((rank(days), weekday), days)
                if other != days:
                    raise error_at((days,), f"names {DAYS[weekday]} again, after {other}", departures)
        return departures

    @model_validator(mode="after")
    def _reserve_below_targets(self) -> CarEntry:
        ceilings = [
            (entry.target_pct, f"the target of {entry.target_pct:g} on {days}")
            for days, entry in self.departures.items()
            if entry.target_pct is not None
        ]
        ceilings += [
            (trip.target_pct, f"the target of {trip.target_pct:g} for the trip at {trip.ready_by:%Y-%m-%d %H:%M}")
            for trip in self.trips
        ]
        ceilings.append((self.limit_pct, f"the daily limit of {self.limit_pct:g}"))
        for ceiling_pct, words in ceilings:
            if ceiling_pct < self.reserve_pct:
                raise error_at(("reserve_pct",), f"expected no more than {words}", self.reserve_pct)
        return self

    @model_validator(mode="after")
    def _both_ids_or_none(self) -> CarEntry:
        keys = ("smartcar_vehicle_id", "smartcar_user_id")
        given = [key for key in keys if getattr(self, key) is not None]
        if len(given) == 1:
            other = next(key for key in keys if key not in given)
            raise error_at((given[0],), f"expected {other} beside it, or neither of them", "one of two")
        return self

    @model_validator(mode="after")
    def _floors_below_targets(self) -> CarEntry:
        for days, entry in self.departures.items():
            target_pct = entry.wanted_pct(self.limit_pct)
            if entry.floor_pct is not None and entry.floor_pct > target_pct:
                expected = f"expected no more than the target of {target_pct:g}"
                raise error_at(("departures", days, "floor_pct"), expected, entry.floor_pct)
        return self

    @model_validator(mode="after")
    def _one_rhythm(self) -> CarEntry:
        if self.departures and self.always_ready_within_hours is not None:
            raise error_at(
                ("always_ready_within_hours",),
                "expected no departures beside it; it is for a car without any",
                self.always_ready_within_hours,
            )
        return self

    @field_validator("trips")
    @classmethod
    def _one_trip_at_a_time(cls, trips: tuple[TripEntry, ...]) -> tuple[TripEntry, ...]:
        taken: dict[datetime, int] = {}
        for index, trip in enumerate(trips):
            first = taken.setdefault(trip.ready_by, index)
            if first != index:
                raise error_at((index, "ready_by"), f"is that of trips[{first}] too", f"{trip.ready_by:%Y-%m-%d %H:%M}")
        return trips

    @property
    def limit_pct(self) -> float:
        """
        The daily limit, said or not; unsaid it is never below the reserve. A plug-in hybrid keeps a share of its battery
        out of reach, and may be filled.
        """
        if self.daily_limit_pct is not None:
            return self.daily_limit_pct
        return FULL_PCT if self.powertrain is Powertrain.PHEV else max(DAILY_LIMIT_PCT, self.reserve_pct)

    @property
    def slug(self) -> str:
        """The name, or else the model, in the letters an id may have; empty where it has none of them."""
        return _slug(self.name or "") or _slug(self.model)

    def car(self, driver_id: DriverId) -> Car:
        """Return the car as a domain value."""
        single_phase = self.max_power_kw <= SINGLE_PHASE_KW
        vehicle = Vehicle(
            VehicleId(self.id or f"{driver_id}-{self.slug}"),
            self.name or self.model,
            self.make,
            self.model,
            self.powertrain,
            self.smartcar_vehicle_id or "",
            self.smartcar_user_id or "",
            self.usable_kwh,
            self.max_power_kw,
            self.efficiency or (EFFICIENCY_SINGLE_PHASE if single_phase else EFFICIENCY),
        )
        return Car(vehicle, self._preferences(), self.controlled_by == "supplier")

    def _preferences(self) -> ChargePreferences:
        return ChargePreferences(
            _by_weekday(self.departures, self.limit_pct),
            self.reserve_pct,
            None if self.max_starts == "any" else self.max_starts,
            self.continuous,
            self.max_price_per_kwh,
            tuple(BlockedHours(hours.start, hours.end, frozenset(weekdays(hours.days))) for hours in self.blocked),
            self.prefer,
            timedelta(minutes=self.min_run_minutes),
            self.start_cost,
            tuple(Trip(trip.ready_by, trip.target_pct, trip.name or "") for trip in self.trips),
            None if self.always_ready_within_hours is None else timedelta(hours=self.always_ready_within_hours),
            self.limit_pct,
            self.battery_cost,
            self.parked_at_c,
        )


class DriverFile(Section):
    """`config/drivers/NAME.yaml`: one driver with one or more cars. NAME is the driver's id."""

    name: Name | None = Field(
        default=None, description="What people call the driver. Default: the file's name, capitalised."
    )
    timezone: ZoneInfo = Field(description="The zone of every wall time in this file, for example Europe/Berlin.")
    tariff: Identity = Field(description="The `id` of a tariff in config/tariffs.")
    prepaid: bool = Field(
        default=False,
        description="The driver's cars charge for as much as was bought: smartcharge prepaid DRIVER --add.",
    )
    home_only: bool = Field(
        default=False,
        description="Leave a car alone at a charger that its own app does not call home; by read_location.",
    )
    notify: NotifySection | None = Field(
        default=None, description="Where the driver is told what only a person can mend. Default: on the page only."
    )
    cars: Annotated[tuple[CarEntry, ...], Field(min_length=1)] = Field(description="The driver's cars, one or more.")

    def driver(self, driver_id: DriverId) -> Driver:
        """Return the driver as a domain value."""
        name = self.name or str(driver_id).replace("-", " ").title()
        cars = tuple(car.car(driver_id) for car in self.cars)
        notify = self.notify.address() if self.notify is not None else None
        return Driver(driver_id, name, self.timezone, TariffId(self.tariff), cars, self.prepaid, self.home_only, notify)


def driver_schema() -> dict[str, Any]:
    """Return the JSON Schema of a driver's file, for editors."""
    return DriverFile.model_json_schema()


def _by_weekday(departures: dict[str, DepartureEntry], limit_pct: float) -> dict[int, Departure]:
    """Return the departure of each weekday; one that states no target is for the daily limit."""
    narrowing = sorted(departures, key=rank)
    chosen = {weekday: departures[days] for days in narrowing for weekday in weekdays(days)}
    return {
        weekday: Departure(entry.at, entry.wanted_pct(limit_pct), entry.floor_pct)
        for weekday, entry in sorted(chosen.items())
    }


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"[.'’]", "", plain)).strip("-")
