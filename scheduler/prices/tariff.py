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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from scheduler.document import Section, load_document
from scheduler.domain.errors import ConfigError
from scheduler.domain.interval import Interval
from scheduler.domain.tariff import TariffId
from scheduler.prices.catalogue import AnyCarbonFeed, AnyFeed
from scheduler.prices.contract import (
    DemandSettings,
    DevicesSettings,
    EnergySettings,
    FixedSettings,
    LevySettings,
    MarkupSettings,
    Resolution,
    SourceSettings,
    TaxSettings,
    ValiditySettings,
)
from scheduler.prices.feeds.feed import Feed
from scheduler.prices.feeds.static import Static
from scheduler.prices.public_holidays import HolidaySettings
from scheduler.prices.retail import GridFee, Markup, Retail, Settlement, Step, Surcharge, Vat
from scheduler.prices.schedule import Schedule
from scheduler.prices.units import CurrencyCode, Unit, UnitText, unit
from scheduler.prices.wall import midnight

_MINUTES = {"5min": 5, "15min": 15, "30min": 30, "60min": 60}
_EVER = Interval(datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))


class CarbonSettings(Section):
    """
    What a kilogram of CO2 is worth to the driver, in the tariff's currency, and where the intensity comes from.

    The plan sees price + weight x kg/kWh; in the components of a price the weight stands apart, since nobody bills it.
    """

    feed: AnyCarbonFeed
    weight_per_kg: float = Field(ge=0)


class RecipeSettings(Section):
    """Where the energy price comes from (one of `feed` and `energy`), and what is added to it."""

    feed: AnyFeed | None = None
    energy: EnergySettings | None = None
    markup: MarkupSettings | None = None
    grid_fee: Schedule | None = None
    levies: LevySettings | None = None
    tax: TaxSettings | None = None
    settle_resolution: Resolution | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
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
    is priced by the tariff's steps. `timezone` is the clock of every wall time in the file, `unit` that of its amounts
    (not of a feed's). Files with the same `id` are versions of one contract, told apart by `valid`. With `forecast_days`,
    prices are foreseen for so many days after today, where none are published.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)
    name: str = Field(default="", max_length=60, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
    timezone: ZoneInfo
    currency: CurrencyCode
    unit: UnitText | None = None
    valid: ValiditySettings = ValiditySettings()
    holidays: HolidaySettings = HolidaySettings()
    fallback: list[RecipeSettings] = Field(default_factory=list)
    carbon: CarbonSettings | None = None
    forecast_days: int = Field(default=0, ge=0, le=7)
    fixed: list[FixedSettings] = Field(default_factory=list)
    demand: list[DemandSettings] = Field(default_factory=list)
    export: Schedule | None = None
    device: DevicesSettings | None = None
    day_colour: None = None
    source: SourceSettings | None = None

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.unit is not None and unit(self.unit).currency != self.currency:
            raise ValueError(f"unit: got {self.unit}, expected a unit of {self.currency}")
        return self


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    A feed of energy prices, and the steps from there to what the driver pays.

    `key` is the same for the same settings: tariffs that share it share its answers. `notes` are sentences on what is
    assumed where a price depends on what has been used.
    """

    feed: Feed
    key: str
    retail: Retail
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CarbonWeight:
    """The carbon feed a tariff looks at, and the money a kilogram is worth to the driver."""

    feed: Feed
    key: str
    per_kg: float


@dataclass(frozen=True, slots=True)
class Version:
    """A contract while it holds: recipes in the order in which they are trusted."""

    valid: Interval
    recipes: tuple[Recipe, ...]
    carbon: CarbonWeight | None = None
    forecast_days: int = 0


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a driver pays: versions of one contract, ascending and disjoint."""

    id: TariffId
    name: str
    zone: ZoneInfo
    currency: str
    versions: tuple[Version, ...]

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """Every recipe of every version."""
        return tuple(recipe for version in self.versions for recipe in version.recipes)


def load_tariffs(paths: Iterable[Path]) -> dict[TariffId, Tariff]:
    """
    Return the tariffs of *paths* by id; files of one id are its versions.

    Raises `ConfigError` for a file that is wrong, and for two versions that hold at the same time or disagree on currency or
    time zone.
    """
    tariffs: dict[TariffId, Tariff] = {}
    for path in paths:
        tariff = tariff_of(load_document(path, TariffSettings), path.parent)
        known = tariffs.get(tariff.id)
        tariffs[tariff.id] = tariff if known is None else _with_version(known, tariff, path)
    return tariffs


def tariff_of(settings: TariffSettings, folder: Path) -> Tariff:
    """Return the tariff that *settings* describe; files they name are found from *folder*."""
    recipes = [_recipe(settings, settings, folder)]
    recipes.extend(_recipe(settings, fallback, folder) for fallback in settings.fallback)
    version = Version(_valid(settings), tuple(recipes), _carbon(settings.carbon, folder), settings.forecast_days)
    return Tariff(TariffId(settings.id), settings.name or settings.id, settings.timezone, settings.currency, (version,))


def _with_version(known: Tariff, added: Tariff, path: Path) -> Tariff:
    if (known.currency, known.zone) != (added.currency, added.zone):
        there, here = (f"{one.currency}, {one.zone.key}" for one in (known, added))
        raise ConfigError(
            f"{path}: currency, timezone: got {here}, expected {there} as in the other file of {known.id!r}"
        )
    versions = sorted((*known.versions, *added.versions), key=lambda version: version.valid)
    if any(earlier.valid.overlaps(later.valid) for earlier, later in pairwise(versions)):
        raise ConfigError(f"{path}: valid: overlaps another file of {known.id!r}, expected each day in one file only")
    return replace(known, versions=tuple(versions))


def _valid(settings: TariffSettings) -> Interval:
    since, to = settings.valid.since, settings.valid.to
    start = _EVER.start if since is None else midnight(since, settings.timezone)
    return Interval(start, _EVER.end if to is None else midnight(to + timedelta(days=1), settings.timezone))


def _carbon(settings: CarbonSettings | None, folder: Path) -> CarbonWeight | None:
    if settings is None:
        return None
    feed = settings.feed.beside(folder)
    return CarbonWeight(feed, _key(feed), settings.weight_per_kg)


def _recipe(tariff: TariffSettings, recipe: RecipeSettings, folder: Path) -> Recipe:
    priced_by = recipe if recipe.has_steps else tariff
    feed = _feed(tariff, recipe).beside(folder)
    steps = (*_tiers(tariff, recipe), *_steps(tariff, priced_by))
    return Recipe(feed, _key(feed), Retail(tariff.timezone, steps), tuple(_notes(tariff, recipe)))


def _key(feed: Feed) -> str:
    digest = hashlib.sha256(feed.model_dump_json(by_alias=True).encode()).hexdigest()[:12]
    return f"{feed.label.replace(' ', '-')}-{digest}"


def _feed(tariff: TariffSettings, recipe: RecipeSettings) -> Feed:
    if recipe.feed is not None:
        return recipe.feed
    assert recipe.energy is not None
    energy = recipe.energy.converted(_major(tariff))
    return Static(energy=energy, timezone=tariff.timezone, currency=tariff.currency, holidays=tariff.holidays)


def _major(tariff: TariffSettings) -> Callable[[float], float]:
    """Return the way from the file's unit to major units per kWh."""
    wire = Unit(tariff.currency, Decimal(1)) if tariff.unit is None else unit(tariff.unit)
    return lambda amount: wire.per_kwh(str(amount))


def _tiers(tariff: TariffSettings, recipe: RecipeSettings) -> Iterator[Step]:
    if recipe.energy is not None and recipe.energy.tiers is not None:
        yield Surcharge("tier", _major(tariff)(recipe.energy.tiers.add))


def _steps(tariff: TariffSettings, recipe: RecipeSettings) -> Iterator[Step]:
    major = _major(tariff)
    if recipe.markup is not None:
        yield Markup(recipe.markup.rate, major(recipe.markup.per_kwh), recipe.markup.on_negative == "absolute")
    if recipe.grid_fee is not None:
        yield GridFee(recipe.grid_fee.converted(major), tariff.holidays.value)
    if recipe.levies is not None:
        yield Surcharge("levies", major(recipe.levies.per_kwh))
    if recipe.tax is not None and recipe.tax.vat > 0 and not recipe.tax.included:
        yield Vat(recipe.tax.vat, recipe.tax.on_negative)
    if recipe.settle_resolution is not None:
        yield Settlement(timedelta(minutes=_MINUTES[recipe.settle_resolution]))


def _notes(tariff: TariffSettings, recipe: RecipeSettings) -> Iterator[str]:
    if recipe.energy is None:
        return
    if recipe.energy.limited or (recipe.grid_fee is not None and recipe.grid_fee.limited):
        yield "of prices for a limited quantity, the one beyond it is counted on"
    if recipe.energy.tiers is not None and recipe.energy.tiers.used_kwh is None:
        yield "of block rates, the last band is counted on"
    if tariff.device is not None and tariff.device.ev is not None:
        yield "the supplier's own rate for the car is not counted on"
