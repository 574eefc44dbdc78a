"""Every recorded series to its golden numbers, and every other recorded answer to its state, through the command itself."""

import csv
import gzip
import io
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scheduler import cli
from scheduler.prices.catalogue import read_files

FEEDS = Path(__file__).parents[2].parent / "shared" / "feeds"
EXPECTED = FEEDS / "EXPECTED.json"
SERIES: dict[str, Any] = json.loads(EXPECTED.read_text(encoding="utf-8")) if EXPECTED.exists() else {}

pytestmark = pytest.mark.skipif(not SERIES, reason="the recorded answers (../shared/feeds) are not here")

PER_KWH = {"MWh": 1000, "p/kWh": 100, "c/kWh": 100}


def kind_and_choice(name: str) -> tuple[str, str | None, dict[str, str]]:
    """Return the feed, zone and settings with which a person would read the recorded series *name*."""
    path, _, series = name.partition("#")
    folder = path.split("/")[0].replace("-", "_")
    if path.endswith(".csv"):
        return "csv", "UTC", {"start": "timestamp", "price": "rate", "unit": "p/kWh", "resolution_min": "30"}
    choices: dict[str, tuple[str | None, dict[str, str]]] = {
        "entsoe": (None, {"sequence": series[3]} if series[3:4].isdigit() else {}),
        "energy_charts": ("DE-LU", {}),
        "nordpool": ("NL", {}),
        "home_assistant": ("FI", {}),
        "elering": ("ee", {}),
        "omie": ("ES", {}),
        "amber": (None, {"channel": series}),
        "energyzero": (None, {"stream": series or "base"}),
        "easyenergy": (None, {"stream": "price"}),
    }
    zone, options = choices.get(folder, (None, {}))
    return folder, zone, options


def shown(kind: str, zone: str | None, options: Mapping[str, str], names: Sequence[str]) -> dict[str, Any]:
    """Return what `smartcharge prices --feed ... --json` prints; its exit code and its complaint have to fit the state."""
    arguments = ["smartcharge", "prices", "--feed", kind, "--json"]
    arguments += ["--zone", zone] if zone is not None else []
    arguments += [word for key, value in options.items() for word in ("--set", f"{key}={value}")]
    arguments += [word for name in names for word in ("--from-file", str(FEEDS / name))]
    out, err = io.StringIO(), io.StringIO()
    code: str | int | None = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", arguments)
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
    document: dict[str, Any] = json.loads(out.getvalue())
    wrong = document["state"] == "error"
    expected = (65, f"smartcharge: {document['message']}\n") if wrong else (0, "")
    assert expected == (code, err.getvalue())
    return document


def read(name: str) -> dict[str, Any]:
    return shown(*kind_and_choice(name), [name.partition("#")[0]])


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("name", SERIES)
def test_a_recorded_series_is_read_to_its_golden_numbers(name: str) -> None:
    expected = SERIES[name]
    scale = next((scale for unit, scale in PER_KWH.items() if unit in expected["unit"]), 1)

    document = read(name)

    # A file may hold several series one after the other; this one's slots are those from its first start to its last.
    slots = [slot for slot in document["slots"] if expected["first_start"] <= slot[0] <= expected["last_start"]]
    prices = [slot[2] for slot in slots]
    wire = {key: float(Decimal(str(expected[key])) / scale) for key in ("min", "max", "first", "last")}
    only_another_auction = "only-sequence-2" in name
    assert expected["n"] == len(slots)
    assert (expected["first_start"], expected["last_start"]) == (slots[0][0], slots[-1][0])
    assert {timedelta(seconds=expected["step_s"])} == {moment(end) - moment(start) for start, end, _ in slots}
    assert wire == {"min": min(prices), "max": max(prices), "first": prices[0], "last": prices[-1]}
    assert expected["mean"] == pytest.approx(sum(prices) / len(prices) * scale, abs=1e-4)
    assert expected["negative"] == sum(price < 0 for price in prices)
    assert all(earlier[1] == later[0] for earlier, later in pairwise(slots))
    assert document["currency"] in {"EUR", "GBP", "AUD"}
    assert only_another_auction or document["known_until"] >= slots[-1][1]


STATES = {
    "entsoe/DE-LU_2026-02-02_03_seq1+seq2_15min.xml": "ok",
    "entsoe/hass-entso-e_BE_15M_avg.xml": "partial",
    "entsoe/hass-entso-e_BE_15M_exact4.xml": "partial",
    "entsoe/openems_2025-10-21_only-sequence-2.xml": "not_published",
    "entsoe/openremote_acknowledgement_999_no-matching-data.xml": "not_published",
    "entsoe/em_fake_time_series.xml": "error",
    "entsoe/em_fake_time_series_all_0.xml": "error",
    "elering/nps_price_2025-12-04_full-utc-day_96q.json": "ok",
    "elering/nps_price_2026-03-27_partial_92q.json": "partial",
    "elering/nps_price_2026-03-30_partial_88q.json": "partial",
    "energyzero/graphql_energy.json": "ok",
    "energyzero/graphql_gql_error.json": "error",
    "energyzero/graphql_no_data.json": "not_published",
    "energyzero/rest_electricity_quarter_response.json": "ok",
    "energyzero/rest_error_response.json": "error",
    "home-assistant/entsoe_happy_20240918.json": "ok",
    "home-assistant/entsoe_today_mtu15_20251028.json": "ok",
    "home-assistant/nordpool_happy_20240714.json": "ok",
    "home-assistant/nordpool_tomorrow_not_valid_20240714.json": "not_published",
    "home-assistant/nordpool_tomorrow_not_valid_20240715.json": "not_published",
    "home-assistant/stromligning_today_20260401.json": "ok",
    "home-assistant/stromligning_tomorrow_not_available.json": "not_published",
    "octopus/demandshaper_AGILE-18-02-21-D_page1_2020-05-25.json": "ok",
    "octopus/OctoMeter_standard-unit-rates_json.json": "ok",
    "octopus/OctoMeter_products.json": "error",
    "octopus/aiooctopusenergy_rates.json": "ok",
    "frank-energie/market_prices.json": "ok",
    "energidataservice/Elspotprices_20220325.json": "ok",
    "comed/quoted_5minutefeed_two-rows_2024-10-11.json": "ok",
    "electricity-maps/carbon_intensity_history.json": "ok",
    "electricity-maps/latest_carbon_intensity.json": "ok",
    "electricity-maps/response.json": "ok",
    "electricity-maps/no-data-response.json": "not_published",
    "electricity-maps/unknown-response.json": "error",
    "electricity-maps/zones.json": "error",
}


@pytest.mark.parametrize(("name", "state"), STATES.items())
def test_a_recorded_answer_is_in_the_right_state(name: str, state: str) -> None:
    kind, zone, options = kind_and_choice(name)
    zone = {"home_assistant": None, "entsoe": None}.get(kind, zone)
    if kind == "energidataservice":
        options = {"currency": "EUR"}
    if "stromligning" in name:
        options = {"unit": "DKK/kWh"}

    document = shown(kind, zone, options, [name])

    assert state == document["state"], document["message"]
    assert (state == "error") == (document["slots"] == [] and state != "not_published")


EPOCHS = {"start": "start_timestamp", "end": "end_timestamp", "price": "marketprice", "unit": "EUR/MWh"}
WALLS = {"start": "start_timestamp", "end": "end_timestamp", "price": "t_price_has_pro_incl_vat", "unit": "ct/kWh"}
SPANS = {"start": "valid_from", "end": "valid_until", "price": "total_price_net", "unit": "ct/kWh", "factor": "-1"}
STARTS = {"start": "timestamp", "price": "priceInCentPerKwh", "unit": "ct/kWh", "resolution_min": "60"}

MAPPED: dict[str, tuple[dict[str, str], str | None, int, list[Any]]] = {
    "akkudoktor/EOS_elecpriceforecast_akkudoktor_1.json": (
        {"path": "values", **EPOCHS},
        None,
        48,
        ["2024-12-09T23:00:00Z", "2024-12-10T00:00:00Z", 0.09285],
    ),
    "de-corrently/openems_corrently_1.json": (
        {"path": "data", **EPOCHS},
        None,
        24,
        ["2021-09-23T13:00:00Z", "2021-09-23T14:00:00Z", 0.15895],
    ),
    "de-hassfurt/openems_hassfurt_1.json": (
        {"path": "data", **WALLS},
        "Europe/Berlin",
        7,
        ["2024-05-21T22:00:00Z", "2024-05-21T23:00:00Z", 0.2558],
    ),
    "de-luox/openems_luox_1.json": (
        {"path": "[].variable_prices", **SPANS},
        None,
        22,
        ["2025-08-28T00:00:00Z", "2025-08-28T01:00:00Z", 0.218766],
    ),
    "de-rabot/openems_rabot_1.json": (
        {"path": "records", **STARTS},
        None,
        15,
        ["2024-05-14T07:00:00Z", "2024-05-14T08:00:00Z", 0.00564],
    ),
}


@pytest.mark.parametrize("name", MAPPED)
def test_a_supplier_without_a_feed_is_read_by_a_mapping(name: str) -> None:
    options, zone, count, first = MAPPED[name]

    document = shown("json", zone, options, [name])

    assert ("ok", count, first) == (document["state"], len(document["slots"]), document["slots"][0])


def test_the_parts_of_a_price_add_up_in_a_mapping() -> None:
    options, *_ = MAPPED["de-luox/openems_luox_1.json"]
    parts = {**options, "price": "energy_price_net + taxes_and_levies_net + fees_net + grid_costs_net"}
    payload = (FEEDS / "de-luox/openems_luox_1.json").read_bytes()

    whole, summed = (read_files("json", None, choice, [payload]).slots for choice in (options, parts))

    # The supplier rounds its sum to four digits of a cent.
    assert [slot.price_per_kwh for slot in whole] == pytest.approx([slot.price_per_kwh for slot in summed], abs=2e-6)


CARBON = {
    "carbon-intensity-gb/demandshaper_national_fw24h_2020-05-24.json": ("gb_carbon", 146),
    "carbon-intensity-gb/quoted_regional_fw48h_postcode_BS16_2025-10-22.json": ("gb_carbon", 162),
    "electricity-maps/carbon_intensity_history.json": ("electricity_maps", 599),
    "watttime-v3/doc-example_v3_forecast.json": ("watttime", 1048.4131919701972 * 0.45359237),
}


@pytest.mark.parametrize("name", CARBON)
def test_carbon_is_read_in_grams_per_kwh(name: str) -> None:
    kind, grams = CARBON[name]

    document = shown(kind, None, {}, [name])

    assert ("ok", "gCO2", []) == (document["state"], document["currency"], document["gaps"])
    assert grams == pytest.approx(document["slots"][0][2])


SHEET = {
    "start": "Period from",
    "end": "Period to",
    "price": "Agile Import price (p/kWh)",
    "unit": "p/kWh",
}

OTHERS: dict[str, tuple[str, dict[str, str], str]] = {
    "amber/public-api_swagger.json": ("amber", {}, "error"),
    "home-assistant/nordpool_happy_today_wintertime.json": ("home_assistant", {}, "error"),
    "octopus/OctoMeter_product_AGILE-FLEX-22-11-25.json": ("octopus", {}, "error"),
    "octopus/OctoMeter_tariff_json.json": ("octopus", {}, "error"),
    "octopus/OctoMeter_tariff_singleEnergyProductQueryResponse.json": ("octopus", {}, "error"),
    "octopus/aiooctopusenergy_applicable_rates_graphql.json": ("octopus", {}, "error"),
    "octopus/aiooctopusenergy_day_rates.json": ("octopus", {"rates": "day"}, "partial"),
    "octopus/aiooctopusenergy_grid_supply_points.json": ("octopus", {}, "error"),
    "octopus/aiooctopusenergy_night_rates.json": ("octopus", {"rates": "night"}, "partial"),
    "octopus/aiooctopusenergy_product_detail.json": ("octopus", {}, "error"),
    "octopus/aiooctopusenergy_products.json": ("octopus", {}, "error"),
    "octopus/energy-stats-uk_agile_import-export_2023-07-02_03.csv": ("csv", SHEET, "ok"),
    "octopus/energy-stats-uk_agile_import-export_2023-03-25_27_dst-spring_local-time.csv": ("csv", SHEET, "ok"),
    "omie/INT_PBC_EV_H_1_01_10_2025_01_10_2025.parsed.json": ("omie", {}, "error"),
    "rte-tempo/quoted_api-couleur-tempo_today_2026-03-27.json": ("tempo", {}, "ok"),
    "rte-tempo/quoted_tempo_like_calendars_2023-12-02_05.json": ("tempo", {}, "ok"),
}
"""Answers of other lists, documents that are no prices, and one with two prices for an hour: kind, settings, state."""

NOT_OF_A_PRICE_LIST = ("openei-urdb/", "octopus/OctoMeter_standing-charges", "octopus/aiooctopusenergy_standing")
"""Tariffs to be written down (`test_ratebook.py`), and charges by the day."""


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_else_was_recorded_is_read_or_refused_with_a_reason(name: str) -> None:
    kind, options, state = OTHERS[name]
    zones = {"csv": "Europe/London", "omie": "ES"}

    document = shown(kind, zones.get(kind), options, [name])

    assert state == document["state"], document["message"]
    assert (state == "error") == (document["slots"] == [])


def test_every_recorded_answer_is_read_here() -> None:
    read_here = {name.partition("#")[0] for name in SERIES} | {*STATES, *MAPPED, *CARBON, *OTHERS}
    recorded = {str(path.relative_to(FEEDS)) for path in FEEDS.glob("*/*")}

    assert set() == {name for name in recorded - read_here if not name.startswith(NOT_OF_A_PRICE_LIST)}


def test_entsoe_equals_the_market_to_the_cent_on_two_days() -> None:
    market = FEEDS.parent / "data" / "prices_de_lu_smard" / "de_lu_day_ahead_2020_2026.csv.gz"
    if not market.exists():
        pytest.skip("the price set (../shared/data) is not here")
    with gzip.open(market, "rt") as table:
        real = {line["start_utc"]: float(Decimal(line["price_eur_mwh"]) / 1000) for line in csv.DictReader(table)}

    document = shown("entsoe", "DE-LU", {}, ["entsoe/openems_DE-LU_2025-10-15_16_15min.xml"])

    assert 192 == len(document["slots"])
    assert all(real[start] == price for start, _, price in document["slots"])


def test_two_days_of_two_files_are_one_reading() -> None:
    names = [
        "energy-charts/price_DE-LU_2025-10-01_first-15min-day.json",
        "energy-charts/price_DE-LU_2025-09-30_last-hourly-day.json",
    ]

    document = shown("energy_charts", "DE-LU", {}, names)

    assert (24 + 96, "ok", []) == (len(document["slots"]), document["state"], document["gaps"])
    assert "2025-09-29T22:00:00Z" == document["slots"][0][0]


def test_two_days_with_a_day_between_them_are_partial_and_known_until_the_gap() -> None:
    names = [
        "energy-charts/price_DE-LU_2025-10-01_first-15min-day.json",
        "energy-charts/price_DE-LU_2026-02-10_normal-15min.json",
    ]

    document = shown("energy_charts", "DE-LU", {}, names)

    assert ("partial", "2025-10-01T22:00:00Z", 1) == (document["state"], document["known_until"], len(document["gaps"]))
