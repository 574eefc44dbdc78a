"""
OMIE (Spain, Portugal): the Iberian market's own daily text, without a key.

Latin-1 (or UTF-8), semicolons, decimal commas; columns H1Q1 to H24Q4 (H25 in autumn), counted from the market's midnight:
the labels are no clock. Hourly files have no Q in their labels (facts/feeds.md 2.9).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest
from scheduler.prices.feeds.payload import glimpse, number, text_of
from scheduler.prices.market import EUR_PER_MWH, MARKET, day_ahead
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading
from scheduler.prices.rows import Row, slots_of
from scheduler.prices.wall import dates, local_day
from scheduler.prices.whole import day_reading

_LINES = {"ES": "precio marginal en el sistema espa", "PT": "precio marginal en el sistema portugu"}
"""How the lines begin, up to the letter that depends on the encoding."""

_DAY = re.compile(r";(\d{2})/(\d{2})/(\d{4});")
_ISSUED = re.compile(r"Fecha Emisi\S+n :(\d{2}/\d{2}/\d{4} - \d{2}:\d{2})")


class Omie(Feed):
    """`zone`: ES or PT."""

    currency: ClassVar[str] = "EUR"
    not_published: ClassVar[frozenset[int]] = frozenset({204, 404})

    kind: Literal["omie"] = "omie"
    zone: Literal["ES", "PT"] = "ES"
    base_url: str = "https://www.omie.es/sites/default/files/dados"

    @property
    def plan(self) -> PollPlan:
        return day_ahead()

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return one request per market day."""
        return [FeedRequest(f"{self.base_url}/{_file_of(day)}") for day in dates(window, MARKET)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return one day's prices."""
        # Byte for byte, since the only letters beyond ASCII are in labels that nobody compares.
        text = text_of(payload, self.kind, "latin-1")
        found = _DAY.search(text)
        if found is None:
            raise PayloadInvalid(f"omie: expected the day's head line, got {glimpse(payload)}")
        cells = self._cells(text)
        step = timedelta(minutes=15 if ";H1Q1;" in text else 60)
        day = local_day(_date(found), MARKET)
        if len(cells) * step > day.duration:
            raise PayloadInvalid(f"omie: {len(cells)} prices, expected at most {day.duration // step} on that day")
        rows = [Row(day.start + n * step, amount, day.start + (n + 1) * step) for n, amount in enumerate(cells)]
        return day_reading(
            "EUR", slots_of(rows, EUR_PER_MWH), MARKET, source=f"OMIE {self.zone}", published_at=_issued(text)
        )

    def _cells(self, text: str) -> list[Decimal | None]:
        wanted = _LINES[self.zone]
        line = next((line for line in text.splitlines() if line.lower().startswith(wanted)), None)
        if line is None:
            raise PayloadInvalid(f"omie: expected a line that begins with {wanted.capitalize()!r}")
        return [_amount(cell) for cell in line.rstrip().rstrip(";").split(";")[1:]]


def _file_of(day: date) -> str:
    stamp = f"{day:%d_%m_%Y}"
    return f"AGNO_{day:%Y}/MES_{day:%m}/TXT/INT_PBC_EV_H_1_{stamp}_{stamp}.TXT"


def _date(found: re.Match[str]) -> date:
    try:
        return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        raise PayloadInvalid(f"omie: {found[0]!r} is no day") from None


def _issued(text: str) -> datetime | None:
    found = _ISSUED.search(text)
    if found is None:
        return None
    naive = datetime.strptime(found[1], "%d/%m/%Y - %H:%M")  # noqa: DTZ007 - the market's wall clock, given in the next line
    return naive.replace(tzinfo=MARKET).astimezone(UTC)


def _amount(cell: str) -> Decimal | None:
    plain = cell.strip().replace(".", "").replace(",", ".")
    return number(plain, "omie") if plain else None
