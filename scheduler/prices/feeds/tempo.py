"""
EDF Tempo (France): the colour of the day, and six prices that the contract says.

A Tempo day runs from 06:00 to 06:00 although its dates say midnight; full hours 06-22, off-peak 22-06; the colour of tomorrow is
official about 10:35, and before that it is not known, never blue (facts/feeds.md 2.10).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from scheduler.document import Section
from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import Moment, Wire, checked, json_value
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading, not_published
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.units import Unit
from scheduler.prices.whole import rolling_reading

PARIS = ZoneInfo("Europe/Paris")
EUR_PER_KWH = Unit("EUR", Decimal(1))
_COLOURS = {1: "BLUE", 2: "WHITE", 3: "RED"}
_SIX, _TWENTY_TWO = time(6), time(22)


class TempoPrices(Section):
    """The price of one colour, EUR/kWh with all taxes: `full` from 06:00 to 22:00, `off_peak` until 06:00."""

    full: float
    off_peak: float


class _Value(Wire):
    start_date: Moment
    value: str


class _Calendar(Wire):
    values: list[_Value]


class _Official(Wire):
    tempo_like_calendars: _Calendar


class _Community(Wire):
    dateJour: date  # noqa: N815 - the wire's names
    codeJour: int  # noqa: N815


class _Season(Wire):
    values: dict[date, str]


class Tempo(Feed):
    """
    The six prices of the contract. The defaults are those of February 2026 as one source gives them: compare them with
    your bill.
    """

    currency: ClassVar[str] = "EUR"
    varies: ClassVar[bool] = False

    kind: Literal["tempo"] = "tempo"
    blue: TempoPrices = TempoPrices(full=0.1612, off_peak=0.1325)
    white: TempoPrices = TempoPrices(full=0.1871, off_peak=0.1499)
    red: TempoPrices = TempoPrices(full=0.7060, off_peak=0.1575)
    base_url: str = "https://www.services-rte.com/cms/open_data/v1"

    @property
    def plan(self) -> PollPlan:
        # The signal ahead comes at 06:40, the colour itself at 10:35.
        return PollPlan(PARIS, time(6, 40), ((time(10), timedelta(hours=3, minutes=55)),), late_at=time(12))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the colours of the season, which begins on 1 September."""
        day = window.start.astimezone(PARIS).date()
        first = day.year if day.month >= 9 else day.year - 1
        return [FeedRequest(f"{self.base_url}/tempo", {"season": f"{first}-{first + 1}"})]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the prices of the coloured days, of those asked for where that is known."""
        colours = _colours(json_value(payload, self.kind))
        if asked.window is not None:
            first, last = (moment.astimezone(PARIS).date() for moment in (asked.window.start, asked.window.end))
            colours = {day: colour for day, colour in colours.items() if first - timedelta(days=1) <= day <= last}
        rows = [row for day, colour in colours.items() for row in self._day(day, colour)]
        if not rows:
            return not_published("EUR", "the colour is not known yet")
        return rolling_reading("EUR", slots_of(rows, EUR_PER_KWH), source="RTE, EDF Tempo")

    def _day(self, day: date, colour: str) -> list[Row]:
        prices = {"BLUE": self.blue, "WHITE": self.white, "RED": self.red}.get(colour)
        if prices is None:
            return []
        six, ten, end = _at(day, _SIX), _at(day, _TWENTY_TWO), _at(day + timedelta(days=1), _SIX)
        return [Row(six, Decimal(str(prices.full)), ten), Row(ten, Decimal(str(prices.off_peak)), end)]


def _colours(content: object) -> Mapping[date, str]:
    """Return the colours by day, of any of the three forms they come in; an unknown colour is left to be unknown."""
    if isinstance(content, dict) and "tempo_like_calendars" in content:
        values = checked(content, _Official, "tempo").tempo_like_calendars.values
        return {value.start_date.astimezone(PARIS).date(): value.value.upper() for value in values}
    if isinstance(content, dict) and "codeJour" in content:
        content = [content]
    try:
        if isinstance(content, list):
            days = [_Community.model_validate(day) for day in content]
            return {day.dateJour: _COLOURS.get(day.codeJour, "UNKNOWN") for day in days}
        season = _Season.model_validate(content)
    except ValidationError:
        raise PayloadInvalid("tempo: expected the calendar of RTE or the day of api-couleur-tempo") from None
    return {day: colour.upper() for day, colour in season.values.items()}


def _at(day: date, wall: time) -> datetime:
    return datetime.combine(day, wall, PARIS).astimezone(UTC)
