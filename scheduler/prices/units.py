"""
What a number on the wire means: a currency, and how many of its units make one major unit per kWh.

    EUR/MWh -> EUR, 1000      p/kWh -> GBP, 100      DKK/kWh -> DKK, 1
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from scheduler.domain.errors import InvalidValue

CURRENCIES = frozenset(
    "AUD BAM BGN CAD CHF CZK DKK EUR GBP HUF ISK JPY MKD NOK NZD PLN RON RSD SEK TRY UAH USD".split()  # noqa: SIM905
)
MINOR = {"p": "GBP", "ct": "EUR", "c": "EUR", "cent": "EUR", "ore": "", "øre": "", "öre": "", "s": "EUR"}
"""Hundredths by the names people and feeds use; the Nordic øre needs its country's currency beside it (`SEK-ore/kWh`)."""

GRAMS = "gCO2"
"""The "currency" of a carbon curve: its slots are grams of CO2 equivalent per kWh, never money."""

_UNIT = re.compile(
    r"\s*(?:(?P<major>[A-Za-z]{3})(?:[-\s](?P<part>\w+))?|(?P<minor>\w+))\s*/\s*(?P<energy>[kM]?Wh)\s*", re.IGNORECASE
)
_KWH_IN = {"kwh": Decimal(1), "mwh": Decimal(1000), "wh": Decimal("0.001")}


@dataclass(frozen=True, slots=True)
class Unit:
    """A price unit: `per_major` wire units per kWh are one major unit of `currency` per kWh."""

    currency: str
    per_major: Decimal

    def per_kwh(self, amount: Decimal | int | str) -> float:
        """
        Return *amount* in major units per kWh.

        The division is decimal, on the digits of the wire, so that 101.23 EUR/MWh is exactly the float 0.10123.
        """
        return float(Decimal(amount) / self.per_major)


def unit(text: str) -> Unit:
    """Read a unit such as `EUR/MWh`, `p/kWh`, `ct/kWh` or `SEK-ore/kWh`; raise `InvalidValue` for anything else."""
    match = _UNIT.fullmatch(text)
    if match is not None:
        major, part, minor = match["major"], match["part"], match["minor"]
        scale = _KWH_IN[match["energy"].lower()]
        if major is not None and major.upper() in CURRENCIES and (part is None or part.lower() in MINOR):
            return Unit(major.upper(), scale * (1 if part is None else 100))
        name = (minor or major or "").lower()
        if part is None and MINOR.get(name):
            return Unit(MINOR[name], scale * 100)
    raise InvalidValue(
        f"the unit {text!r} is not known, expected for example EUR/MWh, EUR/kWh, p/kWh, ct/kWh or SEK-ore/kWh"
    )


def _known(text: str) -> str:
    unit(text)
    return text


def _currency(text: str) -> str:
    if text not in CURRENCIES:
        raise ValueError(f"expected a currency code such as {', '.join(sorted(CURRENCIES)[:6])}")
    return text


UnitText = Annotated[str, AfterValidator(_known)]
"""A unit as people write it in a file, checked."""

CurrencyCode = Annotated[
    str, AfterValidator(_currency), WithJsonSchema({"type": "string", "enum": sorted(CURRENCIES), "title": "Currency"})
]
"""An ISO 4217 code the house knows."""
