"""The whole store behind one door, and its housekeeping."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from scheduler.ports import Store
from scheduler.storage.commands import CommandRows
from scheduler.storage.credit import CreditRows
from scheduler.storage.database import open_database
from scheduler.storage.deliveries import DeliveryRows
from scheduler.storage.due import DueRows
from scheduler.storage.events import EventRows
from scheduler.storage.promises import PromiseRows
from scheduler.storage.schema import CALL, CURVE, DELIVERY, EVENT, SIGHTING
from scheduler.storage.sessions import SessionRows
from scheduler.storage.sightings import SightingRows
from scheduler.storage.tariffs import TariffRows

KEPT = timedelta(days=400)
"""Events, sightings, counted calls and replaced curves live a year and a month: this winter can be laid beside the last."""

DELIVERIES_KEPT = timedelta(days=30)
"""Smartcar tries a delivery for minutes. A copy that is replayed later changes nothing: its dates are older."""

PAYLOADS_KEPT = 200
"""Raw payloads per source: about eight days of hourly fetches."""


class LedgerStore(
    DueRows, SightingRows, SessionRows, PromiseRows, CommandRows, EventRows, TariffRows, DeliveryRows, CreditRows
):
    """`Store` of scheduler/ports.py. Called from the event loop's thread; a call takes 0.1 ms to read and 4 ms to commit."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """
        Group writes into one commit. Without it each call commits by itself. Nesting joins the outer one.

        Nothing may be awaited inside: another task would find the transaction open, and is refused (StoreUnavailable).
        """
        with self._database.writing():
            yield

    def housekeep(self, now: datetime) -> None:
        """
        Drop what is older than `KEPT`, checkpoint the log.

        Never dropped: commands, sessions, promises, credit, the last state of a car and the curve in force.
        """
        before = now - KEPT
        in_force = select(func.max(CURVE.c.id)).group_by(CURVE.c.tariff_id)
        with self._database.writing() as connection:
            connection.execute(delete(EVENT).where(EVENT.c.at < before))
            connection.execute(delete(SIGHTING).where(SIGHTING.c.looked_at < before))
            connection.execute(delete(CALL).where(CALL.c.at < before))
            connection.execute(delete(DELIVERY).where(DELIVERY.c.received_at < now - DELIVERIES_KEPT))
            connection.execute(delete(CURVE).where(CURVE.c.fetched_at < before, CURVE.c.id.not_in(in_force)))
        self._database.checkpoint()

    def close(self) -> None:
        """Let go of the database. The store cannot be used afterwards."""
        self._database.close()


def open_store(url_or_path: str | Path, *, payloads_kept: int = PAYLOADS_KEPT, read_only: bool = False) -> Store:
    """
    Open the ledger at a path (SQLite) or a SQLAlchemy URL, creating or upgrading its tables unless *read_only*.

    ConfigError where a newer smartcharge has written it, or to be read only an older one; StoreUnavailable where it cannot
    be opened.
    """
    return LedgerStore(open_database(url_or_path, read_only=read_only), payloads_kept)
