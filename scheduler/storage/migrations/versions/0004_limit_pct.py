"""What a command sets the car's own charge limit to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column; commands of before set none."""
    op.add_column("command", sa.Column("limit_pct", BIGINT))
