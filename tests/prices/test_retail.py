"""What the driver pays: steps in order, components that add up, and what VAT does below zero."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.prices.public_holidays import Calendar
from scheduler.prices.retail import GridFee, Markup, OnNegative, Retail, Settlement, Step, Surcharge, Vat
from scheduler.prices.schedule import Rule, Schedule

BERLIN = ZoneInfo("Europe/Berlin")
ADELAIDE = ZoneInfo("Australia/Adelaide")
MIDNIGHT = datetime(2026, 6, 1, 22, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def curve(*prices: float | None, step: timedelta = QUARTER, start: datetime = MIDNIGHT) -> TariffCurve:
    slots = (
        PriceSlot(start + n * step, start + (n + 1) * step, price)
        for n, price in enumerate(prices)
        if price is not None
    )
    return TariffCurve("EUR", tuple(slots), "test", start)


def retail(*steps: Step, zone: ZoneInfo = BERLIN) -> Retail:
    return Retail(zone, steps)


def night_fee(day: float, night: float, until: time = time(6)) -> GridFee:
    rule = Rule.model_validate({"from": time(0), "to": until, "price": night})
    return GridFee(Schedule(default=day, rules=[rule]), Calendar())


def test_without_steps_the_energy_price_is_what_is_paid() -> None:
    energy = curve(0.1, 0.2)

    assert energy == retail().applied(energy)


def test_steps_are_applied_in_order_and_every_component_bears_its_name() -> None:
    steps = (Markup(rate=0.1, per_kwh=0.01), night_fee(0.1, 0.04), Surcharge("levies", 0.02), Vat(0.5))

    slot = retail(*steps).applied(curve(0.2)).slots[0]

    parts = {part.name: pytest.approx(part.price_per_kwh) for part in slot.components}
    assert {"energy": 0.2, "markup": 0.03, "grid fee": 0.04, "levies": 0.02, "VAT": 0.145} == parts
    assert 0.435 == slot.price_per_kwh


@settings(deadline=None)
@given(
    st.lists(st.none() | st.floats(-0.5, 4), min_size=1, max_size=30),
    st.floats(0, 0.3),
    st.sampled_from(OnNegative),
    st.sampled_from([15, 30, 60]),
)
def test_the_components_of_every_price_add_up_to_it(
    prices: list[float | None], rate: float, on_negative: OnNegative, minutes: int
) -> None:
    steps = (
        Markup(0.03, 0.015, absolute=True),
        night_fee(0.1, 0.02),
        Vat(rate, on_negative),
        Settlement(timedelta(minutes=minutes)),
    )

    paid = retail(*steps).applied(curve(*prices))

    for slot in paid.slots:
        assert slot.price_per_kwh == pytest.approx(sum(part.price_per_kwh for part in slot.components), abs=1e-9)


@pytest.mark.parametrize(
    ("on_negative", "energy", "vat"),
    [
        (OnNegative.ALWAYS, -0.05, 0.01),
        (OnNegative.NEVER, -0.05, 0.02),
        (OnNegative.TOTAL_ONLY, -0.05, 0.01),
        (OnNegative.ALWAYS, -0.30, -0.04),
        (OnNegative.NEVER, -0.30, 0.02),
        (OnNegative.TOTAL_ONLY, -0.30, 0.0),
    ],
)
def test_vat_on_a_negative_price_is_as_the_contract_says(on_negative: OnNegative, energy: float, vat: float) -> None:
    slot = retail(Surcharge("grid fee", 0.10), Vat(0.2, on_negative)).applied(curve(energy)).slots[0]

    assert pytest.approx(vat) == slot.components[-1].price_per_kwh


def test_the_share_of_a_negative_price_can_be_taken_of_its_size() -> None:
    signed, absolute = (retail(Markup(0.1, 0.0, absolute=how)).applied(curve(-0.2)).slots[0] for how in (False, True))

    assert (-0.22, -0.18) == (signed.price_per_kwh, absolute.price_per_kwh)


def test_an_hour_is_cut_where_the_grid_fee_changes_inside_it() -> None:
    energy = curve(0.2, step=timedelta(hours=1))

    paid = retail(night_fee(0.1, 0.01, until=time(0, 15))).applied(energy)

    assert [(QUARTER, 0.21), (timedelta(minutes=45), 0.3)] == [
        (slot.interval.duration, slot.price_per_kwh) for slot in paid.slots
    ]


def test_settlement_by_the_hour_pays_the_mean_of_its_quarters() -> None:
    paid = retail(Settlement(timedelta(hours=1))).applied(curve(0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, 0.5))

    assert [0.25, 0.5] == [slot.price_per_kwh for slot in paid.slots]
    assert {timedelta(hours=1)} == {slot.interval.duration for slot in paid.slots}


def test_an_hour_of_which_a_quarter_is_unknown_is_not_settled() -> None:
    paid = retail(Settlement(timedelta(hours=1))).applied(curve(0.1, None, 0.3, 0.4, 0.5, 0.5, 0.5, 0.5))

    assert [MIDNIGHT + timedelta(hours=1)] == [slot.start for slot in paid.slots]


def test_the_hour_of_settlement_is_the_local_clocks() -> None:
    # Adelaide is half an hour off: its hours begin at :30 UTC.
    energy = curve(*[0.1] * 2, *[0.2] * 4, *[0.3] * 2)

    paid = retail(Settlement(timedelta(hours=1)), zone=ADELAIDE).applied(energy)

    assert [(MIDNIGHT + timedelta(minutes=30), 0.2)] == [(slot.start, slot.price_per_kwh) for slot in paid.slots]


def test_settlement_is_right_on_the_autumn_night() -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    energy = curve(*[n / 100 for n in range(100)], start=start)

    paid = retail(Settlement(timedelta(hours=1))).applied(energy)

    assert 25 == len(paid.slots)
    assert start + timedelta(hours=25) == paid.slots[-1].end


def test_a_settled_price_is_firm_only_when_all_of_it_is() -> None:
    energy = curve(0.1, 0.2, 0.3, 0.4)
    mixed = TariffCurve(
        "EUR", (*energy.slots[:3], PriceSlot(energy.slots[3].start, energy.slots[3].end, 0.4, firm=False))
    )

    slot = retail(Settlement(timedelta(hours=1))).applied(mixed).slots[0]

    assert not slot.firm


def test_unknown_stretches_stay_unknown() -> None:
    paid = retail(Markup(0.1, 0.1), night_fee(0.1, 0.2), Vat(0.19)).applied(curve(0.1, None, 0.3))

    assert curve(0.1, None, 0.3).gaps() == paid.gaps()


def test_nothing_known_stays_nothing() -> None:
    steps = (Markup(0.1), night_fee(0.1, 0.2), Vat(0.19), Settlement(timedelta(hours=1)))

    assert () == retail(*steps).applied(curve()).slots
