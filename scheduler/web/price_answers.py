"""What the API answers about prices: slots, what they are made of, and the gaps between them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.web.answers import Answer


class ComponentAnswer(Answer):
    """One named part of a price."""

    name: str
    price_per_kwh: float


class SlotAnswer(Answer):
    """One price during `[start, end)`."""

    start: datetime
    end: datetime
    price_per_kwh: float = Field(description="In the currency's major unit; may be negative")
    firm: bool = Field(description="False for a forecast")
    components: list[ComponentAnswer] = Field(description="Add up to the price, or empty")


class GapAnswer(Answer):
    """A stretch `[start, end)` for which no price is known."""

    start: datetime
    end: datetime


class PricesAnswer(Answer):
    """What a driver on a tariff pays over time."""

    tariff: str
    currency: str | None = Field(description="Null while no price is known")
    source: str
    published_at: datetime | None
    known_until: datetime | None = Field(description="End of the unbroken firm stretch that covers now")
    simulated: bool
    slots: list[SlotAnswer]
    gaps: list[GapAnswer]

    @classmethod
    def of(cls, tariff_id: TariffId, curve: TariffCurve | None, now: datetime) -> PricesAnswer:
        """Return *curve*; None is a tariff whose prices are not known yet."""
        prices = curve or TariffCurve("")
        return cls(
            tariff=str(tariff_id),
            currency=prices.currency or None,
            source=prices.source,
            published_at=prices.published_at,
            known_until=prices.known_until(now) if prices else None,
            simulated=prices.simulated,
            slots=[SlotAnswer.model_validate(slot) for slot in prices.slots],
            gaps=[GapAnswer.model_validate(gap) for gap in prices.gaps()],
        )
