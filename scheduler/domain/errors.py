"""
The errors of the house, sorted by what the caller can do about them.

    SmartchargeError
    ├── InvalidValue          a value breaks its type's invariant: mend the value (also a ValueError)
    ├── ConfigError           the operator or driver mends a file or a setting, then starts again (exit 78)
    ├── AlreadyRunning        another daemon or program holds the state or the port
    ├── StoreUnavailable      the ledger cannot be read or written now: disk full, locked, read-only, damaged
    ├── VehicleError          something between us and one car
    │   ├── VehicleUnreachable    try again later, not before `retry_after`
    │   ├── OutcomeUnknown        the call may have acted: look at the car, do not send again
    │   ├── VehicleRefused        the car said no for a reason of its own (`code`), try again when its state changes
    │   ├── VehicleNotCapable     it never will: remember, tell the driver
    │   ├── BudgetExhausted       no more calls before the next billing period
    │   └── ConsentLost           the driver has to connect the car again
    └── FeedError             a price feed gave no usable answer
        ├── FeedUnavailable       try again later, not before `retry_after`
        ├── FeedRejected          our request is wrong: no retry before the configuration changes
        └── PayloadInvalid        the answer is not what it should be: keep the last good curve
"""

from __future__ import annotations

from datetime import timedelta


class SmartchargeError(Exception):
    """Root of everything this package raises on purpose."""


class InvalidValue(SmartchargeError, ValueError):
    """A value breaks the invariant of its type. The message names the thing, the value and the expectation."""


class ConfigError(SmartchargeError):
    """A file or a setting must be mended by a person. The message names file, line, key, value and what was expected."""


class AlreadyRunning(SmartchargeError):
    """Another process holds the state directory, the port or the lock."""


class StoreUnavailable(SmartchargeError):
    """
    The ledger cannot be read or written: the disk is full, somebody else holds the lock, it is read-only or damaged.

    Nothing of the refused transaction was kept. Nothing may be sent to a car whose intent could not be written down.
    """


class VehicleError(SmartchargeError):
    """Something stands between us and one car. Never stops another car's turn."""


class VehicleUnreachable(VehicleError):
    """No usable answer now; `retry_after` is the least wait the other side asked for, if it said so."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(VehicleError):
    """A command may or may not have acted (time-out, cut connection, 504): look at the car, never send blindly."""


class VehicleRefused(VehicleError):
    """
    The car or its maker refused in words.

    `code` is the maker-neutral code of facts/smartcar.md section 4.3, for example `CHARGING_PLUG_NOT_CONNECTED`.
    """

    def __init__(self, message: str, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class VehicleNotCapable(VehicleError):
    """This car, or this plan of the API, will never do it. Permanent."""


class BudgetExhausted(VehicleError):
    """No more calls for this vehicle before the next billing period; commands are blocked too."""


class ConsentLost(VehicleError):
    """The driver has to act: connect again, accept new terms, pair a key."""


class NoticeFailed(SmartchargeError):
    """A driver could not be told something now. Message: why, without the address."""


class FeedError(SmartchargeError):
    """A price feed gave no usable answer. The last good curve stays in force."""


class FeedUnavailable(FeedError):
    """Down, slow or rate limited: try again, not before `retry_after`."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FeedRejected(FeedError):
    """The feed calls our request wrong (unknown zone, bad token): no retry before the configuration changes."""


class PayloadInvalid(FeedError):
    """The payload is not what this feed sends. Message: what was found, where, and what was expected."""
