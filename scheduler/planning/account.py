"""What each window of a plan costs, and what that price is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scheduler.domain.plan import ChargePlan, ChargeWindow
from scheduler.domain.tariff import PriceComponent, PriceSlot, TariffCurve

ROUNDING_KWH = 1e-6
"""What is left of a difference of two sums; a microsecond at 11 kW is 3e-9 kWh."""


@dataclass(frozen=True, slots=True)
class WindowAccount:
    """
    The money of one window. `cost` leaves out the energy at an unknown price, `unknown_kwh`.

    `forecast_kwh` is priced by a forecast. `price_per_kwh` is the mean over what has a price, None where nothing has.
    `components` take that mean apart by name, in the order of the tariff; empty where a part of it is not known.
    """

    window: ChargeWindow
    cost: float
    price_per_kwh: float | None
    forecast_kwh: float = 0.0
    unknown_kwh: float = 0.0
    components: tuple[PriceComponent, ...] = ()


def accounts(plan: ChargePlan, curve: TariffCurve) -> tuple[WindowAccount, ...]:
    """Return the account of each window of *plan*, at the prices of *curve*."""
    return tuple(_account(window, curve) for window in plan.windows)


def _account(window: ChargeWindow, curve: TariffCurve) -> WindowAccount:
    slots = curve.within(window.interval).slots
    priced_kwh = sum(_kwh(slot, window) for slot in slots)
    cost = sum(slot.price_per_kwh * _kwh(slot, window) for slot in slots)
    unknown_kwh = window.energy_kwh - priced_kwh
    return WindowAccount(
        window,
        cost,
        cost / priced_kwh if priced_kwh else None,
        sum(_kwh(slot, window) for slot in slots if not slot.firm),
        unknown_kwh if unknown_kwh > ROUNDING_KWH else 0.0,
        tuple(_components(slots, window, priced_kwh)),
    )


def _components(slots: tuple[PriceSlot, ...], window: ChargeWindow, priced_kwh: float) -> Iterator[PriceComponent]:
    """Yield the mean of each component, weighted by energy; nothing unless every slot is taken apart."""
    if not all(slot.components for slot in slots):
        return
    money: dict[str, float] = {}
    for slot in slots:
        for component in slot.components:
            money[component.name] = money.get(component.name, 0.0) + component.price_per_kwh * _kwh(slot, window)
    for name, amount in money.items():
        yield PriceComponent(name, amount / priced_kwh)


def _kwh(slot: PriceSlot, window: ChargeWindow) -> float:
    return window.power_kw * slot.interval.duration.total_seconds() / 3600
