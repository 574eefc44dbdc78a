"""
Synthetic twins: answers in each feed's real shape, for days that nobody has recorded.

Every shape writes the same thing, a list of (start, end, price in major units per kWh or None for "not known"), the way its
feed would: its unit, its stamps, its order. The shapes are those of ../shared/feeds and facts/feeds.md.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.prices.wall import local_day

Slot = tuple[datetime, datetime, float | None]

BERLIN, LONDON, CHICAGO = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/London"), ZoneInfo("America/Chicago")
AMSTERDAM, SYDNEY, PARIS, UTC_ZONE = (
    ZoneInfo("Europe/Amsterdam"),
    ZoneInfo("Australia/Sydney"),
    ZoneInfo("Europe/Paris"),
    ZoneInfo("UTC"),
)


@dataclass(frozen=True)
class Shape:
    """How a feed writes: `per_major` wire units per major unit and kWh, a step, the zone of its day, and its settings."""

    write: Callable[[Sequence[Slot], float], bytes]
    per_major: float
    step: timedelta
    zone: ZoneInfo = BERLIN
    options: dict[str, str] = field(default_factory=dict)
    empty: bytes | None = None
    currency: str = "EUR"

    def day(self, day: date, price: Callable[[int], float | None] = lambda n: (n % 37 + 3) / 200) -> list[Slot]:
        """The slots of a local day, with its 23, 24 or 25 hours; prices lie on a grid that every wire can say."""
        window = local_day(day, self.zone)
        count = int(window.duration / self.step)
        return [(window.start + n * self.step, window.start + (n + 1) * self.step, price(n)) for n in range(count)]

    def payload(self, slots: Sequence[Slot]) -> bytes:
        return self.write(slots, self.per_major)


def known(slots: Sequence[Slot]) -> list[tuple[datetime, datetime, float]]:
    return [(start, end, price) for start, end, price in slots if price is not None]


def wire(price: float, per_major: float) -> float:
    return float(Decimal(str(price)) * Decimal(str(per_major)))


def z(moment: datetime, fmt: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    return moment.astimezone(UTC).strftime(fmt)


def dumped(content: Any) -> bytes:
    return json.dumps(content).encode()


def energy_charts(slots: Sequence[Slot], scale: float) -> bytes:
    prices = [None if price is None else wire(price, scale) for _, _, price in slots]
    stamps = [int(start.timestamp()) for start, _, _ in slots]
    return dumped(
        {"license_info": "CC BY 4.0", "unix_seconds": stamps, "price": prices, "unit": "EUR / MWh", "deprecated": False}
    )


def entsoe(slots: Sequence[Slot], scale: float) -> bytes:
    """A document that leaves out what repeats (A03); time that is not known ends the period."""
    periods: list[str] = []
    run: list[Slot] = []
    for slot in [*slots, (slots[-1][1], slots[-1][1], None)]:
        if slot[2] is None or (run and run[-1][1] != slot[0]):
            if run:
                periods.append(_period(run, scale))
            run = [] if slot[2] is None else [slot]
        else:
            run.append(slot)
    series = "".join(
        "<TimeSeries><mRID>1</mRID><in_Domain.mRID>10Y1001A1001A82H</in_Domain.mRID>"
        "<out_Domain.mRID>10Y1001A1001A82H</out_Domain.mRID><contract_MarketAgreement.type>A01</contract_MarketAgreement.type>"
        "<currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
        "<classificationSequence_AttributeInstanceComponent.position>1</classificationSequence_AttributeInstanceComponent.position>"
        f"<curveType>A03</curveType>{period}</TimeSeries>"
        for period in reversed(periods)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<Publication_MarketDocument '
        'xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"><type>A44</type>'
        f"<createdDateTime>{z(slots[0][0])}</createdDateTime>{series}</Publication_MarketDocument>"
    ).encode()


def _period(run: Sequence[Slot], scale: float) -> str:
    minutes = int((run[0][1] - run[0][0]).total_seconds() // 60)
    points, last = "", None
    for position, (_, _, price) in enumerate(run, start=1):
        assert price is not None
        if price != last:
            points += f"<Point><position>{position}</position><price.amount>{wire(price, scale)}</price.amount></Point>"
        last = price
    interval = f"<start>{z(run[0][0], '%Y-%m-%dT%H:%MZ')}</start><end>{z(run[-1][1], '%Y-%m-%dT%H:%MZ')}</end>"
    return f"<Period><timeInterval>{interval}</timeInterval><resolution>PT{minutes}M</resolution>{points}</Period>"


def nordpool(slots: Sequence[Slot], scale: float) -> bytes:
    entries = [
        {"deliveryStart": z(start), "deliveryEnd": z(end), "entryPerArea": {"SE3": wire(price, scale)}}
        for start, end, price in known(slots)
    ]
    return dumped({"updatedAt": "2026-01-01T11:58:10.7711584Z", "multiAreaEntries": entries, "currency": "SEK"})


def octopus(slots: Sequence[Slot], scale: float) -> bytes:
    results = [
        {
            "value_exc_vat": round(wire(price, scale) / 1.05, 6),
            "value_inc_vat": wire(price, scale),
            "valid_from": z(start),
            "valid_to": z(end),
            "payment_method": None,
        }
        for start, end, price in reversed(known(slots))
    ]
    return dumped({"count": len(results), "next": None, "previous": None, "results": results})


def tibber(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {"total": wire(price, scale), "energy": 0, "tax": 0, "startsAt": local(start, BERLIN), "currency": "EUR"}
        for start, _, price in known(slots)
    ]
    info = {"today": rows[: len(rows) // 2], "tomorrow": rows[len(rows) // 2 :]}
    return dumped({"data": {"viewer": {"homes": [{"id": "h", "currentSubscription": {"priceInfo": info}}]}}})


def local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def amber(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {
            "type": "ForecastInterval",
            "startTime": z(start + timedelta(seconds=1)),
            "endTime": z(end),
            "perKwh": wire(price, scale),
            "channelType": channel,
        }
        for start, end, price in known(slots)
        for channel in ("general", "feedIn")
    ]
    return dumped(rows)


def awattar(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {
            "start_timestamp": int(start.timestamp() * 1000),
            "end_timestamp": int(end.timestamp() * 1000),
            "marketprice": wire(price, scale),
            "unit": "Eur/MWh",
        }
        for start, end, price in known(slots)
    ]
    return dumped({"object": "list", "data": rows, "url": "/de/v1/marketdata"})


def energyzero(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {"start": z(start), "end": z(end), "price": {"value": str(wire(price, scale))}}
        for start, end, price in known(slots)
    ]
    return dumped({"interval": 1, "range": {"start": z(slots[0][0]), "end": z(slots[-1][1])}, "all_in_with_vat": rows})


def easyenergy(slots: Sequence[Slot], scale: float) -> bytes:
    """Wall times without an offset, seven digits of a second, and the order that tells the hours of autumn apart."""
    rows = [
        {
            "from": naive(start, AMSTERDAM),
            "until": naive(end, AMSTERDAM),
            "price": 0,
            "unit": "kWh",
            "invoicePrice": wire(price, scale),
        }
        for start, end, price in known(slots)
    ]
    return dumped({"providedAt": "2026-01-01T12:00:00.0000000Z", "prices": rows})


def naive(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S.0000000")


def frank_energie(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {
            "from": z(start),
            "till": z(end),
            "marketPrice": wire(price, scale),
            "marketPriceTax": 0,
            "sourcingMarkupPrice": 0,
            "energyTaxPrice": 0,
        }
        for start, end, price in known(slots)
    ]
    return dumped({"data": {"marketPrices": {"electricityPrices": rows}}})


def energidataservice(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {
            "TimeUTC": z(start, "%Y-%m-%dT%H:%M:%S"),
            "PriceArea": "DK1",
            "DayAheadPriceDKK": None if price is None else wire(price, scale),
        }
        for start, _, price in slots
    ]
    return dumped({"total": len(rows), "dataset": "DayAheadPrices", "records": rows})


def elering(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [{"timestamp": int(start.timestamp()), "price": wire(price, scale)} for start, _, price in known(slots)]
    return dumped({"success": True, "data": {"ee": rows, "fi": []}})


def omie(slots: Sequence[Slot], scale: float) -> bytes:
    day = slots[0][0].astimezone(BERLIN).date()
    head = "".join(f"H{n // 4 + 1}Q{n % 4 + 1};" for n in range(len(slots)))
    cells = "".join(
        "   ;" if price is None else f"   {wire(price, scale):.2f};".replace(".", ",") for _, _, price in slots
    )
    text = (
        f"OMIE - Mercado de electricidad;Fecha Emisión :{day:%d/%m/%Y} - 13:51;;{day:%d/%m/%Y};Precio (EUR/MWh);;;;\r\n\r\n"
        f";{head}\r\nPrecio marginal en el sistema español (EUR/MWh);{cells}\r\n"
    )
    return text.encode("latin-1")


def comed(slots: Sequence[Slot], scale: float) -> bytes:
    walls = [(start.astimezone(CHICAGO), price) for start, _, price in known(slots)]
    rows = (f"[Date.UTC({at.year},{at.month - 1},{at.day},{at.hour},0,0), {wire(price, scale)}]" for at, price in walls)
    return f"[{', '.join(rows)}]".encode()


def home_assistant(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {
            "start": local(start, BERLIN),
            "end": local(end, BERLIN),
            "value": None if price is None else wire(price, scale),
        }
        for start, end, price in slots
    ]
    attributes = {"raw_today": rows, "currency": "EUR", "unit": "MWh", "price_in_cents": False}
    return dumped({"entity_id": "sensor.nordpool", "state": "0.1", "attributes": attributes})


def evcc(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {"start": local(start, BERLIN), "end": local(end, BERLIN), "value": wire(price, scale)}
        for start, end, price in known(slots)
    ]
    return dumped({"rates": rows})


def mapped(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {"at": z(start), "till": z(end), "ct": None if price is None else wire(price, scale)}
        for start, end, price in slots
    ]
    return dumped({"records": rows})


def table(slots: Sequence[Slot], scale: float) -> bytes:
    rows = (f"{z(start)},{z(end)},{'n/e' if price is None else wire(price, scale)}\n" for start, end, price in slots)
    return ("from,to,price\n" + "".join(rows)).encode()


def gb_carbon(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {
            "from": z(start, "%Y-%m-%dT%H:%MZ"),
            "to": z(end, "%Y-%m-%dT%H:%MZ"),
            "intensity": {"forecast": None if price is None else wire(price, scale), "actual": None, "index": "low"},
        }
        for start, end, price in slots
    ]
    return dumped({"data": {"regionid": 11, "data": rows}})


def electricity_maps(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [
        {"datetime": z(start), "carbonIntensity": None if price is None else wire(price, scale)}
        for start, _, price in slots
    ]
    return dumped({"zone": "DE", "forecast": rows})


def watttime(slots: Sequence[Slot], scale: float) -> bytes:
    rows = [{"point_time": start.isoformat(), "value": wire(price, scale)} for start, _, price in known(slots)]
    return dumped({"data": rows, "meta": {"data_point_period_seconds": 300, "units": "lbs_co2_per_mwh"}})


QUARTER, HALF, HOUR, FIVE = timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1), timedelta(minutes=5)

ACKNOWLEDGED = (
    b'<?xml version="1.0"?><Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0">'
    b"<Reason><code>999</code><text>No matching data found for Data item ENERGY_PRICES [12.1.D].</text></Reason>"
    b"</Acknowledgement_MarketDocument>"
)
NO_HOMES = b'{"data": {"viewer": {"homes": [{"id": "h", "currentSubscription": {"priceInfo": {"today": [], "tomorrow": []}}}]}}}'

SHAPES = {
    "amber": Shape(amber, 100, HALF, SYDNEY, empty=b"[]", currency="AUD"),
    "awattar": Shape(awattar, 1000, HOUR, empty=b'{"object": "list", "data": []}'),
    "comed": Shape(comed, 100, HOUR, CHICAGO, empty=b"[]", currency="USD"),
    "csv": Shape(
        table,
        1000,
        QUARTER,
        options={"start": "from", "end": "to", "price": "price", "unit": "EUR/MWh"},
        empty=b"from,to,price\n",
    ),
    "easyenergy": Shape(easyenergy, 1, QUARTER, AMSTERDAM, empty=b'{"prices": []}'),
    "electricity_maps": Shape(
        electricity_maps, 1, HOUR, UTC_ZONE, empty=b'{"status": "no-data", "data": {}}', currency="gCO2"
    ),
    "elering": Shape(elering, 1000, QUARTER, empty=b'{"success": true, "data": {"ee": []}}'),
    "energidataservice": Shape(energidataservice, 1000, QUARTER, empty=b'{"records": []}', currency="DKK"),
    "energy_charts": Shape(
        energy_charts, 1000, QUARTER, empty=b'{"unix_seconds": [], "price": [], "unit": "EUR / MWh"}'
    ),
    "energyzero": Shape(energyzero, 1, QUARTER, AMSTERDAM, empty=b'{"data": []}'),
    "entsoe": Shape(entsoe, 1000, QUARTER, empty=ACKNOWLEDGED),
    "evcc": Shape(evcc, 1, QUARTER, empty=b'{"rates": []}'),
    "frank_energie": Shape(
        frank_energie, 1, HOUR, AMSTERDAM, empty=b'{"data": {"marketPrices": {"electricityPrices": []}}}'
    ),
    "gb_carbon": Shape(gb_carbon, 1, HALF, LONDON, empty=b'{"data": []}', currency="gCO2"),
    "home_assistant": Shape(home_assistant, 1000, QUARTER, empty=b'{"attributes": {"raw_today": []}}'),
    "json": Shape(
        mapped,
        100,
        QUARTER,
        options={"path": "records", "start": "at", "end": "till", "price": "ct", "unit": "ct/kWh"},
        empty=b'{"records": []}',
    ),
    "nordpool": Shape(nordpool, 1000, QUARTER, empty=b'{"multiAreaEntries": [], "currency": "SEK"}', currency="SEK"),
    "octopus": Shape(octopus, 100, HALF, LONDON, currency="GBP"),
    "omie": Shape(omie, 1000, QUARTER),
    "tibber": Shape(tibber, 1, QUARTER, empty=NO_HOMES),
    "watttime": Shape(
        watttime, 1, FIVE, UTC_ZONE, empty=b'{"data": [], "meta": {"data_point_period_seconds": 300}}', currency="gCO2"
    ),
}
"""By kind. Tempo, replay and Intelligent Octopus have no prices on the wire; their own tests write theirs."""
