"""The geometry of a price curve with its plan."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan, ChargeWindow, PlanOutcome
from scheduler.domain.tariff import PriceComponent, PriceSlot, TariffCurve
from scheduler.web.drawing import Drawing, drawing
from tests.web.fleet import BERLIN, HOUR, NOW, a_curve, a_window, local

NOTHING = TariffCurve("")


def planned(*windows: ChargeWindow) -> ChargePlan:
    return ChargePlan(PlanOutcome.MET, windows)


def hours(shown: Drawing) -> list[str]:
    return [mark.label for mark in shown.hours]


def test_a_price_holds_until_the_next_one() -> None:
    start = local("2026-02-06 16:00")
    prices = iter([0.4, 0.2] + [0.0] * 46)

    shown = drawing(a_curve(start, start + 12 * HOUR, lambda at: next(prices)), None, None, NOW, BERLIN)

    assert shown.line.startswith("M0.0 40.0V40.0H20.8V110.0H41.7V180.0H62.5V180.0")


def test_a_gap_in_the_prices_is_shown_as_unknown_and_never_drawn_over() -> None:
    start, gap = local("2026-02-06 16:00"), local("2026-02-06 19:00")
    curve = a_curve(start, start + 12 * HOUR, lambda at: None if gap <= at < gap + HOUR else 0.2)

    shown = drawing(curve, None, None, NOW, BERLIN)

    assert [(25.0, 8.33, "19:00–20:00: price not known yet")] == [(b.x, b.width, b.title) for b in shown.unknown]
    assert 2 == shown.line.count("M")
    assert 2 == shown.area.count("Z")


def test_without_any_price_the_whole_drawing_is_unknown() -> None:
    shown = drawing(NOTHING, None, None, NOW, BERLIN)

    assert [(0.0, 100.0)] == [(band.x, band.width) for band in shown.unknown]
    assert ("", "", "") == (shown.line, shown.area, shown.charged)
    assert "No price is known yet." == shown.summary


def test_a_window_is_filled_under_the_curve_and_marked_where_its_price_is_unknown() -> None:
    start = local("2026-02-06 16:00")
    known = a_curve(start, local("2026-02-07 00:00"))
    plan = planned(a_window("2026-02-06 23:00", "2026-02-07 01:00"))

    shown = drawing(known, plan, ChargeGoal(local("2026-02-07 03:00"), 80.0), NOW, BERLIN)

    assert [("23:00–01:00: charging at 7.4 kW", 16.67)] == [(band.title, band.width) for band in shown.windows]
    assert shown.charged.startswith("M583.3 ")
    assert "H666.7 L666.7" in shown.charged


def test_a_negative_price_hangs_below_the_zero_line() -> None:
    start = local("2026-02-06 16:00")

    shown = drawing(a_curve(start, start + 12 * HOUR, lambda at: -0.1), None, None, NOW, BERLIN)

    assert 40.0 == shown.zero_y
    assert "V180.0" in shown.line


def test_a_forecast_is_drawn_apart_from_firm_prices() -> None:
    start = local("2026-02-06 16:00")
    firm, guessed = PriceSlot(start, start + HOUR, 0.2), PriceSlot(start + HOUR, start + 2 * HOUR, 0.3, firm=False)

    shown = drawing(TariffCurve("EUR", (firm, guessed)), None, None, NOW, BERLIN)

    assert (1, 1) == (shown.line.count("M"), shown.forecast_line.count("M"))
    assert [False, True] == ["a forecast" in band.title for band in shown.slots]


def test_pointing_at_a_price_tells_its_time_its_parts_and_whether_it_is_used() -> None:
    start = local("2026-02-07 01:00")
    parts = (PriceComponent("energy", 0.12), PriceComponent("grid fee", 0.08))
    curve = TariffCurve("EUR", (PriceSlot(start, start + HOUR, 0.2, components=parts),))

    shown = drawing(curve, planned(a_window("2026-02-07 01:15", "2026-02-07 01:30")), None, NOW, BERLIN)

    assert ["Sat 01:00–02:00: EUR 0.2000/kWh (energy 0.1200, grid fee 0.0800), charging"] == [
        band.title for band in shown.slots
    ]


def test_it_reaches_from_the_hour_before_now_to_the_last_price() -> None:
    shown = drawing(a_curve(local("2026-02-06 00:00"), local("2026-02-07 00:00")), None, None, NOW, BERLIN)

    assert 12 * 4 - 4 * 4 == len(shown.slots)
    assert 12.8 == shown.now.x
    assert ["18", "21", "00", "03"] == hours(shown)


def test_it_reaches_beyond_the_departure_and_never_more_than_forty_hours() -> None:
    curve = a_curve(local("2026-02-06 00:00"), local("2026-02-09 00:00"))

    near = drawing(NOTHING, None, ChargeGoal(local("2026-02-07 07:00"), 80.0), NOW, BERLIN)
    far = drawing(curve, None, ChargeGoal(local("2026-02-09 07:00"), 80.0), NOW, BERLIN)

    assert near.departure is not None
    assert ("ready Sat 07:00 at 80 %", 93.75) == (near.departure.label, near.departure.x)
    assert (None, "ready Mon 07:00 →") == (far.departure, far.departs_later)
    assert 160 == len(far.slots)


@pytest.mark.parametrize(("x", "anchor"), [(0.0, "start"), (29.9, "start"), (50.0, "middle"), (70.1, "end")])
def test_a_label_hangs_so_that_it_stays_inside(x: float, anchor: str) -> None:
    shown = drawing(NOTHING, None, None, NOW, BERLIN)

    assert anchor == type(shown.now)(x, "ready", "departure").anchor


def test_on_the_day_of_25_hours_the_hours_stand_where_they_are() -> None:
    now = local("2026-10-24 21:30")
    curve = a_curve(local("2026-10-24 00:00"), local("2026-10-26 00:00"))

    shown = drawing(curve, None, None, now, BERLIN)

    at = {mark.label: mark.x for mark in shown.hours[:4]}
    assert ["21", "00", "03", "06"] == hours(shown)[:4]
    # 29 hours in all; from midnight to three o'clock there are four of them.
    assert (13.8, 10.34) == (round(at["03"] - at["00"], 2), round(at["06"] - at["03"], 2))
    assert 2 == sum("02:30 CE" in band.title.partition("–")[0] for band in shown.slots)


def test_on_the_day_of_23_hours_the_skipped_one_has_no_mark_and_no_price() -> None:
    now = local("2026-03-28 21:30")
    curve = a_curve(local("2026-03-28 00:00"), local("2026-03-30 00:00"))

    shown = drawing(curve, None, None, now, BERLIN)

    at = {mark.label: mark.x for mark in shown.hours[:4]}
    assert round(at["06"] - at["03"], 2) == round(1.5 * (at["03"] - at["00"]), 2)
    assert not [band.title for band in shown.slots if " 02:" in band.title.partition("–")[0]]


def test_midnight_is_found_where_the_day_does_not_begin_at_midnight() -> None:
    # In Beirut the clock goes from 00:00 to 01:00 on this day.
    beirut = ZoneInfo("Asia/Beirut")
    now = datetime(2026, 3, 28, 18, 30, tzinfo=UTC)

    shown = drawing(NOTHING, None, None, now, beirut)

    # The drawing begins at 17:00 UTC, the local day at 22:00 UTC.
    assert [("Sat", 0.0), ("Sun", 41.67)] == [(mark.label, mark.x) for mark in shown.days]


def test_full_hours_are_found_in_a_zone_that_stands_at_half_an_hour() -> None:
    shown = drawing(NOTHING, None, None, NOW, ZoneInfo("Asia/Kolkata"))

    assert [("21", 4.17), ("00", 29.17), ("03", 54.17), ("06", 79.17)] == [(mark.label, mark.x) for mark in shown.hours]


def test_the_first_days_name_gives_way_to_a_midnight_that_is_near() -> None:
    shown = drawing(NOTHING, None, None, local("2026-02-07 00:20"), BERLIN)

    assert [("Sat", 8.33)] == [(mark.label, mark.x) for mark in shown.days[-1:]]


def test_the_summary_says_what_is_drawn() -> None:
    start = local("2026-02-06 16:00")
    curve = a_curve(start, start + 12 * HOUR, lambda at: 0.3 if at.astimezone(BERLIN).hour < 22 else 0.1)

    shown = drawing(curve, planned(a_window("2026-02-06 22:00", "2026-02-06 23:30")), None, NOW, BERLIN)

    assert (
        "Prices 16:00–04:00, lowest EUR 0.1000/kWh at 22:00, highest EUR 0.3000/kWh at 16:00; charging 22:00–23:30."
        == shown.summary
    )


moments = st.integers(0, 14 * 24 * 4).map(lambda quarters: datetime(2026, 3, 20, tzinfo=UTC) + quarters * (HOUR / 4))


@given(
    moments,
    st.integers(0, 400),
    st.integers(1, 20),
    st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
)
def test_nothing_ever_leaves_the_drawing(now: datetime, quarters: int, length: int, zone: str) -> None:
    start = now - timedelta(hours=5)
    curve = a_curve(start, start + quarters * (HOUR / 4), lambda at: None if at.hour == 3 else 0.3 - at.hour / 24)
    plan = planned(ChargeWindow(now, now + length * 3 * HOUR, 7.4))

    shown = drawing(curve, plan, ChargeGoal(now + length * 5 * HOUR, 80.0), now, ZoneInfo(zone))

    marks = [*shown.hours, *shown.days, shown.now, *([shown.departure] if shown.departure else [])]
    assert all(0 <= mark.x <= 100 for mark in marks)
    bands = [*shown.windows, *shown.unknown, *shown.slots]
    assert all(0 <= band.x and band.width >= 0 and band.x + band.width <= 100.02 for band in bands)
    across = [float(x) for x in re.findall(r"[MLH]([\d.]+)", shown.area)]
    assert all(0 <= x <= 1000 for x in across)
    covered = sum(band.width for band in (*shown.unknown, *shown.slots))
    assert covered == pytest.approx(100, abs=0.5)
