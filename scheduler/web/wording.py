"""Ages and facts as people read them, beside the words that the whole house shares (`planning/words.py`)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.event import Fact
from scheduler.planning.words import (
    REASON_WORDS,
    STATUS_WORDS,
    VERB_WORDS,
    clock_words,
    duration_words,
    moment_words,
    money_words,
    price_words,
    span_words,
)

__all__ = [
    "REASON_WORDS",
    "STATUS_WORDS",
    "VERB_WORDS",
    "age_words",
    "amount_words",
    "clock_words",
    "duration_words",
    "fact_words",
    "moment_words",
    "money_words",
    "price_words",
    "span_words",
]

UNITS = {"_per_kwh": "per kWh", "_kwh": "kWh", "_kw": "kW", "_pct": "%", "_s": "s"}

SPEAK_FOR_THEMSELVES = frozenset({"verb", "reason", "detail", "outcome", "override", "hand"})

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def age_words(age: timedelta) -> str:
    """Return how long ago something was true: `just now` within the first minute."""
    return "just now" if age < timedelta(minutes=1) else f"{duration_words(age)} ago"


def amount_words(per_kwh: float) -> str:
    """Return `0.0937`, one part of a price, where its currency is already said."""
    return f"{'−' if round(per_kwh, 4) < 0 else ''}{abs(per_kwh):.4f}"


def fact_words(name: str, fact: Fact, now: datetime, timezone: ZoneInfo) -> str:
    """
    Return `energy 20.3 kWh` for `energy_kwh`: the unit in a fact's name goes behind its value.

    Moments are told as everywhere on the page; what speaks for itself (a reason, an outcome) goes without its name.
    """
    value = _value_words(fact, now, timezone)
    if name in SPEAK_FOR_THEMSELVES:
        return value
    for suffix, unit in UNITS.items():
        if name.endswith(suffix):
            return f"{name.removesuffix(suffix).replace('_', ' ')} {value} {unit}"
    return f"{name.replace('_', ' ')} {value}"


def _value_words(fact: Fact, now: datetime, timezone: ZoneInfo) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, float):
        return f"{fact:g}"
    if isinstance(fact, str) and MOMENT.fullmatch(fact):
        return moment_words(datetime.fromisoformat(fact), now, timezone)
    return str(fact).replace("_", " ")
