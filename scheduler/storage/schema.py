"""
The tables of the ledger, as SQLAlchemy Core sees them. `migrations/` builds the same ones step by step; a test compares.

Times are whole microseconds since 1970 in UTC: exact, and sorted alike by every database. Domain values that are only read
whole are JSON records (`records.py`), with the columns beside them that queries need.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.engine import Dialect

from scheduler.domain.command import OPEN_STATUSES
from scheduler.domain.interval import as_utc

REVISION = "0006"
"""The newest migration. Revisions are ascending numbers, so that an older database can be told from a newer one."""

METADATA = MetaData()

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

BigInt = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits everywhere. SQLite's STRICT tables know no BIGINT; its INTEGER has 64 bits."""


class Moment(TypeDecorator[datetime]):
    """An aware time as microseconds since 1970; comes back in UTC, exactly. A naive time is refused."""

    impl = BigInt
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (as_utc(value) - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


OPEN = text(f"status IN ({', '.join(repr(status.value) for status in sorted(OPEN_STATUSES))})")
"""
The open commands. Literal, and the same text in the index and in the queries: SQLite uses a partial index only where it can
prove that the query asks for no more.
"""


def _key() -> Column[Any]:
    return Column("id", BigInt, primary_key=True, autoincrement=True)


def _vehicle() -> Column[Any]:
    return Column("vehicle_id", Text, nullable=False)


DUE = Table(
    "due",
    METADATA,
    Column("vehicle_id", Text, primary_key=True),
    Column("due_at", Moment, comment="null: the vehicle has left the queue"),
    Column("wake_at", Moment, comment="asked for from outside; counts until a claim at or after it"),
    Column("lease_until", Moment),
    Column("token", BigInt, nullable=False, comment="only ever grows, also while the vehicle is away"),
    Index("due_by_time", "due_at"),
    sqlite_strict=True,
)

LAST_STATE = Table(
    "last_state",
    METADATA,
    Column("vehicle_id", Text, primary_key=True),
    Column("looked_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    sqlite_strict=True,
)

SIGHTING = Table(
    "sighting",
    METADATA,
    _key(),
    _vehicle(),
    Column("seen_at", Moment, nullable=False),
    Column("looked_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Index("sighting_by_vehicle", "vehicle_id", "seen_at"),
    sqlite_strict=True,
)

SESSION = Table(
    "session",
    METADATA,
    Column("vehicle_id", Text, primary_key=True),
    Column("plugged_in_at", Moment, primary_key=True, autoincrement=False),
    Column("unplugged_at", Moment),
    Column("session", Text, nullable=False),
    sqlite_strict=True,
)

OVERRIDE = Table(
    "override",
    METADATA,
    Column("vehicle_id", Text, primary_key=True),
    Column("override", Text, nullable=False),
    Column("set_at", Moment, nullable=False),
    sqlite_strict=True,
)

PROMISE = Table(
    "promise",
    METADATA,
    _key(),
    _vehicle(),
    Column("made_at", Moment, nullable=False),
    Column("promise", Text, nullable=False),
    Index("promise_by_vehicle", "vehicle_id", "made_at"),
    sqlite_strict=True,
)

COMMAND = Table(
    "command",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("vehicle_id", Text, ForeignKey("due.vehicle_id"), nullable=False),
    Column("seq", BigInt, nullable=False, comment="counts per vehicle: order that no step of the clock can change"),
    Column("verb", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("queued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("status", Text, nullable=False),
    Column("sent_at", Moment),
    Column("settled_at", Moment),
    Column("attempts", BigInt, nullable=False),
    Column("detail", Text, nullable=False),
    Column("retry_at", Moment),
    Column("limit_pct", BigInt),
    Index("command_by_vehicle", "vehicle_id", "queued_at"),
    Index("command_open", "vehicle_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    sqlite_strict=True,
)

CALL = Table(
    "call",
    METADATA,
    _key(),
    _vehicle(),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Index("call_by_vehicle", "vehicle_id", "at"),
    Index("call_by_time", "at"),
    sqlite_strict=True,
)

EVENT_COUNT = Table(
    "event_count",
    METADATA,
    Column("id", BigInt, primary_key=True, autoincrement=False),
    Column("seq", BigInt, nullable=False, comment="the last number given; one row"),
    sqlite_strict=True,
)

EVENT = Table(
    "event",
    METADATA,
    Column("seq", BigInt, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("vehicle_id", Text),
    Column("facts", Text, nullable=False),
    Index("event_by_vehicle", "vehicle_id", "seq"),
    Index("event_by_time", "at"),
    sqlite_strict=True,
)

CURVE = Table(
    "curve",
    METADATA,
    _key(),
    Column("tariff_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("first_fetched_at", Moment, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    Column("curve", LargeBinary, nullable=False, comment="a JSON record, deflated"),
    Index("curve_by_tariff", "tariff_id", "first_fetched_at"),
    sqlite_strict=True,
)

PAYLOAD = Table(
    "payload",
    METADATA,
    _key(),
    Column("source", Text, nullable=False),
    Column("fetched_at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="deflated"),
    Index("payload_by_source", "source", "fetched_at"),
    sqlite_strict=True,
)

DELIVERY = Table(
    "delivery",
    METADATA,
    Column("event", Text, primary_key=True, comment="the SHA-256 of the event's id"),
    Column("received_at", Moment, nullable=False),
    Index("delivery_by_time", "received_at"),
    sqlite_strict=True,
)

TOLD = Table(
    "told",
    METADATA,
    Column("vehicle_id", Text, primary_key=True),
    Column("told", Text, nullable=False),
    sqlite_strict=True,
)

CREDIT = Table(
    "credit",
    METADATA,
    _key(),
    Column("driver_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("wh", BigInt, nullable=False, comment="above 0 added, below 0 used"),
    Column("vehicle_id", Text),
    Column("plugged_in_at", Moment),
    Column("meter", Text),
    Column("uncertainty_wh", BigInt, nullable=False),
    Column("money", BigInt, comment="in ten-thousandths; null: the entry is in energy"),
    Column("currency", Text, comment="of money"),
    Column("reference", Text, comment="the buyer's own name for a purchase; once for a driver"),
    Index("credit_by_driver", "driver_id", "id"),
    Index("credit_by_stay", "vehicle_id", "plugged_in_at"),
    Index("credit_by_reference", "driver_id", "reference", unique=True),
    sqlite_strict=True,
)
