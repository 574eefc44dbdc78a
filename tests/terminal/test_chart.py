from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.plan import ChargeWindow
from scheduler.domain.tariff import PriceSlot, TariffCurve
from scheduler.terminal.chart import cheapest_hours, known_words, price_chart

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 2, 10, 11, 10, tzinfo=UTC)
"""12:10 in Berlin."""

FIRST = datetime(2026, 2, 10, 10, tzinfo=UTC)
"""The chart begins at 11:00 in Berlin."""


def hourly(prices: list[float | None], currency: str = "EUR", start: datetime = FIRST) -> TariffCurve:
    hour = timedelta(hours=1)
    slots = (
        PriceSlot(start + n * hour, start + (n + 1) * hour, price)
        for n, price in enumerate(prices)
        if price is not None
    )
    return TariffCurve(currency, tuple(slots))


def test_the_dearest_price_stands_at_the_top_and_the_cheapest_at_the_bottom() -> None:
    lines = price_chart(hourly([0.2, 0.4, 0.3, 0.2] * 6), [], NOON, BERLIN, 80)

    assert " 0.400 │  ██" == lines[1][:12]
    assert " 0.200 │▁▁████▁▁" == lines[4][:16]


def test_no_line_is_wider_than_the_terminal() -> None:
    curve = hourly([0.1 + hour / 100 for hour in range(48)])
    windows = [ChargeWindow(NOON + timedelta(hours=40), NOON + timedelta(hours=41), 11)]

    widths = [max(len(line) for line in price_chart(curve, windows, NOON, BERLIN, width)) for width in (40, 80, 100)]

    assert all(width <= limit for width, limit in zip(widths, (40, 80, 100), strict=True))


def test_hours_without_a_price_are_dots_and_the_legend_says_so() -> None:
    lines = price_chart(hourly([0.2, 0.4, None, 0.3]), [], NOON, BERLIN, 80)

    assert "▁▁██··██" == lines[4][8:16]
    assert "· = not known yet" == lines[-1].strip()


def test_charging_is_marked_below_its_own_half_hours() -> None:
    window = ChargeWindow(NOON.replace(minute=0), NOON.replace(minute=40), 11)

    lines = price_chart(hourly([0.2] * 26), [window], NOON, BERLIN, 80)

    assert " charge   █░" == lines[-1]


def test_now_stands_above_the_half_hour_it_lies_in() -> None:
    head = price_chart(hourly([0.2] * 26), [], NOON, BERLIN, 80)[0]

    assert "EUR/kWh   ▼ now 12:10" == head[:21]
    assert head.endswith("known until Wed 13:00")


def test_a_curve_of_another_day_is_not_said_to_be_of_now() -> None:
    assert "▼ from 12:10" in price_chart(hourly([0.2] * 26), [], NOON, BERLIN, 80, mark="from")[0]


def test_hours_are_local_and_midnight_bears_the_weekday() -> None:
    hours = price_chart(hourly([0.2] * 26), [], NOON, BERLIN, 80)[6]

    assert ["12", "15", "18", "21", "Wed", "03", "06", "09", "12"] == hours.split()


def test_simulated_prices_say_so() -> None:
    curve = hourly([0.2] * 26)
    simulated = TariffCurve(curve.currency, curve.slots, simulated=True)

    head = price_chart(simulated, [], NOON, BERLIN, 80)[0]

    assert "SIMULATED, known until" in head


def test_a_flat_price_is_drawn_at_half_height() -> None:
    lines = price_chart(hourly([0.3] * 26), [], NOON, BERLIN, 80)

    assert " 0.300 │" == lines[1]
    assert "       │██" == lines[3][:10]


def test_negative_prices_keep_their_sign() -> None:
    lines = price_chart(hourly([-0.05, 0.1] * 13), [], NOON, BERLIN, 80)

    assert "-0.050 │▁▁██" == lines[4][:12]


def test_prices_of_small_currencies_fit_the_margin() -> None:
    lines = price_chart(hourly([1234.5, 98.25] * 13, currency="HUF"), [], NOON, BERLIN, 80)

    assert "1234.5 │" == lines[1][:8]
    assert "98.250 │" == lines[4][:8]


def test_an_empty_curve_is_one_honest_line() -> None:
    lines = price_chart(TariffCurve("EUR"), [], NOON, BERLIN, 80)

    assert ["EUR/kWh: no price is known for now or later"] == lines


def test_the_night_of_the_clock_change_keeps_its_hours_in_order() -> None:
    evening = datetime(2026, 10, 24, 20, 10, tzinfo=UTC)
    curve = hourly([0.2] * 26, start=evening.replace(minute=0) - timedelta(hours=1))

    hours = price_chart(curve, [], evening, BERLIN, 80)[6]

    assert ["21", "Sun", "03", "06", "09"] == hours.split()[:5]
    assert 2 * 7 == hours.index("06") - hours.index("Sun")


def test_a_forecast_is_marked_below_the_hours() -> None:
    curve = hourly([0.2, 0.3, 0.4])
    guessed = TariffCurve(
        "EUR", (*curve.slots[:2], PriceSlot(curve.slots[2].start, curve.slots[2].end, 0.4, firm=False))
    )

    lines = price_chart(guessed, [], NOON, BERLIN, 80)

    assert " " * 12 + "~~" == lines[7]
    assert "~ = forecast, · = not known yet" == lines[-1].strip()


def test_the_cheapest_hours_ahead_are_named_and_neighbours_joined() -> None:
    curve = hourly([0.1, 0.1, 0.1, 0.5, 0.2, 0.2, 0.5, 0.3, 0.9])

    sentence = cheapest_hours(curve, NOON, BERLIN, count=3)

    # 11:00 and 12:00 have begun; of what is left 13:00, 15:00 and 16:00 are cheapest.
    assert "cheapest 3 hours: Tue 13:00-14:00, Tue 15:00-17:00 at 0.167 EUR/kWh" == sentence


def test_with_fewer_hours_known_nothing_is_named() -> None:
    assert cheapest_hours(hourly([0.1] * 4), NOON, BERLIN, count=3) is None
    assert cheapest_hours(TariffCurve("EUR"), NOON, BERLIN) is None


def test_a_forecast_is_never_among_the_cheapest_hours() -> None:
    curve = hourly([0.3] * 8)
    guess = PriceSlot(curve.slots[-1].end, curve.slots[-1].end + timedelta(hours=1), 0.01, firm=False)

    sentence = cheapest_hours(TariffCurve("EUR", (*curve.slots, guess)), NOON, BERLIN, count=2)

    assert "cheapest 2 hours: Tue 13:00-15:00 at 0.300 EUR/kWh" == sentence


def test_an_hour_that_has_just_begun_is_among_the_cheapest() -> None:
    assert "cheapest 1 hours: Tue 12:00-13:00 at 0.100 EUR/kWh" == cheapest_hours(
        hourly([0.9, 0.1, 0.2]), FIRST + timedelta(hours=1), BERLIN, count=1
    )


def test_what_is_known_is_told_with_its_gaps() -> None:
    curve = hourly([0.1, 0.2, 0.3, None, None, 0.4])

    assert "known until Tue 14:00; not known Tue 14:00-16:00" == known_words(curve, NOON, BERLIN)


def test_what_is_only_foreseen_is_not_told_as_known() -> None:
    curve = hourly([0.1, 0.2, 0.3])
    guess = PriceSlot(FIRST + timedelta(hours=3), FIRST + timedelta(hours=9), 0.2, firm=False)
    foreseen = TariffCurve("EUR", (*curve.slots, guess))

    assert "known until Tue 14:00; a forecast until Tue 20:00" == known_words(foreseen, NOON, BERLIN)
    assert "no published price holds now; a forecast until Tue 20:00" == known_words(
        TariffCurve("EUR", (guess,)), FIRST + timedelta(hours=4), BERLIN
    )


def test_of_what_has_passed_nothing_is_known_ahead() -> None:
    assert None is known_words(hourly([0.1]), NOON, BERLIN)


def test_what_lies_a_week_ahead_bears_its_date() -> None:
    head = price_chart(hourly([0.2 for _ in range(24 * 8)]), [], NOON, BERLIN, 100)[0]

    assert head.endswith("known until Wed 18 Feb 11:00")
