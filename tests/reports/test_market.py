from __future__ import annotations

import pickle
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.domain.errors import ConfigError
from scheduler.domain.interval import Interval
from scheduler.reports.market import Market, ReadAhead, read_market
from tests.reports.year import BERLIN, HOUR, local, market, slots, write_prices

HEAD = "start_utc,resolution_min,price_eur_mwh"


def table(folder: Path, *lines: str, name: str = "prices.csv") -> Path:
    file = folder / name
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


@pytest.mark.parametrize(
    ("now", "horizon"),
    [
        ("2025-01-10T12:59", "2025-01-11T00:00"),
        ("2025-01-10T13:00", "2025-01-12T00:00"),
        ("2025-01-10T23:59", "2025-01-12T00:00"),
        ("2025-01-11T00:00", "2025-01-12T00:00"),
        ("2025-03-29T13:00", "2025-03-31T00:00"),
    ],
)
def test_tomorrow_is_known_from_one_o_clock_on(now: str, horizon: str) -> None:
    assert local(horizon) == market().horizon(local(now))


@pytest.mark.parametrize(
    ("now", "publication"),
    [
        ("2025-01-10T12:59", "2025-01-10T13:00"),
        ("2025-01-10T13:00", "2025-01-11T13:00"),
        ("2025-03-29T14:00", "2025-03-30T13:00"),
    ],
)
def test_the_next_day_is_published_at_one_o_clock_by_the_wall(now: str, publication: str) -> None:
    assert local(publication) == market().next_publication(local(now))


def test_a_read_past_what_is_published_raises() -> None:
    now, tomorrow = local("2025-01-10T12:00"), local("2025-01-11T00:00")

    assert market().read(Interval(now, tomorrow), now)
    with pytest.raises(ReadAhead, match=r"published until 2025-01-10T23:00:00\+00:00, but they were asked for until"):
        market().read(Interval(now, tomorrow + timedelta(seconds=1)), now)


def test_what_is_published_and_what_is_past_ends_at_the_horizon() -> None:
    now = local("2025-03-10T14:30")

    known, past = market().published(now), market().past(now)

    assert now == known.slots[0].start
    assert local("2025-03-12T00:00") == known.slots[-1].end == past[-1].end
    assert timedelta(days=57) <= past[-1].end - past[0].start <= timedelta(days=58)


def test_the_bill_takes_slots_in_part() -> None:
    window = Interval(local("2025-01-10T02:30"), local("2025-01-10T03:30"))

    assert 0.5 * 0.20 + 0.5 * 0.05 == pytest.approx(market().cost_per_kw(window))
    assert 0.0 == market().cost_per_kw(Interval(local("2024-01-01T00:00"), local("2024-01-02T00:00")))


def test_a_gap_is_no_price_of_nought() -> None:
    with_gap = Market(slots(2)[:10] + slots(2)[11:], "EUR", BERLIN)
    day = Interval(local("2025-01-01T00:00"), local("2025-01-02T00:00"))

    assert market().complete(day)
    assert not with_gap.complete(day)
    assert not market(2).complete(Interval(day.end, day.end + 30 * HOUR))
    assert market().cost_per_kw(day) - price(10) == pytest.approx(with_gap.cost_per_kw(day))


def price(number: int) -> float:
    return slots(2)[number].price_per_kwh


def test_a_market_goes_to_another_process_whole() -> None:
    original = market(3)
    original.horizon(local("2025-01-02T10:00"))

    copy = pickle.loads(pickle.dumps(original))

    assert original.whole == copy.whole
    assert original.horizon(local("2025-01-02T10:00")) == copy.horizon(local("2025-01-02T10:00"))


def test_prices_are_read_per_kilowatt_hour_in_the_currency_of_the_column(tmp_path: Path) -> None:
    read = read_market(write_prices(tmp_path / "prices.csv.gz", 3), None, BERLIN)

    assert "EUR" == read.currency
    assert [slot.start for slot in slots(3)] == [slot.start for slot in read.whole.slots]
    assert [slot.price_per_kwh for slot in slots(3)] == pytest.approx([slot.price_per_kwh for slot in read.whole.slots])


@pytest.mark.parametrize(
    ("column", "currency", "per_kwh"),
    [
        ("price_eur_mwh", "EUR", 0.1),
        ("price_aud_mwh", "AUD", 0.1),
        ("price_pence_kwh", "GBP", 1.0),
        ("price_gbp_kwh", "GBP", 100.0),
    ],
)
def test_the_columns_name_tells_the_money(tmp_path: Path, column: str, currency: str, per_kwh: float) -> None:
    file = table(tmp_path, f"start_utc,resolution_min,{column}", "2025-01-01T00:00:00Z,30,100")

    read = read_market(file, None, BERLIN)

    assert currency == read.currency
    assert [per_kwh] == [pytest.approx(slot.price_per_kwh) for slot in read.whole.slots]
    assert [timedelta(minutes=30)] == [slot.interval.duration for slot in read.whole.slots]


def test_an_empty_price_is_a_gap(tmp_path: Path) -> None:
    file = table(tmp_path, HEAD, "2025-01-01T00:00:00Z,60,1", "2025-01-01T01:00:00Z,60,", "2025-01-01T02:00:00Z,60,3")

    assert 2 == len(read_market(file, None, BERLIN).whole.slots)


@pytest.mark.parametrize(
    ("lines", "column", "expected"),
    [
        (["start_utc,resolution_min,price_eur_mwh,price_p_kwh"], None, "name one with --column"),
        (["start_utc,resolution_min,eur_mwh"], None, "expected one column named after a price"),
        ([HEAD], "price_xyz", r"expected a column 'price_xyz', got start_utc"),
        (["start_utc,resolution_min,price_xyz"], "price_xyz", "names its currency"),
        ([HEAD], "price_gbp_mwh", r"prices\.csv:1: expected a column 'price_gbp_mwh'"),
        (["start_utc,price_eur_mwh"], None, "expected a column 'resolution_min'"),
        ([HEAD], None, "expected prices, got none"),
        ([HEAD, "2025-01-01T00:00:00,60,1"], None, r"prices\.csv:2: start_utc: expected a time with an offset"),
        (
            [HEAD, "2025-01-01T00:00:00Z,60,cheap"],
            None,
            r"prices\.csv:2: price_eur_mwh: expected a number, got 'cheap'",
        ),
        ([HEAD, "2025-01-01T00:00:00Z,60,inf"], None, "expected a finite number"),
        ([HEAD, "2025-01-01T00:00:00Z,0,1"], None, "minutes from 1 to 1440"),
        ([HEAD, "2025-01-01T00:00:00Z,60"], None, r"prices\.csv:2: expected 3 cells, got 2"),
        ([HEAD, "2025-01-01T00:00:00Z,60,1", "2025-01-01T00:30:00Z,60,1"], None, r"prices\.csv:3: .* no earlier than"),
    ],
)
def test_a_spoiled_table_is_named_by_file_line_and_column(
    tmp_path: Path, lines: list[str], column: str | None, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        read_market(table(tmp_path, *lines), column, BERLIN)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(b"start_utc")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")

    for file in (tmp_path / "nowhere.csv", broken, binary):
        with pytest.raises(ConfigError, match=file.name):
            read_market(file, None, BERLIN)
    with pytest.raises(ConfigError, match="got an empty file"):
        read_market(table(tmp_path), None, BERLIN)
