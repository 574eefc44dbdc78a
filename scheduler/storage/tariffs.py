"""The curves that were in force, and the raw payloads they came from: enough to replay and explain a past night."""

from __future__ import annotations

import zlib
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, Row, delete, insert, select, update

from scheduler.domain.interval import Interval
from scheduler.domain.tariff import TariffCurve, TariffId
from scheduler.storage.database import Database, Rows
from scheduler.storage.records import from_record, to_record
from scheduler.storage.schema import CURVE, PAYLOAD


class TariffRows(Rows):
    """Curves are deflated: a day and a half of quarter hours with three components is 40 kB of JSON, and 3 kB so."""

    def __init__(self, database: Database, payloads_kept: int) -> None:
        super().__init__(database)
        self._payloads_kept = payloads_kept

    def save_curve(self, tariff_id: TariffId, curve: TariffCurve, fetched_at: datetime) -> None:
        """Keep the curve in force: a new row when it differs from the one before, else only its newer fetch time."""
        record = to_record(curve).encode()
        digest = sha256(record).hexdigest()
        with self._database.writing() as connection:
            last = _last(connection, tariff_id)
            if last is not None and last.digest == digest:
                connection.execute(update(CURVE).where(CURVE.c.id == last.id).values(fetched_at=fetched_at))
                return
            connection.execute(
                insert(CURVE).values(
                    tariff_id=tariff_id,
                    digest=digest,
                    first_fetched_at=fetched_at,
                    fetched_at=fetched_at,
                    curve=zlib.compress(record),
                )
            )

    def curve(self, tariff_id: TariffId, at: datetime | None = None) -> tuple[TariffCurve, datetime] | None:
        """
        Return the curve in force now, or at a past moment, with its fetch time.

        For a past moment that is the last fetch before it of which something is known: the row's last, or its first.
        """
        with self._database.reading() as connection:
            row = _last(connection, tariff_id, at)
        if row is None:
            return None
        fetched_at = row.fetched_at if at is None or row.fetched_at <= at else row.first_fetched_at
        return from_record(TariffCurve, zlib.decompress(row.curve).decode()), fetched_at

    def save_payload(self, source: str, fetched_at: datetime, body: bytes) -> None:
        """Keep a raw payload, compressed; the oldest beyond the configured number per source are dropped."""
        surplus = (
            select(PAYLOAD.c.id)
            .where(PAYLOAD.c.source == source)
            .order_by(PAYLOAD.c.id.desc())
            .offset(self._payloads_kept)
            .limit(1)
        )
        with self._database.writing() as connection:
            connection.execute(insert(PAYLOAD).values(source=source, fetched_at=fetched_at, body=zlib.compress(body)))
            newest_surplus = connection.execute(surplus).scalar()
            if newest_surplus is not None:
                connection.execute(delete(PAYLOAD).where(PAYLOAD.c.source == source, PAYLOAD.c.id <= newest_surplus))

    def payloads(self, source: str, window: Interval) -> list[tuple[datetime, bytes]]:
        """Return what was fetched within *window* and is still kept, oldest first."""
        query = (
            select(PAYLOAD.c.fetched_at, PAYLOAD.c.body)
            .where(
                PAYLOAD.c.source == source,
                PAYLOAD.c.fetched_at >= window.start,
                PAYLOAD.c.fetched_at < window.end,
            )
            .order_by(PAYLOAD.c.fetched_at, PAYLOAD.c.id)
        )
        with self._database.reading() as connection:
            return [(row.fetched_at, zlib.decompress(row.body)) for row in connection.execute(query)]


def _last(connection: Connection, tariff_id: TariffId, at: datetime | None = None) -> Row[tuple[object, ...]] | None:
    query = select(CURVE).where(CURVE.c.tariff_id == tariff_id)
    if at is None:
        query = query.order_by(CURVE.c.id.desc())
    else:
        query = query.where(CURVE.c.first_fetched_at <= at).order_by(CURVE.c.first_fetched_at.desc(), CURVE.c.id.desc())
    return connection.execute(query.limit(1)).first()
