"""What a car says, signal by signal: facts/smartcar.md section 3.4. Also the source of what v2 answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from scheduler.vehicles.simulator.car import Car
from scheduler.vehicles.simulator.refusal import Refusal, refusal
from scheduler.vehicles.simulator.report import Known
from scheduler.vehicles.simulator.scenario import Dialect
from scheduler.vehicles.simulator.wire import iso

_ODD_UNITS = {"kWh": "kilowatt_hours", "watts": "watt", "minute": "min", "percent": "PERCENT", "ampere": "amps"}
_VOLTS = 230
_HOME = (52.5200, 13.4050)
"""A public square: simulated cars live nowhere."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal as reported: its `body`, or the refusal that stands in its place."""

    code: str
    name: str
    group: str
    body: dict[str, Any] | None
    error: Refusal | None = None
    odd: bool = False


@dataclass(frozen=True, slots=True)
class _Kind:
    group: str
    name: str
    body: Callable[[Car, Known], dict[str, Any] | None]

    @property
    def code(self) -> str:
        return f"{self.group}-{self.name}".lower()


def signals(car: Car, known: Known) -> list[Signal]:
    """Return every signal of *car* as Smartcar's store holds it."""
    return [_signal(kind, car, known) for kind in _KINDS]


def stamps(said: Signal, known: Known) -> dict[str, Any]:
    """Return when Smartcar took a signal in, fetched it, and when the car recorded it; the first alone where there is none."""
    if said.body is None:
        return {"ingestedAt": iso(known.heard_at)}
    # An older specification has epoch seconds.
    told: Callable[[datetime], str | int] = (lambda at: int(at.timestamp())) if said.odd else iso
    return {name: told(at) for name, at in _moments(known)}


def _moments(known: Known) -> tuple[tuple[str, datetime], ...]:
    heard = known.heard_at
    return ("ingestedAt", heard), ("retrievedAt", heard), ("oemUpdatedAt", known.reported_at)


def vin(car: Car) -> str:
    """Return an invented VIN of the usual 17 characters that says so: none begins with SIM."""
    return f"SIM{sha256(car.spec.vehicle_id.encode()).hexdigest()[:14].upper()}"


def charging_status(known: Known) -> str:
    """Return the detailed charging status. A car at its limit is full, even below 100 %."""
    truth = known.truth
    if truth.charging:
        return "CHARGING"
    return "FULLY_CHARGED" if truth.plugged_in and truth.at_limit else "NOT_CHARGING"


def range_km(car: Car, known: Known) -> float:
    """Return how far the car would say it goes."""
    return round(car.spec.range_km * known.truth.soc_pct / 100, 1)


def position(known: Known) -> tuple[float, float]:
    """Return latitude and longitude: one square for every home, another place for everywhere else."""
    return _HOME if known.truth.at_home else (_HOME[0] + 0.05, _HOME[1] + 0.05)


def _signal(kind: _Kind, car: Car, known: Known) -> Signal:
    if kind.code in car.spec.not_capable or kind.group in car.spec.not_capable:
        return Signal(kind.code, kind.name, kind.group, None, refusal("VEHICLE_NOT_CAPABLE"))
    body, odd = kind.body(car, known), car.spec.dialect is Dialect.ODD
    if body is None:
        # As seen live: a value that only charging has is an error, with an empty body.
        return Signal(kind.code, kind.name, kind.group, {"value": None}, refusal("NOT_CHARGING"), odd)
    return Signal(kind.code, kind.name, kind.group, oddly(kind.code, body) if odd else body, None, odd)


def oddly(code: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return *body* as other makes write it: each oddity has been seen in a capture or in an older specification."""
    written = {key: value for key, value in body.items() if key not in ("type", "additionalValues")}
    if "unit" in written:
        written["unit"] = _ODD_UNITS.get(written["unit"], written["unit"])
    if code == "charge-chargelimits":
        written["values"] = []
    if code == "charge-detailedchargingstatus":
        written["value"] = written["value"].lower()
    if code == "charge-timetocomplete":
        del written["unit"]
    return written


def _soc(_: Car, known: Known) -> dict[str, Any]:
    return {"value": round(known.truth.soc_pct, 1), "unit": "percent"}


def _range(car: Car, known: Known) -> dict[str, Any]:
    return {"value": range_km(car, known), "type": "DEFAULT", "additionalValues": [], "unit": "km"}


def _capacity(car: Car, _: Known) -> dict[str, Any]:
    kwh = car.spec.gross_kwh
    return {"capacity": kwh, "availableCapacities": [{"capacity": kwh}], "source": "SMARTCAR", "unit": "kWh"}


def _limits(_: Car, known: Known) -> dict[str, Any]:
    limit = round(known.truth.limit_pct)
    return {"values": [{"type": "GLOBAL", "limit": limit, "condition": None}], "activeLimit": limit, "unit": "percent"}


def _power_kw(car: Car, known: Known) -> float:
    return car.battery.power_kw(known.truth.soc_pct, known.truth.plug_kw)


def _wattage(car: Car, known: Known) -> dict[str, Any] | None:
    return {"value": round(_power_kw(car, known) * 1000), "unit": "watts"} if known.truth.charging else None


def _voltage(_: Car, known: Known) -> dict[str, Any] | None:
    return {"value": _VOLTS, "unit": "volts"} if known.truth.charging else None


def _amperage(car: Car, known: Known) -> dict[str, Any] | None:
    if not known.truth.charging:
        return None
    return {"value": round(_power_kw(car, known) * 1000 / _VOLTS / _phases(car), 1), "unit": "ampere"}


def _phases(car: Car) -> int:
    return 1 if car.spec.ac_power_kw <= 7.4 else 3


def _minutes_left(car: Car, known: Known) -> dict[str, Any] | None:
    truth = known.truth
    if not truth.charging:
        return None
    seconds = car.battery.seconds_to(truth.soc_pct, truth.limit_pct, truth.plug_kw)
    return {"value": round(seconds / 60), "unit": "minute"}


def _location(_: Car, known: Known) -> dict[str, Any]:
    latitude, longitude = position(known)
    return {"latitude": latitude, "longitude": longitude, "locationType": "CURRENT"}


def _timers(car: Car, _: Known) -> dict[str, Any]:
    schedules = [
        {"start": timer.start.isoformat(), "end": timer.stop.isoformat(), "days": [day.name for day in timer.days]}
        for timer in car.spec.timers
    ]
    timers = {
        "type": "GLOBAL",
        "condition": None,
        "schedules": schedules,
        "departureTimers": [],
        "scheduleType": "WEEKLY",
    }
    return {"values": [timers] if schedules else []}


def _value(of: Callable[[Car, Known], Any], unit: str | None = None) -> Callable[[Car, Known], dict[str, Any]]:
    return lambda car, known: {"value": of(car, known), **({"unit": unit} if unit else {})}


_KINDS = (
    _Kind("TractionBattery", "StateOfCharge", _soc),
    _Kind("TractionBattery", "Range", _range),
    _Kind("TractionBattery", "NominalCapacity", _capacity),
    _Kind("Charge", "IsCharging", _value(lambda _, known: known.truth.charging)),
    _Kind("Charge", "DetailedChargingStatus", _value(lambda _, known: charging_status(known))),
    _Kind("Charge", "IsChargingCableConnected", _value(lambda _, known: known.truth.plugged_in)),
    _Kind("Charge", "IsFastChargerPresent", _value(lambda _, known: known.truth.fast_charger)),
    _Kind("Charge", "ChargeLimits", _limits),
    _Kind("Charge", "Wattage", _wattage),
    _Kind("Charge", "Voltage", _voltage),
    _Kind("Charge", "Amperage", _amperage),
    _Kind("Charge", "ChargerPhases", _value(lambda car, _: _phases(car), "count")),
    _Kind("Charge", "EnergyAdded", _value(lambda _, known: round(known.truth.session_kwh, 2), "kWh")),
    _Kind("Charge", "TimeToComplete", _minutes_left),
    _Kind("Charge", "ChargeTimers", _timers),
    _Kind("Location", "PreciseLocation", _location),
    _Kind("Location", "IsAtHome", _value(lambda _, known: known.truth.at_home)),
    _Kind("ConnectivityStatus", "IsOnline", _value(lambda _, known: not known.asleep)),
    _Kind("ConnectivityStatus", "IsAsleep", _value(lambda _, known: known.asleep)),
    _Kind("Odometer", "TraveledDistance", _value(lambda _, known: round(known.truth.odometer_km, 1), "km")),
    _Kind("VehicleIdentification", "VIN", _value(lambda car, _: vin(car))),
)
