"""Prices beyond those that are published: causal, marked, and better than the guesses everybody makes."""

import csv
import gzip
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import fmean
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.tariff import PriceSlot
from scheduler.prices.forecast import DAYS, expected, scenarios
from scheduler.prices.wall import local_day

BERLIN = ZoneInfo("Europe/Berlin")
MARKET = (
    Path(__file__).parents[2].parent / "shared" / "data" / "prices_de_lu_smard" / "de_lu_day_ahead_2020_2026.csv.gz"
)
HOUR = timedelta(hours=1)
MONDAY = date(2026, 6, 1)


def days(first: date, count: int, price: Callable[[date, int], float]) -> list[PriceSlot]:
    """Hourly history: *price* of a day and an hour of it."""
    slots: list[PriceSlot] = []
    for ahead in range(count):
        day = first + timedelta(days=ahead)
        window = local_day(day, BERLIN)
        slots += [
            PriceSlot(window.start + n * HOUR, window.start + (n + 1) * HOUR, price(day, n))
            for n in range(int(window.duration / HOUR))
        ]
    return slots


def midday_dip(day: date, hour: int) -> float:
    weekend = 0.05 if day.weekday() > 4 else 0.0
    return 0.2 - (0.1 if 11 <= hour < 15 else 0.0) - weekend


def test_a_day_that_repeats_itself_is_foreseen() -> None:
    window = local_day(MONDAY + timedelta(days=28), BERLIN)

    foreseen = expected(days(MONDAY, 28, midday_dip), window, BERLIN)

    truth = days(MONDAY + timedelta(days=28), 1, midday_dip)
    by_hour = [fmean(slot.price_per_kwh for slot in foreseen[4 * n : 4 * n + 4]) for n in range(24)]
    assert [slot.price_per_kwh for slot in truth] == pytest.approx(by_hour, abs=1e-6)


def test_a_sunday_is_foreseen_as_sundays_are() -> None:
    sunday = MONDAY + timedelta(days=34)

    foreseen = expected(days(MONDAY, 28, midday_dip), local_day(sunday, BERLIN), BERLIN)

    assert 0.15 == pytest.approx(foreseen[0].price_per_kwh)


def test_the_level_follows_the_last_days() -> None:
    def dearer(day: date, hour: int) -> float:
        return midday_dip(day, hour) + (0.1 if day >= MONDAY + timedelta(days=21) else 0.0)

    foreseen = expected(days(MONDAY, 28, dearer), local_day(MONDAY + timedelta(days=28), BERLIN), BERLIN)

    # A week of the new level, with a half-life of three days, is four fifths of the way.
    assert 0.26 < foreseen[0].price_per_kwh < 0.3


def test_no_forecast_is_firm() -> None:
    foreseen = expected(days(MONDAY, 8, midday_dip), local_day(MONDAY + timedelta(days=8), BERLIN), BERLIN)

    assert 96 == len(foreseen)
    assert not any(slot.firm for slot in foreseen)


def test_less_than_a_week_of_history_foresees_nothing() -> None:
    assert () == expected(days(MONDAY, 6, midday_dip), local_day(MONDAY + timedelta(days=6), BERLIN), BERLIN)


def test_what_lies_after_the_history_is_not_used() -> None:
    window = local_day(MONDAY + timedelta(days=28), BERLIN)
    history = days(MONDAY, 28, midday_dip)

    before = expected(history, window, BERLIN)
    later = expected(history[:-24], window, BERLIN)

    assert len(before) == len(later)
    assert scenarios(history, window.start.astimezone(BERLIN).date(), BERLIN)[
        -1
    ].past < window.start.date() + timedelta(days=1)


@pytest.mark.parametrize(("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)])
def test_the_night_the_clock_changes_is_foreseen_with_all_its_quarters(day: date, quarters: int) -> None:
    foreseen = expected(days(day - timedelta(days=28), 28, midday_dip), local_day(day, BERLIN), BERLIN)

    assert quarters == len(foreseen)
    assert (foreseen[0].start, foreseen[-1].end) == (local_day(day, BERLIN).start, local_day(day, BERLIN).end)


def test_a_day_with_a_hole_teaches_nothing() -> None:
    history = days(MONDAY, 28, midday_dip)
    torn = [slot for slot in history if slot.start.day != 28 or slot.start.hour < 12]

    pasts = {scenario.past for scenario in scenarios(torn, MONDAY + timedelta(days=34), BERLIN)}

    assert date(2026, 6, 28) not in pasts


def test_scenarios_are_past_days_of_the_same_kind_at_todays_level() -> None:
    possible = scenarios(days(MONDAY, 35, midday_dip), MONDAY + timedelta(days=35), BERLIN)

    assert all(scenario.past.weekday() < 5 for scenario in possible)
    assert DAYS * 5 / 7 == len(possible)
    assert [scenario.weight for scenario in possible] == sorted(scenario.weight for scenario in possible)


@cache
def market() -> list[PriceSlot]:
    with gzip.open(MARKET, "rt") as table:
        lines = [line for line in csv.DictReader(table) if "2024-12" <= line["start_utc"][:7] <= "2025-06"]
    starts = [(datetime.fromisoformat(line["start_utc"]).astimezone(UTC), line) for line in lines]
    return [
        PriceSlot(
            start, start + timedelta(minutes=int(line["resolution_min"])), float(Decimal(line["price_eur_mwh"]) / 1000)
        )
        for start, line in starts
    ]


def errors(ahead: int) -> dict[str, float]:
    """The mean errors of a forecast and of two simple guesses, *ahead* days after the last known one, in EUR/MWh."""
    prices = {slot.start: slot.price_per_kwh for slot in market()}
    wrong: dict[str, list[float]] = {"forecast": [], "mean of 7 days": [], "as today": []}
    for offset in range(0, 108, 3):
        known_until = local_day(date(2025, 2, 1) + timedelta(days=offset), BERLIN).end
        history = [slot for slot in market() if known_until - timedelta(days=DAYS + 1) <= slot.start < known_until]
        window = local_day(known_until.astimezone(BERLIN).date() + timedelta(days=ahead - 1), BERLIN)
        for slot in expected(history, window, BERLIN)[::4]:
            seen = [prices[slot.start - timedelta(days=ahead + back)] for back in range(7)]
            for name, guess in (
                ("forecast", slot.price_per_kwh),
                ("mean of 7 days", fmean(seen)),
                ("as today", seen[0]),
            ):
                wrong[name].append(1000 * abs(guess - prices[slot.start]))
    return {name: fmean(some) for name, some in wrong.items()}


@pytest.mark.skipif(not MARKET.exists(), reason="the price set (../shared/data) is not here")
def test_on_the_german_market_it_errs_less_than_the_guesses_everybody_makes(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = errors(1), errors(2)

    with capsys.disabled():
        for ahead, error in (("one day ahead", one), ("two days ahead", two)):
            print(
                f"{ahead:15}", *(f"{name} {value:.1f}" for name, value in error.items()), "EUR/MWh mean error", sep="  "
            )
    assert one["forecast"] < min(one["mean of 7 days"], one["as today"])
    assert two["forecast"] < 0.95 * min(two["mean of 7 days"], two["as today"])
