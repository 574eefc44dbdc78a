"""The real tariffs of the United States as the example files say them, hour by hour against the recorded sheets."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked
from scheduler.prices.tariff import load_tariffs
from scheduler.prices.wall import midnight

ROOT = Path(__file__).parents[2]
SHEETS = ROOT.parent / "shared" / "feeds" / "openei-urdb"

EXAMPLES = {
    "us-aps-r-tou-e": "ratebook_aps-r-tou-e.json",
    "us-comed-bes": "ratebook_comed-bes-residential-single-family.json",
    "us-dominion-1t": "ratebook_dominion-va-schedule-1t.json",
    "us-ladwp-r1b": "ratebook_ladwp-r1b-tou.json",
}
HOLIDAYS_2026 = {
    "new_years_day": date(2026, 1, 1),
    "mlk_day": date(2026, 1, 19),
    "washingtons_birthday": date(2026, 2, 16),
    "memorial_day": date(2026, 5, 25),
    "juneteenth": date(2026, 6, 19),
    "independence_day": date(2026, 7, 4),
    "labor_day": date(2026, 9, 7),
    "columbus_day": date(2026, 10, 12),
    "veterans_day": date(2026, 11, 11),
    "thanksgiving": date(2026, 11, 26),
    "christmas": date(2026, 12, 25),
}


def sheet_price(sheet: dict[str, Any], wall: datetime) -> float:
    """What the recorded sheet says for a local wall time: its matrices, and its holidays as weekends."""
    as_weekend = sheet["schedule"]["holiday_policy"] == "as_weekend"
    free = {HOLIDAYS_2026[name] for name in sheet["schedule"].get("holidays", []) if as_weekend}
    week = "weekend" if wall.weekday() > 4 or wall.date() in free else "weekday"
    (tier,) = sheet["energy"]["periods"][sheet["schedule"][week][wall.month - 1][wall.hour]]["tiers"]
    return float(Decimal(str(tier["rate"])) + Decimal(str(tier["adj"])))


@pytest.mark.parametrize("tariff_id", EXAMPLES)
def test_the_example_file_says_what_the_sheet_says_in_every_hour_of_a_year(tariff_id: str) -> None:
    path = SHEETS / EXAMPLES[tariff_id]
    if not path.exists():
        pytest.skip("the recorded sheets (../shared/feeds) are not here")
    sheet = json.loads(path.read_text(encoding="utf-8"))
    (tariff,) = load_tariffs([ROOT / "config" / "tariffs" / f"{tariff_id}.yaml"]).values()
    (recipe,) = tariff.recipes
    start = midnight(date(2026, 1, 1), tariff.zone)

    wrong: list[datetime] = []
    for week in range(0, 366, 7):
        day = start + timedelta(days=week)
        window = Interval(day, day + timedelta(days=1))
        curve = recipe.retail.applied(recipe.feed.parse(b"", Asked(window, day)).curve)
        for hour in range(7 * 24):
            moment = day + timedelta(hours=hour)
            wall = moment.astimezone(tariff.zone).replace(tzinfo=None)
            slot = curve.slot_at(moment)
            assert slot is not None
            if wall.year == 2026 and sheet_price(sheet, wall) != pytest.approx(slot.price_per_kwh, abs=1e-9):
                wrong.append(wall)

    assert [] == wrong


def test_a_contract_that_begins_later_has_no_price_before() -> None:
    from scheduler.prices.compose import composed

    (tariff,) = load_tariffs([ROOT / "config" / "tariffs" / "us-aps-r-tou-e.yaml"]).values()
    (recipe,) = tariff.recipes
    day = datetime(2026, 5, 30, 7, tzinfo=UTC)
    energy = recipe.feed.parse(b"", Asked(Interval(day, day + timedelta(days=1)), day)).curve

    curve = composed(tariff, {recipe.key: energy})

    assert curve is not None
    assert datetime(2026, 6, 1, 7, tzinfo=UTC) == curve.slots[0].start
