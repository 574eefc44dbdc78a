"""
What a driver can do where a car is told something in vain, and whether telling it again makes sense. Pure.

A refusal is passing (out of reach, asleep, a rate limit), or it is for good: then it is said once, in words that name what to
do, and the same is not tried again before something changes. The kinds are those of facts/smartcar.md section 4.3.
"""

from __future__ import annotations

from scheduler.domain.command import Verb
from scheduler.domain.errors import ConsentLost, VehicleError, VehicleNotCapable, VehicleRefused

RECONNECT = "Connect the car again: smartcharge connect DRIVER."

NOT_CAPABLE = {
    Verb.START: "Start this car by its own timer or at the charger; smartcharge cannot.",
    Verb.STOP: "Set a charge limit in the car: smartcharge can start it and cannot stop it.",
    Verb.LIMIT: "Set the limit in the car itself; smartcharge starts and stops it without.",
}

UNHEARD = {
    Verb.START: "Look at its cable, the charger, and any timer of the car or the charger, and start it by hand.",
    Verb.STOP: "Stop it in the maker's app or at the charger, or set a charge limit in the car.",
}
"""What to do about a car that says nothing against it, and still does not do as it is told."""

_BROKEN = "Ask Smartcar's support: its records of this car are broken."
_OURS = "Report it: Smartcar calls our request wrong."
_OF_CODE = {
    "FULLY_CHARGED": "Raise the charge limit in the car: it takes no more, and its target is higher.",
    "REMOTE_ACCESS_DISABLED": "Allow remote access in the car's own menu; it may take a day to work.",
    "MULTIPLE_RECORDS_FOUND": _BROKEN,
    "RECORD_NOT_FOUND": _BROKEN,
    "INVALID_INPUT_FORMAT": _OURS,
    "MISSING_PARAMETER": _OURS,
}


def remedy(error: VehicleError, verb: Verb) -> str | None:
    """Return what to do about an *error* that stays until somebody does it; None for one that passes by itself."""
    if isinstance(error, ConsentLost):
        return RECONNECT
    if isinstance(error, VehicleNotCapable):
        return NOT_CAPABLE[verb]
    return _OF_CODE.get(error.code) if isinstance(error, VehicleRefused) else None
