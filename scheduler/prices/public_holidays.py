"""Which days are holidays to a tariff, and as which weekday they count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, Self

import holidays
from pydantic import Field, model_validator

from scheduler.document import Section

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    The holidays of one tariff. `treat_as` is the weekday they count as (0 = Monday; None: as themselves).

    `name` is a country of the `holidays` package with an optional part of it (`DE-BY`); empty: `extra` days only. `named`
    keeps those holidays alone. `observed`: a holiday on a Sunday is kept on the Monday too, where the country does so.
    """

    name: str = ""
    treat_as: int | None = None
    extra: frozenset[date] = frozenset()
    named: frozenset[str] = frozenset()
    observed: bool = True

    def is_holiday(self, day: date) -> bool:
        """Whether *day* is a holiday."""
        return day in self.extra or (self.name != "" and day in _public(self.name, self.named, self.observed, day.year))

    def weekday(self, day: date) -> int:
        """Return the weekday *day* counts as."""
        return self.treat_as if self.treat_as is not None and self.is_holiday(day) else day.weekday()


class HolidaySettings(Section):
    """
    `calendar: DE-BY`, `treat_as: sunday`, and single days beyond it.

    `only` names the holidays that count, in the words of the `holidays` package; `observed: false` where a tariff knows the
    actual day alone.
    """

    calendar: str = ""
    treat_as: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = "sunday"
    extra: list[date] = Field(default_factory=list)
    only: list[str] = Field(default_factory=list)
    observed: bool = True

    @model_validator(mode="after")
    def _known_calendar(self) -> Self:
        if not self.calendar:
            return self
        try:
            found = _names(self.calendar)
        except NotImplementedError:
            raise ValueError(
                f"calendar: got {self.calendar!r}, expected a country or a part of one, such as DE or DE-BY"
            ) from None
        unknown = [name for name in self.only if name not in found]
        if unknown:
            raise ValueError(f"only: got {unknown[0]!r}, expected one of {', '.join(sorted(found))}")
        return self

    @property
    def value(self) -> Calendar:
        treat_as = None if self.treat_as is None else WEEKDAYS.index(self.treat_as[:3])
        return Calendar(self.calendar, treat_as, frozenset(self.extra), frozenset(self.only), self.observed)


@lru_cache(maxsize=64)
def _public(name: str, named: frozenset[str], observed: bool, year: int) -> frozenset[date]:
    country, _, part = name.partition("-")
    days = holidays.country_holidays(country, subdiv=part or None, years=year, observed=observed)
    return frozenset(day for day, words in days.items() if not named or not named.isdisjoint(words.split("; ")))


def _names(name: str) -> frozenset[str]:
    country, _, part = name.partition("-")
    days = holidays.country_holidays(country, subdiv=part or None, years=2026)
    return frozenset(word for words in days.values() for word in words.split("; "))
