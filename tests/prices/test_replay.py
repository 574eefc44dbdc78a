"""Real days laid over today and tomorrow: by the wall clock, on days of 23, 24 and 25 hours."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scheduler.prices.feeds.feed import Asked
from scheduler.prices.feeds.replay import Replay, laid_day, shipped_days
from scheduler.prices.reading import Reading
from scheduler.prices.wall import local_day, today_and_tomorrow

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "config" / "prices" / "de-lu-example-days.csv").read_bytes()
DATA = ROOT.parent / "shared" / "data" / "prices_de_lu_smard" / "de_lu_day_ahead_2020_2026.csv.gz"
BERLIN = ZoneInfo("Europe/Berlin")
FEED = Replay(file=Path("days.csv"))


def laid(now: datetime) -> Reading:
    return FEED.parse(TABLE, Asked(today_and_tomorrow(now, BERLIN), now))


def price_at(reading: Reading, wall: datetime, fold: int = 0) -> float:
    slot = reading.curve.slot_at(wall.replace(tzinfo=BERLIN, fold=fold).astimezone(UTC))
    assert slot is not None
    return slot.price_per_kwh


@pytest.mark.parametrize(
    ("day", "quarters"),
    [(date(2026, 3, 29), 92), (date(2026, 6, 1), 96), (date(2026, 10, 25), 100)],
    ids=["spring", "plain", "autumn"],
)
def test_every_day_has_all_its_quarters_and_no_gap(day: date, quarters: int) -> None:
    today = local_day(day, BERLIN)

    reading = laid(today.start + timedelta(hours=10))

    assert quarters == len(reading.slots)
    assert (today.start, today.end) == (reading.slots[0].start, reading.slots[-1].end)
    assert () == reading.curve.gaps()


def test_tomorrow_appears_at_one_o_clock_and_not_before() -> None:
    one = datetime(2026, 6, 1, 13, tzinfo=BERLIN)

    before, after = laid((one - timedelta(seconds=1)).astimezone(UTC)), laid(one.astimezone(UTC))

    assert (96, 192) == (len(before.slots), len(after.slots))


def test_tomorrows_prices_are_the_same_once_it_is_today() -> None:
    now = datetime(2026, 10, 24, 14, tzinfo=BERLIN).astimezone(UTC)
    tomorrow = local_day(date(2026, 10, 25), BERLIN)

    seen_before = laid(now).curve.within(tomorrow).slots
    seen_then = laid(tomorrow.start + timedelta(hours=1)).curve.within(tomorrow).slots

    assert seen_before == seen_then


def test_an_hour_of_the_clock_has_the_price_the_real_day_had_by_its_clock() -> None:
    shipped = [day.day for day in shipped_days(TABLE)]
    today = date(2026, 7, 1)
    real = {slot.start: slot.price_per_kwh for slot in FEED.parse(TABLE, Asked()).slots}

    price = price_at(laid(datetime(2026, 7, 1, 8, tzinfo=UTC)), datetime(2026, 7, 1, 18, 15))

    below = laid_day(today, shipped)
    assert price == real[datetime(below.year, below.month, below.day, 18, 15, tzinfo=BERLIN).astimezone(UTC)]


def test_the_repeated_hour_of_autumn_has_its_prices_twice() -> None:
    reading = laid(datetime(2026, 10, 25, 8, tzinfo=UTC))

    first, second = (price_at(reading, datetime(2026, 10, 25, 2, 30), fold) for fold in (0, 1))

    assert first == second


def test_days_take_turns() -> None:
    shipped = [date(2025, 10, 20), date(2025, 11, 5)]

    turns = [laid_day(date(2026, 6, day), shipped) for day in range(1, 5)]

    assert turns[0] != turns[1]
    assert turns[:2] == turns[2:]


def test_the_curve_says_that_it_is_simulated_and_whose_figures_it_shows() -> None:
    reading = laid(datetime(2026, 6, 1, 8, tzinfo=UTC))

    assert reading.simulated
    assert "2025-10-20 and 2025-11-05" in reading.source
    assert "Bundesnetzagentur | SMARD.de, CC BY 4.0" in reading.source


def test_the_shipped_days_are_the_markets_and_as_ordinary_as_they_say() -> None:
    if not DATA.exists():
        pytest.skip("the price set (../shared/data) is not here")
    import pandas as pd

    real = pd.read_csv(DATA)
    real = real[real.start_utc >= "2024-12-31T23"]
    day = pd.to_datetime(real.start_utc).dt.tz_convert("Europe/Berlin").dt.date
    by_day = real.groupby(day).price_eur_mwh
    spread = (by_day.max() - by_day.min()).round(6)
    shipped = FEED.parse(TABLE, Asked()).slots

    market = dict(zip(real.start_utc, real.price_eur_mwh, strict=True))
    assert all(
        market[f"{slot.start:%Y-%m-%dT%H:%M:%SZ}"] / 1000 == pytest.approx(slot.price_per_kwh) for slot in shipped
    )
    for one in shipped_days(TABLE):
        smaller = (spread < spread[one.day]).mean()
        assert (one.spread, one.smaller_share) == (pytest.approx(spread[one.day]), pytest.approx(smaller, abs=5e-4))
