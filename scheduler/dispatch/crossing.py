"""When money is used up by a car that charges on, slot by slot. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.domain.tariff import TariffCurve


def lasts_until(money: float, power_kw: float, curve: TariffCurve, now: datetime) -> datetime:
    """
    Return how long *money* lasts a car that draws *power_kw* from *now* on, at most as long as firm prices are known.

    Nothing is bought at a price that is not known, so where none is known at *now* it is *now*, as it is without money. Hours
    at which charging is paid for make it last longer.
    """
    moment = now
    for slot in curve.slots:
        if money <= 0 or slot.start > moment:
            break
        if slot.end <= moment:
            continue
        if not slot.firm:
            break
        spent = slot.price_per_kwh * power_kw * (slot.end - moment).total_seconds() / 3600
        if spent > money:
            return moment + timedelta(hours=money / (slot.price_per_kwh * power_kw))
        money, moment = money - spent, slot.end
    return moment
