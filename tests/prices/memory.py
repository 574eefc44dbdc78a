"""Working fakes for the prices room: an archive in memory, a journal that remembers, and feeds that answer as told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import httpx

from scheduler.domain.event import CATALOGUE, Fact
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId


class MemoryArchive:
    """The ledger's curves and payloads, in memory: one row per distinct content, the newest in force."""

    def __init__(self) -> None:
        self.rows: dict[TariffId, list[tuple[TariffCurve, datetime]]] = {}
        self.bodies: list[tuple[str, datetime, bytes]] = []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    def save_curve(self, tariff_id: TariffId, curve: TariffCurve, fetched_at: datetime) -> None:
        rows = self.rows.setdefault(tariff_id, [])
        if rows and rows[-1][0] == curve:
            rows[-1] = (curve, fetched_at)
        else:
            rows.append((curve, fetched_at))

    def curve(self, tariff_id: TariffId, at: datetime | None = None) -> tuple[TariffCurve, datetime] | None:
        rows = [row for row in self.rows.get(tariff_id, []) if at is None or row[1] <= at]
        return rows[-1] if rows else None

    def save_payload(self, source: str, fetched_at: datetime, body: bytes) -> None:
        self.bodies.append((source, fetched_at, body))


class MemoryJournal:
    """Remembers what was noted; refuses what is not in the catalogue."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, dict[str, Fact]]] = []

    def note(self, name: str, vehicle_id: VehicleId | None = None, **facts: Fact) -> None:
        assert name in CATALOGUE
        self.noted.append((name, facts))

    def names(self, without: str = "prices.unchanged") -> list[str]:
        return [name for name, _ in self.noted if name != without]


class Wire:
    """
    A feed's host: answers every request with `answer`, which a test exchanges, and keeps what it was asked.

    An answer may be a response, or an exception that the connection ends in.
    """

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.asked: list[httpx.Request] = []

    def transport(self, host: str) -> httpx.AsyncBaseTransport:
        return _Line(self)


class _Line(httpx.AsyncBaseTransport):
    """Hands the answer over unread, as a socket would."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._wire.asked.append(request)
        answer = self._wire.answer(request)
        stream = httpx.ByteStream(answer.content) if answer.is_stream_consumed else answer.stream
        return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)
