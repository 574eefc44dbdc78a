"""The `prices` verb: a tariff as its drivers pay it, or recorded payloads of a feed, as a chart or as JSON."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from scheduler.app import feed_secrets, tariffs_in
from scheduler.clock import SystemClock
from scheduler.domain.errors import ConfigError, FeedUnavailable, InvalidValue, PayloadInvalid
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.drivers import load_drivers
from scheduler.monitoring.journal import LedgerJournal
from scheduler.monitoring.logs import configure_logs
from scheduler.prices.catalogue import read_files
from scheduler.prices.feeds.fetch import Fetcher
from scheduler.prices.feeds.payload import LARGEST_BODY
from scheduler.prices.reading import Reading, ReadingState, reading_document
from scheduler.prices.refresh import PriceRefresher
from scheduler.prices.tariff import Tariff
from scheduler.settings import load_settings
from scheduler.storage import open_store
from scheduler.terminal.chart import cheapest_hours, known_words, price_chart


def show_recorded(
    kind: str, zone: str | None, options: tuple[str, ...], files: tuple[Path, ...], *, as_json: bool
) -> None:
    """Parse recorded payloads and show them. PayloadInvalid where one is wrong, after its JSON was printed."""
    if not files:
        raise InvalidValue("--feed needs at least one --from-file FILE with a recorded payload")
    named = dict(_pair(option) for option in options)
    reading = read_files(kind, zone, named, [_content(file) for file in files])
    _show(reading, ZoneInfo("UTC"), None, as_json=as_json)
    if reading.state is ReadingState.ERROR:
        raise PayloadInvalid(reading.message)


def show_tariff(config: Path, tariff_id: str | None, *, as_json: bool) -> None:
    """
    Fetch a tariff's prices now and show them as its drivers pay them; the first driver's, where none is named.

    FeedUnavailable where not one price is known, after the JSON was printed.
    """
    tariffs = tariffs_in(config / "tariffs")
    tariff = _named(tariffs, tariff_id or _of_first_driver(config, tariffs))
    curve, failing = asyncio.run(_fetched(tariff, load_settings(config).secrets_directory))
    state = ReadingState.PARTIAL if curve.gaps() else ReadingState.OK if curve else ReadingState.ERROR
    reading = Reading(curve.currency, curve.slots, state, failing, source=curve.source, simulated=curve.simulated)
    _show(reading, tariff.zone, SystemClock().now(), as_json=as_json)
    if not curve:
        raise FeedUnavailable(f"no price of {tariff.id} is known{failing and f': {failing}'}")


async def _fetched(tariff: Tariff, secrets_directory: Path | None) -> tuple[TariffCurve, str]:
    """Return the tariff's curve, and what keeps its first feed from answering, if anything."""
    clock = SystemClock()
    configure_logs(stream=sys.stderr, human=sys.stderr.isatty(), level="error", secrets=[])
    store = open_store("sqlite://")
    fetcher = Fetcher(clock, feed_secrets(secrets_directory))
    prices = PriceRefresher([tariff], fetcher, store, LedgerJournal(clock, store), clock)
    try:
        await prices.refresh(clock.now())
        return prices.curve(tariff.id) or TariffCurve(tariff.currency), prices.standing(tariff.id).failing or ""
    finally:
        await prices.close()
        store.close()


def _show(reading: Reading, zone: ZoneInfo, now: datetime | None, *, as_json: bool) -> None:
    """Show a reading from *now* on; recorded ones from their own beginning."""
    if as_json:
        click.echo(json.dumps(reading_document(reading)))
        return
    if reading.state is ReadingState.ERROR:
        return  # the reason comes as the error, once
    if reading.source:
        click.echo(("SIMULATED: " if reading.simulated else "") + reading.source)
    if reading.message:
        click.echo(reading.message)
    width = min(shutil.get_terminal_size((100, 24)).columns, 120)
    begin = now or (reading.slots[0].start if reading.slots else SystemClock().now())
    for line in price_chart(reading.curve, (), begin, zone, width, mark="now" if now else "from"):
        click.echo(line)
    for words in (cheapest_hours(reading.curve, begin, zone), known_words(reading.curve, begin, zone)):
        if words is not None:
            click.echo(words)


def _of_first_driver(config: Path, tariffs: dict[TariffId, Tariff]) -> str:
    drivers = load_drivers(config / "drivers", tariffs)
    if not drivers:
        raise InvalidValue(f"no driver in {config / 'drivers'} pays a tariff; name one: {', '.join(sorted(tariffs))}")
    return drivers[0].tariff_id


def _named(tariffs: dict[TariffId, Tariff], tariff_id: str) -> Tariff:
    found = tariffs.get(TariffId(tariff_id))
    if found is None:
        close = get_close_matches(tariff_id, [str(known) for known in tariffs], n=1)
        hint = f', did you mean "{close[0]}"?' if close else f"; known are {', '.join(sorted(tariffs)) or 'none'}"
        raise InvalidValue(f'no tariff is called "{tariff_id}"{hint}')
    return found


def _pair(option: str) -> tuple[str, str]:
    key, equals, value = option.partition("=")
    if not equals or not key:
        raise InvalidValue(f"--set reads KEY=VALUE, got {option!r}")
    return key, value


def _content(file: Path) -> bytes:
    """Return what the parsers may see of a file: one byte above the bound is enough to be told that it is too large."""
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_BODY + 1)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
