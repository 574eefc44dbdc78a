"""Every kind of feed by its name, and recorded payloads read by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, get_args

from pydantic import Field, ValidationError

from scheduler.domain.errors import ConfigError, FeedError, PayloadInvalid
from scheduler.expectation import plainly
from scheduler.prices.feeds.amber import Amber
from scheduler.prices.feeds.awattar import Awattar
from scheduler.prices.feeds.comed import ComEd
from scheduler.prices.feeds.csv_table import CsvTable
from scheduler.prices.feeds.easyenergy import EasyEnergy
from scheduler.prices.feeds.electricity_maps import ElectricityMaps
from scheduler.prices.feeds.elering import Elering
from scheduler.prices.feeds.energidataservice import EnergiDataService
from scheduler.prices.feeds.energy_charts import EnergyCharts
from scheduler.prices.feeds.energyzero import EnergyZero
from scheduler.prices.feeds.entsoe import Entsoe
from scheduler.prices.feeds.evcc import Evcc
from scheduler.prices.feeds.feed import Asked, Feed
from scheduler.prices.feeds.frank_energie import FrankEnergie
from scheduler.prices.feeds.gb_carbon import GbCarbon
from scheduler.prices.feeds.home_assistant import HomeAssistant
from scheduler.prices.feeds.json_mapping import JsonMapping
from scheduler.prices.feeds.nordpool import Nordpool
from scheduler.prices.feeds.octopus import Octopus
from scheduler.prices.feeds.octopus_intelligent import OctopusIntelligent
from scheduler.prices.feeds.omie import Omie
from scheduler.prices.feeds.payload import LARGEST_BODY
from scheduler.prices.feeds.replay import Replay
from scheduler.prices.feeds.tempo import Tempo
from scheduler.prices.feeds.tibber import Tibber
from scheduler.prices.feeds.watttime import WattTime
from scheduler.prices.plausible import implausible
from scheduler.prices.reading import Reading, failed, joined

AnyFeed = Annotated[
    Amber
    | Awattar
    | ComEd
    | CsvTable
    | EasyEnergy
    | Elering
    | EnergiDataService
    | EnergyCharts
    | EnergyZero
    | Entsoe
    | Evcc
    | FrankEnergie
    | HomeAssistant
    | JsonMapping
    | Nordpool
    | Octopus
    | OctopusIntelligent
    | Omie
    | Replay
    | Tempo
    | Tibber,
    Field(discriminator="kind"),
]
"""The settings of any price feed, told apart by `kind`."""

AnyCarbonFeed = Annotated[ElectricityMaps | GbCarbon | WattTime, Field(discriminator="kind")]
"""The settings of any carbon feed: a curve in grams per kWh."""

FEEDS: Mapping[str, type[Feed]] = {
    feed.model_fields["kind"].default: feed
    for union in (AnyFeed, AnyCarbonFeed)
    for feed in get_args(get_args(union)[0])
}
"""The feeds a tariff file may name, by kind. A static tariff is none: its prices are in the file."""


def read_payload(feed: Feed, payload: bytes, asked: Asked) -> Reading:
    """
    Return what *payload* says; raise `FeedError` where it is wrong, and nothing else.

    The guard against nonsense is part of reading: what no market pays is not a price.
    """
    if len(payload) > LARGEST_BODY:
        raise PayloadInvalid(f"{feed.label}: the payload is larger than {LARGEST_BODY // 1024**2} MiB")
    try:
        reading = feed.parse(payload, asked)
    except FeedError:
        raise
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise PayloadInvalid(
            f"{feed.label}: the payload is not what this feed sends ({type(error).__name__})"
        ) from error
    if feed.money and (reason := implausible(reading, varies=feed.varies)) is not None:
        raise PayloadInvalid(f"{feed.label}: {reason}")
    return reading


def read_files(kind: str, zone: str | None, options: Mapping[str, str], payloads: Sequence[bytes]) -> Reading:
    """
    Return recorded payloads of the feed *kind* as one reading, without any network.

    *zone* and *options* are the feed's settings as text; what a recorded payload has no need of may be left out. An unknown
    kind or setting is a `ConfigError`; a payload that is wrong is a reading in the state `error`.
    """
    feed = _recorded(kind, zone, options)
    try:
        return joined([read_payload(feed, payload, Asked()) for payload in payloads])
    except FeedError as error:
        return failed(str(getattr(feed, "currency", "")), error)


def _recorded(kind: str, zone: str | None, options: Mapping[str, str]) -> Feed:
    if kind not in FEEDS:
        raise ConfigError(f"there is no feed {kind!r}, expected one of {', '.join(sorted(FEEDS))}")
    feed = FEEDS[kind]
    known = [name for name in feed.model_fields if name != "kind"]
    for key in options:
        if key not in known:
            raise ConfigError(f"the feed {kind} has no setting {key!r}, expected one of {', '.join(known)}")
    # A table or document lies in one place: the stand-in for its file makes way for an address.
    stand_ins = {} if "url" in options else feed.stand_ins
    text = {"kind": kind, **stand_ins, **options}
    if zone is not None:
        text[feed.zone_key] = zone
    try:
        return feed.model_validate(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"the feed {kind}: {place or 'settings'}: {plainly(first)}") from None
