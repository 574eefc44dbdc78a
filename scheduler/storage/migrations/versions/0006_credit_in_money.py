"""Prepaid credit in money, and purchases that are named so that a retry adds nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns; every entry of before is in energy, and has no name."""
    op.add_column("credit", sa.Column("money", BIGINT, comment="in ten-thousandths; null: the entry is in energy"))
    op.add_column("credit", sa.Column("currency", sa.Text, comment="of money"))
    op.add_column(
        "credit", sa.Column("reference", sa.Text, comment="the buyer's own name for a purchase; once for a driver")
    )
    op.create_index("credit_by_stay", "credit", ["vehicle_id", "plugged_in_at"])
    op.create_index("credit_by_reference", "credit", ["driver_id", "reference"], unique=True)
