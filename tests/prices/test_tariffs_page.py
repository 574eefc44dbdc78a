"""Every example of docs/tariffs.md loads, has the prices it promises, and fits in ten lines where it says so."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.interval import Interval
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.prices.catalogue import FEEDS
from scheduler.prices.compose import composed
from scheduler.prices.feeds.feed import Asked
from scheduler.prices.tariff import Tariff, load_tariffs
from scheduler.prices.wall import local_day
from tests.prices.shapes import SHAPES, Shape, mapped

PAGE = (Path(__file__).parents[2] / "docs" / "tariffs.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^##+ ([^\n]+)\n(?:(?!^##).)*?```yaml\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
DAY = date(2026, 1, 14)
DISPATCHES = b'{"data": {"flexPlannedDispatches": [{"start": "2026-01-14T13:00:00Z", "end": "2026-01-14T14:30:00Z"}]}}'
TEMPO = b'{"values": {"2026-01-13": "BLUE", "2026-01-14": "RED"}}'


def payload_for(kind: str) -> bytes:
    """A day in the shape of the feed, around the example's day."""
    if kind == "tempo":
        return TEMPO
    if kind == "octopus_intelligent":
        return DISPATCHES
    shape = SHAPES[kind]
    if kind == "json":
        shape = Shape(mapped, 100, timedelta(hours=1), shape.zone)
        return shape.payload(shape.day(DAY)).replace(b'"at"', b'"timestamp"').replace(b'"ct"', b'"priceInCentPerKwh"')
    return shape.payload(shape.day(DAY))


def curve_of(tariff: Tariff) -> TariffCurve | None:
    window = Interval(local_day(DAY, tariff.zone).start, local_day(DAY + timedelta(days=1), tariff.zone).end)
    known: dict[str, TariffCurve | None] = {}
    for version in tariff.versions:
        for part in (*version.recipes, *((version.carbon,) if version.carbon else ())):
            kind = getattr(part.feed, "kind", "")
            payload = b"" if kind == "static" else payload_for(kind)
            known[part.key] = part.feed.parse(payload, Asked(window, window.start)).curve
    return composed(tariff, known)


@pytest.mark.parametrize(("title", "text"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_the_example_has_a_price_for_the_whole_day(title: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(text, encoding="utf-8")

    (tariff,) = load_tariffs([path]).values()
    curve = curve_of(tariff)

    assert curve is not None
    assert tariff.currency == curve.currency
    noon = local_day(DAY, tariff.zone).start + timedelta(hours=12)
    slot = curve.slot_at(noon)
    assert slot is not None
    assert 0 < slot.price_per_kwh < 2
    assert () == curve.within(local_day(DAY, tariff.zone)).gaps()


def test_a_planned_dispatch_is_a_cheap_forecast_for_the_other_cars(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(dict(EXAMPLES)["Intelligent Octopus"], encoding="utf-8")

    curve = curve_of(load_tariffs([path])[TariffId("home")])

    assert curve is not None
    slots = [curve.slot_at(datetime(2026, 1, 14, hour, 45, tzinfo=UTC)) for hour in (12, 13, 14, 23)]
    assert [(0.27, True), (0.07, False), (0.27, True), (0.07, True)] == [
        (slot.price_per_kwh, slot.firm) for slot in slots if slot is not None
    ]


def test_there_are_seven_households_in_ten_lines_each() -> None:
    households = [text for title, text in EXAMPLES if ": " in title]

    assert 7 == len(households)
    assert all(len(text.splitlines()) <= 10 for text in households)


def test_every_feed_is_on_the_page() -> None:
    named: Any = set(re.findall(r"`([a-z_]+)`", PAGE))

    assert set(FEEDS) <= named
