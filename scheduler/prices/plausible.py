"""The guard against nonsense: a reading that no market pays is refused with a reason, and the last good one stays."""

from __future__ import annotations

from scheduler.prices.reading import Reading

PER_EURO = {
    "AUD": 1.8, "BAM": 2, "BGN": 2, "CAD": 1.6, "CHF": 1, "CZK": 25, "DKK": 7.5, "EUR": 1, "GBP": 1, "HUF": 400, "ISK": 150,
    "JPY": 165, "MKD": 62, "NOK": 12, "NZD": 2, "PLN": 4.3, "RON": 5, "RSD": 117, "SEK": 11.5, "TRY": 40, "UAH": 48, "USD": 1.2,
}  # fmt: skip
"""Rough sizes of the currencies, for the guard alone: it looks for a factor of 10 or more."""

LOWEST, HIGHEST = -1.0, 25.0
"""
In euros per kWh. The European auctions are bounded by -0.5 and +4 (facts/feeds.md 1), Australia's spot price by -1 and +17.5 AUD
(data of VIC1, 2024-2026). An ordinary price in the wrong unit is a hundred or a thousand times too high.
"""

ENOUGH_ROWS = 20
"""So many equal prices in a row are no market's; a short answer may well be flat."""


def implausible(reading: Reading, *, varies: bool) -> str | None:
    """Return why a reading is nonsense, or None. `varies` is False where a tariff may rightly have one price all day."""
    prices = [slot.price_per_kwh for slot in reading.slots]
    if not prices:
        return None
    scale = PER_EURO.get(reading.currency)
    if scale is None:
        return f"the currency {reading.currency!r} is not known"
    worst = max(prices, key=abs)
    if not LOWEST * scale <= min(prices) <= max(prices) <= HIGHEST * scale:
        return f"{worst:g} {reading.currency}/kWh is no price of electricity: is the unit wrong?"
    if all(price == 0 for price in prices) and (varies or len(prices) >= ENOUGH_ROWS):
        return "all prices are 0: what is not published is not free"
    if varies and len(prices) >= ENOUGH_ROWS and len(set(prices)) == 1:
        return f"all {len(prices)} prices are {prices[0]:g} {reading.currency}/kWh: no market's day"
    return None
