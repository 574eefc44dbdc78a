"""Moments, durations and money as people read them, and the words for what a command wants and became."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.command import CommandStatus, Reason, Verb

STATUS_WORDS = {
    CommandStatus.QUEUED: "waiting to be sent",
    CommandStatus.SENDING: "being sent",
    CommandStatus.ACCEPTED: "accepted, not seen to act yet",
    CommandStatus.UNKNOWN: "outcome unknown, the car is looked at",
    CommandStatus.CONFIRMED: "confirmed by a look at the car",
    CommandStatus.CONTRADICTED: "the car did otherwise",
    CommandStatus.FAILED: "failed",
    CommandStatus.REFUSED: "refused, not tried again before something changes",
    CommandStatus.EXPIRED: "dropped, too late",
    CommandStatus.SUPERSEDED: "overtaken by a newer wish",
}

REASON_WORDS = {
    Reason.PLAN: "the plan",
    Reason.RESERVE: "below the reserve",
    Reason.MANUAL: "you asked for it",
    Reason.SAFE: "to be safe",
    Reason.PLUG_IN: "the car had started by itself",
    Reason.TARGET_REACHED: "target reached",
    Reason.OUTSIDE_WINDOW: "outside its windows",
    Reason.CREDIT: "its prepaid credit buys no more",
}

VERB_WORDS = {Verb.START: "Start", Verb.STOP: "Stop", Verb.LIMIT: "Charge limit"}


def clock_words(at: datetime, timezone: ZoneInfo) -> str:
    """Return the local wall time, `07:00`; where that hour comes twice, with the zone's name: `02:30 CEST`."""
    local = at.astimezone(timezone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    # A time that is skipped has two offsets as well, but no moment has such a time.
    return f"{local:%H:%M %Z}" if twice else f"{local:%H:%M}"


def moment_words(at: datetime, now: datetime, timezone: ZoneInfo) -> str:
    """Return the wall time, with the weekday on another day than today, and the date more than six days away."""
    local = at.astimezone(timezone)
    days = (local.date() - now.astimezone(timezone).date()).days
    clock = clock_words(at, timezone)
    if days == 0:
        return clock
    if abs(days) <= 6:
        return f"{local:%a} {clock}"
    return f"{local:%a} {local.day} {local:%b} {clock}"


def span_words(start: datetime, end: datetime, now: datetime, timezone: ZoneInfo) -> str:
    """Return `01:15–04:30`, with the day of its start where that is not today."""
    return f"{moment_words(start, now, timezone)}–{clock_words(end, timezone)}"


def duration_words(duration: timedelta) -> str:
    """Return `45 s`, `4 min`, `7 h 43 min`, `3 days`. Rounded down; a negative one counts as 0."""
    seconds = max(int(duration.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"


def money_words(amount: float, currency: str) -> str:
    """Return `EUR 2.31`, with a real minus sign."""
    return f"{'−' if round(amount, 2) < 0 else ''}{currency} {abs(amount):.2f}"


def price_words(price_per_kwh: float, currency: str) -> str:
    """Return `EUR 0.2131/kWh`: four decimals, since retail prices differ in the third."""
    return f"{'−' if round(price_per_kwh, 4) < 0 else ''}{currency} {abs(price_per_kwh):.4f}/kWh"
