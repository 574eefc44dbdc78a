"""
From Smartcar's signals to a `VehicleState`: pure. The same elements come by `GET .../signals` and by webhook.

Each signal has a status and a date of its own. What this file chose where the sheet leaves room:

- A value counts while its signal is SUCCESS or has no status. A failed signal (ERROR, UNAVAILABLE) may carry the last
  value the car gave: that counts only with the date at which it was true.
- `seen_at` is the `oemUpdatedAt` of the plug, `charging_seen_at` the **older** one of the charging signals whose values are
  used. Where one of the two has no date it takes the other's; where neither has, the date of the state of charge; where
  nothing is dated it is the year 1970, since nobody can say that it is not that old.
  `retrievedAt` says when Smartcar asked, and never counts.
- Units are converted by the unit that is named. A missing unit means the documented one (percent, W, kWh, km); a state
  of charge of at most 1 without a unit may be a fraction, and is no value.
- A code, a status, a unit and an enumerated value are compared without regard to letter case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite

from scheduler.domain.errors import VehicleUnreachable
from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.vehicles.smartcar.reply import at

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The age of what nobody dated: older than anything a decision may rest on."""

CODES_USED = frozenset(
    {
        "charge-ischargingcableconnected",
        "charge-ischarging",
        "charge-detailedchargingstatus",
        "charge-isfastchargerpresent",
        "charge-chargelimits",
        "charge-wattage",
        "charge-energyadded",
        "tractionbattery-stateofcharge",
        "odometer-traveleddistance",
    }
)
"""The signals a state is made of; trouble with any other is none of ours."""

AT_HOME = "location-isathome"
"""What the car's own app calls home, as yes or no; a position is never read. Trouble with it is nobody's trouble."""

# Above this an integer date counts milliseconds: in seconds it would lie after the year 5100.
_MILLISECONDS_FROM = 1e11

_PERCENT = {"": 1.0, "percent": 1.0, "%": 1.0, "fraction": 100.0, "ratio": 100.0}
_KILOWATT = {"": 1e-3, "watt": 1e-3, "watts": 1e-3, "w": 1e-3, "kilowatt": 1.0, "kilowatts": 1.0, "kw": 1.0}
_KILOWATT_HOUR = {
    "": 1.0,
    "kwh": 1.0,
    "kwhr": 1.0,
    "kilowatt_hour": 1.0,
    "kilowatt_hours": 1.0,
    "wh": 1e-3,
    "watt_hours": 1e-3,
}
_KILOMETRE = {
    "": 1.0,
    "km": 1.0,
    "kilometers": 1.0,
    "kilometres": 1.0,
    "mi": 1.609344,
    "mile": 1.609344,
    "miles": 1.609344,
}


class NothingReported(VehicleUnreachable):
    """Smartcar's store holds nothing on the plug, the charging or the charge of this car: no state can be made."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal that has a value: its code in lower case, its body, and when the car recorded it, if it says so."""

    code: str
    body: Mapping[str, object]
    recorded_at: datetime | None = None


def vehicle_state(payload: object, vehicle_id: VehicleId, now: datetime) -> VehicleState:
    """
    Return what the signals in *payload* say of the car.

    A date after *now* (a car's clock runs ahead) counts as *now*. Raises `NothingReported` where no signal has a value
    for plug, charging or state of charge: an empty store (`data: []`), or a plan that hides them.
    """
    return state_of(signals_in(at(payload, "data"), now), vehicle_id)


def signals_in(elements: object, now: datetime) -> dict[str, Signal]:
    """
    Return the usable signals by code; of two with the same code the later one.

    *elements* is a list in the form of the REST interface (`attributes` around code, body and status) or of webhooks
    (without). Anything else in it is passed over: one odd signal never costs the others.
    """
    found: dict[str, Signal] = {}
    for element in elements if isinstance(elements, list) else ():
        signal = _signal(element, now)
        if signal is None:
            continue
        known = found.get(signal.code)
        if known is None or (signal.recorded_at or NEVER) >= (known.recorded_at or NEVER):
            found[signal.code] = signal
    return found


def state_of(signals: Mapping[str, Signal], vehicle_id: VehicleId) -> VehicleState:
    """Return the state that *signals* add up to. Raises `NothingReported` as `vehicle_state` does."""
    cable = signals.get("charge-ischargingcableconnected")
    charge, energy = signals.get("tractionbattery-stateofcharge"), signals.get("charge-energyadded")
    charging, fully_charged, used = _charging(signals)
    plugged_in, charging, used = _with_cable(cable, charging, used)
    soc_pct = _percent(charge)
    if plugged_in is None and charging is None and soc_pct is None:
        raise NothingReported(
            "Smartcar holds no plug, charging or battery report of this car: "
            "subscribe it to an enabled, verified webhook, and check that the plan includes the Charge signals"
        )
    soc_seen_at = charge.recorded_at if charge and soc_pct is not None else None
    cable_at = _oldest([signal for signal in used if signal is cable])
    charging_at = _oldest([signal for signal in used if signal is not cable]) or cable_at
    seen_at = cable_at or charging_at or soc_seen_at or NEVER
    return VehicleState(
        vehicle_id=vehicle_id,
        seen_at=seen_at,
        soc_pct=soc_pct,
        soc_seen_at=soc_seen_at,
        plugged_in=plugged_in,
        charging=charging,
        fully_charged=fully_charged,
        fast_charger=_truth(signals.get("charge-isfastchargerpresent")),
        limit_pct=_limit(signals.get("charge-chargelimits")),
        power_kw=_quantity(signals.get("charge-wattage"), _KILOWATT),
        energy_added_kwh=_quantity(energy, _KILOWATT_HOUR),
        odometer_km=_quantity(signals.get("odometer-traveleddistance"), _KILOMETRE),
        energy_seen_at=energy.recorded_at if energy is not None else None,
        at_home=_truth(signals.get(AT_HOME)),
        charging_seen_at=None if charging_at == seen_at else charging_at,
    )


def moment(stamp: object) -> datetime | None:
    """
    Return a date of Smartcar's in UTC: ISO 8601, epoch seconds or epoch milliseconds; None for none.

    0, the date of static data, is no date. An ISO time without an offset is UTC, as every other one is.
    """
    if isinstance(stamp, str):
        try:
            parsed = datetime.fromisoformat(stamp)
        except ValueError:
            return None
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    number = _finite(stamp)
    if number is None or number <= 0:
        return None
    try:
        return NEVER + timedelta(seconds=number / 1000 if number > _MILLISECONDS_FROM else number)
    except OverflowError:
        return None


def _oldest(signals: Sequence[Signal]) -> datetime | None:
    return min((signal.recorded_at for signal in signals if signal.recorded_at is not None), default=None)


def _signal(element: object, now: datetime) -> Signal | None:
    """Return the signal of one element, or None where it has no value that counts."""
    inner = at(element, "attributes")
    outer = inner if isinstance(inner, dict) else element
    code, body = at(outer, "code"), at(outer, "body")
    if not isinstance(code, str) or not isinstance(body, dict):
        return None
    status = at(outer, "status", "value") if isinstance(at(outer, "status"), dict) else at(outer, "status")
    recorded_at = moment(at(element, "meta", "oemUpdatedAt"))
    failed = isinstance(status, str) and status.upper() != "SUCCESS"
    if failed and recorded_at is None:
        return None
    return Signal(code.lower(), body, min(recorded_at, now) if recorded_at else None)


def _charging(signals: Mapping[str, Signal]) -> tuple[bool | None, bool | None, list[Signal]]:
    """
    Return charging, fully charged, and the signals they come from.

    Two signals speak of it and may differ: `ischarging` stays true while the charging station delays, and the detailed
    status says NOT_CHARGING (wbyoung/smartcar#56). The later one counts; of equal date, or without one, the detailed.
    """
    simple, detailed = signals.get("charge-ischarging"), signals.get("charge-detailedchargingstatus")
    plain, status = _truth(simple), _status(detailed)
    if detailed is None or status is None:
        return plain, None, [simple] if simple and plain is not None else []
    says_charging, says_full = status == "CHARGING", status == "FULLY_CHARGED"
    if simple is None or plain is None:
        return says_charging, says_full, [detailed]
    if plain == says_charging:
        return plain, says_full, [simple, detailed]
    if simple.recorded_at and detailed.recorded_at and simple.recorded_at > detailed.recorded_at:
        return plain, False if plain else None, [simple]
    return says_charging, says_full, [detailed]


def _with_cable(
    cable: Signal | None, charging: bool | None, used: list[Signal]
) -> tuple[bool | None, bool | None, list[Signal]]:
    """
    Return plugged in, charging, and the signals used, with the cable seen beside the charging.

    Who charges is plugged in. Where the cable is reported out and the car charging, the later report counts; of equal
    date the charging one, since a cable taken for gone would end a session that goes on.
    """
    plugged_in = _truth(cable)
    if cable is None or plugged_in is None:
        return (True if charging else None), charging, used
    if plugged_in or not charging:
        return plugged_in, charging, [*used, cable]
    latest = max((signal.recorded_at or NEVER for signal in used), default=NEVER)
    if (cable.recorded_at or NEVER) > latest:
        return False, False, [cable]
    return True, True, used


def _truth(signal: Signal | None) -> bool | None:
    value = signal.body.get("value") if signal else None
    return value if isinstance(value, bool) else None


def _status(signal: Signal | None) -> str | None:
    """Return the detailed charging status where it is one of the three documented; others say nothing certain."""
    value = signal.body.get("value") if signal else None
    status = value.strip().upper().replace(" ", "_") if isinstance(value, str) else None
    return status if status in ("CHARGING", "NOT_CHARGING", "FULLY_CHARGED") else None


def _percent(signal: Signal | None) -> float | None:
    value = _quantity(signal, _PERCENT)
    if signal is None or value is None or not 0 <= value <= 100:
        return None
    ambiguous = not _unit(signal) and 0 < value <= 1
    return None if ambiguous else value


def _limit(signal: Signal | None) -> float | None:
    """Return the limit in force: `activeLimit`, else the one for everywhere. `values` may be empty or missing."""
    if signal is None:
        return None
    scale = _PERCENT.get(_unit(signal))
    limit = _finite(signal.body.get("activeLimit"))
    values = signal.body.get("values")
    for entry in values if limit is None and isinstance(values, list) else ():
        kind = at(entry, "type")
        if isinstance(kind, str) and kind.upper() == "GLOBAL":
            limit = _finite(at(entry, "limit"))
    if limit is None or scale is None or not 0 < limit * scale <= 100:
        return None
    return limit * scale


def _quantity(signal: Signal | None, units: Mapping[str, float]) -> float | None:
    """Return the value in the unit that *units* convert to; None for a unit nobody wrote down."""
    value = _finite(signal.body.get("value")) if signal else None
    scale = units.get(_unit(signal)) if signal else None
    return None if value is None or scale is None else value * scale


def _unit(signal: Signal) -> str:
    unit = signal.body.get("unit")
    return unit.strip().lower() if isinstance(unit, str) else ""


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None
