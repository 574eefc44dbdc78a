"""
What a tariff file says, and the tariff it means.

    id: home                        # a feed of prices ...          id: night-and-day             # ... or prices written down
    timezone: Europe/Berlin                                         timezone: Europe/Berlin
    currency: EUR                                                   currency: EUR
    feed: {kind: energy_charts}                                     energy: {default: 0.32, rules: [...]}
    grid_fee: {default: 0.0937}                                     tax: {vat: 0.19, included: true}
    tax: {vat: 0.19}

The steps are applied in one order: energy, markup, grid fee, levies, VAT, settlement.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from scheduler.document import Section, load_document
from scheduler.domain.errors import ConfigError
from scheduler.domain.tariff import TariffId
from scheduler.prices.catalogue import AnyFeed
from scheduler.prices.feeds.feed import Feed
from scheduler.prices.feeds.static import Static
from scheduler.prices.retail import GridFee, Levies, Markup, OnNegative, Retail, Settlement, Step, Vat
from scheduler.prices.schedule import HolidaySettings, Schedule
from scheduler.prices.units import CurrencyCode

RESOLUTIONS = {"5min": 5, "15min": 15, "30min": 30, "60min": 60}


class MarkupSettings(Section):
    """`rate`: a share of the energy price; `per_kwh`: an amount. `on_negative: absolute` takes the share of its size."""

    rate: float = Field(0.0, ge=-1, le=10)
    per_kwh: float = 0.0
    on_negative: Literal["signed", "absolute"] = "signed"


class LevySettings(Section):
    """Taxes and levies that are an amount per kWh, in sum."""

    per_kwh: float


class TaxSettings(Section):
    """`vat: 0.19` is 19 %. `included`: all prices in the file have it in them, so none is added."""

    vat: float = Field(0.0, ge=0, le=1)
    included: bool = False
    on_negative: OnNegative = OnNegative.TOTAL_ONLY


class RecipeSettings(Section):
    """Where the energy price comes from (one of `feed` and `energy`), and what is added to it."""

    feed: AnyFeed | None = None
    energy: Schedule | None = None
    markup: MarkupSettings | None = None
    grid_fee: Schedule | None = None
    levies: LevySettings | None = None
    tax: TaxSettings | None = None
    settle_resolution: Literal["5min", "15min", "30min", "60min"] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> RecipeSettings:
        if (self.feed is None) == (self.energy is None):
            raise ValueError("expected one of feed and energy")
        return self

    @property
    def has_steps(self) -> bool:
        """Whether any step is named."""
        return any(
            step is not None for step in (self.markup, self.grid_fee, self.levies, self.tax, self.settle_resolution)
        )


class TariffSettings(RecipeSettings):
    """
    One tariff file.

    `fallback` are further origins, asked while the ones before them fail or are late; one that names no step of its own
    is priced by the tariff's steps. `timezone` is the clock of every wall time in the file.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)
    name: str = ""
    timezone: ZoneInfo
    currency: CurrencyCode
    holidays: HolidaySettings = HolidaySettings()
    fallback: list[RecipeSettings] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    A feed of energy prices, and the steps from there to what the driver pays.

    `key` is the same for the same settings: tariffs that share it share its answers.
    """

    feed: Feed
    key: str
    retail: Retail


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a driver pays: recipes in the order in which they are trusted."""

    id: TariffId
    name: str
    zone: ZoneInfo
    currency: str
    recipes: tuple[Recipe, ...]


def load_tariffs(paths: Iterable[Path]) -> dict[TariffId, Tariff]:
    """Return the tariffs of *paths* by id. Raises `ConfigError` for a file that is wrong, and for an id used twice."""
    tariffs: dict[TariffId, Tariff] = {}
    places: dict[TariffId, Path] = {}
    for path in paths:
        tariff = tariff_of(load_document(path, TariffSettings), path.parent)
        if tariff.id in tariffs:
            raise ConfigError(f"{path}: id: got {tariff.id!r}, which {places[tariff.id]} has already, expected another")
        tariffs[tariff.id], places[tariff.id] = tariff, path
    return tariffs


def tariff_of(settings: TariffSettings, folder: Path) -> Tariff:
    """Return the tariff that *settings* describe; files they name are found from *folder*."""
    recipes = [_recipe(settings, settings, folder)]
    recipes.extend(_recipe(settings, fallback, folder) for fallback in settings.fallback)
    return Tariff(
        TariffId(settings.id), settings.name or settings.id, settings.timezone, settings.currency, tuple(recipes)
    )


def _recipe(tariff: TariffSettings, recipe: RecipeSettings, folder: Path) -> Recipe:
    priced_by = recipe if recipe.has_steps else tariff
    feed = _feed(tariff, recipe).beside(folder)
    digest = hashlib.sha256(feed.model_dump_json(by_alias=True).encode()).hexdigest()[:12]
    key = f"{feed.label.replace(' ', '-')}-{digest}"
    return Recipe(feed, key, Retail(tariff.timezone, tuple(_steps(tariff, priced_by))))


def _feed(tariff: TariffSettings, recipe: RecipeSettings) -> Feed:
    if recipe.feed is not None:
        return recipe.feed
    assert recipe.energy is not None
    return Static(energy=recipe.energy, timezone=tariff.timezone, currency=tariff.currency, holidays=tariff.holidays)


def _steps(tariff: TariffSettings, recipe: RecipeSettings) -> Iterable[Step]:
    if recipe.markup is not None:
        yield Markup(recipe.markup.rate, recipe.markup.per_kwh, recipe.markup.on_negative == "absolute")
    if recipe.grid_fee is not None:
        yield GridFee(recipe.grid_fee, tariff.holidays.value)
    if recipe.levies is not None:
        yield Levies(recipe.levies.per_kwh)
    if recipe.tax is not None and recipe.tax.vat > 0 and not recipe.tax.included:
        yield Vat(recipe.tax.vat, recipe.tax.on_negative)
    if recipe.settle_resolution is not None:
        yield Settlement(timedelta(minutes=RESOLUTIONS[recipe.settle_resolution]))
