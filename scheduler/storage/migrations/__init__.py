"""
How the tables came to be, step by step, with Alembic. Shipped inside the package, run by itself when the store is opened.

A new step: `versions/000N_what_changes.py` with the next number as its revision, the same change in `schema.py`, and
`schema.REVISION` moved. Steps that were released are never edited.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Lift the database to *revision*, inside the connection's open transaction."""
    command.upgrade(config(connection), revision)


def config(connection: Connection) -> Config:
    """Return Alembic's configuration for these migrations on this connection."""
    alembic = Config()
    alembic.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    alembic.attributes["connection"] = connection
    return alembic
