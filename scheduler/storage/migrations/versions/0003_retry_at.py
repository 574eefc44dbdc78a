"""When whoever refused a command is to be asked again at the earliest."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column; commands of before said nothing of it."""
    op.add_column("command", sa.Column("retry_at", BIGINT))
