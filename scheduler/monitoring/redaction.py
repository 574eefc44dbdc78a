"""
What must never be read in a log line or an event: secrets, known by value or by their look, and who or where a car is.

Our own vehicle ids are names that a driver chose (`ada-id3`); the maker's and Smartcar's are masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from scheduler.domain.event import Fact

MASK = "[masked]"

SHORTEST = 4
"""A known secret shorter than this is not looked for: it would blot out ordinary words, and protects nothing."""

HUSHED_WORDS = frozenset({"authorization", "latitude", "longitude", "password", "position", "secret", "token", "vin"})
"""A fact with one of these words in its name is masked whole, whatever it looks like."""

LOOKS = (
    re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"),
    re.compile(r"(?i)(?<=token=|ecret=|sword=)[^&\s\"']+"),
    # A signed token (JWT): three parts, of which the first is a JSON object in base64.
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),
    # Smartcar's ids of vehicles, people and applications.
    re.compile(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    # A position: two numbers of degrees.
    re.compile(r"-?\b\d{1,3}\.\d{3,}\s*[,;]\s*-?\d{1,3}\.\d{3,}\b"),
    # A VIN (ISO 3779): 17 letters and digits without I, O and Q. One of each at least, so that no word and no number is one.
    re.compile(r"(?i)\b(?=[a-z]*\d)(?=\d*[a-z])[a-hj-npr-z0-9]{17}\b"),
)


class Redaction:
    """What is masked. Secrets may be learned while the daemon runs: a new access token, a reloaded setting."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these values from now on, also where they stand in a URL."""
        for secret in secrets:
            if len(secret) >= SHORTEST:
                self._secrets |= {secret, quote(secret, safe="")}
        # The longest first: a secret that contains another goes whole.
        alternatives = "|".join(map(re.escape, sorted(self._secrets, key=len, reverse=True)))
        self._known = re.compile(alternatives) if alternatives else None

    def text(self, text: str) -> str:
        """Return *text* with everything masked that must not be read."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for look in LOOKS:
            text = look.sub(MASK, text)
        return text

    def fact(self, name: str, value: Fact) -> Fact:
        """Return the value of a fact, masked where its name or its look asks for it."""
        if value is not None and not HUSHED_WORDS.isdisjoint(name.lower().split("_")):
            return MASK
        return self.text(value) if isinstance(value, str) else value

    def facts(self, facts: dict[str, Fact]) -> dict[str, Fact]:
        return {name: self.fact(name, value) for name, value in facts.items()}


REDACTION = Redaction()
"""The process's own, as its log is: whoever learns a secret teaches it here (`configure_logs`, `REDACTION.learn`)."""
