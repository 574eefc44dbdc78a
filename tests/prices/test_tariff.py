"""Tariff files: what they mean, what is wrong with them, versions, fallbacks and the weight of carbon."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.errors import ConfigError
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot, TariffCurve, TariffId
from scheduler.prices.compose import composed
from scheduler.prices.feeds.feed import Asked
from scheduler.prices.tariff import Tariff, TariffSettings, load_tariffs, tariff_of

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)
NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)

HOME = """
id: home
timezone: Europe/Berlin
currency: EUR
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def home(**settings: Any) -> Tariff:
    content = {"id": "home", "timezone": "Europe/Berlin", "currency": "EUR", **settings}
    return tariff_of(TariffSettings.model_validate(content), Path("config"))


def own_curve(tariff: Tariff, day: datetime = NOON) -> TariffCurve:
    """The curve of a tariff that is written down."""
    energy = {
        recipe.key: recipe.feed.parse(b"", Asked(Interval(day, day + HOUR), day)).curve
        for recipe in tariff.recipes
        if recipe.feed.local
    }
    curve = composed(tariff, energy)
    assert curve is not None
    return curve


def flat(
    price: float, hours: int = 4, start: datetime = NOON, currency: str = "EUR", source: str = "a feed"
) -> TariffCurve:
    slots = tuple(PriceSlot(start + n * HOUR, start + (n + 1) * HOUR, price) for n in range(hours))
    return TariffCurve(currency, slots, source)


@pytest.mark.parametrize("path", sorted((ROOT / "config" / "tariffs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_file_loads_under_its_own_name(path: Path) -> None:
    tariffs = load_tariffs([path])

    assert [path.stem] == list(tariffs)


def test_a_file_that_is_wrong_is_told_with_line_key_and_what_was_meant(tmp_path: Path) -> None:
    path = written(tmp_path, "home.yaml", HOME + "feed: {kind: energy_charts, zne: AT}\ntax: {vat: 19}\n")

    with pytest.raises(ConfigError) as refused:
        load_tariffs([path])

    told = str(refused.value)
    assert f'{path}:5:29: feed.zne: is not a known key, did you mean "zone"?' in told
    assert f"{path}:6:7: tax.vat: got 19, expected a number from 0 to 1" in told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected one of feed and energy"),
        ("feed: {kind: energy_charts}\nenergy: {default: 0.3}\n", "expected one of feed and energy"),
        ("energy: {default: 0.3}\nunit: p/kWh\n", "expected a unit of EUR"),
        ("energy: {default: 0.3}\nvalid: {from: 2026-02-01, to: 2026-01-01}\n", "expected 2026-02-01 or later"),
        ("energy: {default: 0.3}\nholidays: {calendar: Bavaria}\n", "such as DE or DE-BY"),
        ("energy: {default: 0.3}\nholidays: {calendar: US, only: [Boxing Day]}\n", "got 'Boxing Day', expected one of"),
        ("energy: {default: 0.3, rules: [{days: weekend, price: 0.1}]}\n", "expected weekdays"),
        ("energy: {default: 0.3, rules: [{months: [13], price: 0.1}]}\n", "expected months from 1 to 12"),
        (
            "energy: {default: 0.3, tiers: {bands: [{up_to_kwh: 500, add: 0}]}}\n",
            "expected up_to_kwh in all but the last",
        ),
        ("feed: {kind: csv, start: a, price: b, unit: EUR/kWh}\n", "expected one of url and file"),
        ("feed: {kind: entsoe, zone: Germany}\n", "expected a bidding zone"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = written(tmp_path, "home.yaml", HOME + text)

    with pytest.raises(ConfigError, match=reason):
        load_tariffs([path])


def test_a_file_named_in_a_tariff_is_found_beside_it(tmp_path: Path) -> None:
    path = written(tmp_path, "home.yaml", HOME + "feed: {kind: replay, file: days.csv}\n")

    (tariff,) = load_tariffs([path]).values()

    (request,) = tariff.recipes[0].feed.requests(Interval(NOON, NOON + HOUR))
    assert tmp_path / "days.csv" == request.path


def test_amounts_in_pence_become_pounds_exactly() -> None:
    tariff = home(currency="GBP", unit="p/kWh", energy={"default": 7.7385}, levies={"per_kwh": 0.3})

    slot = own_curve(tariff).slots[0]

    assert {"energy": 0.077385, "levies": 0.003} == {part.name: part.price_per_kwh for part in slot.components}


def test_of_block_rates_the_last_band_is_counted_on_and_the_curve_says_so() -> None:
    bands = {"bands": [{"up_to_kwh": 500, "add": 0.0}, {"up_to_kwh": None, "add": 0.045}]}

    curve = own_curve(home(energy={"default": 0.3, "tiers": bands}))

    assert 0.345 == curve.slots[0].price_per_kwh
    assert "the last band is counted on" in curve.source


def test_of_block_rates_the_band_of_a_known_use_is_counted_on() -> None:
    bands = {"used_kwh": 300, "bands": [{"up_to_kwh": 500, "add": 0.01}, {"up_to_kwh": None, "add": 0.045}]}

    curve = own_curve(home(energy={"default": 0.3, "tiers": bands}))

    assert 0.31 == curve.slots[0].price_per_kwh


def test_two_files_of_one_id_are_versions_and_the_price_changes_at_local_midnight(tmp_path: Path) -> None:
    old = written(tmp_path, "a.yaml", HOME + "energy: {default: 0.3}\nvalid: {to: 2026-06-01}\n")
    new = written(tmp_path, "b.yaml", HOME + "energy: {default: 0.4}\nvalid: {from: 2026-06-02}\n")

    (tariff,) = load_tariffs([new, old]).values()

    curve = own_curve(tariff)
    change = datetime(2026, 6, 1, 22, tzinfo=UTC)
    assert (0.3, 0.4) == tuple(curve.slot_at(change + ahead).price_per_kwh for ahead in (-HOUR, timedelta()))  # type: ignore[union-attr]


def test_versions_that_hold_on_one_day_are_refused(tmp_path: Path) -> None:
    old = written(tmp_path, "a.yaml", HOME + "energy: {default: 0.3}\nvalid: {to: 2026-06-02}\n")
    new = written(tmp_path, "b.yaml", HOME + "energy: {default: 0.4}\nvalid: {from: 2026-06-02}\n")

    with pytest.raises(ConfigError, match=r"b\.yaml: valid: overlaps another file of 'home'"):
        load_tariffs([old, new])


def test_versions_of_different_currencies_are_refused(tmp_path: Path) -> None:
    old = written(tmp_path, "a.yaml", HOME + "energy: {default: 0.3}\nvalid: {to: 2026-06-01}\n")
    new = written(
        tmp_path, "b.yaml", HOME.replace("EUR", "CHF") + "energy: {default: 0.4}\nvalid: {from: 2026-06-02}\n"
    )

    with pytest.raises(ConfigError, match="got CHF, Europe/Berlin, expected EUR, Europe/Berlin"):
        load_tariffs([old, new])


def test_a_fallback_fills_what_the_first_feed_leaves_open_and_is_priced_by_the_same_steps() -> None:
    tariff = home(
        feed={"kind": "energy_charts"},
        levies={"per_kwh": 0.1},
        fallback=[{"feed": {"kind": "entsoe", "zone": "DE-LU"}}],
    )
    first, second = (recipe.key for recipe in tariff.recipes)

    curve = composed(tariff, {first: flat(0.2, hours=2), second: flat(0.5, hours=4, source="another feed")})

    assert curve is not None
    assert [0.3, 0.3, 0.6, 0.6] == [slot.price_per_kwh for slot in curve.slots]
    assert "a feed; where that is silent: another feed" == curve.source


def test_a_fallback_with_steps_of_its_own_is_priced_by_those_alone() -> None:
    fallback = {"feed": {"kind": "tibber"}, "tax": {"vat": 0.0}}
    tariff = home(feed={"kind": "energy_charts"}, levies={"per_kwh": 0.1}, fallback=[fallback])

    curve = composed(tariff, {tariff.recipes[1].key: flat(0.5)})

    assert curve is not None
    assert {0.5} == {slot.price_per_kwh for slot in curve.slots}


def test_nothing_known_is_no_curve() -> None:
    assert composed(home(feed={"kind": "energy_charts"}), {}) is None


def test_carbon_weighs_as_a_component_of_its_own() -> None:
    tariff = home(feed={"kind": "energy_charts"}, carbon={"feed": {"kind": "gb_carbon"}, "weight_per_kg": 0.1})
    (version,) = tariff.versions
    assert version.carbon is not None
    grams = TariffCurve(
        "gCO2", (PriceSlot(NOON, NOON + HOUR / 2, 400), PriceSlot(NOON + HOUR / 2, NOON + HOUR, 200)), "grid"
    )

    curve = composed(tariff, {version.recipes[0].key: flat(0.2, hours=1), version.carbon.key: grams})

    assert curve is not None
    assert [0.24, 0.22] == [slot.price_per_kwh for slot in curve.slots]
    assert ["energy", "carbon weight"] == [part.name for part in curve.slots[0].components]


def test_an_hour_whose_carbon_is_unknown_is_neither_favoured_nor_avoided() -> None:
    tariff = home(feed={"kind": "energy_charts"}, carbon={"feed": {"kind": "gb_carbon"}, "weight_per_kg": 0.1})
    (version,) = tariff.versions
    assert version.carbon is not None
    grams = TariffCurve("gCO2", (PriceSlot(NOON, NOON + HOUR, 400), PriceSlot(NOON + HOUR, NOON + 2 * HOUR, 200)))

    curve = composed(tariff, {version.recipes[0].key: flat(0.2, hours=3), version.carbon.key: grams})

    assert curve is not None
    assert [0.24, 0.22, 0.23] == [slot.price_per_kwh for slot in curve.slots]


def test_tariffs_of_the_same_settings_share_an_origin_and_others_do_not() -> None:
    one, same, other = (
        home(id=name, feed={"kind": "energy_charts", "zone": zone}).recipes[0].key
        for name, zone in (("a", "AT"), ("b", "AT"), ("c", "NL"))
    )

    assert one == same != other


def test_a_tariffs_name_defaults_to_its_id() -> None:
    assert (TariffId("home"), "home") == (home(energy={"default": 1}).id, home(energy={"default": 1}).name)
