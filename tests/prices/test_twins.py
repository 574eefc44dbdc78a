"""Every feed on the days that nobody recorded: clock changes, negative prices, holes, and answers that are none."""

import io
import re
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.prices.catalogue import FEEDS, read_files
from scheduler.prices.feeds.payload import LARGEST_BODY
from scheduler.prices.reading import reading_document
from tests.house.tree import ROOT
from tests.prices.shapes import ACKNOWLEDGED, SHAPES, Shape, known

POUND_PER_MWH = 0.45359237
CLOCK_CHANGES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "Europe/Amsterdam": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/Chicago": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Sydney": (date(2026, 10, 4), date(2026, 4, 5)),
    "UTC": (date(2026, 3, 29), date(2026, 10, 25)),
}
PLAIN = date(2026, 6, 10)

kinds = pytest.mark.parametrize("kind", SHAPES)


def read(kind: str, payload: bytes) -> dict[str, Any]:
    zone = {"nordpool": "SE3", "entsoe": "DE-LU"}.get(kind)
    return reading_document(read_files(kind, zone, SHAPES[kind].options, [payload]))


def expected(kind: str, shape: Shape, slots: Any) -> list[tuple[str, str, Any]]:
    scale = POUND_PER_MWH if kind == "watttime" else 1.0
    return [
        (start.isoformat().replace("+00:00", "Z"), end.isoformat().replace("+00:00", "Z"), pytest.approx(price * scale))
        for start, end, price in known(slots)
    ]


def found(document: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(start, end, price) for start, end, price in document["slots"]]


@pytest.mark.parametrize("season", ["spring", "autumn", "plain"])
@kinds
def test_a_day_is_read_slot_by_slot_also_when_the_clock_changes(kind: str, season: str) -> None:
    shape = SHAPES[kind]
    spring, autumn = CLOCK_CHANGES[shape.zone.key]
    slots = shape.day({"spring": spring, "autumn": autumn, "plain": PLAIN}[season])

    document = read(kind, shape.payload(slots))

    hours = {"spring": 23, "autumn": 25, "plain": 24}[season] if shape.zone.key != "UTC" else 24
    assert expected(kind, shape, slots) == found(document)
    assert ("ok", [], shape.currency) == (document["state"], document["gaps"], document["currency"])
    assert timedelta(hours=hours) == slots[-1][1] - slots[0][0]
    assert slots[-1][1] == datetime.fromisoformat(document["known_until"])


@kinds
def test_negative_prices_keep_their_sign(kind: str) -> None:
    shape = SHAPES[kind]
    if shape.currency == "gCO2":
        pytest.skip("nothing takes carbon out of the air by the kWh")
    slots = shape.day(PLAIN, lambda n: (n % 11 - 5) / 200)

    document = read(kind, shape.payload(slots))

    assert expected(kind, shape, slots) == found(document)
    assert any(price < 0 for _, _, price in found(document))


@kinds
def test_what_is_missing_in_the_middle_is_a_gap_and_never_zero(kind: str) -> None:
    shape = SHAPES[kind]
    slots = shape.day(PLAIN, lambda n: None if 6 <= n < 8 else (n % 37 + 3) / 200)

    document = read(kind, shape.payload(slots))

    gap = [stamp.isoformat().replace("+00:00", "Z") for stamp in (slots[6][0], slots[7][1])]
    assert "partial" == document["state"]
    assert [gap] == document["gaps"]
    assert gap[0] == document["known_until"]
    assert 0 not in [price for _, _, price in found(document)]


@pytest.mark.parametrize("kind", ["energy_charts", "entsoe", "nordpool", "elering", "omie", "energyzero"])
def test_a_day_that_does_not_reach_its_end_is_partial(kind: str) -> None:
    shape = SHAPES[kind]
    slots = [(start, end, price if n < 80 else None) for n, (start, end, price) in enumerate(shape.day(PLAIN))]

    document = read(kind, shape.payload(slots))

    assert "partial" == document["state"]
    assert slots[80][0] == datetime.fromisoformat(document["known_until"])


@pytest.mark.parametrize("kind", [kind for kind, shape in SHAPES.items() if shape.empty is not None])
def test_nothing_yet_is_a_state_and_no_error(kind: str) -> None:
    empty = SHAPES[kind].empty
    assert empty is not None

    document = read(kind, empty)

    assert ("not_published", [], None) == (document["state"], document["slots"], document["known_until"])


@kinds
def test_a_page_of_html_is_an_error(kind: str) -> None:
    document = read(kind, b"<!DOCTYPE html><html><body>We are back soon</body></html>")

    assert ("error", []) == (document["state"], document["slots"])
    assert "HTML" in document["message"]


@kinds
def test_a_payload_that_is_cut_off_is_an_error_or_says_what_is_missing(kind: str) -> None:
    payload = SHAPES[kind].payload(SHAPES[kind].day(PLAIN))

    document = read(kind, payload[: len(payload) // 2])

    assert document["state"] in ({"ok", "partial", "error"} if kind in {"csv", "omie"} else {"error"})


@kinds
def test_fifty_megabytes_are_refused_unread(kind: str) -> None:
    document = read(kind, b" " * (LARGEST_BODY + 1))

    assert "larger than 5 MiB" in document["message"]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"0",
        b'"x"',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"\x00\xff" * 50,
        b"PK\x03\x04",
        b"[[]]",
        b"[null]",
    ],
    ids=["empty", "null", "list", "object", "number", "text", "deep", "deeper", "binary", "zip", "lists", "nulls"],
)
@pytest.mark.parametrize("kind", sorted(FEEDS))
def test_what_is_no_answer_of_the_feed_never_raises_and_never_has_prices(kind: str, payload: bytes) -> None:
    options = SHAPES[kind].options if kind in SHAPES else {}

    document = reading_document(read_files(kind, None, options, [payload]))

    assert [] == document["slots"]
    assert document["state"] in {"error", "not_published"}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SHAPES)), st.data())
def test_a_payload_with_bytes_torn_out_or_put_in_never_raises(kind: str, data: st.DataObject) -> None:
    payload = SHAPES[kind].payload(SHAPES[kind].day(PLAIN)[:8])
    start = data.draw(st.integers(0, len(payload)))
    end = data.draw(st.integers(start, min(len(payload), start + 30)))
    put_in = data.draw(
        st.sampled_from([b"", b"1e999", b"-", b"null", b"NaN", b"\xff", b'"', b"}", b"9" * 40, b"0001-01-01T00:00:00Z"])
    )

    document = read(kind, payload[:start] + put_in + payload[end:])

    spans = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b, _ in document["slots"]]
    assert document["state"] in {"ok", "partial", "not_published", "error"}
    assert all(start < end for start, end in spans)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))


ENTSOE = SHAPES["entsoe"]
BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<Publication_MarketDocument>&c;</Publication_MarketDocument>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_bomb_is_refused_before_it_is_read(encoding: str) -> None:
    bomb = BOMB.decode().replace("?>", f' encoding="{encoding}"?>', 1).encode(encoding)

    document = read("entsoe", bomb)

    assert "error" == document["state"]
    assert "document type" in document["message"]


def zipped(*members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, member in enumerate(members):
            archive.writestr(f"{number}.xml", member)
    return held.getvalue()


def test_a_zip_of_two_documents_is_read_as_one() -> None:
    today, tomorrow = ENTSOE.day(PLAIN), ENTSOE.day(PLAIN + timedelta(days=1))

    document = read("entsoe", zipped(ENTSOE.payload(tomorrow), ENTSOE.payload(today)))

    assert expected("entsoe", ENTSOE, [*today, *tomorrow]) == found(document)


def test_a_zip_bomb_is_refused_unpacked_no_further_than_the_bound() -> None:
    document = read("entsoe", zipped(b" " * 40 * 1024 * 1024))

    assert "unpacks to more than 20 MiB" in document["message"]


def test_a_broken_zip_is_an_error() -> None:
    document = read("entsoe", zipped(ACKNOWLEDGED)[:-30])

    assert ("error", True) == (document["state"], "the ZIP cannot be read" in document["message"])


def test_an_acknowledgement_about_anything_else_is_our_mistake() -> None:
    document = read("entsoe", ACKNOWLEDGED.replace(b"No matching data found", b"The requested period exceeds one year"))

    assert ("error", True) == (document["state"], "exceeds one year" in document["message"])


def test_two_auctions_are_told_apart_by_the_choice_of_sequence() -> None:
    first, second = ENTSOE.day(PLAIN), ENTSOE.day(PLAIN, lambda n: 0.5 + n / 1000)
    other = ENTSOE.payload(second).replace(b"position>1</classification", b"position>2</classification")
    series = other[other.index(b"<TimeSeries>") : other.index(b"</Publication")]
    both = ENTSOE.payload(first).replace(b"<TimeSeries>", series + b"<TimeSeries>", 1)

    by_default = read("entsoe", both)
    chosen = reading_document(read_files("entsoe", "DE-LU", {"sequence": "2"}, [both]))

    assert expected("entsoe", ENTSOE, first) == found(by_default)
    assert expected("entsoe", ENTSOE, second) == found(chosen)


def test_of_two_resolutions_the_one_that_covers_the_day_is_taken() -> None:
    hours = Shape(ENTSOE.write, 1000, timedelta(hours=1)).day(PLAIN)
    quarters = ENTSOE.day(PLAIN)[:92]
    short = ENTSOE.payload(quarters)
    series = short[short.index(b"<TimeSeries>") : short.index(b"</Publication")]
    both = ENTSOE.payload(hours).replace(b"<TimeSeries>", series + b"<TimeSeries>", 1)

    document = read("entsoe", both)

    assert expected("entsoe", ENTSOE, hours) == found(document)


def test_of_two_full_resolutions_the_finest_is_taken() -> None:
    hours, quarters = Shape(ENTSOE.write, 1000, timedelta(hours=1)).day(PLAIN), ENTSOE.day(PLAIN)
    whole = ENTSOE.payload(quarters)
    series = whole[whole.index(b"<TimeSeries>") : whole.index(b"</Publication")]
    both = ENTSOE.payload(hours).replace(b"<TimeSeries>", series + b"<TimeSeries>", 1)

    assert expected("entsoe", ENTSOE, quarters) == found(read("entsoe", both))


def test_another_zones_document_is_refused() -> None:
    document = reading_document(read_files("entsoe", "FR", {}, [ENTSOE.payload(ENTSOE.day(PLAIN))]))

    assert "the document is for 10Y1001A1001A82H" in document["message"]


def test_a_day_of_zeros_in_a_longer_answer_is_not_published_yet() -> None:
    today, tomorrow = ENTSOE.day(PLAIN), ENTSOE.day(PLAIN + timedelta(days=1), lambda n: 0.0)

    document = read("entsoe", ENTSOE.payload([*today, *tomorrow]))

    assert today[-1][1] == datetime.fromisoformat(document["known_until"])
    assert len(today) == len(document["slots"])


def test_octopus_counts_each_half_hour_once_for_the_way_it_is_paid() -> None:
    shape = SHAPES["octopus"]
    slots = shape.day(PLAIN)
    direct = shape.payload(slots).replace(b'"payment_method": null', b'"payment_method": "DIRECT_DEBIT"')
    other = shape.payload(shape.day(PLAIN, lambda n: 0.9)).replace(
        b'"payment_method": null', b'"payment_method": "NON_DIRECT_DEBIT"'
    )
    rows = other[other.index(b"[") + 1 : other.rindex(b"]")]
    doubled = direct.replace(b'"results": [', b'"results": [' + rows + b", ", 1)

    assert expected("octopus", shape, slots) == found(read("octopus", doubled))


def test_octopus_without_any_rate_is_an_error_and_never_a_free_day() -> None:
    document = read("octopus", b'{"count": 0, "next": null, "results": []}')

    assert ("error", True) == (document["state"], "rates lie elsewhere" in document["message"])


def test_a_list_of_tomorrow_that_is_not_valid_yet_is_left_alone() -> None:
    shape = SHAPES["home_assistant"]
    payload = shape.payload(shape.day(PLAIN))
    tomorrow = shape.payload(shape.day(PLAIN + timedelta(days=1)))
    rows = tomorrow[tomorrow.index(b"[") : tomorrow.index(b"]") + 1]
    invalid = payload.replace(b'"raw_today"', b'"tomorrow_valid": false, "raw_tomorrow": ' + rows + b', "raw_today"')

    document = read("home_assistant", invalid)

    assert ("not_published", 96) == (document["state"], len(document["slots"]))


def test_tibbers_missing_tomorrow_is_not_published_and_today_is_kept() -> None:
    shape = SHAPES["tibber"]
    payload = shape.payload(shape.day(PLAIN))
    cut = payload[: payload.index(b'"tomorrow": [') + len(b'"tomorrow": [')] + b"]}}}]}}}"

    document = read("tibber", cut)

    assert ("not_published", 48) == (document["state"], len(document["slots"]))


NOT_LOGGED_IN = b'{"errors": [{"message": "No valid access token", "extensions": {"code": "UNAUTHENTICATED"}}]}'
FINLAND = b'{"deliveryStart": "2026-01-01T00:00Z", "deliveryEnd": "2026-01-01T01:00Z", "entryPerArea": {"FI": 1}}'
CENTS = b'{"data": [{"start_timestamp": 0, "end_timestamp": 1, "marketprice": 1, "unit": "ct/kWh"}]}'
PERCENTILE = b'{"data": [], "meta": {"data_point_period_seconds": 300, "units": "percentile"}}'


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("tibber", NOT_LOGGED_IN, "UNAUTHENTICATED"),
        ("tibber", b"Too many requests. Your IP is now temporarily banned until 12:00", "banned for a while"),
        ("tibber", b'{"data": {"viewer": {"homes": []}}}', "no home with a contract"),
        ("frank_energie", b'{"errors": [{"message": "broken"}], "data": null}', "broken"),
        ("octopus_intelligent", b'{"errors": [{"extensions": {"errorCode": "KT-CT-1199"}}]}', "KT-CT-1199"),
        ("octopus_intelligent", b'{"errors": [{"extensions": {"errorCode": "KT-CT-1139"}}]}', "not accepted"),
        ("octopus_intelligent", b'{"data": {"flexPlannedDispatches": null}}', "not known at the moment"),
        ("gb_carbon", b'{"error": {"code": "400 Bad Request", "message": "Please enter a valid date"}}', "valid date"),
        ("elering", b'{"success": false, "data": {}}', "success: false"),
        ("elering", b'{"success": true, "data": {"fi": []}}', "expected ee"),
        ("awattar", CENTS, "expected Eur/MWh"),
        ("watttime", PERCENTILE, "expected lbs_co2_per_mwh"),
        ("nordpool", b'{"multiAreaEntries": [' + FINLAND + b'], "currency": "EUR"}', "expected SE3"),
        ("home_assistant", b'{"state": "unavailable", "attributes": {}}', "none of the attributes"),
        ("json", b'{"data": []}', "does not go on at 'records'; there is 'data'"),
    ],
)
def test_errors_in_the_shape_of_an_answer_are_errors_with_a_reason(kind: str, payload: bytes, reason: str) -> None:
    zone = "SE3" if kind == "nordpool" else None
    options = SHAPES[kind].options if kind in SHAPES else {}

    document = reading_document(read_files(kind, zone, options, [payload]))

    assert ("error", []) == (document["state"], document["slots"])
    assert reason in document["message"]


def test_a_file_that_kept_its_megawatt_hours_is_refused() -> None:
    shape = SHAPES["evcc"]
    slots = shape.day(PLAIN)

    document = read("evcc", shape.write(slots, 1000.0))

    assert "is the unit wrong" in document["message"]


def test_evccs_overlapping_ends_stop_where_the_next_row_begins() -> None:
    shape = SHAPES["evcc"]
    slots = shape.day(PLAIN)
    overlapping = [(start, start + timedelta(hours=1), price) for start, _, price in slots]

    document = read("evcc", shape.payload(overlapping))

    assert expected("evcc", shape, slots)[:-1] == found(document)[:-1]
    assert [] == document["gaps"]


def test_ambers_five_minute_and_half_hour_rows_mix_in_one_list() -> None:
    fine = Shape(SHAPES["amber"].write, 100, timedelta(minutes=5), SHAPES["amber"].zone).day(PLAIN)[:12]
    coarse = SHAPES["amber"].day(PLAIN)[2:]

    document = read("amber", SHAPES["amber"].payload([*fine, *coarse]))

    assert expected("amber", SHAPES["amber"], [*fine, *coarse]) == found(document)


def tempo(*days: tuple[str, str]) -> bytes:
    values = ",".join(f'"{day}": "{colour}"' for day, colour in days)
    return f'{{"values": {{{values}}}}}'.encode()


def test_a_tempo_day_runs_from_six_to_six_and_an_unknown_colour_is_unknown() -> None:
    document = reading_document(
        read_files("tempo", None, {}, [tempo(("2026-01-12", "RED"), ("2026-01-13", "UNDEFINED"))])
    )

    assert [
        ["2026-01-12T05:00:00Z", "2026-01-12T21:00:00Z", 0.706],
        ["2026-01-12T21:00:00Z", "2026-01-13T05:00:00Z", 0.1575],
    ] == document["slots"]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 23), ("2026-10-24", 25), ("2026-06-10", 24)])
def test_a_tempo_day_is_as_long_as_its_night(day: str, hours: int) -> None:
    document = reading_document(read_files("tempo", None, {}, [tempo((day, "BLUE"))]))

    start, end = (datetime.fromisoformat(document["slots"][n][m]) for n, m in ((0, 0), (-1, 1)))
    assert timedelta(hours=hours) == end - start


@pytest.mark.parametrize(
    "payload",
    [
        b'{"dateJour": "2026-03-27", "codeJour": 3, "periode": "2025-2026", "libCouleur": "Rouge"}',
        b'{"tempo_like_calendars": {"values": [{"start_date": "2026-03-27T00:00:00+01:00", "value": "RED"}]}}',
        tempo(("2026-03-27", "RED")),
    ],
    ids=["community", "official", "open data"],
)
def test_a_colour_is_read_in_all_three_forms(payload: bytes) -> None:
    document = reading_document(read_files("tempo", None, {}, [payload]))

    assert ["2026-03-27T05:00:00Z", "2026-03-27T21:00:00Z", 0.706] == document["slots"][0]


def test_intelligent_dispatches_make_the_households_price_cheap_while_they_are_planned() -> None:
    from scheduler.domain.interval import Interval
    from scheduler.prices.feeds.feed import Asked
    from scheduler.prices.feeds.octopus_intelligent import OctopusIntelligent

    feed = OctopusIntelligent.model_validate({"device": "d", "energy": {"default": 0.27}, "dispatched": 0.07})
    payload = b'{"data": {"flexPlannedDispatches": [{"start": "2026-06-10T13:00:00+01:00", "end": "2026-06-10T14:00:00+01:00"}]}}'
    day = Interval(datetime(2026, 6, 9, 23, tzinfo=UTC), datetime(2026, 6, 10, 23, tzinfo=UTC))

    curve = feed.parse(payload, Asked(day)).curve

    prices = [(slot.start.hour, slot.price_per_kwh, slot.firm) for slot in curve.slots]
    assert [(23, 0.27, True), (12, 0.07, False), (13, 0.27, True)] == prices
    assert () == curve.gaps()


def test_economy_7_switches_by_the_meters_clock() -> None:
    from scheduler.domain.interval import Interval
    from scheduler.prices.feeds.feed import Asked
    from scheduler.prices.feeds.octopus import Octopus
    from scheduler.prices.reading import joined

    feed = Octopus.model_validate({"region": "C", "product": "VAR-22-11-01", "rates": "economy_7"})
    window = Interval(datetime(2026, 6, 9, 23, tzinfo=UTC), datetime(2026, 6, 10, 23, tzinfo=UTC))
    rate = b'{"results": [{"value_exc_vat": 1, "value_inc_vat": %d, "valid_from": "2024-01-01T00:00:00Z"}]}'

    parts = [(request.part, 30 if request.part == "day" else 10) for request in feed.requests(window)]
    curve = joined([feed.parse(rate % pence, Asked(window, part=part)) for part, pence in parts]).curve

    assert [(23, 0.3), (0, 0.3), (0, 0.1), (7, 0.3)] == [(slot.start.hour, slot.price_per_kwh) for slot in curve.slots]
    assert () == curve.gaps()


def answers_to_eleven_bytes() -> dict[str, str]:
    """Return what each feed of JSON makes of numbers that would fill the memory, for a process of its own."""
    states = {}
    for kind, shape in SHAPES.items():
        whole = shape.payload(shape.day(PLAIN))
        if whole.lstrip()[:1] in {b"{", b"["}:
            body = re.sub(rb"-?\d+\.?\d*(?=\s*[,}\]])", b"1e99999999999", whole)
            states[kind] = read(kind, body)["state"]
    return states


@pytest.mark.live
def test_a_number_of_eleven_bytes_that_would_fill_the_memory_is_refused_at_once() -> None:
    probe = "from tests.prices.test_twins import answers_to_eleven_bytes as answers; print(set(answers().values()))"

    # In a process of its own: where it is not refused, nothing but its end helps the machine.
    ran = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert "{'error'}\n" == ran.stdout, ran.stderr
