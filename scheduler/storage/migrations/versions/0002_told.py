"""What cars tell by themselves: the deliveries that came, and what is known from them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "delivery",
        sa.Column("event", sa.Text, primary_key=True, comment="the SHA-256 of the event's id"),
        sa.Column("received_at", BIGINT, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("delivery_by_time", "delivery", ["received_at"])
    op.create_table(
        "told",
        sa.Column("vehicle_id", sa.Text, primary_key=True),
        sa.Column("told", sa.Text, nullable=False),
        sqlite_strict=True,
    )
