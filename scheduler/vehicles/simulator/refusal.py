"""Everything Smartcar answers that is not a success, as values: facts/smartcar.md section 4."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    One error of the taxonomy, in words of its own and without a shape: v2 and v3 write it differently.

    `code` is None where Smartcar has none. `resolution` is RETRY_LATER, REAUTHENTICATE, CONTACT_SUPPORT, ACTION_REQUIRED or
    None.
    """

    status: int
    type: str
    code: str | None
    detail: str
    resolution: str | None = None
    resolution_url: str | None = None
    retry_after_s: int | None = None


class Refused(Exception):
    """Ends a request with this refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


_VEHICLE_STATE = {
    "ASLEEP": "The vehicle is asleep and was not disturbed.",
    "CHARGE_FAULT": "The charger gives no current, or another schedule is in the way.",
    "CHARGING_IN_PROGRESS": "The vehicle is already charging.",
    "CHARGING_PLUG_CONNECTED": "The vehicle cannot do this while it is plugged in.",
    "CHARGING_PLUG_NOT_CONNECTED": "The vehicle is not plugged in.",
    "DEVICE_PAIRING_REQUIRED": "The vehicle wants a paired device.",
    "DOOR_OPEN": "A door is open.",
    "FULLY_CHARGED": "The vehicle is charged as far as its limit allows.",
    "HOOD_OPEN": "The hood is open.",
    "IGNITION_ON": "The ignition is on.",
    "IN_MOTION": "The vehicle is moving.",
    "LOW_BATTERY": "A battery is too low for this.",
    "NOT_CHARGING": "The vehicle is not charging.",
    "REMOTE_ACCESS_DISABLED": "Remote access is switched off in the vehicle.",
    "TRUNK_OPEN": "The trunk is open.",
    "UNKNOWN": "The vehicle is in a state that does not allow this.",
    "UNREACHABLE": "The vehicle has no coverage.",
    "VEHICLE_OFFLINE_FOR_SERVICE": "The vehicle is in service mode.",
}
_RESOLUTIONS = {
    "DEVICE_PAIRING_REQUIRED": "REAUTHENTICATE",
    "LOW_BATTERY": "RETRY_LATER",
    "UNKNOWN": "RETRY_LATER",
}
# Type and HTTP status by code, for everything that is not the car's own state.
_OTHERS: dict[str, tuple[str, int, str | None]] = {
    "UNAUTHORIZED": ("AUTHENTICATION", 401, "REAUTHENTICATE"),
    "ACCESS_DENIED": ("AUTHENTICATION", 403, None),
    "PERMISSION": ("PERMISSION", 403, "REAUTHENTICATE"),
    "INVALID_PLAN": ("BILLING", 430, "CONTACT_SUPPORT"),
    "VEHICLE_LIMIT": ("BILLING", 430, "CONTACT_SUPPORT"),
    "VEHICLE_REQUEST_LIMIT": ("BILLING", 430, "CONTACT_SUPPORT"),
    "ACCOUNT_SUSPENDED": ("BILLING", 430, "FINANCE"),
    "MAKE_NOT_COMPATIBLE": ("COMPATIBILITY", 501, None),
    "SMARTCAR_NOT_CAPABLE": ("COMPATIBILITY", 501, None),
    "VEHICLE_NOT_CAPABLE": ("COMPATIBILITY", 501, None),
    "PLATFORM_NOT_CAPABLE": ("COMPATIBILITY", 501, None),
    "ACCOUNT_ISSUE": ("CONNECTED_SERVICES_ACCOUNT", 400, "REAUTHENTICATE"),
    "AUTHENTICATION_FAILED": ("CONNECTED_SERVICES_ACCOUNT", 400, "REAUTHENTICATE"),
    "NO_VEHICLES": ("CONNECTED_SERVICES_ACCOUNT", 400, None),
    "SUBSCRIPTION": ("CONNECTED_SERVICES_ACCOUNT", 400, None),
    "VEHICLE_MISSING": ("CONNECTED_SERVICES_ACCOUNT", 400, None),
    "VIRTUAL_KEY_REQUIRED": ("CONNECTED_SERVICES_ACCOUNT", 400, "ACTION_REQUIRED"),
    "SMARTCAR_API": ("RATE_LIMIT", 429, "RETRY_LATER"),
    "VEHICLE": ("RATE_LIMIT", 429, "RETRY_LATER"),
    "VEHICLE_NOT_FOUND": ("RESOURCE_NOT_FOUND", 404, None),
    "INVALID_PATH": ("RESOURCE_NOT_FOUND", 404, None),
    "PATH": ("RESOURCE_NOT_FOUND", 404, None),
    "VERSION": ("RESOURCE_NOT_FOUND", 404, None),
    "SIGNAL_NOT_FOUND": ("RESOURCE_NOT_FOUND", 404, None),
    "SUBSCRIPTION_EXISTS": ("VALIDATION", 409, None),
    "INTERNAL": ("SERVER", 500, "RETRY_LATER"),
    "MULTIPLE_RECORDS_FOUND": ("SERVER", 500, "CONTACT_SUPPORT"),
    "RECORD_NOT_FOUND": ("SERVER", 500, "CONTACT_SUPPORT"),
    "INVALID_DATA": ("UPSTREAM", 502, "RETRY_LATER"),
    "KNOWN_ISSUE": ("UPSTREAM", 502, "RETRY_LATER"),
    "NO_RESPONSE": ("UPSTREAM", 502, "RETRY_LATER"),
    "RATE_LIMIT": ("UPSTREAM", 502, "RETRY_LATER"),
    "UNKNOWN_ISSUE": ("UPSTREAM", 502, "RETRY_LATER"),
    "GATEWAY": ("UPSTREAM", 504, "RETRY_LATER"),
    "INVALID_INPUT_FORMAT": ("VALIDATION", 400, None),
    "MISSING_PARAMETER": ("VALIDATION", 400, None),
}
_WITHOUT_CODE = frozenset({"PERMISSION"})
# What a bare status means, where a fault names no code.
_BY_STATUS = {
    400: "INVALID_INPUT_FORMAT",
    401: "UNAUTHORIZED",
    403: "ACCESS_DENIED",
    404: "VEHICLE_NOT_FOUND",
    409: "UNKNOWN",
    429: "SMARTCAR_API",
    430: "VEHICLE_REQUEST_LIMIT",
    500: "INTERNAL",
    501: "VEHICLE_NOT_CAPABLE",
    502: "NO_RESPONSE",
    504: "GATEWAY",
}

CODES = frozenset(_VEHICLE_STATE) | frozenset(_OTHERS)
STATUSES = frozenset(_BY_STATUS)


def refusal(code: str, detail: str = "", *, retry_after_s: int | None = None, url: str | None = None) -> Refusal:
    """Return the refusal that *code* stands for, in its usual words or in *detail*; *url* is where the owner can act."""
    if code in _VEHICLE_STATE:
        return Refusal(409, "VEHICLE_STATE", code, detail or _VEHICLE_STATE[code], _RESOLUTIONS.get(code))
    type_, status, resolution = _OTHERS[code]
    words = detail or f"{type_.replace('_', ' ').capitalize()}: {code.replace('_', ' ').lower()}."
    shown = None if code in _WITHOUT_CODE else code
    return Refusal(status, type_, shown, words, resolution, url, retry_after_s)


def refusal_by_status(status: int, retry_after_s: int | None = None) -> Refusal:
    """Return what a bare HTTP status most likely means; 429 with a wait is the vehicle's throttle."""
    code = "VEHICLE" if status == 429 and retry_after_s is not None else _BY_STATUS[status]
    return refusal(code, retry_after_s=retry_after_s)
