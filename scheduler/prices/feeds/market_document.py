"""
ENTSO-E's market documents: XML, or a ZIP of several, into plain values. Nothing here knows what a price is for.

Safe against what XML allows: a document type (and with it every entity) is refused before it is read, a ZIP is unpacked only
so far. Element names are compared without their namespace, which differs between recordings.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from scheduler.domain.errors import FeedRejected, PayloadInvalid
from scheduler.prices.feeds.payload import glimpse, number, refuse_markup

LARGEST_UNPACKED = 20 * 1024 * 1024
MOST_MEMBERS = 100
"""ENTSO-E splits at 100 documents."""

MOST_POSITIONS = 100_000
_RESOLUTIONS = {"PT1M": 1, "PT5M": 5, "PT15M": 15, "PT30M": 30, "PT60M": 60, "PT1H": 60}


@dataclass(frozen=True, slots=True)
class Period:
    """One stretch of one series: prices by position, counted from 1."""

    start: datetime
    end: datetime
    resolution: timedelta
    points: dict[int, Decimal]


@dataclass(frozen=True, slots=True)
class Series:
    """One time series: which auction (`sequence`, None where the zone has one only), zone, unit, and its periods."""

    sequence: int | None
    domains: frozenset[str]
    contract: str
    currency: str
    measure: str
    filled: bool
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class MarketDocument:
    """One publication, or (`reason`) the acknowledgement that comes in its place."""

    created_at: datetime | None
    series: tuple[Series, ...] = ()
    reason: str | None = None


def market_documents(payload: bytes) -> list[MarketDocument]:
    """Return the documents of an answer; raise `PayloadInvalid` for anything else."""
    return [_document(_root(member)) for member in _members(payload)]


def _members(payload: bytes) -> list[bytes]:
    if not payload.startswith(b"PK"):
        return [payload]
    left = LARGEST_UNPACKED
    members: list[bytes] = []
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            if len(archive.infolist()) > MOST_MEMBERS:
                raise PayloadInvalid(f"entsoe: the ZIP has more than {MOST_MEMBERS} members")
            for info in archive.infolist():
                with archive.open(info) as member:
                    members.append(member.read(left + 1))
                left -= len(members[-1])
                if left < 0:
                    raise PayloadInvalid(f"entsoe: the ZIP unpacks to more than {LARGEST_UNPACKED // 1024**2} MiB")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise PayloadInvalid(f"entsoe: the ZIP cannot be read ({type(error).__name__})") from None
    return members


class _NoDocumentType(TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise PayloadInvalid("entsoe: the document brings a document type, expected none")


def _root(payload: bytes) -> Element:
    refuse_markup(payload, "entsoe")
    parser = XMLParser(target=_NoDocumentType())  # noqa: S314 - entities need a document type, which is refused
    try:
        parser.feed(payload)
        root: Element = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise PayloadInvalid(
            f"entsoe: expected an XML document, got {glimpse(payload)} ({type(error).__name__})"
        ) from None
    return root


def _document(root: Element) -> MarketDocument:
    name = _name(root)
    if name == "Acknowledgement_MarketDocument":
        return MarketDocument(None, reason=" ".join(_text(part, "text") for part in _children(root, "Reason"))[:300])
    if name != "Publication_MarketDocument":
        raise PayloadInvalid(f"entsoe: got a {name[:40]!r}, expected a Publication_MarketDocument")
    created = _text(root, "createdDateTime")
    series = tuple(_series(part) for part in _children(root, "TimeSeries"))
    return MarketDocument(_moment(created) if created else None, series)


def _series(part: Element) -> Series:
    sequence = _text(part, "classificationSequence_AttributeInstanceComponent.position")
    domains = {_text(part, "in_Domain.mRID"), _text(part, "out_Domain.mRID")} - {""}
    return Series(
        sequence=_whole(sequence) if sequence else None,
        domains=frozenset(domains),
        contract=_text(part, "contract_MarketAgreement.type"),
        currency=_text(part, "currency_Unit.name"),
        measure=_text(part, "price_Measure_Unit.name"),
        filled=_text(part, "curveType") == "A03",
        periods=tuple(_period(period) for period in _children(part, "Period")),
    )


def _period(part: Element) -> Period:
    interval = next(_children(part, "timeInterval"), None)
    if interval is None:
        raise PayloadInvalid("entsoe: a Period without timeInterval")
    named = _text(part, "resolution")
    if named not in _RESOLUTIONS:
        raise PayloadInvalid(f"entsoe: the resolution is {named[:20]!r}, expected one of {', '.join(_RESOLUTIONS)}")
    resolution = timedelta(minutes=_RESOLUTIONS[named])
    start, end = _moment(_text(interval, "start")), _moment(_text(interval, "end"))
    if not start < end or (end - start) / resolution > MOST_POSITIONS:
        raise PayloadInvalid(f"entsoe: a Period from {start.isoformat()} to {end.isoformat()} cannot be")
    points = {
        _whole(_text(point, "position")): number(_text(point, "price.amount"), "entsoe")
        for point in _children(part, "Point")
    }
    # Positions beyond the end were seen (hass-entso-e's recordings): they lie outside what the period says it tells.
    inside = {position: amount for position, amount in points.items() if 1 <= position <= (end - start) / resolution}
    return Period(start, end, resolution, inside)


def _children(part: Element, name: str) -> Iterator[Element]:
    return (child for child in part if _name(child) == name)


def _name(part: Element) -> str:
    return part.tag.rpartition("}")[2]


def _text(part: Element, name: str) -> str:
    child = next(_children(part, name), None)
    return "" if child is None else (child.text or "").strip()


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise PayloadInvalid(f"entsoe: got {text[:20]!r}, expected a whole number")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PayloadInvalid(f"entsoe: the time {text[:30]!r} is no time") from None
    if moment.tzinfo is None:
        raise PayloadInvalid(f"entsoe: the time {text[:30]!r} has no offset")
    return moment.astimezone(UTC)


def refused(reason: str) -> FeedRejected:
    """Return the error for an acknowledgement that is not about missing data: our request is at fault."""
    return FeedRejected(f"entsoe: {reason[:200] or 'no reason given'}")
