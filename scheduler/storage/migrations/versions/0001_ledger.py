"""The first tables: the queue, the ledger and the tariffs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("status IN ('accepted', 'queued', 'sending', 'unknown')")


def upgrade() -> None:
    """Create everything."""
    _queue()
    _cars()
    _commands()
    _events()
    _tariffs()


def _key() -> sa.Column[int]:
    return sa.Column("id", BIGINT, primary_key=True, autoincrement=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _moment(name: str) -> sa.Column[int]:
    return sa.Column(name, BIGINT, nullable=False)


def _queue() -> None:
    op.create_table(
        "due",
        sa.Column("vehicle_id", sa.Text, primary_key=True),
        sa.Column("due_at", BIGINT, comment="null: the vehicle has left the queue"),
        sa.Column("wake_at", BIGINT, comment="asked for from outside; counts until a claim at or after it"),
        sa.Column("lease_until", BIGINT),
        sa.Column("token", BIGINT, nullable=False, comment="only ever grows, also while the vehicle is away"),
        sqlite_strict=True,
    )
    op.create_index("due_by_time", "due", ["due_at"])


def _cars() -> None:
    op.create_table(
        "last_state",
        sa.Column("vehicle_id", sa.Text, primary_key=True),
        _moment("looked_at"),
        _text("state"),
        sqlite_strict=True,
    )
    op.create_table(
        "sighting",
        _key(),
        _text("vehicle_id"),
        _moment("seen_at"),
        _moment("looked_at"),
        _text("state"),
        sqlite_strict=True,
    )
    op.create_index("sighting_by_vehicle", "sighting", ["vehicle_id", "seen_at"])
    op.create_table(
        "session",
        sa.Column("vehicle_id", sa.Text, primary_key=True),
        sa.Column("plugged_in_at", BIGINT, primary_key=True, autoincrement=False),
        sa.Column("unplugged_at", BIGINT),
        _text("session"),
        sqlite_strict=True,
    )
    op.create_table(
        "override",
        sa.Column("vehicle_id", sa.Text, primary_key=True),
        _text("override"),
        _moment("set_at"),
        sqlite_strict=True,
    )
    op.create_table(
        "promise",
        _key(),
        _text("vehicle_id"),
        _moment("made_at"),
        _text("promise"),
        sqlite_strict=True,
    )
    op.create_index("promise_by_vehicle", "promise", ["vehicle_id", "made_at"])


def _commands() -> None:
    op.create_table(
        "command",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("vehicle_id", sa.Text, sa.ForeignKey("due.vehicle_id"), nullable=False),
        sa.Column(
            "seq", BIGINT, nullable=False, comment="counts per vehicle: order that no step of the clock can change"
        ),
        _text("verb"),
        _text("reason"),
        _moment("queued_at"),
        _moment("expires_at"),
        _text("status"),
        sa.Column("sent_at", BIGINT),
        sa.Column("settled_at", BIGINT),
        sa.Column("attempts", BIGINT, nullable=False),
        _text("detail"),
        sqlite_strict=True,
    )
    op.create_index("command_by_vehicle", "command", ["vehicle_id", "queued_at"])
    op.create_index("command_open", "command", ["vehicle_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "call",
        _key(),
        _text("vehicle_id"),
        _moment("at"),
        _text("kind"),
        sqlite_strict=True,
    )
    op.create_index("call_by_vehicle", "call", ["vehicle_id", "at"])
    op.create_index("call_by_time", "call", ["at"])


def _events() -> None:
    count = op.create_table(
        "event_count",
        sa.Column("id", BIGINT, primary_key=True, autoincrement=False),
        sa.Column("seq", BIGINT, nullable=False, comment="the last number given; one row"),
        sqlite_strict=True,
    )
    op.bulk_insert(count, [{"id": 1, "seq": 0}])
    op.create_table(
        "event",
        sa.Column("seq", BIGINT, primary_key=True, autoincrement=False),
        _moment("at"),
        _text("name"),
        _text("level"),
        sa.Column("vehicle_id", sa.Text),
        _text("facts"),
        sqlite_strict=True,
    )
    op.create_index("event_by_vehicle", "event", ["vehicle_id", "seq"])
    op.create_index("event_by_time", "event", ["at"])


def _tariffs() -> None:
    op.create_table(
        "curve",
        _key(),
        _text("tariff_id"),
        _text("digest"),
        _moment("first_fetched_at"),
        _moment("fetched_at"),
        sa.Column("curve", sa.LargeBinary, nullable=False, comment="a JSON record, deflated"),
        sqlite_strict=True,
    )
    op.create_index("curve_by_tariff", "curve", ["tariff_id", "first_fetched_at"])
    op.create_table(
        "payload",
        _key(),
        _text("source"),
        _moment("fetched_at"),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="deflated"),
        sqlite_strict=True,
    )
    op.create_index("payload_by_source", "payload", ["source", "fetched_at"])
