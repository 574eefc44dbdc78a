"""
What an answer of Smartcar means for the caller: pure, from every error shape to an error of the domain.

Type and code decide; without them the status does, and in an HTML page even that may be a gateway's word, not Smartcar's.
The table follows Smartcar's own pages on errors, and what owners have seen (facts: taxonomy of errors).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from enum import StrEnum

from scheduler.domain.errors import (
    BudgetExhausted,
    ConsentLost,
    OutcomeUnknown,
    VehicleError,
    VehicleNotCapable,
    VehicleRefused,
    VehicleUnreachable,
)
from scheduler.vehicles.smartcar.complaints import UNKNOWN, Complaint, complaint_in
from scheduler.vehicles.smartcar.reply import Reply


class Ask(StrEnum):
    """What was asked, in the word of a sentence. All but `READ` change something at the car."""

    READ = "look"
    START = "start"
    STOP = "stop"
    LIMIT = "charge limit"


class CredentialsRefused(VehicleUnreachable):
    """Smartcar does not accept this application, or its token though the token is new. The operator has to act."""


class ServerFailed(VehicleUnreachable):
    """Smartcar or the maker's cloud failed, and nothing reached the car. Nothing is wrong with the car."""


# What was wished for is so already (docs: vehicle-state errors).
_ALREADY_SO = {
    Ask.START: {"CHARGING_IN_PROGRESS"},
    Ask.STOP: {"NOT_CHARGING", "CHARGING_PLUG_NOT_CONNECTED"},
}
# The application's bucket refills with two requests a minute.
_BUCKET_WAIT = timedelta(minutes=1)
# A maker that limits Smartcar wants 30 to 60 minutes of peace (docs: upstream errors).
_MAKER_WAIT = timedelta(minutes=30)
# Permanent, unlike the other SERVER errors (docs: server errors).
_BROKEN_RECORDS = {"MULTIPLE_RECORDS_FOUND", "RECORD_NOT_FOUND"}


def fault_in(reply: Reply, ask: Ask, ids: Collection[str] = ()) -> VehicleError | None:
    """
    Return the error that *reply* means, or None where what was asked is done, or is so already.

    The body counts before the HTTP status: a 200 or 202 may carry a failure. *ids* are words that get into no message.
    A command answered with 5xx is an `OutcomeUnknown`, unless the answer says that it never reached the car: the far
    side may have acted before it failed.
    """
    complaint = complaint_in(reply, ids)
    if complaint is None:
        return _of_success(reply, ask) if reply.ok else _of_status(reply.status, ask, reply)
    meaning = _MEANINGS.get(complaint.type)
    if meaning is not None:
        return meaning(complaint, ask, reply.retry_after)
    if complaint.status < 400:
        return VehicleRefused(f"the {ask} failed: {complaint.words}", complaint.code, reply.retry_after)
    return _of_status(complaint.status, ask, reply)


def _of_success(reply: Reply, ask: Ask) -> VehicleError | None:
    """Judge a 2xx without a complaint. Nothing, or an unknown status, is an acceptance: the car is looked at anyway."""
    if reply.is_json:
        return None
    if reply.status == 204:
        return None
    if ask is Ask.READ:
        return ServerFailed("Smartcar's answer is not JSON")
    if reply.empty and reply.status != 202:
        return None
    # A 202 streams its result on the same connection: without one, nobody knows.
    return OutcomeUnknown(f"the answer to the {ask} broke off before its result")


def _of_status(status: int, ask: Ask, reply: Reply) -> VehicleError:
    """Judge an error without a type we know, by its status alone."""
    said = f"HTTP {status} without an explanation"
    if status in _BY_STATUS:
        return _BY_STATUS[status](said, reply.retry_after)
    if reply.is_json and status in _BY_STATUS_IN_JSON:
        return _BY_STATUS_IN_JSON[status](said, reply.retry_after)
    if status < 500:
        return VehicleUnreachable(f"no usable answer: {said}", reply.retry_after)
    return _failed_on_the_way(said, ask, reply.retry_after)


def _of_vehicle_state(complaint: Complaint, ask: Ask, wait: timedelta | None) -> VehicleError | None:
    code, said = complaint.code, complaint.words
    if code in _ALREADY_SO.get(ask, ()):
        return None
    if code == "UNREACHABLE":
        return VehicleUnreachable(f"the car is out of reach: {said}", wait)
    if code == "DEVICE_PAIRING_REQUIRED":
        # Seen on a 2025 Rivian for start, stop and limit; connecting again does not help.
        return VehicleNotCapable(f"the car takes no commands through Smartcar: {said}")
    return VehicleRefused(f"the car refused the {ask}: {said}", code, wait)


def _of_credentials(complaint: Complaint, _ask: Ask, wait: timedelta | None) -> VehicleError:
    if complaint.status == 403:
        return ConsentLost(f"Smartcar denies access to this car: {complaint.words}")
    return CredentialsRefused(f"Smartcar refuses this application's credentials: {complaint.words}", wait)


def _of_consent(complaint: Complaint, _ask: Ask, _wait: timedelta | None) -> VehicleError:
    return ConsentLost(f"the driver has to act before this car can be reached again: {complaint.words}")


def _of_billing(complaint: Complaint, _ask: Ask, _wait: timedelta | None) -> VehicleError:
    if complaint.code == "INVALID_PLAN":
        return VehicleNotCapable(f"the Smartcar plan does not include this: {complaint.words}")
    return BudgetExhausted(f"no more Smartcar calls before the next billing period: {complaint.words}")


def _of_compatibility(complaint: Complaint, _ask: Ask, _wait: timedelta | None) -> VehicleError:
    return VehicleNotCapable(f"this car cannot do this through Smartcar: {complaint.words}")


def _of_rate_limit(complaint: Complaint, _ask: Ask, wait: timedelta | None) -> VehicleError:
    return VehicleUnreachable(f"too many requests: {complaint.words}", _BUCKET_WAIT if wait is None else wait)


def _of_missing_resource(complaint: Complaint, _ask: Ask, wait: timedelta | None) -> VehicleError:
    if complaint.code == "VEHICLE_NOT_FOUND":
        return ConsentLost("Smartcar does not know this car any more: connect it again")
    return VehicleUnreachable(f"Smartcar does not know this address, check its hosts: {complaint.words}", wait)


def _of_server(complaint: Complaint, ask: Ask, wait: timedelta | None) -> VehicleError:
    if complaint.code in _BROKEN_RECORDS:
        return VehicleRefused(f"Smartcar's records of this car are broken: {complaint.words}", complaint.code, wait)
    return _failed_on_the_way(complaint.words, ask, wait)


def _of_upstream(complaint: Complaint, ask: Ask, wait: timedelta | None) -> VehicleError:
    if complaint.code == "RATE_LIMIT":
        return VehicleUnreachable(
            f"the maker limits Smartcar: {complaint.words}", max(wait or _MAKER_WAIT, _MAKER_WAIT)
        )
    if complaint.code == "KNOWN_ISSUE":
        return ServerFailed(f"the maker's cloud has a known fault: {complaint.words}", wait)
    return _failed_on_the_way(complaint.words, ask, wait)


def _of_validation(complaint: Complaint, _ask: Ask, wait: timedelta | None) -> VehicleError:
    return VehicleRefused(f"Smartcar calls our request wrong: {complaint.words}", complaint.code, wait)


def _failed_on_the_way(said: str, ask: Ask, wait: timedelta | None) -> VehicleError:
    if ask is Ask.READ:
        return ServerFailed(f"the {ask} failed on the way to the car: {said}", wait)
    return OutcomeUnknown(f"the {ask} failed on the way, the car may have acted: {said}")


_MEANINGS: dict[str, Callable[[Complaint, Ask, timedelta | None], VehicleError | None]] = {
    "AUTHENTICATION": _of_credentials,
    "OAUTH": _of_credentials,
    "PERMISSION": _of_consent,
    "CONNECTED_SERVICES_ACCOUNT": _of_consent,
    "BILLING": _of_billing,
    "COMPATIBILITY": _of_compatibility,
    "RATE_LIMIT": _of_rate_limit,
    "RESOURCE_NOT_FOUND": _of_missing_resource,
    "SERVER": _of_server,
    "UPSTREAM": _of_upstream,
    "VALIDATION": _of_validation,
    "VEHICLE_STATE": _of_vehicle_state,
}


def _refused(said: str, wait: timedelta | None) -> VehicleError:
    return VehicleRefused(f"the request was refused: {said}", UNKNOWN, wait)


_BY_STATUS: dict[int, Callable[[str, timedelta | None], VehicleError]] = {
    401: lambda said, wait: CredentialsRefused(f"Smartcar refuses this application's credentials: {said}", wait),
    429: lambda said, wait: VehicleUnreachable(f"too many requests: {said}", _BUCKET_WAIT if wait is None else wait),
    430: lambda said, _: BudgetExhausted(f"no more Smartcar calls before the next billing period: {said}"),
}
_BY_STATUS_IN_JSON: dict[int, Callable[[str, timedelta | None], VehicleError]] = {
    400: _refused,
    409: _refused,
    422: _refused,
    403: lambda said, _: ConsentLost(f"Smartcar denies access to this car: {said}"),
    501: lambda said, _: VehicleNotCapable(f"this car cannot do this through Smartcar: {said}"),
}
