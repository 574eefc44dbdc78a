"""What replacing a battery would cost where its driver has not said: its usable energy at what a pack costs per kWh."""

from __future__ import annotations

PACK_PER_KWH = {
    "AUD": 186.0,
    "CZK": 2790.0,
    "DKK": 825.0,
    "EUR": 111.0,
    "GBP": 92.0,
    "NOK": 1306.0,
    "PLN": 473.0,
    "SEK": 1268.0,
    "USD": 115.0,
}
"""
What a lithium-ion pack cost on average per kWh: USD 115 in BloombergNEF's battery price survey of December 2024, in other
money by the Czech National Bank's rates of 31 December 2024, the last of that year (data/fx_cnb). A workshop asks for more
and old cars get cheaper packs: an order, not an offer.
"""


def replacement_cost(usable_kwh: float, currency: str) -> float | None:
    """Return what a battery of *usable_kwh* would cost in *currency*; None where that is not known."""
    per_kwh = PACK_PER_KWH.get(currency)
    return None if per_kwh is None else usable_kwh * per_kwh
