"""Prepaid credit: what drivers bought and used."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "credit",
        sa.Column("id", BIGINT, primary_key=True, autoincrement=True),
        sa.Column("driver_id", sa.Text, nullable=False),
        sa.Column("at", BIGINT, nullable=False),
        sa.Column("wh", BIGINT, nullable=False, comment="above 0 added, below 0 used"),
        sa.Column("vehicle_id", sa.Text),
        sa.Column("plugged_in_at", BIGINT),
        sa.Column("meter", sa.Text),
        sa.Column("uncertainty_wh", BIGINT, nullable=False),
        sqlite_strict=True,
    )
    op.create_index("credit_by_driver", "credit", ["driver_id", "id"])
