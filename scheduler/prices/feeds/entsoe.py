"""
ENTSO-E Transparency Platform: day-ahead prices of every European bidding zone. Needs a free token.

Points equal to the one before are left out on the wire (curve type A03), series come in any order, a zone may have two
auctions (sequence 1 is the price; 2, published earlier, is another market's), and a day may come in two resolutions.
"No matching data" in a 200 means not published yet (facts/feeds.md 2.1).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import field_validator

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import PriceSlot
from scheduler.prices.feeds.eic import EIC
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest, Secret
from scheduler.prices.feeds.market_document import Period, Series, market_documents, refused
from scheduler.prices.market import MARKET
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import CURRENCIES, Unit
from scheduler.prices.wall import dates, local_day, midnight
from scheduler.prices.whole import day_reading

_ANY = "*"
_SCALES = {"MWH": Decimal(1000), "KWH": Decimal(1)}
_DAY_AHEAD_CONTRACTS = frozenset({"", "A01"})


class Entsoe(Feed):
    """
    `zone` is a bidding zone (DE-LU, SE3, IT-North). `sequence` chooses the auction where a zone has several.

    The token is the operator's secret `entsoe_token`. It travels in the URL, and is put there after everything that logs.
    """

    spoken: ClassVar[frozenset[int]] = frozenset({400})
    stand_ins: ClassVar[Mapping[str, object]] = {"zone": _ANY}

    kind: Literal["entsoe"] = "entsoe"
    zone: str
    sequence: int = 1
    base_url: str = "https://web-api.tp.entsoe.eu/api"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone != _ANY and zone not in EIC:
            raise ValueError(f"expected a bidding zone, one of {', '.join(EIC)}")
        return zone

    @property
    def plan(self) -> PollPlan:
        steps = ((time(15), timedelta(minutes=5)), (time(18), timedelta(minutes=15)))
        return PollPlan(MARKET, time(12, 58), steps)

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the market days that overlap *window*; times are UTC."""
        days = dates(window, MARKET)
        params = {
            "documentType": "A44",
            "in_Domain": EIC.get(self.zone, self.zone),
            "out_Domain": EIC.get(self.zone, self.zone),
            "periodStart": f"{midnight(days[0], MARKET):%Y%m%d%H%M}",
            "periodEnd": f"{midnight(days[-1] + timedelta(days=1), MARKET):%Y%m%d%H%M}",
        }
        return [FeedRequest(self.base_url, params, secret=Secret("entsoe_token", param="securityToken"))]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the prices of one answer, of the chosen auction only."""
        documents = market_documents(payload)
        for document in documents:
            if document.reason is not None and "no matching data" not in document.reason.lower():
                raise refused(document.reason)
        series = [one for document in documents for one in document.series if one.contract in _DAY_AHEAD_CONTRACTS]
        if not series:
            return not_published("EUR")
        self._check_zone(series)
        chosen = [one for one in series if one.sequence == self.sequence] if _several(series) else series
        if not chosen:
            return not_published("EUR", f"only another auction than sequence {self.sequence} is out")
        unit = _unit(chosen)
        slots = _without_zero_days(slots_of(_rows(chosen), unit))
        created = [document.created_at for document in documents if document.created_at is not None]
        source = "ENTSO-E Transparency Platform" + ("" if self.zone == _ANY else f", {self.zone}")
        return day_reading(unit.currency, slots, MARKET, source=source, published_at=max(created, default=None))

    def _check_zone(self, series: Iterable[Series]) -> None:
        found = {domain for one in series for domain in one.domains}
        if self.zone != _ANY and found - {EIC[self.zone]}:
            raise PayloadInvalid(f"entsoe: the document is for {', '.join(sorted(found))}, expected {EIC[self.zone]}")
        if len(found) > 1:
            raise PayloadInvalid(f"entsoe: the document is for several zones, {', '.join(sorted(found))}: name one")


def _several(series: Iterable[Series]) -> bool:
    return any(one.sequence is not None for one in series)


def _unit(series: Iterable[Series]) -> Unit:
    units = {(one.currency, one.measure.upper()) for one in series}
    if len(units) > 1:
        raise PayloadInvalid(
            f"entsoe: several units, {', '.join('/'.join(unit) for unit in sorted(units))}, expected one"
        )
    currency, measure = units.pop()
    if currency not in CURRENCIES or measure not in _SCALES:
        raise PayloadInvalid(f"entsoe: the unit is {currency[:10]}/{measure[:10]}, expected for example EUR/MWH")
    return Unit(currency, _SCALES[measure])


def _rows(series: Iterable[Series]) -> Iterator[Row]:
    """Yield one row per step, of each market day in the resolution that tells it best."""
    days: dict[date, dict[timedelta, list[tuple[Series, Period]]]] = defaultdict(lambda: defaultdict(list))
    for one in series:
        for period in one.periods:
            days[period.start.astimezone(MARKET).date()][period.resolution].append((one, period))
    for day, by_resolution in days.items():
        for one, period in _best(day, by_resolution):
            yield from _steps(one, period)


def _best(day: date, by_resolution: dict[timedelta, list[tuple[Series, Period]]]) -> Iterator[tuple[Series, Period]]:
    """
    Yield the periods that tell the day: a resolution that covers all of it before one that does not, among those the
    finest. Another resolution adds only periods that share no time with what is chosen.
    """
    whole = local_day(day, MARKET).duration

    def rank(resolution: timedelta) -> tuple[bool, timedelta]:
        covered = sum((period.end - period.start for _, period in by_resolution[resolution]), timedelta())
        return covered < whole, resolution

    taken: list[Interval] = []
    for resolution in sorted(by_resolution, key=rank):
        disjoint = [
            (one, period)
            for one, period in by_resolution[resolution]
            if not any(Interval(period.start, period.end).overlaps(other) for other in taken)
        ]
        taken.extend(Interval(period.start, period.end) for _, period in disjoint)
        yield from disjoint


def _steps(series: Series, period: Period) -> Iterator[Row]:
    amount: Decimal | None = None
    for position in range(1, int((period.end - period.start) / period.resolution) + 1):
        # A03 leaves out what repeats, also at the end; in A01 a missing position is a price that is not known.
        amount = period.points.get(position, amount if series.filled else None)
        start = period.start + (position - 1) * period.resolution
        yield Row(start, amount, start + period.resolution)


def _without_zero_days(slots: tuple[PriceSlot, ...]) -> tuple[PriceSlot, ...]:
    """Drop market days on which every price is exactly 0: that is how the unpublished future looked (entsoe-py #288)."""
    priced = {_market_date(slot.start) for slot in slots if slot.price_per_kwh != 0}
    return tuple(slot for slot in slots if _market_date(slot.start) in priced)


def _market_date(moment: datetime) -> date:
    return moment.astimezone(UTC).astimezone(MARKET).date()
