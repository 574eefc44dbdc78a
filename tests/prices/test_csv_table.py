"""Tables of prices as people have them."""

from typing import Any

import pytest

from scheduler.domain.errors import ConfigError
from scheduler.prices.catalogue import read_files
from scheduler.prices.reading import reading_document


def read(text: str, zone: str | None = None, **options: str) -> dict[str, Any]:
    known = {"start": "start", "price": "price", "unit": "EUR/kWh", **options}
    return reading_document(read_files("csv", zone, known, [text.encode()]))


def test_comments_and_empty_lines_are_left_out() -> None:
    document = read("# a table\nstart,price\n\n2026-02-01T00:00Z,0.1\n2026-02-01T01:00Z,0.2\n# end\n")

    assert [0.1, 0.2] == [price for _, _, price in document["slots"]]


def test_wall_times_are_read_by_the_zone() -> None:
    document = read("start,price\n2026-07-01 00:00,0.1\n2026-07-01 01:00,0.2\n", zone="Europe/Berlin")

    assert "2026-06-30T22:00:00Z" == document["slots"][0][0]


def test_an_autumn_night_in_wall_time_has_its_hour_twice() -> None:
    hours = ["00:00", "01:00", "02:00", "02:00", "03:00"]
    text = "start,price\n" + "".join(f"25/10/2026 {hour},0.{n + 1}\n" for n, hour in enumerate(hours))

    document = read(text, zone="Europe/Berlin")

    assert ["2026-10-24T22:00:00Z", "2026-10-25T02:00:00Z"] == [document["slots"][0][0], document["slots"][-1][0]]
    assert ("ok", []) == (document["state"], document["gaps"])


def test_an_autumn_hour_that_a_table_left_out_is_not_known() -> None:
    rows = ["01:00,01:30", "01:30,02:00", "02:00,02:30", "02:30,03:00"]
    text = "start,end,price\n" + "".join(
        f"25/10/2026 {a},25/10/2026 {b},0.1\n" for a, b in (row.split(",") for row in rows)
    )

    document = read(text, zone="Europe/London", end="end")

    assert [["2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"]] == document["gaps"]
    assert "partial" == document["state"]


def test_a_spring_row_may_span_the_hour_its_clock_leaves_out() -> None:
    rows = ["00:30,02:00", "02:00,02:30"]
    text = "start,end,price\n" + "".join(
        f"29/03/2026 {a},29/03/2026 {b},0.1\n" for a, b in (row.split(",") for row in rows)
    )

    document = read(text, zone="Europe/London", end="end")

    assert ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"] == document["slots"][0][:2]
    assert [] == document["gaps"]


def test_decimal_commas_and_semicolons_are_read() -> None:
    text = "Datum;Preis\n2026-02-01T00:00Z;1.234,56\n2026-02-01T01:00Z;-0,5\n"

    document = read(text, start="Datum", price="Preis", unit="EUR/MWh", delimiter=";", decimal_comma="true")

    assert [1.23456, -0.0005] == [price for _, _, price in document["slots"]]


def test_a_factor_turns_the_sign() -> None:
    document = read("start,price\n2026-02-01T00:00Z,0.1\n2026-02-01T01:00Z,0.2\n", factor="-1")

    assert [-0.1, -0.2] == [price for _, _, price in document["slots"]]


def test_a_price_that_is_not_available_is_a_gap_and_never_zero() -> None:
    document = read("start,price\n2026-02-01T00:00Z,0.1\n2026-02-01T01:00Z,n/e\n2026-02-01T02:00Z,0.2\n")

    assert [["2026-02-01T01:00:00Z", "2026-02-01T02:00:00Z"]] == document["gaps"]
    assert "2026-02-01T01:00:00Z" == document["known_until"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("time,price\n2026-02-01T00:00Z,0.1\n", "no column 'start', expected one of 'time', 'price'"),
        ("", "no column 'start', expected one of none at all"),
        ("start,price\nyesterday,0.1\n", "'yesterday' is no time"),
        ("start,price\n2026-02-01T00:00Z,cheap\n", "the price 'cheap' is no number"),
        ("start,price\n2026-02-01T00:00Z,NaN1\n", "is no number"),
        ("start,price\n2026-02-01T00:00Z\n", "when it ends"),
        ("start,price\n2026-03-29 02:30,0.1\n", "never showed"),
        ("start,price\n" + "2026-02-01T00:00Z," + "9" * 20_000 + "\n", "longer than a table's line"),
        ("<!DOCTYPE html><html>", "HTML page"),
    ],
)
def test_what_is_no_table_is_an_error_with_its_reason(text: str, reason: str) -> None:
    document = read(text, zone="Europe/Berlin")

    assert ("error", []) == (document["state"], document["slots"])
    assert reason in document["message"]


def test_a_table_that_is_not_utf_8_is_an_error() -> None:
    reading = read_files("csv", None, {"start": "a", "price": "b", "unit": "EUR/kWh"}, [b"a,b\n\xff\xfe,1\n"])

    assert "expected utf-8-sig text" in reading.message


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"start": "a", "price": "b"}, "unit: it is missing"),
        ({"start": "a", "price": "b", "unit": "EUR"}, "the unit 'EUR' is not known"),
        ({"columns": "a,b"}, "no setting 'columns', expected one of"),
    ],
)
def test_a_mapping_that_is_wrong_is_a_configuration_error(options: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_files("csv", None, options, [b""])
