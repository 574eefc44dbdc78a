"""A tariff's curve from its origins' energy curves: versions side by side, fallbacks in the holes, carbon on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceComponent, PriceSlot, TariffCurve
from scheduler.prices.overlay import overlaid
from scheduler.prices.retail import DIGITS
from scheduler.prices.tariff import Recipe, Tariff, Version


def composed(tariff: Tariff, energy: Mapping[str, TariffCurve | None]) -> TariffCurve | None:
    """Return what the driver pays where the origins know *energy* (by key); None where none of them knows anything."""
    whole: TariffCurve | None = None
    for version in tariff.versions:
        curve: TariffCurve | None = None
        for recipe in version.recipes:
            known = energy.get(recipe.key)
            if known is not None and known.currency == tariff.currency:
                curve = _filled(curve, _priced(recipe, known))
        if curve is not None:
            whole = _filled(whole, _weighted(curve, version, energy).within(version.valid))
    return whole


def _priced(recipe: Recipe, energy: TariffCurve) -> TariffCurve:
    curve = recipe.retail.applied(energy)
    return replace(curve, source="; ".join((curve.source, *recipe.notes))) if recipe.notes else curve


def _filled(curve: TariffCurve | None, other: TariffCurve) -> TariffCurve:
    """Return *curve* with its holes filled by *other*, whose source is named where it does."""
    if curve is None:
        return other
    slots = overlaid(other.slots, curve.slots)
    if slots == curve.slots:
        return curve
    source = f"{curve.source}; where that is silent: {other.source}" if curve.slots else other.source
    return TariffCurve(curve.currency, slots, source, curve.published_at, curve.simulated or other.simulated)


def _weighted(curve: TariffCurve, version: Version, energy: Mapping[str, TariffCurve | None]) -> TariffCurve:
    """
    Return *curve* with what its carbon is worth to the driver, as a component of its own.

    Where the intensity is not known, the mean of what is known counts: an hour is neither favoured nor avoided for it.
    """
    intensity = None if version.carbon is None else energy.get(version.carbon.key)
    if version.carbon is None or not intensity or not curve:
        return curve
    filler = PriceSlot(curve.slots[0].start, curve.slots[-1].end, _mean(intensity))
    grams = overlaid((filler,), intensity.slots)
    slots: list[PriceSlot] = []
    position = 0
    for slot in curve.slots:
        while grams[position].end <= slot.start:
            position += 1
        slots.extend(_with_carbon(slot, grams[position:], version.carbon.per_kg))
    return replace(curve, slots=tuple(slots), source=f"{curve.source}; carbon: {intensity.source}")


def _with_carbon(slot: PriceSlot, grams: Sequence[PriceSlot], per_kg: float) -> list[PriceSlot]:
    parts = slot.components or (PriceComponent("energy", slot.price_per_kwh),)
    cut: list[PriceSlot] = []
    for intensity in grams:
        shared = Interval(intensity.start, intensity.end).clipped(slot.interval)
        if shared is None:
            break
        weight = PriceComponent("carbon weight", intensity.price_per_kwh / 1000 * per_kg)
        price = round(slot.price_per_kwh + weight.price_per_kwh, DIGITS)
        cut.append(PriceSlot(shared.start, shared.end, price, slot.firm, (*parts, weight)))
    return cut


def _mean(curve: TariffCurve) -> float:
    whole_s = sum(slot.interval.duration.total_seconds() for slot in curve.slots)
    return sum(slot.price_per_kwh * slot.interval.duration.total_seconds() for slot in curve.slots) / whole_s
