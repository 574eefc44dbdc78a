"""
Octopus Energy (Great Britain) over REST: Agile, and every other tariff whose unit rates have times. No key for prices.

Newest first, pence per kWh, UTC, `valid_to: null` while a rate goes on; tariffs priced by payment method send every period
twice; `next` leads to the following page (facts/feeds.md 2.4). Agile's day runs from 23:00 to 23:00 British time: until
about 16:00 the last two half hours of today's wall-clock day are not known, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from scheduler.document import Section
from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Amount, Moment, Wire, from_json
from scheduler.prices.market import MARKET
from scheduler.prices.plan import PollPlan
from scheduler.prices.public_holidays import Calendar
from scheduler.prices.reading import Reading
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.schedule import Rule, Schedule
from scheduler.prices.units import Unit
from scheduler.prices.whole import rolling_reading

PENCE = Unit("GBP", Decimal(100))
_ONE_DAY = timedelta(days=1)


class _Rate(Wire):
    value_exc_vat: Amount
    value_inc_vat: Amount
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    payment_method: str | None = None


class _Rates(Wire):
    results: list[_Rate]
    next: str | None = None


class NightHours(Section):
    """When a two-rate meter shows the night."""

    since: time = Field(default=time(0, 30), alias="from")
    to: time = time(7, 30)
    clock: Literal["UTC", "Europe/London"] = "UTC"

    def parts(self, row: Row, *, wanted: str) -> list[Row]:
        """Return the parts of *row* that lie in the night, or (*wanted* is not night) by day."""
        rule = Rule.model_validate({"from": self.since, "to": self.to, "price": 1})
        assert row.end is not None
        hours = Schedule(default=0, rules=[rule]).slots(Interval(row.start, row.end), ZoneInfo(self.clock), Calendar())
        return [
            Row(hour.start, row.amount, hour.end) for hour in hours if (hour.price_per_kwh == 1) == (wanted == "night")
        ]


class Octopus(Feed):
    """
    `product` and `region` (the letter of the grid supply point, A to P without I and O) make the tariff code.

    `rates` is the list asked for: `standard` for all single-rate tariffs (Agile, Go, Tracker, Cosy), `economy_7` for those
    with a day and a night rate. Those lists have no times, so `night` says when the meter switches, by the UTC clock as
    most smart meters do. `payment_method` chooses where a rate is given for several. `vat`: the prices with 5 % VAT in them
    (`included`) or without.
    """

    currency: ClassVar[str] = "GBP"
    zone_key: ClassVar[str] = "region"
    stand_ins: ClassVar[Mapping[str, object]] = {"region": "C"}
    varies: ClassVar[bool] = False

    kind: Literal["octopus"] = "octopus"
    product: str = Field(default="AGILE-24-10-01", pattern=r"^[A-Z0-9-]+$")
    region: str = Field(pattern=r"^[A-HJ-NP]$")
    rates: Literal["standard", "day", "night", "economy_7"] = "standard"
    night: NightHours = NightHours()
    payment_method: Literal["DIRECT_DEBIT", "NON_DIRECT_DEBIT"] = "DIRECT_DEBIT"
    vat: Literal["included", "excluded"] = "included"
    base_url: str = "https://api.octopus.energy/v1"

    @property
    def plan(self) -> PollPlan:
        # 23:00 British time is midnight in central Europe, the year round; 16:00 is 17:00.
        return PollPlan(MARKET, time(17), ((time(21), timedelta(minutes=10)),), late_at=time(21))

    @property
    def tariff_code(self) -> str:
        """The tariff code: fuel and registers, product, region."""
        registers = 1 if self.rates == "standard" else 2
        return f"E-{registers}R-{self.product}-{self.region}"

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return one request per list of rates for *window*. Stamps carry `Z`: an unescaped `+` would be read as a space."""
        tariff = f"{self.base_url}/products/{self.product}/electricity-tariffs/{self.tariff_code}"
        params = {"period_from": _stamp(window.start), "period_to": _stamp(window.end), "page_size": "1500"}
        lists = ("day", "night") if self.rates == "economy_7" else (self.rates,)
        return [FeedRequest(f"{tariff}/{name}-unit-rates/", params, part=name) for name in lists]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """
        Return the rates of one page.

        A rate without an end goes on: it is known to the end of what was asked for, or, in a recorded payload, for a day.
        """
        answer = from_json(payload, _Rates, self.kind)
        if not answer.results:
            # Today always has a rate. A list without any is a product that has ended or keeps its rates elsewhere
            # (Intelligent Octopus Go, BottlecapDave/HomeAssistant-OctopusEnergy #1708), never a free day.
            raise PayloadInvalid(
                f"octopus: {self.tariff_code} has no {self.rates} unit rates: it has ended, or its rates lie elsewhere"
            )
        kept = [rate for rate in answer.results if rate.payment_method in {None, self.payment_method}]
        if not kept:
            raise PayloadInvalid(f"octopus: no rate for {self.payment_method}, only for another way of paying")
        rows = [row for rate in kept if (row := self._row(rate, asked.window)) is not None]
        if self.rates == "economy_7":
            rows = [part for row in rows for part in self.night.parts(row, wanted=asked.part)]
        source = f"Octopus Energy {self.product}, region {self.region}"
        return replace(rolling_reading("GBP", slots_of(rows, PENCE), source=source), next_page=answer.next)

    def _row(self, rate: _Rate, window: Interval | None) -> Row | None:
        amount = rate.value_inc_vat if self.vat == "included" else rate.value_exc_vat
        start = rate.valid_from or (window.start if window else None)
        if start is None:
            raise PayloadInvalid("octopus: a rate without valid_from, expected a time")
        end = rate.valid_to or (window.end if window else start + _ONE_DAY)
        if window is not None:
            start, end = max(start, window.start), min(end, window.end)
        return Row(start, amount, end) if start < end else None


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
